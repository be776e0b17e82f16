//! From an occupant's evidence to its entitlement.

use super::part::MeetingPart;
use super::seat::{Credentials, EvidenceMark, Seat, expired};
use crate::claims::{Claims, Finding, RejectReason, Source};
use crate::engine::event::Report;
use crate::engine::outbox::SeatNews;
use crate::engine::room::event::Place;
use crate::engine::room::module::trust;
use crate::engine::task::Task;
use crate::engine::timers::Timer;
use crate::engine::warning::Warning;
use crate::muc::{RealJid, RoomJid};
use crate::policy::{Subject, Verdict};
use crate::stanza::Evidence;
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::time::Duration;

/// How often tokens that are no longer valid are forgotten.
const FORGET: Duration = Duration::from_secs(60);

impl MeetingPart<'_> {
    /// Looks at an occupant's evidence, if it is another than the last.
    pub(super) fn take_evidence(
        &mut self,
        place: &Place,
        real: &RealJid,
        evidence: Evidence,
        listed: bool,
    ) {
        if let Some(bridge) = &evidence.bridge {
            let news = SeatNews::Permitted(place.clone(), bridge.permitted.clone());
            self.out.tell_of_seat(news);
        }
        let mark = evidence_mark(&evidence, real);
        let seat = self.seat_mut(place);
        if seat.is_none_or(|seat| seat.evidence_mark.replace(mark) == Some(mark)) {
            return;
        }
        self.out.tally.tokens += u64::from(!evidence.tokens.is_empty());
        let bridge = evidence.bridge.as_ref();
        let pinned = bridge.and_then(|b| b.pinned.clone());
        if let (Some(name), Some(sent)) = (&pinned, bridge.and_then(|b| b.sent.as_ref())) {
            let (name, sent) = (name.clone(), sent.clone());
            let news = SeatNews::ShownAsGuest(place.clone(), name, sent);
            self.out.tell_of_seat(news);
        }
        self.look_at_evidence(place, real, evidence, listed);
        if let Some(name) = pinned {
            self.out.tell_of_seat(SeatNews::Pinned(place.clone(), name));
        }
    }

    /// Takes the outcome of an occupant's evidence; a refusal that was `told` before is not
    /// told again.
    pub(super) fn found(
        &mut self,
        place: &Place,
        real: &RealJid,
        finding: Finding,
        told: &[(Source, RejectReason)],
    ) {
        if let Some((source, claims)) = &finding.claims {
            let now = self.now.unix();
            self.out.tally.believed(*source, claims.issued_at(), now);
        }
        self.tell_refused(place, real, &finding, told);
        let claims = finding.claims.as_ref().map(|(_, claims)| claims);
        let refused = !finding.rejected.is_empty() || finding.awaiting.is_some();
        let verdict = self.judge(place, claims, refused);
        self.tally_with_token(&verdict, claims);
        let verdict = self.verdicts.share(verdict);
        let credentials = finding.claims.map(|(source, claims)| Credentials {
            source,
            claims,
            token: finding.token.map(Box::new),
        });
        let Some(seat) = self.seat_mut(place) else {
            return;
        };
        let mut reasons = finding.rejected.iter().map(|(_, reason)| *reason);
        if reasons.any(|reason| reason == RejectReason::NotYet) {
            // The same token may be valid next time.
            seat.evidence_mark = None;
        }
        seat.verdict = verdict;
        seat.credentials = credentials;
        seat.rejected = finding.rejected.first().copied();
        self.watch_expiry(place);
        self.lapse_if_expired(place);
        self.out.tell_of_seat(SeatNews::Judged(place.clone()));
        self.remember_user(place);
        self.mark(&place.main, &place.bare);
    }

    fn tell_refused(
        &mut self,
        place: &Place,
        real: &RealJid,
        finding: &Finding,
        told: &[(Source, RejectReason)],
    ) {
        let mut told = told.to_vec();
        for (source, reason) in finding.rejected.iter().copied() {
            if let Some(again) = told.iter().position(|told| *told == (source, reason)) {
                told.swap_remove(again);
                continue;
            }
            self.out.tally.rejected(source, reason);
            let fault = finding.awaiting.as_ref().and_then(|a| a.fault.as_ref());
            let fault = fault.filter(|_| reason == RejectReason::BadSignature);
            let detail = fault.map(|fault| format!("its key could not be had: {fault}"));
            self.out.report(Report::ClaimsRejected {
                detail,
                room: place.room.clone(),
                nick: place.nick.clone(),
                jid: real.clone(),
                source,
                reason,
            });
        }
    }

    /// The policy's verdict on somebody's claims. Rules see the main room, as the claims
    /// themselves do. If claims were `refused`, the login does not count in their place:
    /// somebody whose token is wrong is a guest.
    fn judge(&self, place: &Place, claims: Option<&Claims>, refused: bool) -> Verdict {
        if let Some(expired) = expired(claims, self.settings, self.now.unix_ms) {
            return expired;
        }
        let login = || trust(self.services, place.bare.domain()).counts();
        self.settings.policy.judge(&Subject {
            claims,
            room: Some(&place.main),
            jid: Some(place.bare.as_str()),
            nick: Some(place.nick.as_str()),
            login: !refused && login(),
        })
    }

    /// Judges an occupant again whose claims have not changed: its nick has, or the policy.
    pub(super) fn judge_again(&mut self, place: &Place) {
        let person = self.known().person(&place.main, &place.bare);
        let seat = person.and_then(|person| person.seat(&place.room, &place.nick));
        let Some(seat) = seat else {
            return;
        };
        let refused = seat.rejected.is_some() || seat.waiting.is_some();
        let verdict = self.judge(place, seat.claims(), refused);
        let seat = self.seat_mut(place);
        if seat.is_none_or(|seat| *seat.verdict == verdict) {
            return;
        }
        let verdict = self.verdicts.share(verdict);
        if let Some(seat) = self.seat_mut(place) {
            seat.verdict = verdict;
        }
        self.lapse_if_expired(place);
        let task = Task::Permissions(place.room.clone(), place.nick.clone());
        self.out.todo(task);
        self.mark(&place.main, &place.bare);
    }

    /// Judges everybody anew whose login may count.
    pub(super) fn judge_logins(&mut self) {
        for place in self.places() {
            if self.settings.policy.trusts(place.bare.domain()) {
                self.judge_again(&place);
            }
        }
    }

    /// Tokens found in a room's list belong to their bearers from now on; those
    /// found after a connection only when all rooms have been read, since the
    /// second bearer may sit in another.
    pub(super) fn settle_tokens(&mut self, jid: &RoomJid) {
        self.drop_contested();
        if self.stream.is_ready() {
            let revision = self.bindings.revision();
            self.bindings.settle(jid);
            self.out.save_if(self.bindings.revision() != revision);
        }
        if self.bindings.is_full() {
            self.out.warn_once(Warning::TokensFull);
        }
    }

    /// All rooms have been read.
    fn settle_all_tokens(&mut self) {
        self.drop_contested();
        let revision = self.bindings.revision();
        self.bindings.settle_all();
        self.out.save_if(self.bindings.revision() != revision);
    }

    /// Everything found since the connection has been joined: a person not seen by now is
    /// not there.
    pub fn all_seen(&mut self) {
        self.settle_all_tokens();
        let mut meetings: Vec<RoomJid> = self.meetings.keys().cloned().collect();
        meetings.sort_unstable();
        for main in &meetings {
            self.succeed_unseen(main);
        }
        // No meeting was looked at as a whole before all were seen.
        self.look_at_all();
    }

    /// Takes the claims of those whose token another has, too.
    fn drop_contested(&mut self) {
        for (token, bare) in self.bindings.take_contested() {
            let holds = |seat: &Seat| {
                let credentials = seat.credentials.as_ref();
                credentials.is_some_and(|c| c.token.as_deref() == Some(&token))
            };
            let people = self.meetings.iter();
            let people = people.filter_map(|(main, m)| Some((main, m.people.get(&bare)?)));
            let held = people.flat_map(|(main, person)| {
                let seats = person.seats.iter().filter(|seat| holds(seat));
                seats.map(|seat| Place {
                    room: seat.room.clone(),
                    nick: seat.nick.clone(),
                    main: main.clone(),
                    bare: bare.clone(),
                })
            });
            let mut places: Vec<Place> = held.collect();
            places.sort_unstable();
            for place in places {
                self.take_claims(&place);
            }
        }
    }

    fn take_claims(&mut self, place: &Place) {
        let occupant = self.known().occupant(&place.room, &place.nick);
        let Some(real) = occupant.and_then(|o| o.real.clone()) else {
            return;
        };
        let rejected = vec![(Source::Jwt, RejectReason::Replayed)];
        let finding = Finding {
            rejected,
            ..Finding::default()
        };
        self.found(place, &real, finding, &[]);
    }

    /// When tokens that are no longer valid are forgotten next.
    pub fn watch_tokens(&mut self) {
        self.out.wake(self.now.tick + FORGET, Timer::Bindings);
    }

    /// Forgets tokens that are no longer valid, and will again.
    pub fn expire_tokens(&mut self) {
        if self.stream.is_ready() {
            self.drop_expired_tokens();
        }
        self.watch_tokens();
    }

    /// Forgets tokens that are no longer valid and that nobody present has.
    fn drop_expired_tokens(&mut self) {
        let people = self.meetings.values().flat_map(|m| m.people.values());
        let seats = people.flat_map(|person| &person.seats);
        let tokens = seats.filter_map(|seat| {
            let credentials = seat.credentials.as_ref()?;
            credentials.token.as_deref().copied()
        });
        let tokens: HashSet<_> = tokens.collect();
        let revision = self.bindings.revision();
        self.bindings
            .expire(self.now.unix(), |token| tokens.contains(token));
        self.out.save_if(self.bindings.revision() != revision);
    }
}

fn evidence_mark(evidence: &Evidence, real: &RealJid) -> EvidenceMark {
    let mut hash = Sha256::new();
    let mut feed = |text: &str| {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    };
    feed(real.as_str());
    if let Some(bridge) = &evidence.bridge {
        feed("bridge");
        feed(&bridge.mac);
        feed(&bridge.json);
    }
    for token in &evidence.tokens {
        feed("jwt");
        feed(token);
    }
    if let Some(identity) = &evidence.identity {
        feed("identity");
        for (key, value) in &identity.user {
            feed(key);
            feed(value);
        }
        feed(identity.group.as_deref().unwrap_or_default());
    }
    if let Some(kind) = evidence.left_out {
        feed("left out");
        feed(&format!("{kind:?}"));
    }
    EvidenceMark::of(hash)
}

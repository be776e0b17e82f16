//! From an occupant's evidence to its entitlement.

use super::Warning;
use super::event::Report;
use super::meeting::rights::{Effect, Event, Taken};
use super::meeting::seat::{Credentials, Seat, expired};
use super::person::Person;
use super::room::Occupant;
use super::task::Task;
use super::{Engine, names::Frozen};
use crate::claims::{Claims, Finding, RejectReason, Source, TokenName};
use crate::muc::{BareJid, Nick, RealJid, RoomJid};
use crate::policy::{Subject, Verdict};
use crate::stanza::Evidence;
use sha2::{Digest, Sha256};
use std::collections::HashSet;

impl Engine {
    /// Looks at an occupant's evidence, if it is another than the last.
    pub(super) fn examine(&mut self, jid: &RoomJid, nick: &Nick, listed: bool) {
        let Some(room) = self.rooms.get_mut(jid) else {
            return;
        };
        if room.meeting.is_none() {
            return;
        }
        let Some(occupant) = room.occupants.get_mut(nick) else {
            return;
        };
        let (Some(evidence), Some(real)) = (occupant.pending.take(), occupant.real.clone()) else {
            return;
        };
        let permitted = evidence.bridge.as_ref().map(|b| b.permitted.clone());
        let mark = evidence_mark(&evidence, &real);
        if let Some(permitted) = permitted {
            self.permitted_to(jid, nick, permitted);
        }
        let seat = self.seat_mut(jid, nick);
        if seat.is_none_or(|seat| seat.evidence_mark.replace(mark) == Some(mark)) {
            return;
        }
        self.tally.tokens += u64::from(!evidence.tokens.is_empty());
        let bridge = evidence.bridge.as_ref();
        let pinned = bridge.and_then(|b| b.pinned.clone());
        if let (Some(name), Some(sent)) = (&pinned, bridge.and_then(|b| b.sent.as_ref())) {
            self.shown_as_guest(jid, nick, name, sent);
        }
        self.look_at_evidence(jid, nick, *evidence, listed);
        if let Some(name) = pinned {
            self.kept_already(jid, nick, &name);
        }
    }

    /// Takes what came of an occupant's evidence; what was refused and `told`
    /// before is not told again.
    pub(super) fn found(
        &mut self,
        jid: &RoomJid,
        nick: &Nick,
        real: &RealJid,
        finding: Finding,
        told: &[(Source, RejectReason)],
    ) {
        if let Some((source, claims)) = &finding.claims {
            let now = self.now.unix();
            self.tally.believed(*source, claims.issued_at(), now);
        }
        let mut told = told.to_vec();
        for (source, reason) in finding.rejected.iter().copied() {
            if let Some(again) = told.iter().position(|told| *told == (source, reason)) {
                told.swap_remove(again);
                continue;
            }
            self.tally.rejected(source, reason);
            let fault = finding.awaiting.as_ref().and_then(|a| a.fault.as_ref());
            let fault = fault.filter(|_| reason == RejectReason::BadSignature);
            let detail = fault.map(|fault| format!("its key could not be had: {fault}"));
            self.out.report(Report::ClaimsRejected {
                detail,
                room: jid.clone(),
                nick: nick.clone(),
                jid: real.clone(),
                source,
                reason,
            });
        }
        let claims = finding.claims.as_ref().map(|(_, claims)| claims);
        let refused = !finding.rejected.is_empty() || finding.awaiting.is_some();
        let verdict = self.judge(jid, nick, real, claims, refused);
        self.note_verdict(&verdict, claims);
        let credentials = finding.claims.map(|(source, claims)| {
            Box::new(Credentials {
                source,
                claims,
                token: finding.token.map(Box::new),
            })
        });
        let Some(seat) = self.seat_mut(jid, nick) else {
            return;
        };
        if finding
            .rejected
            .iter()
            .any(|(_, reason)| *reason == RejectReason::NotYet)
        {
            // The same token may be valid next time.
            seat.evidence_mark = None;
        }
        seat.verdict = verdict;
        seat.credentials = credentials;
        seat.rejected = finding.rejected.first().copied();
        let main = self.rooms.get(jid).and_then(|room| room.meeting.clone());
        self.watch_expiry(jid, nick);
        self.lapse_if_expired(jid, nick);
        self.freeze_name(jid, nick);
        self.permit_later(jid, nick);
        let bare = real.bare();
        if let Some(main) = main {
            self.note_user(&main, jid, nick, &bare);
            self.mark(&main, &bare);
        }
    }

    /// What the policy makes of somebody's claims. The room that rules see is
    /// the main room, as for the claims themselves. Where claims were `refused`
    /// the login does not count instead: somebody whose token is wrong is a guest.
    fn judge(
        &self,
        jid: &RoomJid,
        nick: &Nick,
        real: &RealJid,
        claims: Option<&Claims>,
        refused: bool,
    ) -> Verdict {
        if let Some(expired) = expired(claims, &self.settings, self.now.unix_ms) {
            return expired;
        }
        let main = self.rooms.get(jid).and_then(|room| room.meeting.as_ref());
        self.settings.policy.judge(&Subject {
            claims,
            room: Some(main.unwrap_or(jid)),
            jid: Some(real.bare_str()),
            nick: Some(nick.as_str()),
            login: !refused && self.trust(real.domain()).counts(),
        })
    }

    /// Judges an occupant anew, whose claims are as they were: its nick is
    /// another, or the policy.
    pub(super) fn judge_again(&mut self, jid: &RoomJid, nick: &Nick) {
        let Some(occupant) = self.occupant(jid, nick).filter(|o| !o.infrastructure) else {
            return;
        };
        let (Some(real), None) = (&occupant.real, &occupant.pending) else {
            // Not judged yet.
            return;
        };
        let Some(seat) = self.seat_at(jid, nick) else {
            return;
        };
        let refused = seat.rejected.is_some() || seat.waiting.is_some();
        let verdict = self.judge(jid, nick, real, seat.claims(), refused);
        let bare = real.bare();
        let seat = self.seat_mut(jid, nick);
        let Some(seat) = seat.filter(|seat| seat.verdict != verdict) else {
            return;
        };
        seat.verdict = verdict;
        self.lapse_if_expired(jid, nick);
        self.permit_later(jid, nick);
        let meeting = self.rooms.get(jid).and_then(|room| room.meeting.clone());
        if let Some(meeting) = meeting {
            self.mark(&meeting, &bare);
        }
    }

    /// Tokens found in a room's list belong to their bearers from now on; those
    /// found after a connection only when all rooms have been read, since the
    /// second bearer may sit in another.
    pub(super) fn settle_tokens(&mut self, jid: &RoomJid) {
        self.drop_contested();
        if self.is_ready() {
            let revision = self.bindings.revision();
            self.bindings.settle(jid);
            self.out.save_if(self.bindings.revision() != revision);
        }
        if self.bindings.is_full() {
            self.out.warn_once(Warning::TokensFull);
        }
    }

    /// All rooms have been read.
    pub(super) fn settle_all_tokens(&mut self) {
        self.drop_contested();
        let revision = self.bindings.revision();
        self.bindings.settle_all();
        self.out.save_if(self.bindings.revision() != revision);
    }

    /// Takes the claims of those whose token another has, too.
    fn drop_contested(&mut self) {
        for (token, bare) in self.bindings.take_contested() {
            let people = self.meetings.values();
            let people = people.filter_map(|meeting| meeting.people.get(&bare));
            let seats = people.flat_map(|person| &person.seats);
            let holds = |seat: &&Seat| {
                let credentials = seat.credentials.as_ref();
                credentials.is_some_and(|c| c.token.as_deref() == Some(&token))
            };
            let held = seats.filter(holds);
            let held = held.map(|seat| (seat.room.clone(), seat.nick.clone()));
            let mut holders: Vec<(RoomJid, Nick)> = held.collect();
            holders.sort_unstable();
            for (room, nick) in holders {
                self.take_claims(&room, &nick);
            }
        }
    }

    fn take_claims(&mut self, jid: &RoomJid, nick: &Nick) {
        let Some(real) = self.occupant(jid, nick).and_then(|o| o.real.clone()) else {
            return;
        };
        let rejected = vec![(crate::claims::Source::Jwt, RejectReason::Replayed)];
        let finding = Finding {
            rejected,
            ..Finding::default()
        };
        self.found(jid, nick, &real, finding, &[]);
    }

    /// Notes which name an occupant's claims give it.
    pub(super) fn freeze_name(&mut self, jid: &RoomJid, nick: &Nick) {
        let Some(occupant) = self.occupant(jid, nick) else {
            return;
        };
        let seat = self.seat_at(jid, nick);
        let name = seat.and_then(Seat::token_name);
        let token = match name.map(TokenName::new) {
            None => None,
            Some(Ok(token)) => Some(token),
            Some(Err(_)) => {
                let jid_text = occupant.real.as_ref().map_or("", RealJid::bare_str);
                let warning = Warning::UnshowableName {
                    room: jid.clone(),
                    jid: jid_text.to_owned(),
                };
                self.out.report(Report::Warning(warning));
                None
            }
        };
        let Some(occupant) = self.occupant_mut(jid, nick) else {
            return;
        };
        let own = occupant.frozen.as_ref().is_some_and(|f| f.guest.is_none());
        let lost = token.is_none() && own;
        match (token, &mut occupant.frozen) {
            (None, frozen) => {
                // That a guest looks like somebody is looked at below.
                frozen.take_if(|frozen| frozen.guest.is_none());
            }
            (Some(token), Some(frozen)) => {
                frozen.pinned &= frozen.token == token && frozen.guest.is_none();
                frozen.token = token;
                frozen.guest = None;
            }
            (Some(token), frozen) => *frozen = Some(Box::new(Frozen::new(token, nick.clone()))),
        }
        if self.rooms.get(jid).is_some_and(|room| room.module) {
            match lost {
                true => self.unpin_name(jid, nick),
                false => self.out.todo(Task::Name(jid.clone(), nick.clone())),
            }
        }
        self.distinguish(jid, nick);
    }

    /// Hands somebody's ledger what has happened.
    pub(super) fn apply(&mut self, main: &RoomJid, bare: &BareJid, event: Event<'_>) -> Taken {
        let Some(standing) = self.person(main, bare).map(|p| p.standing(&self.settings)) else {
            return Taken::Compared;
        };
        let Some(meeting) = self.meetings.get_mut(main) else {
            return Taken::Compared;
        };
        let Some(person) = meeting.people.get_mut(bare) else {
            return Taken::Compared;
        };
        let policy = &self.settings.policy;
        let Effect { news, taken } = person.rights.apply(event, standing, policy);
        if news && person.rights.has_to_hand_over() {
            meeting.holders.insert(bare.clone());
        }
        self.out.save_if(news);
        self.counts_anew(main, bare);
        taken
    }

    /// Somebody of a meeting.
    pub(super) fn person(&self, main: &RoomJid, bare: &BareJid) -> Option<&Person> {
        self.meetings.get(main)?.people.get(bare).map(|p| &**p)
    }

    /// Somebody of a meeting.
    pub(super) fn person_mut(&mut self, main: &RoomJid, bare: &BareJid) -> Option<&mut Person> {
        let person = self.meetings.get_mut(main)?.people.get_mut(bare);
        person.map(|p| &mut **p)
    }

    /// Whoever sits in a room under a nick.
    pub(super) fn person_at(&self, jid: &RoomJid, nick: &Nick) -> Option<&Person> {
        let room = self.rooms.get(jid)?;
        let bare = room.occupants.get(nick)?.bare()?;
        self.person(room.meeting.as_ref()?, &bare)
    }

    /// Where they sit, and what their evidence there amounts to.
    pub(super) fn seat_at(&self, jid: &RoomJid, nick: &Nick) -> Option<&Seat> {
        self.person_at(jid, nick)?.seat(jid, nick)
    }

    /// The same, to be changed.
    pub(super) fn seat_mut(&mut self, jid: &RoomJid, nick: &Nick) -> Option<&mut Seat> {
        let room = self.rooms.get(jid)?;
        let bare = room.occupants.get(nick)?.bare()?;
        let meeting = self.meetings.get_mut(room.meeting.as_ref()?)?;
        meeting.people.get_mut(&bare)?.seat_mut(jid, nick)
    }

    /// Somebody in a room.
    pub(super) fn occupant(&self, jid: &RoomJid, nick: &Nick) -> Option<&Occupant> {
        self.rooms.get(jid)?.occupants.get(nick).map(|o| &**o)
    }

    /// Somebody in a room.
    pub(super) fn occupant_mut(&mut self, jid: &RoomJid, nick: &Nick) -> Option<&mut Occupant> {
        let occupant = self.rooms.get_mut(jid)?.occupants.get_mut(nick);
        occupant.map(|o| &mut **o)
    }

    /// Forgets tokens that are no longer valid and that nobody present has.
    pub(super) fn forget_tokens(&mut self) {
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

/// What identifies evidence, so that it is verified once and not with each
/// presence. A collision would let somebody keep claims; SHA-256 has none.
fn evidence_mark(evidence: &Evidence, real: &RealJid) -> [u8; 16] {
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
    let digest = hash.finalize();
    let mut mark = [0; 16];
    mark.copy_from_slice(&digest[..16]);
    mark
}

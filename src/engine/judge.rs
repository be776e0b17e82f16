//! From an occupant's evidence to its entitlement.

use super::Warning;
use super::event::Report;
use super::meeting::rights::{Effect, Event, Standing, Taken};
use super::person::Person;
use super::room::{Credentials, Occupant};
use super::task::Task;
use super::{Engine, names::Frozen};
use crate::claims::{Claims, Finding, RejectReason, Source, TokenName};
use crate::muc::{Affiliation, BareJid, Nick, RealJid, Role, RoomJid};
use crate::policy::{Entitlement, Subject, Verdict};
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
        let mark = evidence_mark(&evidence, &real);
        if occupant.evidence_mark.replace(mark) == Some(mark) {
            return;
        }
        self.tally.tokens += u64::from(!evidence.tokens.is_empty());
        let pinned = evidence.bridge.as_ref().and_then(|b| b.pinned.clone());
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
        let Some(room) = self.rooms.get_mut(jid) else {
            return;
        };
        let Some(occupant) = room.occupants.get_mut(nick) else {
            return;
        };
        if finding
            .rejected
            .iter()
            .any(|(_, reason)| *reason == RejectReason::NotYet)
        {
            // The same token may be valid next time.
            occupant.evidence_mark = None;
        }
        occupant.verdict = verdict;
        occupant.credentials = credentials;
        occupant.rejected = finding.rejected.first().copied();
        let main = room.meeting.clone();
        self.watch_expiry(jid, nick);
        self.lapse_if_expired(jid, nick);
        self.freeze_name(jid, nick);
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
        if let Some(expired) = self.expired(claims) {
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
        let claims = occupant.credentials.as_ref().map(|c| &c.claims);
        let refused = occupant.rejected.is_some() || occupant.waiting.is_some();
        let verdict = self.judge(jid, nick, real, claims, refused);
        let bare = real.bare();
        let Some(occupant) = self.occupant_mut(jid, nick) else {
            return;
        };
        if occupant.verdict == verdict {
            return;
        }
        occupant.verdict = verdict;
        self.lapse_if_expired(jid, nick);
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
            let mut holders: Vec<(RoomJid, Nick)> = self
                .rooms
                .values()
                .flat_map(|room| room.occupants.iter().map(|(nick, o)| (&room.jid, nick, o)))
                .filter(|(_, _, o)| o.bare().as_ref() == Some(&bare))
                .filter(|(_, _, o)| {
                    o.credentials
                        .as_ref()
                        .is_some_and(|c| c.token.as_deref() == Some(&token))
                })
                .map(|(room, nick, _)| (room.clone(), nick.clone()))
                .collect();
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
        let credentials = occupant.credentials.as_ref();
        let name = credentials.and_then(|c| c.claims.user_name());
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
        let lost = token.is_none() && occupant.frozen.is_some();
        match (token, &mut occupant.frozen) {
            (None, frozen) => *frozen = None,
            (Some(token), Some(frozen)) => {
                frozen.pinned &= frozen.token == token;
                frozen.token = token;
            }
            (Some(token), frozen) => *frozen = Some(Box::new(Frozen::new(token, nick.clone()))),
        }
        if !self.rooms.get(jid).is_some_and(|room| room.module) {
            return;
        }
        if lost {
            self.unpin_name(jid, nick);
        } else {
            self.out.todo(Task::Name(jid.clone(), nick.clone()));
        }
    }

    /// What the occupants of a person amount to: the highest entitlement (B7).
    pub(super) fn standing(&self, person: &Person) -> Standing {
        let occupants = || {
            let seats = person.seats.iter();
            seats.filter_map(|seat| self.occupant(&seat.room, &seat.nick))
        };
        let rank = |entitlement: &Entitlement| match entitlement {
            Entitlement::Guest => 0,
            Entitlement::Affiliation(Affiliation::Outcast) => 1,
            Entitlement::Affiliation(Affiliation::None) => 2,
            Entitlement::Affiliation(Affiliation::Member) => 3,
            Entitlement::Keep => 4,
            Entitlement::Affiliation(Affiliation::Admin) => 5,
            Entitlement::Affiliation(Affiliation::Owner) => 6,
        };
        Standing {
            verdict: occupants().map(|o| o.verdict.entitlement).max_by_key(rank),
            ends: self.until(person),
            visitor: occupants().all(|o| o.role == Role::Visitor),
        }
    }

    /// Hands somebody's ledger what has happened.
    pub(super) fn apply(&mut self, main: &RoomJid, bare: &BareJid, event: Event<'_>) -> Taken {
        let Some(standing) = self.person(main, bare).map(|p| self.standing(p)) else {
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
        let occupants = self.rooms.values().flat_map(|room| room.occupants.values());
        let tokens: HashSet<_> = occupants
            .filter_map(|o| {
                o.credentials
                    .as_ref()
                    .and_then(|c| c.token.as_deref().copied())
            })
            .collect();
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

//! What would otherwise pass in silence, though an admin should know it (SPEC
//! B19): each is counted for `gavel doctor` and told in the log once.

use super::Warning;
use super::event::{Party, PartyKind};
use super::{Engine, Room};
use crate::claims::{Claims, Hint};
use crate::muc::{Affiliation, BareJid, RealJid, RoomJid};
use crate::policy::{Entitlement, Reason, Verdict};
use crate::stanza::Refused;

/// So many people came with a token and none of them moderates: no class of
/// pupils that waits for its teacher.
pub const NONE_OF_SO_MANY: u64 = 12;

impl Engine {
    /// Somebody's claims, or the lack of them, have been judged.
    pub(super) fn note_verdict(&mut self, verdict: &Verdict, claims: Option<&Claims>) {
        if let Reason::RuleNeedsClaims(rule) = &verdict.reason {
            self.tally.needs_claims.insert(rule.to_string());
            let rule = rule.to_string();
            return self.out.warn_once(Warning::RuleNeedsClaims { rule });
        }
        let Some(claims) = claims else {
            return;
        };
        let tally = &mut self.tally.with_token;
        tally.people += 1;
        if matches!(verdict.entitlement, Entitlement::Affiliation(own) if own.moderates())
            || verdict.entitlement == Entitlement::Keep
        {
            tally.moderators += 1;
            return;
        }
        if tally.moderators > 0 {
            return;
        }
        if tally.hints.is_empty() {
            let hints = verdict.unread(claims);
            tally.hints = hints.iter().map(Hint::in_short).collect();
        }
        if !tally.hints.is_empty() || tally.people >= NONE_OF_SO_MANY {
            // Once, whatever the number is by then.
            if !std::mem::replace(&mut tally.told, true) {
                let (people, hints) = (tally.people, tally.hints.clone());
                self.out
                    .warn_once(Warning::NobodyEntitled { people, hints });
            }
        }
    }

    /// An invitation from a service that gavel does not look after.
    pub(super) fn invited_elsewhere(&mut self, from: &str) {
        // A room invites from its bare JID; what people write has a resource.
        let Some((room, service)) = from.split_once('@').filter(|_| !from.contains('/')) else {
            return;
        };
        if room.is_empty() || !self.tally.invited_from(service) {
            return;
        }
        let known = self.settings.services.iter().map(|s| s.domain.clone());
        let known: Vec<String> = known.collect();
        self.out.warn_once(Warning::InvitedElsewhere {
            service: service.to_owned(),
            known: known.join(", "),
        });
    }

    /// The focus has made a moderator of somebody who came without a token, and
    /// nobody has come with one: people log in here in another way.
    pub(super) fn note_tokenless(&mut self, main: &RoomJid, bare: &BareJid, by: &Party) {
        let guest = self.person(main, bare).is_some_and(|person| {
            let standing = person.standing(&self.settings);
            standing.verdict == Some(Entitlement::Guest)
        });
        let first = self.tally.believed.is_empty() && self.tally.rejected.is_empty();
        // That its logins do not count is told already.
        let listed = self.settings.policy.trusts(bare.domain());
        if by.kind != PartyKind::Infrastructure || !guest || !first || listed {
            return;
        }
        self.tally.tokenless.get_or_insert(bare.domain().to_owned());
        self.out.warn_once(Warning::NobodyHasToken {
            domain: bare.domain().to_owned(),
        });
    }

    /// The module's guard has refused promotions to the focus and to server modules.
    pub(super) fn guard_has_refused(&mut self, refused: &[Refused]) {
        for refused in refused {
            let room = RoomJid::parse(&refused.room).and_then(|room| self.rooms.get(&room));
            let main = room.and_then(|room| room.meeting.clone());
            let (Some(main), Some(bare)) = (main, BareJid::parse(&refused.jid)) else {
                continue;
            };
            let Some(person) = self.person(&main, &bare) else {
                continue;
            };
            // Refused before gavel had said who they are, and given after all.
            if self.wanted(&main, person).may_moderate() {
                continue;
            }
            let by = match refused.by.as_deref() {
                None => Party::NONE,
                Some(jid) => Party {
                    kind: PartyKind::Infrastructure,
                    nick: None,
                    jid: Some(jid.into()),
                },
            };
            self.tally.guarded(&by, main.service());
            self.note_tokenless(&main, &bare, &by);
        }
    }

    /// Whether somebody had come into the main room before `bare` did.
    pub(super) fn is_not_first(&self, main: &RoomJid, bare: &BareJid) -> bool {
        let Some(room) = self.rooms.get(main) else {
            return false;
        };
        let came = |whose: bool| {
            let people = room.occupants.values().filter(|o| !o.infrastructure);
            let of = people.filter(move |o| {
                let own = o.real.as_ref().map(RealJid::bare_str) == Some(bare.as_str());
                own == whose
            });
            of.map(|o| o.joined_at).min()
        };
        matches!((came(true), came(false)), (Some(own), Some(other)) if other < own)
    }

    /// Prosody, or a module of it, does not accept what gavel asked for, of
    /// somebody whose affiliation was `from`. Answers whether they are an admin
    /// of the server, as far as that can be told.
    ///
    /// Prosody refuses to give its admins less than owner, no more. So where
    /// owner was to be given, or to be taken from somebody who is none, a module
    /// has refused it. Nobody who has no account is an admin.
    pub(super) fn is_server_admin(
        &self,
        bare: &BareJid,
        from: Option<Affiliation>,
        wanted: Affiliation,
    ) -> bool {
        let admin_like = from.is_none_or(|from| from == Affiliation::Owner);
        admin_like && wanted != Affiliation::Owner && !is_anonymous(bare)
    }

    /// A module of Prosody refuses gavel's requests.
    pub(super) fn note_wrapper(&mut self, main: &RoomJid) {
        if let Some(room) = self.rooms.get(main) {
            self.tally.services[room.service].refused_by_module += 1;
        }
        let service = main.service().to_owned();
        self.out.warn_once(Warning::RefusedByModule { service });
    }
}

/// Whether a JID is one that Prosody makes up for whoever logs in without an
/// account: its local part is a UUID (RFC 9562).
pub fn is_anonymous(bare: &BareJid) -> bool {
    let Some((local, _)) = bare.as_str().split_once('@') else {
        return false;
    };
    let lengths = local.split('-').map(str::len);
    let hex = |c: char| c.is_ascii_hexdigit() || c == '-';
    lengths.eq([8, 4, 4, 4, 12]) && local.chars().all(hex)
}

impl Room {
    /// Whether its people can be judged and somebody is there.
    pub(super) fn is_populated(&self) -> bool {
        self.is_ready() && self.has_people()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn made_up_jids_are_known_by_their_form() {
        let anonymous = |jid| is_anonymous(&BareJid::parse(jid).unwrap());
        assert!(anonymous("5f0c1a2b-3d4e-4f60-8a9b-0c1d2e3f4a5b@meet.jitsi"));
        for jid in ["boss@meet.jitsi", "a-b-c-d-e@meet.jitsi", "meet.jitsi"] {
            assert!(!anonymous(jid), "{jid}");
        }
    }
}

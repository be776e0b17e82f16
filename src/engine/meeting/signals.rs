//! Signals that an admin should not miss (SPEC B19): gavel counts each for `gavel doctor`,
//! and tells it in the log once.

use super::known::Known;
use super::part::MeetingPart;
use crate::claims::{Claims, Hint};
use crate::engine::event::{Party, PartyKind};
use crate::engine::outbox::Outbox;
use crate::engine::warning::Warning;
use crate::muc::{Affiliation, BareJid, RoomJid};
use crate::policy::{Entitlement, Reason, Verdict};
use crate::stanza::Refused;

/// So many people came with a token and none of them moderates: no class of
/// pupils that waits for its teacher.
pub const NONE_OF_SO_MANY: u64 = 12;

impl MeetingPart<'_> {
    /// Somebody's claims, or the lack of them, have been judged.
    pub fn tally_with_token(&mut self, verdict: &Verdict, claims: Option<&Claims>) {
        if let Reason::RuleNeedsClaims(rule) = &verdict.reason {
            self.out.tally.needs_claims.insert(rule.to_string());
            let rule = rule.to_string();
            return self.out.warn_once(Warning::RuleNeedsClaims { rule });
        }
        let Some(claims) = claims else {
            return;
        };
        let tally = &mut self.out.tally.with_token;
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
            // Reports once, even if the number goes on growing.
            if !std::mem::replace(&mut tally.told, true) {
                let (people, hints) = (tally.people, tally.hints.clone());
                self.out
                    .warn_once(Warning::NobodyEntitled { people, hints });
            }
        }
    }

    /// Prosody, or a module of it, does not accept a request of gavel, about somebody whose
    /// affiliation was `from`.
    ///
    /// Prosody refuses to give its admins less than owner, no more. So if owner was to be
    /// given, or to be taken from somebody who is none, a module has refused it. Nobody who
    /// has no account is an admin.
    pub fn is_server_admin(
        &self,
        bare: &BareJid,
        from: Option<Affiliation>,
        wanted: Affiliation,
    ) -> bool {
        let admin_like = from.is_none_or(|from| from == Affiliation::Owner);
        admin_like && wanted != Affiliation::Owner && !is_anonymous(bare)
    }

    /// A module of Prosody refuses gavel's requests.
    pub fn tell_refused_by_module(&mut self, main: &RoomJid) {
        if let Some(room) = self.rooms.get(main) {
            self.out.tally.services[room.service].refused_by_module += 1;
        }
        let service = main.service().to_owned();
        self.out.warn_once(Warning::RefusedByModule { service });
    }
}

/// Something wants to make a moderator of somebody who came without a token, and
/// nobody has come with one: people log in here in another way.
pub(super) fn tell_nobody_has_token(
    known: Known<'_>,
    out: &mut Outbox,
    (main, bare): (&RoomJid, &BareJid),
    by: &Party,
) {
    let guest = known.person(main, bare).is_some_and(|person| {
        let standing = person.standing(known.settings);
        standing.verdict == Some(Entitlement::Guest)
    });
    let first = out.tally.believed.is_empty() && out.tally.rejected.is_empty();
    // gavel has reported already that its logins do not count.
    let listed = known.settings.policy.trusts(bare.domain());
    if by.kind != PartyKind::Infrastructure || !guest || !first || listed {
        return;
    }
    // gavel reports the first, even if people come from other domains, too.
    let tokenless = &mut out.tally.tokenless;
    let domain = tokenless.get_or_insert_with(|| bare.domain().to_owned());
    let domain = domain.clone();
    out.warn_once(Warning::NobodyHasToken { domain });
}

/// The module's guard has refused promotions to the focus and to server modules.
pub fn guard_has_refused(known: Known<'_>, out: &mut Outbox, refused: &[Refused]) {
    for refused in refused {
        let room = RoomJid::parse(&refused.room).and_then(|room| known.rooms.get(&room));
        let main = room.and_then(|room| room.meeting.as_ref());
        let (Some(main), Some(bare)) = (main, BareJid::parse(&refused.jid)) else {
            continue;
        };
        let Some(person) = known.person(main, &bare) else {
            continue;
        };
        // Refused before gavel had said who they are, and given after all.
        if known.wanted(main, person).may_moderate() {
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
        out.tally.guarded(&by, main.service());
        tell_nobody_has_token(known, out, (main, &bare), &by);
    }
}

/// Says whether a JID is one that Prosody makes up for somebody who logs in without an
/// account: its local part is a UUID (RFC 9562).
pub fn is_anonymous(bare: &BareJid) -> bool {
    let Some((local, _)) = bare.as_str().split_once('@') else {
        return false;
    };
    let lengths = local.split('-').map(str::len);
    let hex = |c: char| c.is_ascii_hexdigit() || c == '-';
    lengths.eq([8, 4, 4, 4, 12]) && local.chars().all(hex)
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

//! From a decision to its reason in the words of the policy.

use super::decide::{Basis, Decision};
use super::known::Known;
use super::person::Person;
use super::rights::Grant;
use super::seat::Seat;
use super::why::Why;
use crate::engine::event::PartyKind;
use crate::engine::event::{Cause, Party};
use crate::engine::shown::short;
use crate::muc::RoomJid;
use crate::policy::{Reason, Rule, Verdict};

impl Known<'_> {
    /// Why gavel acts, for this cause.
    pub fn why(
        self,
        main: &RoomJid,
        person: Option<&Person>,
        decision: &Decision,
        cause: Cause,
    ) -> Why {
        let (nick, verdict, source) = match person.and_then(Person::deciding) {
            Some(seat) => {
                let verdict = Verdict::clone(&seat.verdict);
                (Some(seat.nick.clone()), verdict, seat.source())
            }
            None => (None, Verdict::guest(), None),
        };
        let ended = !decision.wanted.may_moderate();
        let (rule, reason) = match cause {
            Cause::Fallback if ended => (Rule::Fallback, Reason::ElectionOver),
            Cause::Expiry => (Rule::Expired, Reason::Expired),
            Cause::Override if decision.basis != Basis::Override => {
                (Rule::Override, Reason::SetNoMore)
            }
            _ => self.ground(main, person, decision, verdict),
        };
        Why {
            nick,
            rule,
            reason,
            source,
        }
    }

    /// The ground that decided; `verdict` is the policy's verdict on somebody present.
    pub fn ground(
        self,
        main: &RoomJid,
        person: Option<&Person>,
        decision: &Decision,
        verdict: Verdict,
    ) -> (Rule, Reason) {
        let present = person.is_some_and(Person::is_present);
        match decision.basis {
            Basis::Override => (Rule::Override, Reason::Set),
            Basis::Grant => {
                let grant = person.and_then(|person| person.rights.grant());
                let by = grant.and_then(|grant| self.granter(main, grant));
                (Rule::Grant, Reason::Granted(by.map(Into::into)))
            }
            Basis::Election => (Rule::Fallback, Reason::Elected),
            Basis::SteppedDown => (verdict.rule, Reason::SteppedDown),
            Basis::LastSeen => (Rule::LastSeen, Reason::LastSeen),
            Basis::BanLifted if decision.gives().is_none() => (Rule::Ban, Reason::BanUndone),
            Basis::BanLifted if !present => (Rule::LastSeen, Reason::LastSeen),
            Basis::Nothing if !present => (Rule::Absent, Reason::Absent),
            Basis::BanLifted
            | Basis::LeftAlone
            | Basis::Banned
            | Basis::Claims
            | Basis::Nothing => (verdict.rule, verdict.reason),
        }
    }

    /// The giver of a grant: `Alice (alice@example.org)`.
    pub fn granter(self, main: &RoomJid, grant: &Grant) -> Option<String> {
        let nick = grant.by_nick.as_deref();
        let name = nick.map(|nick| self.display_name(main, nick).unwrap_or_else(|| nick.into()));
        match (name, grant.by_jid.as_deref()) {
            (Some(name), Some(jid)) => Some(format!("{name} ({jid})")),
            (Some(name), None) => Some(name),
            (None, jid) => jid.map(str::to_owned),
        }
    }

    /// The name by which people know `actor`, if it is somebody in the meeting.
    pub fn name_of(self, main: &RoomJid, actor: Option<&Party>) -> Option<String> {
        let occupant = actor.filter(|actor| actor.kind == PartyKind::Occupant)?;
        self.display_name(main, occupant.nick.as_deref()?)
    }

    /// The name by which people know somebody in a meeting.
    fn display_name(self, main: &RoomJid, nick: &str) -> Option<String> {
        let rooms = self.meetings.get(main)?.rooms.iter();
        let mut occupants = rooms.filter_map(|room| {
            let occupants = &self.rooms.get(room)?.occupants;
            occupants.get(&crate::muc::Nick::new(nick))
        });
        let shown = occupants.find_map(|o| o.display_name.shown())?.trim();
        (!shown.is_empty()).then(|| short(shown))
    }

    /// The name that a person shows and the one that their token gives, or the last
    /// that gavel saw of them.
    pub fn names_of(self, person: &Person) -> Option<(Option<String>, Option<String>)> {
        let seat = person.deciding();
        let occupant = seat.and_then(|seat| self.occupant(&seat.room, &seat.nick));
        match (occupant, person.passing.left_as()) {
            (Some(occupant), _) => Some((occupant.shown(), seat.and_then(Seat::short_name))),
            (None, Some(left)) => Some((left.display_name.clone(), left.token_name.clone())),
            (None, None) => None,
        }
    }
}

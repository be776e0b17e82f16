//! The maker of a change, and the power by which they made it (SPEC B3).

use super::part::MeetingPart;
use super::person::Pace;
use super::rights::{Author, Root};
use crate::engine::event::{Party, PartyKind};
use crate::muc::{Affiliation, BareJid, Nick, RoomJid};
use crate::policy::Policy;
use crate::stanza::Actor;

/// The maker of a change, and their power.
pub(super) struct Maker {
    pub(super) party: Party,
    pub(super) bare: Option<BareJid>,
    /// The root of their power; none if they may not promote and lower others.
    pub(super) power: Option<Root>,
    /// Their token makes them owner.
    pub(super) is_host: bool,
    /// The delay before gavel corrects the change. If lowering the actor does not stop
    /// them, because they are entitled, they must not make gavel spin (B3).
    pub(super) pace: Pace,
}

impl Maker {
    /// People who were promoted in the meeting decide about persons. A ban of a whole
    /// domain would keep out hosts who are still to come.
    pub(super) fn may(&self, bare: &BareJid, new: Affiliation, policy: &Policy) -> bool {
        self.is_host || !policy.protect_hosts || new != Affiliation::Outcast || bare.is_person()
    }

    pub(super) fn author(&self, by_self: bool) -> Author<'_> {
        Author {
            nick: self.party.nick.as_deref(),
            jid: self.party.jid.as_deref(),
            is_person: matches!(self.party.kind, PartyKind::Occupant | PartyKind::Outside),
            is_self: by_self,
            power: self.power,
        }
    }
}

impl MeetingPart<'_> {
    /// The maker of a change that a room has shown, as far as it names them.
    pub(super) fn maker(&self, main: &RoomJid, jid: &RoomJid, actor: Option<&Actor>) -> Maker {
        let Some(actor) = actor else {
            return Maker {
                party: Party::NONE,
                bare: None,
                power: None,
                is_host: false,
                pace: Pace::Anew,
            };
        };
        let room = self.rooms.get(jid);
        let by_nick = actor.nick.as_deref().and_then(|nick| {
            let occupant = room?.occupants.get(&Nick::new(nick))?;
            occupant.bare()
        });
        let bare = actor.jid.as_deref().and_then(BareJid::parse).or(by_nick);
        let person = bare
            .as_ref()
            .and_then(|bare| self.known().person(main, bare));
        let infrastructure = bare
            .as_ref()
            .is_some_and(|bare| self.settings.infrastructure.contains_bare(bare));
        let kind = match person {
            _ if infrastructure => PartyKind::Infrastructure,
            Some(person) if person.is_present() => PartyKind::Occupant,
            _ => PartyKind::Outside,
        };
        let entitled = !infrastructure
            && person.is_some_and(|person| {
                person
                    .rights
                    .power(person.standing(self.settings))
                    .is_some()
            });
        let elected = person.is_some_and(|person| person.rights.is_elected_power());
        let root = if elected { Root::Election } else { Root::Host };
        let stoppable = person.is_some_and(|person| {
            let admin = person
                .passing
                .known_trouble()
                .is_some_and(|t| t.server_admin);
            // The policy may leave them alone.
            let lowered = |actual| self.known().wanted(main, person).target(actual).is_some();
            let moderates = person.rights.shown().filter(|shown| shown.moderates());
            moderates.is_some_and(lowered) && !admin
        });
        let pace = match (infrastructure || !stoppable, entitled) {
            (_, true) => Pace::Host,
            (true, false) => Pace::Anew,
            (false, false) => Pace::Free,
        };
        Maker {
            party: Party {
                kind,
                nick: actor.nick.as_deref().map(Into::into),
                jid: actor.jid.as_deref().map(Into::into),
            },
            bare,
            power: entitled.then_some(root),
            is_host: person
                .is_some_and(|person| person.rights.is_host(person.standing(self.settings))),
            pace,
        }
    }
}

//! An admin's view of rooms and people: the rights they have, the rights they should have,
//! and the reasons. It only looks; nothing here changes anything.

mod asked;
mod find;
mod people;
pub mod survey;
mod unsettled;
mod words;

pub use find::{Found, NotFound};
pub use people::Wanted as WantedPeople;

use asked::Asked;

use crate::api::{self, Actor, ActorKind, EventKind, Time};
use crate::claims::{Bindings, Hint};
use crate::engine::event::{Change, Decision, Party, PartyKind};
use crate::engine::meeting::decide::{Wanted, moderates_by_role_alone};
use crate::engine::meeting::known::Known;
use crate::engine::meeting::person::Person;
use crate::engine::meeting::rights::Override;
use crate::engine::meeting::seat::Seat;
use crate::engine::names::Names;
use crate::engine::permissions::{self, Permissions};
use crate::engine::room::{Occupant, Room};
use crate::engine::shown::short;
use crate::muc::{Affiliation, BareJid, Nick, RealJid, Role, RoomJid};
use crate::policy::{Permitted, Rule, Verdict};
use std::ops::Deref;

/// The people and rooms that gavel manages, in numbers; gavel and infrastructure do not count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rooms gavel is in.
    pub rooms: usize,
    /// People in them.
    pub occupants: usize,
    /// How many of them do not have yet the rights they should have.
    pub pending: usize,
}

/// Everything, to be looked at.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The state of the other parts.
    pub known: Known<'a>,
    /// The names that are kept.
    pub names: &'a Names,
    /// The permission lists that the modules were told.
    pub permissions: &'a Permissions,
    /// The tokens, and the people they belong to.
    pub bindings: &'a Bindings,
}

impl<'a> Deref for View<'a> {
    type Target = Known<'a>;

    fn deref(&self) -> &Known<'a> {
        &self.known
    }
}

impl View<'_> {
    /// Rooms and people; goes through everybody.
    pub fn counts(&self) -> Counts {
        let rooms = self.rooms.values().filter(|room| room.is_in());
        rooms.fold(Counts::default(), |counts, room| Counts {
            rooms: counts.rooms + 1,
            occupants: counts.occupants + room.people(),
            pending: counts.pending + self.pending(room),
        })
    }

    /// The rooms gavel is in, by JID.
    pub fn summaries(&self) -> Vec<api::RoomSummary> {
        let rooms = self.rooms.values().filter(|room| room.is_in());
        let summary = |room: &Room| api::RoomSummary {
            room: room.jid.to_string(),
            service: room.jid.service().to_owned(),
            occupants: room.people(),
            moderators: moderators(room),
            pending: self.pending(room),
            joined_at: Time::from_unix_ms(room.joined_at),
        };
        let mut all: Vec<_> = rooms.map(summary).collect();
        all.sort_unstable_by(|a, b| a.room.cmp(&b.room));
        all
    }

    /// One room with everybody in it; none if gavel is not in.
    pub fn detail(&self, jid: &RoomJid) -> Option<api::RoomDetail> {
        let room = self.rooms.get(jid).filter(|room| room.is_in())?;
        let mut people: Vec<_> = room.occupants.iter().collect();
        people.sort_unstable_by_key(|(nick, _)| *nick);
        let people = people.into_iter();
        Some(api::RoomDetail {
            room: room.jid.to_string(),
            service: room.jid.service().to_owned(),
            moderators: moderators(room),
            pending: self.pending(room),
            joined_at: Time::from_unix_ms(room.joined_at),
            occupants: people.map(|(nick, o)| self.seen(room, nick, o)).collect(),
            overrides: self.overrides(room),
        })
    }

    /// The overrides in a room's meeting, by JID.
    fn overrides(&self, room: &Room) -> Vec<api::RoomOverride> {
        let meeting = room
            .meeting
            .as_ref()
            .and_then(|main| self.meetings.get(main));
        let people = meeting.into_iter().flat_map(|meeting| &meeting.people);
        let set = people.filter_map(|(jid, person)| self.override_of(jid, person));
        let mut all: Vec<_> = set.collect();
        all.sort_unstable_by(|a, b| a.jid.cmp(&b.jid));
        all
    }

    /// The override that an admin has set for somebody of the meeting of `main`.
    pub fn override_for(&self, main: &RoomJid, jid: &BareJid) -> Option<api::RoomOverride> {
        self.override_of(jid, self.person(main, jid)?)
    }

    fn override_of(&self, jid: &BareJid, person: &Person) -> Option<api::RoomOverride> {
        let set = person.rights.override_()?;
        Some(api::RoomOverride {
            jid: jid.to_string(),
            nick: set.nick.as_ref().map(Nick::to_string),
            display_name: set.display_name.clone(),
            present: person.is_present(),
            set: shown_override(&set),
        })
    }

    fn pending(&self, room: &Room) -> usize {
        let people = room.occupants.values().filter(|o| !o.infrastructure);
        people.filter(|o| !self.is_settled(room, o)).count()
    }

    /// The person behind an occupant, if the room is known well enough.
    fn behind(&self, room: &Room, occupant: &Occupant) -> Option<&Person> {
        let bare = occupant.bare().filter(|_| !occupant.infrastructure)?;
        self.person(room.meeting.as_ref()?, &bare)
    }

    fn wanted_of(&self, room: &Room, person: &Person) -> Wanted {
        let main = room.meeting.as_ref().unwrap_or(&room.jid);
        self.wanted(main, person)
    }

    /// Says whether an occupant has the rights it should have; true for an occupant that
    /// gavel does not manage.
    fn is_settled(&self, room: &Room, occupant: &Occupant) -> bool {
        if occupant.infrastructure || occupant.real.is_none() {
            return true;
        }
        let Some(person) = self.behind(room, occupant) else {
            return false;
        };
        let wanted = self.wanted_of(room, person);
        let actual = person.rights.shown().unwrap_or(occupant.affiliation);
        let alone = moderates_by_role_alone(occupant.role, occupant.affiliation);
        wanted.target(actual).is_none() && (!alone || wanted.may_moderate())
    }

    fn seen(&self, room: &Room, nick: &Nick, occupant: &Occupant) -> api::Occupant {
        let person = self.behind(room, occupant);
        let actual = person.and_then(|person| person.rights.shown());
        let wanted = person.map(|person| self.wanted_of(room, person));
        let desired = wanted.and_then(|w| desired(w, actual.unwrap_or(occupant.affiliation)));
        let grant = person.and_then(|person| person.rights.grant());
        let set = person.and_then(|person| person.rights.override_());
        let seat = person.and_then(|person| person.seat(&room.jid, nick));
        let asked = person.map(|person| Asked::new(person, seat));
        let name = seat.and_then(Seat::token_name);
        api::Occupant {
            nick: nick.to_string(),
            jid: occupant.real.as_ref().map(RealJid::to_string),
            display_name: occupant.display_name.shown().map(str::to_owned),
            affiliation: occupant.affiliation,
            role: occupant.role,
            desired,
            settled: self.is_settled(room, occupant),
            source: seat.and_then(Seat::source),
            rule: self.rule(room, asked.as_ref()).to_string(),
            reason: self.reason(room, occupant, asked.as_ref()),
            token_name: name.map(|name| name.to_string()),
            frozen: self.names.keep(&room.jid, nick),
            guest: self.names.guest(&room.jid, nick).map(|guest| api::Guest {
                sent: guest.sent.to_string(),
                resembles: guest.resembles.to_string(),
            }),
            permissions: self.may(room, nick, occupant),
            granted_by: grant.map(|grant| api::Granter {
                nick: grant.by_nick.clone(),
                jid: grant.by_jid.clone(),
                at: Some(Time::from_unix_ms(grant.at)),
            }),
            override_: set.as_ref().map(shown_override),
            expires_at: seat
                .and_then(|seat| seat.expires_at(self.settings))
                .map(Time::from_unix_ms),
            joined_at: Time::from_unix_ms(occupant.joined_at),
            infrastructure: occupant.infrastructure,
            stepped_down: person.is_some_and(|person| person.rights.cap().is_some()),
            rejected: seat
                .and_then(|seat| seat.rejected)
                .map(|(source, reason)| api::Rejected {
                    source,
                    reason: reason.to_string(),
                }),
            unread_claims: seat.map(unread_claims).unwrap_or_default(),
            corrections: person.map(corrections).unwrap_or_default(),
            hindrance: person.and_then(|p| self.hindrance(p)).map(str::to_owned),
        }
    }

    /// The permissions of an occupant, as they are now.
    fn may(&self, room: &Room, nick: &Nick, occupant: &Occupant) -> Vec<api::Permission> {
        let moderator = occupant.role == Role::Moderator;
        let owner = occupant.affiliation == Affiliation::Owner;
        let permission = |item: Permitted| api::Permission {
            name: item.name.to_string(),
            allowed: item.held.map(|held| held.allows(moderator, owner)),
            for_: item.held.map(|held| held.as_str().to_owned()),
            because: item.because.to_string(),
        };
        let all = permissions::of(self.known, self.permissions, room, nick, occupant);
        all.into_iter().map(permission).collect()
    }

    /// The rule that decides about an occupant.
    fn rule(&self, room: &Room, asked: Option<&Asked>) -> Rule {
        let Some(asked) = asked else {
            return Verdict::guest().rule;
        };
        let main = room.meeting.as_ref().unwrap_or(&room.jid);
        let decision = self.decision(main, asked.person);
        let verdict = asked.verdict();
        self.ground(main, Some(asked.person), &decision, verdict).0
    }

    /// The hindrance that keeps gavel from giving a person the rights they should have.
    fn hindrance(&self, person: &Person) -> Option<&'static str> {
        let trouble = person.passing.known_trouble()?;
        let now = self.now.tick;
        if trouble.server_admin {
            Some("server_admin")
        } else if trouble.is_exhausted() {
            Some("ineffective")
        } else if trouble.not_before.is_some_and(|at| at > now) {
            Some("refused")
        } else if trouble.is_pausing(now) {
            Some("paused")
        } else {
            None
        }
    }
}

/// Claims that look as if they were meant to make a moderator, and do not.
fn unread_claims(seat: &Seat) -> Vec<String> {
    let unread = seat.claims().map(|claims| seat.verdict.unread(claims));
    let unread = unread.iter().flatten();
    unread.map(Hint::advice).collect()
}

fn shown_override(set: &Override) -> api::Override {
    api::Override {
        affiliation: set.affiliation,
        until: set.until.map(Time::from_unix_ms),
    }
}

fn moderators(room: &Room) -> usize {
    let people = room.occupants.values().filter(|o| !o.infrastructure);
    people.filter(|o| o.role == Role::Moderator).count()
}

fn desired(wanted: Wanted, actual: Affiliation) -> Option<Affiliation> {
    match wanted {
        Wanted::Anything => None,
        wanted => Some(wanted.target(actual).unwrap_or(actual)),
    }
}

fn corrections(person: &Person) -> Vec<api::Correction> {
    let all = person.corrected().map(|corrected| api::Correction {
        actor: Actor::from(&corrected.by),
        count: corrected.count,
        last_at: Time::from_unix_ms(corrected.last_at),
    });
    let mut all: Vec<_> = all.collect();
    all.sort_by_key(|correction| std::cmp::Reverse(correction.last_at));
    all
}

impl From<&Party> for Actor {
    fn from(party: &Party) -> Self {
        Self {
            kind: match party.kind {
                PartyKind::None => ActorKind::None,
                PartyKind::Infrastructure => ActorKind::Infrastructure,
                PartyKind::Occupant => ActorKind::Occupant,
                PartyKind::Outside => ActorKind::Outside,
            },
            nick: party.nick.as_deref().map(str::to_owned),
            display_name: None,
            jid: party.jid.as_deref().map(str::to_owned),
        }
    }
}

impl Decision {
    /// The decision as the API tells it, as event `id` of the time `at`.
    pub fn event(&self, id: u64, at: Time) -> api::Event {
        let (kind, from, to) = match &self.change {
            Change::Affiliation { from, to } => {
                let from = from.map(|from| from.to_string());
                (EventKind::Affiliation, from, Some(to.to_string()))
            }
            Change::Role { from, to } => {
                let (from, to) = (from.to_string(), to.to_string());
                (EventKind::Role, Some(from), Some(to))
            }
            Change::Override { from, to, .. } => {
                let word = |set: &Option<Affiliation>| set.map(|set| set.to_string());
                (EventKind::Override, word(from), word(to))
            }
            Change::Name { from, to } => (EventKind::Name, from.clone(), Some(to.clone())),
            Change::Nick { from, to } => {
                let (from, to) = (from.to_string(), to.to_string());
                (EventKind::Name, Some(from), Some(to))
            }
        };
        api::Event {
            id,
            kind,
            at,
            room: self.room.to_string(),
            nick: self.nick.as_ref().map(|nick| short(nick.as_str())),
            display_name: self.display_name.clone(),
            token_name: self.token_name.clone(),
            jid: self.jid.clone(),
            from: from.as_deref().map(short),
            to: to.as_deref().map(short),
            cause: self.cause.as_str().to_owned(),
            rule: match &self.change {
                Change::Override { .. } => Rule::Override.to_string(),
                _ => self.rule.to_string(),
            },
            reason: self.words(),
            source: self.source,
            actor: self.actor.as_ref().map(|actor| Actor {
                display_name: self.actor_name.clone(),
                ..Actor::from(actor)
            }),
            outcome: self.outcome.as_str().to_owned(),
        }
    }
}

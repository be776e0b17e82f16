//! The state that every part may look at: the rooms, the meetings, and everything that
//! follows from both.

use super::Meeting;
use super::decide::{Decision, Surroundings, Wanted, decide};
use super::person::Person;
use super::seat::Seat;
use crate::engine::boxmap::BoxMap;
use crate::engine::room::module::ServiceState;
use crate::engine::room::{Occupant, Room};
use crate::engine::settings::Settings;
use crate::engine::stream::Stream;
use crate::engine::time::Now;
use crate::muc::{BareJid, Nick, RealJid, RoomJid};

/// The state of the rooms and meetings. Looks only; nothing here changes anything.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// When the input came that is being handled.
    pub now: Now,
    /// The configuration.
    pub settings: &'a Settings,
    /// The component's stream.
    pub stream: &'a Stream,
    /// One for each MUC service.
    pub services: &'a [ServiceState],
    /// The rooms gavel knows of.
    pub rooms: &'a BoxMap<RoomJid, Room>,
    /// The meetings, by main room.
    pub meetings: &'a BoxMap<RoomJid, Meeting>,
}

impl<'a> Known<'a> {
    /// Somebody of a meeting.
    pub fn person(self, main: &RoomJid, bare: &BareJid) -> Option<&'a Person> {
        self.meetings.get(main)?.people.get(bare)
    }

    /// The person who sits in a room under a nick.
    pub fn person_at(self, jid: &RoomJid, nick: &Nick) -> Option<&'a Person> {
        let room = self.rooms.get(jid)?;
        let bare = room.occupants.get(nick)?.bare()?;
        self.person(room.meeting.as_ref()?, &bare)
    }

    /// The seat under that nick, with the verdict on its evidence.
    pub fn seat_at(self, jid: &RoomJid, nick: &Nick) -> Option<&'a Seat> {
        self.person_at(jid, nick)?.seat(jid, nick)
    }

    /// Somebody in a room.
    pub fn occupant(self, jid: &RoomJid, nick: &Nick) -> Option<&'a Occupant> {
        self.rooms.get(jid)?.occupants.get(nick)
    }

    /// The affiliation that somebody should have, and why.
    pub fn decision(self, main: &RoomJid, person: &Person) -> Decision {
        let standing = person.standing(self.settings);
        decide(&person.rights, standing, self.surroundings(main))
    }

    /// The same as if an admin had set nothing.
    pub fn decision_without_override(self, main: &RoomJid, person: &Person) -> Decision {
        let rights = person.rights.without_override();
        decide(
            &rights,
            person.standing(self.settings),
            self.surroundings(main),
        )
    }

    fn surroundings(self, main: &RoomJid) -> Surroundings<'a> {
        let room = self.rooms.get(main);
        let meeting = self.meetings.get(main);
        Surroundings {
            policy: &self.settings.policy,
            members_only: room.is_some_and(Room::members_only),
            unread: room.is_some_and(Room::may_throw_out),
            locking: meeting.is_some_and(|meeting| meeting.absence.keeps_in()),
        }
    }

    /// The affiliation that somebody should have.
    pub fn wanted(self, main: &RoomJid, person: &Person) -> Wanted {
        self.decision(main, person).wanted
    }

    /// Says whether the main room's lists, which are being read, will tell the affiliation
    /// of somebody who is not in there.
    pub fn is_unsure(self, main: &RoomJid, person: &Person) -> bool {
        person.rights.shown().is_none() && self.reads_lists(main)
    }

    /// Says whether gavel is in the main room, which then tells of changes itself.
    pub fn is_told_by(self, main: &RoomJid) -> bool {
        self.rooms.get(main).is_some_and(Room::is_in)
    }

    /// Says whether gavel is in the main room and has read its lists of owners and admins.
    pub fn has_lists(self, main: &RoomJid) -> bool {
        let room = self.rooms.get(main);
        room.is_some_and(|room| room.is_ready() && room.lists_asked == 0)
    }

    /// Says whether somebody may be in a room of the meeting unseen, a host perhaps.
    pub fn may_hide_people(self, main: &RoomJid) -> bool {
        let meeting = self.meetings.get(main);
        let mut rooms = meeting.into_iter().flat_map(|meeting| &meeting.rooms);
        rooms.any(|jid| {
            let room = self.rooms.get(jid);
            room.is_some_and(|room| room.may_hide_people(self.now.tick))
        })
    }

    /// Says whether the main room's lists are being read.
    pub fn reads_lists(self, main: &RoomJid) -> bool {
        let room = self.rooms.get(main);
        room.is_some_and(|room| room.lists_asked > 0)
    }

    /// Says whether somebody present who is not elected moderates, or is about to.
    pub fn has_power(self, main: &RoomJid, person: &Person) -> bool {
        match self.wanted(main, person) {
            Wanted::Anything => person.moderates_now() || self.is_unsure(main, person),
            wanted => wanted.may_moderate(),
        }
    }

    /// Says whether somebody else who is present moderates by a right that goes back to no
    /// election.
    pub fn is_moderated_without(self, main: &RoomJid, heir: &BareJid) -> bool {
        let people = self.meetings.get(main).map(|meeting| &meeting.people);
        let mut others = people.into_iter().flatten();
        others.any(|(bare, person)| {
            let other = bare != heir && person.is_present() && !person.rights.is_elected_power();
            other && self.has_power(main, person)
        })
    }

    /// Says whether somebody had come into the main room before `bare` did.
    pub fn is_not_first(self, main: &RoomJid, bare: &BareJid) -> bool {
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
}

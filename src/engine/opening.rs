//! Rooms that Prosody keeps locked until their owner has submitted the
//! configuration form (`muc_room_locking`, on by default): where nobody in the
//! room is to be owner, gavel submits it, or nobody else could ever enter
//! (XEP-0045 §10.1.2, an instant room).

use super::Engine;
use super::asker::{Answer, Asker};
use super::room::Room;
use super::task::Task;
use crate::muc::{Affiliation, RoomJid};
use crate::stanza::Request;

impl Engine {
    /// Opens a room that gavel has just come to and that nobody else opens.
    pub(super) fn open_if_new(&mut self, jid: &RoomJid) {
        let opening = self.opening(jid);
        let Some(room) = self.rooms.get_mut(jid) else {
            return;
        };
        room.opened = !matches!(opening, Opening::Wait);
        if matches!(opening, Opening::Due) {
            let asker = Asker::Opening(jid.clone());
            self.out.ask(jid.as_str(), Request::Open, asker);
        }
    }

    /// Somebody in the main room `jid` has changed: it may be for gavel to open.
    pub(super) fn look_at_opening(&mut self, jid: &RoomJid) {
        let unopened = |room: &Room| room.is_in() && !room.opened;
        if self.rooms.get(jid).is_some_and(unopened) {
            self.out.todo(Task::Opening(jid.clone()));
        }
    }

    /// Prosody has answered, or not.
    pub(super) fn opening_answered(&mut self, jid: &RoomJid, answer: Answer<'_>) {
        if !matches!(answer, Answer::Silence | Answer::Unread) {
            return;
        }
        if let Some(room) = self.rooms.get_mut(jid) {
            room.opened = false;
        }
        self.look_at_opening(jid);
    }

    /// Whether gavel is to open a room. In Jitsi the focus opens the rooms that
    /// it makes, and Jitsi's configuration does not lock rooms.
    fn opening(&self, jid: &RoomJid) -> Opening {
        let Some(room) = self.rooms.get(jid).filter(|room| room.is_in()) else {
            return Opening::Needless;
        };
        if room.has_focus() {
            return Opening::Needless;
        }
        let owns = room.module || room.own_affiliation == Affiliation::Owner;
        if !owns || !room.is_populated() {
            return Opening::Wait;
        }
        match self.has_owner(room) {
            true => Opening::Needless,
            false => Opening::Due,
        }
    }

    /// Whether somebody in the room may be owner: their client submits the form.
    fn has_owner(&self, room: &Room) -> bool {
        let Some(main) = &room.meeting else {
            return false;
        };
        let mut people = room.occupants.values().filter(|o| !o.infrastructure);
        people.any(|occupant| {
            let bare = occupant.bare();
            let person = bare.as_ref().and_then(|bare| self.person(main, bare));
            person.is_some_and(|person| {
                let actual = person.rights.shown().unwrap_or(occupant.affiliation);
                let wanted = self.wanted(main, person);
                wanted.target(actual).unwrap_or(actual) == Affiliation::Owner
            })
        })
    }
}

/// What is to be done about a room that may be locked.
enum Opening {
    /// Nothing yet.
    Wait,
    /// Nothing.
    Needless,
    /// It is to be opened.
    Due,
}

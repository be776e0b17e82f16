//! Rooms that Prosody keeps locked until their owner has submitted the configuration form
//! (`muc_room_locking`, on by default): if nobody in the room is to be owner, gavel submits
//! it, or nobody else could ever enter (XEP-0045 §10.1.2, an instant room).

use crate::engine::asker::{Answer, Asker};
use crate::engine::hash::HashSet;
use crate::engine::meeting::known::Known;
use crate::engine::outbox::Outbox;
use crate::engine::room::Room;
use crate::engine::room::event::RoomEvent;
use crate::engine::task::Task;
use crate::muc::{Affiliation, RoomJid};
use crate::stanza::Request;

/// Rooms that need not be opened any more.
#[derive(Debug, Default)]
pub struct Opened(HashSet<RoomJid>);

impl Opened {
    /// The stream has ended.
    pub fn lose_all(&mut self) {
        self.0.clear();
    }

    /// Takes an event of a room.
    pub fn take(&mut self, event: &RoomEvent) {
        if let RoomEvent::Joined { room, .. } | RoomEvent::Ended { room } = event {
            self.0.remove(room);
        }
    }
}

/// The part that opens rooms, at work.
pub struct OpeningPart<'a> {
    /// The state of the other parts.
    pub known: Known<'a>,
    /// Rooms that need not be opened any more.
    pub opened: &'a mut Opened,
    /// The actions that come of it.
    pub out: &'a mut Outbox,
}

impl OpeningPart<'_> {
    /// Opens a room that gavel has just come to and that nobody else opens.
    pub fn look(&mut self, jid: &RoomJid) {
        if self.opened.0.contains(jid) || !self.known.rooms.contains_key(jid) {
            return;
        }
        let opening = self.opening(jid);
        if !matches!(opening, Opening::Wait) {
            self.opened.0.insert(jid.clone());
        }
        if matches!(opening, Opening::Due) {
            let asker = Asker::Opening(jid.clone());
            self.out.ask(jid.as_str(), Request::Open, asker);
        }
    }

    /// Prosody has answered, or not.
    pub fn answered(&mut self, jid: &RoomJid, answer: Answer<'_>) {
        if matches!(answer, Answer::Silence | Answer::Unread) {
            self.opened.0.remove(jid);
            self.out.todo(Task::Opening(jid.clone()));
        }
    }

    /// Says whether gavel is to open a room. In Jitsi the focus opens the rooms that it
    /// makes, and Jitsi's configuration does not lock rooms.
    fn opening(&self, jid: &RoomJid) -> Opening {
        let Some(room) = self.known.rooms.get(jid).filter(|room| room.is_in()) else {
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

    /// Says whether somebody in the room may be owner: their client submits the form.
    fn has_owner(&self, room: &Room) -> bool {
        let Some(main) = &room.meeting else {
            return false;
        };
        let mut people = room.occupants.values().filter(|o| !o.infrastructure);
        people.any(|occupant| {
            let bare = occupant.bare();
            let person = bare.as_ref().and_then(|bare| self.known.person(main, bare));
            person.is_some_and(|person| {
                let actual = person.rights.shown().unwrap_or(occupant.affiliation);
                let wanted = self.known.wanted(main, person);
                wanted.target(actual).unwrap_or(actual) == Affiliation::Owner
            })
        })
    }
}

/// The next step for a room that may be locked.
enum Opening {
    /// Nothing yet.
    Wait,
    /// Nothing.
    Needless,
    /// It is to be opened.
    Due,
}

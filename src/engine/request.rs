//! Requests that wait for their reply.

use super::examination::Question;
use super::person::Seat;
use super::time::Tick;
use crate::muc::{Affiliation, BareJid, Nick, Role, RoomJid};
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// How long a reply is waited for. Prosody answers at once or not at all; a
/// reply that takes longer means that it is far behind, or lost.
pub const REPLY_TIMEOUT: Duration = Duration::from_secs(15);

/// What a request was for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// Before a join: does the room exist?
    Probe(RoomJid),
    /// Reading a list of a room gavel is in.
    List(RoomJid, Affiliation),
    /// Reading a room's configuration form.
    Configuration(RoomJid),
    /// Reading a room's disco#info, where the form was refused.
    RoomInfo(RoomJid),
    /// A person's affiliation; the meeting's main room.
    Affiliation(RoomJid, BareJid),
    /// The role of one of a person's occupants; the meeting's main room; the role.
    Role(Seat, RoomJid, BareJid, Role),
    /// An occupant's name, kept by the module: room and nick.
    Pin(RoomJid, Nick),
    /// The lease of a service's guard.
    Lease(usize),
    /// Who is entitled in a room, for the guard.
    Guard(RoomJid),
    /// gavel's own affiliation.
    Own(RoomJid),
    /// A service's rooms, by ad-hoc command.
    ListRooms(usize),
    /// A service's rooms, by disco#items.
    Items(usize),
    /// What the module of a service is.
    Module(usize),
    /// Whether gavel is still in a room.
    SelfPing(RoomJid),
    /// Whether a room is still there before its roll is called.
    BeforeRoll(RoomJid),
    /// The last answer of a roll call.
    RollCall(RoomJid),
    /// Having a room show the presence of everybody.
    Show(RoomJid),
    /// How many occupants a room has that seems to be empty.
    Count(RoomJid),
    /// How the deployment is.
    Examination(Question),
    /// Whether the server is there.
    Ping,
    /// Ending a meeting's main room.
    End(RoomJid),
    /// Opening a room that Prosody may keep locked.
    Open(RoomJid),
    /// Making a room members-only, or open.
    MembersOnly(RoomJid, bool),
    /// Making infrastructure in a room members.
    Admit(RoomJid),
    /// Nothing follows from the answer.
    Nothing,
}

#[derive(Debug)]
struct Open {
    /// Whom was asked: the only one who can answer.
    to: String,
    purpose: Purpose,
}

/// The open requests of one stream.
///
/// A reply counts only if id, sender and type match, and only the first one:
/// ids alone can be guessed (compare CVE-2024-46957).
#[derive(Debug, Default)]
pub struct Requests {
    open: HashMap<String, Open>,
    deadlines: VecDeque<(Tick, String)>,
    next: u64,
}

impl Requests {
    /// Notes a request to `to`; returns its id.
    pub fn open(&mut self, now: Tick, to: &str, purpose: Purpose) -> String {
        self.next += 1;
        let id = format!("g{}", self.next);
        let to = to.to_owned();
        self.open.insert(id.clone(), Open { to, purpose });
        self.deadlines.push_back((now + REPLY_TIMEOUT, id.clone()));
        id
    }

    /// Takes the request that `from` answers with `id`.
    pub fn answer(&mut self, id: &str, from: &str) -> Option<Purpose> {
        if self.open.get(id)?.to != from {
            return None;
        }
        let purpose = self.open.remove(id).map(|open| open.purpose);
        // Replies mostly come in order, so this keeps the queue short.
        let done = |(_, id): &(Tick, String)| !self.open.contains_key(id);
        while self.deadlines.front().is_some_and(done) {
            self.deadlines.pop_front();
        }
        purpose
    }

    /// Takes a request whose reply has not come in time.
    pub fn take_overdue(&mut self, now: Tick) -> Option<Purpose> {
        while let Some((deadline, id)) = self.deadlines.front() {
            let answered = !self.open.contains_key(id);
            if !answered && *deadline > now {
                return None;
            }
            let id = self.deadlines.pop_front().map(|(_, id)| id);
            if let Some(open) = id.and_then(|id| self.open.remove(&id)) {
                return Some(open.purpose);
            }
        }
        None
    }

    /// When the oldest open request is given up.
    pub fn deadline(&self) -> Option<Tick> {
        let open = |(_, id): &&(Tick, String)| self.open.contains_key(id);
        self.deadlines.iter().find(open).map(|(at, _)| *at)
    }

    /// Whether one like this is open.
    pub fn any(&self, like: impl Fn(&Purpose) -> bool) -> bool {
        self.open.values().any(|open| like(&open.purpose))
    }

    /// How many are open.
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// Whether none is open.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Forgets all; ids go on, so that a late reply of an older stream matches
    /// nothing.
    pub fn clear(&mut self) {
        self.open.clear();
        self.deadlines.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b1_a_reply_counts_once_and_only_from_whom_was_asked() {
        let mut requests = Requests::default();
        let id = requests.open(Tick::ZERO, "a@muc", Purpose::Ping);
        assert_eq!(requests.answer(&id, "b@muc"), None);
        assert_eq!(requests.answer("g99", "a@muc"), None);
        assert_eq!(requests.answer(&id, "a@muc"), Some(Purpose::Ping));
        assert_eq!(requests.answer(&id, "a@muc"), None);
    }

    #[test]
    fn b1_a_lost_reply_is_given_up_in_time() {
        let mut requests = Requests::default();
        let first = requests.open(Tick::ZERO, "a@muc", Purpose::Nothing);
        requests.open(Tick::from_secs(1), "a@muc", Purpose::Ping);
        requests.answer(&first, "a@muc");
        assert_eq!(requests.take_overdue(REPLY_TIMEOUT), None);
        let late = REPLY_TIMEOUT + Tick::from_secs(1);
        assert_eq!(requests.deadline(), Some(late));
        assert_eq!(requests.take_overdue(late), Some(Purpose::Ping));
        assert_eq!(requests.take_overdue(late), None);
    }
}

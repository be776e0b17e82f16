//! In which order rooms are joined that are found at the same time (SPEC B20).
//!
//! Somebody can open hundreds of rooms at once. Each person who has brought an
//! invitation about has a turn, then the next one has, so that nobody waits for all
//! the rooms of somebody else. Rooms with nobody but infrastructure come last.

use crate::engine::hash::HashMap;
use crate::muc::{BareJid, RoomJid};
use std::collections::VecDeque;

/// The party whose turn it is when a room is joined.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Turn {
    /// A person who has entered the room.
    Person(BareJid),
    /// Nobody knows whose: all such rooms are served as one person's.
    Unknown,
    /// Nobody waits there: only infrastructure has entered.
    Nobody,
}

/// Rooms that wait to be joined.
#[derive(Debug, Default)]
pub struct Turns {
    /// Those who have rooms waiting, the next one first.
    order: VecDeque<Turn>,
    rooms: HashMap<Turn, VecDeque<RoomJid>>,
    /// Rooms in which nobody waits.
    last: VecDeque<RoomJid>,
    /// All of them, and whether somebody waits there.
    waiting: HashMap<RoomJid, bool>,
}

impl Turns {
    /// Adds a room. One that is there already moves only if somebody has entered it now and
    /// nobody had before.
    pub fn push(&mut self, jid: &RoomJid, turn: Turn) {
        let somebody = turn != Turn::Nobody;
        match self.waiting.insert(jid.clone(), somebody) {
            Some(true) => {
                self.waiting.insert(jid.clone(), true);
            }
            Some(false) if !somebody => {}
            _ if !somebody => self.last.push_back(jid.clone()),
            _ => {
                let rooms = self.rooms.entry(turn.clone()).or_default();
                if rooms.is_empty() {
                    self.order.push_back(turn);
                }
                rooms.push_back(jid.clone());
            }
        }
    }

    /// Takes the next room.
    pub fn pop(&mut self) -> Option<RoomJid> {
        let Some(turn) = self.order.pop_front() else {
            return self.pop_last();
        };
        let rooms = self.rooms.get_mut(&turn)?;
        let jid = rooms.pop_front()?;
        match rooms.is_empty() {
            true => drop(self.rooms.remove(&turn)),
            false => self.order.push_back(turn),
        }
        self.waiting.remove(&jid);
        Some(jid)
    }

    fn pop_last(&mut self) -> Option<RoomJid> {
        // Somebody has entered some of them since, and those are gone by now.
        let jid = std::iter::from_fn(|| self.last.pop_front())
            .find(|jid| self.waiting.get(jid) == Some(&false))?;
        self.waiting.remove(&jid);
        Some(jid)
    }

    /// Says whether a room waits.
    pub fn contains(&self, jid: &RoomJid) -> bool {
        self.waiting.contains_key(jid)
    }

    /// How many rooms wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Says whether none waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn room(name: &str) -> RoomJid {
        RoomJid::parse(&format!("{name}@muc.x")).unwrap()
    }

    fn person(name: &str) -> Turn {
        Turn::Person(BareJid::parse(&format!("{name}@x")).unwrap())
    }

    fn order(turns: &mut Turns) -> Vec<String> {
        let rooms = std::iter::from_fn(|| turns.pop());
        let order = rooms.map(|jid| jid.to_string().replace("@muc.x", ""));
        let order = order.collect();
        assert!(turns.is_empty());
        order
    }

    #[test]
    fn b20_nobody_waits_for_all_the_rooms_of_somebody_else() {
        let mut turns = Turns::default();
        turns.push(&room("focus"), Turn::Nobody);
        for number in 1..=4 {
            turns.push(&room(&format!("eve{number}")), person("eve"));
        }
        turns.push(&room("listed"), Turn::Unknown);
        turns.push(&room("bob"), person("bob"));
        turns.push(&room("eve1"), person("bob"));
        assert_eq!(turns.len(), 7);
        let expected = ["eve1", "listed", "bob", "eve2", "eve3", "eve4", "focus"];
        assert_eq!(order(&mut turns), expected);
    }

    #[test]
    fn b20_a_room_moves_up_as_somebody_enters_it() {
        let mut turns = Turns::default();
        turns.push(&room("one"), Turn::Nobody);
        turns.push(&room("two"), Turn::Nobody);
        turns.push(&room("two"), person("bob"));
        turns.push(&room("two"), Turn::Nobody);
        assert!(turns.contains(&room("two")));
        assert_eq!(turns.len(), 2);
        assert_eq!(order(&mut turns), ["two", "one"]);
    }
}

//! People who are not there and have too much power wait in line (SPEC B20).
//!
//! A room's lists can hold thousands of them. Prosody writes a persistent room to the disk
//! for each change, which takes it some ten milliseconds if the lists are that long, and it
//! takes gavel's stanzas in order. All of these changes at once would keep everybody
//! waiting who joins any room meanwhile. Nobody who is absent moderates, so they are
//! lowered one after another: the next one as the answer comes. People who come in, or use
//! their power from outside, do not wait.
//!
//! The line keeps gavel in no room: SPEC B9 has it leave at once when it is alone. Whoever
//! still waits then stays owner of an empty room, and is found again in its lists as soon as
//! somebody comes.

use crate::engine::hash::HashSet;
use crate::muc::{BareJid, RoomJid};
use std::collections::VecDeque;

/// So many of these changes are under way at a time, in all rooms: a stanza for somebody
/// who is there waits for no more than these. More would not end sooner, since Prosody
/// makes one change after the other.
const ABREAST: usize = 1;

/// Somebody of a meeting, by its main room.
type PersonKey = (RoomJid, BareJid);

/// The people that gavel lowers now, and the people that wait.
#[derive(Debug, Default)]
pub struct Line {
    /// Those whose change waits for its answer.
    asked: HashSet<PersonKey>,
    /// Those who wait, the next one first. Some may be in it who need not be lowered
    /// any more.
    order: VecDeque<PersonKey>,
    waiting: HashSet<PersonKey>,
    /// Those who have used their power, and do not wait.
    hurried: HashSet<PersonKey>,
}

impl Line {
    /// Says whether somebody may be lowered now; if not, they wait.
    pub fn lets(&mut self, main: &RoomJid, bare: &BareJid) -> bool {
        let person = (main.clone(), bare.clone());
        if self.asked.len() < ABREAST || self.hurried.contains(&person) {
            return true;
        }
        if self.waiting.insert(person.clone()) {
            self.order.push_back(person);
        }
        false
    }

    /// Prosody is asked to lower somebody.
    pub fn asked(&mut self, main: &RoomJid, bare: &BareJid) {
        self.asked.insert((main.clone(), bare.clone()));
    }

    /// It has answered, or does not. Answers whether somebody waits for that.
    pub fn answered(&mut self, main: &RoomJid, bare: &BareJid) -> bool {
        self.asked.remove(&(main.clone(), bare.clone())) && !self.order.is_empty()
    }

    /// Takes the next person in line, if they may be lowered now.
    pub fn next(&mut self) -> Option<(RoomJid, BareJid)> {
        if self.asked.len() >= ABREAST {
            return None;
        }
        let person = self.order.pop_front()?;
        self.waiting.remove(&person);
        Some(person)
    }

    /// Somebody uses their power: they wait for nobody when they are looked at next.
    pub fn hurry(&mut self, main: &RoomJid, bare: &BareJid) {
        self.hurried.insert((main.clone(), bare.clone()));
    }

    /// They have been looked at.
    pub fn looked_at(&mut self, main: &RoomJid, bare: &BareJid) {
        if !self.hurried.is_empty() {
            self.hurried.remove(&(main.clone(), bare.clone()));
        }
    }

    /// The stream has ended: nothing will be answered, and everybody is found again.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.order.len()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn room() -> RoomJid {
        RoomJid::parse("room@muc.x").unwrap()
    }

    fn bare(number: usize) -> BareJid {
        BareJid::parse(&format!("p{number}@x")).unwrap()
    }

    /// A line in which so many wait.
    fn line(waiting: usize) -> Line {
        let mut line = Line::default();
        for number in 0..ABREAST + waiting {
            if line.lets(&room(), &bare(number)) {
                line.asked(&room(), &bare(number));
            }
        }
        assert_eq!(line.len(), waiting);
        line
    }

    #[test]
    fn b20_the_next_are_asked_for_as_answers_come() {
        let mut line = line(3);
        assert_eq!(line.next(), None);
        for number in 0..3 {
            // A person who waits already waits only once.
            assert!(!line.lets(&room(), &bare(ABREAST + 2)));
            assert!(line.answered(&room(), &bare(number)));
            assert!(!line.answered(&room(), &bare(number)), "a second time");
            let next = (room(), bare(number + ABREAST));
            assert_eq!(line.next(), Some(next.clone()));
            line.asked(&next.0, &next.1);
            assert_eq!(line.next(), None);
        }
        assert!(!line.answered(&room(), &bare(3)), "nobody waits");
    }

    #[test]
    fn b20_a_person_who_need_not_be_lowered_any_more_holds_up_nobody() {
        let mut line = line(3);
        line.answered(&room(), &bare(0));
        let next = std::iter::from_fn(|| line.next());
        assert_eq!(next.count(), 3);
    }

    #[test]
    fn b3_a_person_who_uses_their_power_waits_for_nobody() {
        let mut line = line(3);
        let last = bare(ABREAST + 2);
        line.hurry(&room(), &last);
        assert!(line.lets(&room(), &last));
        line.looked_at(&room(), &last);
        assert!(!line.lets(&room(), &last));
    }
}

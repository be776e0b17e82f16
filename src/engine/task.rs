//! Work that is left over when an input has been taken.
//!
//! It is done in this order, before the next input comes:
//!
//! 1. keys that are to be fetched;
//! 2. whether everything found since the connection has been joined: only then is it
//!    known who is still there, and elections are held;
//! 3. meetings as a whole: the election, and the search for a host;
//! 4. people who have used power that they do not have;
//! 5. everybody else who may not have the rights they should have;
//! 6. those who wait in line, since they are absent and have power that is left over;
//! 7. the entitlements for the guard;
//! 8. people's permissions, as the module is told them;
//! 9. names, which matter less than affiliations;
//! 10. configurations that have changed while they were being read;
//! 11. rooms that Prosody may keep locked.
//!
//! Within one kind, the oldest task comes first. Work that comes up meanwhile is put in its
//! place, so that the order holds for it, too.

use crate::engine::hash::HashMap;
use crate::muc::{BareJid, Nick, RoomJid};
use std::collections::BTreeMap;

/// A piece of work.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Task {
    /// Somebody has begun to wait for a key.
    Waiter(RoomJid, Nick),
    /// See which keys are to be fetched.
    Keys,
    /// Look at a meeting as a whole.
    Meeting(RoomJid),
    /// Compare the rights that somebody has with the rights they should have.
    Person(RoomJid, BareJid),
    /// Look at those who wait in line.
    Line,
    /// Compare somebody's entitlement with the one that the guard was told.
    Named(RoomJid, BareJid),
    /// Tell the guard the changes.
    Guard,
    /// Look at an occupant's permissions.
    Permissions(RoomJid, Nick),
    /// Look at an occupant's name.
    Name(RoomJid, Nick),
    /// Read a room's configuration again.
    Configuration(RoomJid),
    /// See whether everything has been joined.
    Resynchronised,
    /// Open a room that Prosody may keep locked.
    Opening(RoomJid),
}

/// The order of the kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Keys,
    Resynchronised,
    Meeting,
    Actor,
    Person,
    Line,
    Named,
    Guard,
    Permissions,
    Name,
    Configuration,
    Opening,
}

impl Task {
    fn rank(&self) -> Rank {
        match self {
            Self::Waiter(..) | Self::Keys => Rank::Keys,
            Self::Meeting(_) => Rank::Meeting,
            Self::Person(..) => Rank::Person,
            Self::Line => Rank::Line,
            Self::Named(..) => Rank::Named,
            Self::Guard => Rank::Guard,
            Self::Permissions(..) => Rank::Permissions,
            Self::Name(..) => Rank::Name,
            Self::Configuration(_) => Rank::Configuration,
            Self::Resynchronised => Rank::Resynchronised,
            Self::Opening(_) => Rank::Opening,
        }
    }
}

/// All work that is left, without repetitions.
#[derive(Debug, Default)]
pub struct Tasks {
    queue: BTreeMap<(Rank, u64), Task>,
    known: HashMap<Task, (Rank, u64)>,
    next: u64,
}

impl Tasks {
    /// Adds a piece of work, unless it is there.
    pub fn add(&mut self, task: Task) {
        if !self.known.contains_key(&task) {
            let rank = task.rank();
            self.put(rank, task);
        }
    }

    /// Adds a look at somebody who has used power they do not have, or has it come
    /// earlier.
    pub fn add_actor(&mut self, main: &RoomJid, bare: &BareJid) {
        let task = Task::Person(main.clone(), bare.clone());
        if let Some(place) = self.known.remove(&task) {
            self.queue.remove(&place);
        }
        self.put(Rank::Actor, task);
    }

    fn put(&mut self, rank: Rank, task: Task) {
        self.next += 1;
        let place = (rank, self.next);
        self.known.insert(task.clone(), place);
        self.queue.insert(place, task);
    }

    /// Takes the next one.
    pub fn pop(&mut self) -> Option<Task> {
        let (_, task) = self.queue.pop_first()?;
        self.known.remove(&task);
        Some(task)
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.queue.clear();
        self.known.clear();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn room() -> RoomJid {
        RoomJid::parse("room@muc.x").unwrap()
    }

    fn person(name: &str) -> Task {
        Task::Person(room(), bare(name))
    }

    fn bare(name: &str) -> BareJid {
        BareJid::parse(&format!("{name}@x")).unwrap()
    }

    #[test]
    fn b3_work_is_done_by_kind_then_in_the_order_it_came_up() {
        let name = Task::Name(room(), Nick::new("a"));
        let permissions = Task::Permissions(room(), Nick::new("a"));
        let mut tasks = Tasks::default();
        let left = [
            Task::Opening(room()),
            Task::Resynchronised,
            Task::Configuration(room()),
            name.clone(),
            permissions.clone(),
            Task::Guard,
            person("b"),
            person("a"),
            person("b"),
            Task::Meeting(room()),
            Task::Keys,
        ];
        left.into_iter().for_each(|task| tasks.add(task));
        tasks.add_actor(&room(), &bare("eve"));
        tasks.add_actor(&room(), &bare("a"));
        tasks.add(person("a"));
        let order: Vec<Task> = std::iter::from_fn(|| tasks.pop()).collect();
        let expected = [
            Task::Keys,
            Task::Resynchronised,
            Task::Meeting(room()),
            person("eve"),
            person("a"),
            person("b"),
            Task::Guard,
            permissions,
            name,
            Task::Configuration(room()),
            Task::Opening(room()),
        ];
        assert_eq!(order, expected);
    }

    #[test]
    fn work_that_comes_up_meanwhile_is_put_in_its_place() {
        let mut tasks = Tasks::default();
        tasks.add(person("a"));
        tasks.add(Task::Guard);
        assert_eq!(tasks.pop(), Some(person("a")));
        tasks.add(person("a"));
        tasks.add(Task::Meeting(room()));
        assert_eq!(tasks.pop(), Some(Task::Meeting(room())));
        assert_eq!(tasks.pop(), Some(person("a")));
        assert_eq!(tasks.pop(), Some(Task::Guard));
        assert_eq!(tasks.pop(), None);
    }
}

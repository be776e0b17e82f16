//! The permission lists that the modules were told, and that they hold.

use crate::engine::hash::HashMap;
use crate::engine::limit::Limiter;
use crate::engine::time::Tick;
use crate::muc::{Nick, RoomJid};
use crate::policy::Permitted;
use std::time::Duration;

/// So long after the first time it is told again; then twice as long.
const PAUSE: Duration = Duration::from_secs(1);

/// The lists that the modules were told.
#[derive(Debug, Default)]
pub struct Permissions {
    /// By the number of the service.
    pub(super) services: HashMap<usize, Service>,
    /// The people that have a list of their own in the module, or should have one, by room
    /// and nick.
    pub(super) people: HashMap<RoomJid, HashMap<Nick, Person>>,
}

/// The list that a service's module holds for everybody, as far as gavel knows.
#[derive(Debug, Default)]
pub(super) struct Service {
    /// The digest of it; none if it holds nothing.
    pub(super) held: Option<String>,
    /// The list that it was told and has not confirmed yet.
    pub(super) asked: Option<Option<String>>,
    /// It was told something else and has not answered: it may hold that.
    pub(super) in_doubt: bool,
    /// It was told by this gavel, with the infrastructure that is left alone.
    pub(super) told: bool,
    /// Why it cannot be told.
    pub(super) refused: Option<String>,
}

/// The list that the module holds for one person, as far as gavel knows.
#[derive(Debug, Default)]
pub(super) struct Person {
    /// The digest of it; none if it holds nothing of their own.
    pub(super) held: Option<String>,
    /// The list that it was told and has not confirmed yet.
    pub(super) asked: Option<Option<String>>,
    /// It was told something else and has not answered: it may hold that.
    pub(super) in_doubt: bool,
    /// The permissions that their claims deny. They do not get these back by losing the
    /// claims. None if this gavel has not seen their claims.
    pub(super) denied: Option<Vec<Permitted>>,
    /// Says whether the last request to it was to end the allowances of a list that this
    /// gavel does not know, and to keep its denials.
    pub(super) limits: bool,
    /// It has done so.
    pub(super) limited: bool,
    /// The list that it was told last.
    pub(super) told: Option<Option<String>>,
    /// How often in a row it was told that in vain.
    pub(super) failures: u32,
    /// It is not told again before.
    pub(super) not_before: Option<Tick>,
    pub(super) limiter: Limiter,
}

impl Permissions {
    /// The stream has ended: on the next one the modules name the lists that they hold.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// gavel has left a room.
    pub fn close(&mut self, room: &RoomJid) {
        self.people.remove(room);
    }

    /// An occupant has left a room.
    pub fn drop(&mut self, room: &RoomJid, nick: &Nick) {
        if let Some(people) = self.people.get_mut(room) {
            people.remove(nick);
            if people.is_empty() {
                self.people.remove(room);
            }
        }
    }

    /// An occupant has another nick. An answer that is on its way names the old one.
    pub fn rename(&mut self, room: &RoomJid, old: &Nick, new: &Nick) {
        if let Some(people) = self.people.get_mut(room)
            && let Some(mut person) = people.remove(old)
        {
            person.in_doubt |= person.asked.take().is_some();
            people.insert(new.clone(), person);
        }
    }

    /// Everybody who has an entry here.
    pub fn occupants(&self) -> impl Iterator<Item = (&RoomJid, &Nick)> {
        let rooms = self.people.iter();
        rooms.flat_map(|(room, people)| people.keys().map(move |nick| (room, nick)))
    }

    /// The state of an occupant.
    pub(super) fn person(&self, room: &RoomJid, nick: &Nick) -> Option<&Person> {
        self.people.get(room)?.get(nick)
    }

    /// The same, to be changed.
    pub(super) fn person_mut(&mut self, room: &RoomJid, nick: &Nick) -> Option<&mut Person> {
        self.people.get_mut(room)?.get_mut(nick)
    }

    /// Says whether a service's module does not take permissions.
    pub(super) fn is_refused(&self, service: usize) -> bool {
        let service = self.services.get(&service);
        service.is_some_and(|service| service.refused.is_some())
    }
}

impl Person {
    /// The module is to be told this list. A failure with one list says nothing about another.
    pub(super) fn wants(&mut self, digest: &Option<String>) {
        if self.told.as_ref() != Some(digest) {
            self.told = Some(digest.clone());
            self.try_anew();
        }
    }

    /// Earlier failures do not count any more.
    pub(super) fn try_anew(&mut self) {
        self.failures = 0;
        self.not_before = None;
    }

    /// It was told in vain.
    pub(super) fn fail(&mut self, now: Tick) {
        let pause = PAUSE * 2u32.saturating_pow(self.failures);
        self.failures += 1;
        self.not_before = Some(now + pause);
    }

    /// When it may be told again.
    pub(super) fn next(&self, now: Tick) -> Tick {
        let limited = self.limiter.next(now);
        self.not_before.map_or(limited, |at| at.max(limited))
    }
}

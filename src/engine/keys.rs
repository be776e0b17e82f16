//! People whose tokens wait for a key that has to be fetched (SPEC section 3).
//!
//! Until the key is here they are guests, and nothing else waits with them. gavel keeps
//! their newest evidence and looks at it again with each answer of the key server. It
//! stores no list of wanted keys: it asks the people who wait. Rooms take turns, and so do
//! the people of a room. People for whom fewer keys were asked for in the last minute come
//! first, then people who have shown claims that were verified, then people who came first;
//! people whose key has failed come last. The newest of them have a small lane of their
//! own. So nobody who invents key ids, alone or in a crowd, keeps a real key waiting.

use crate::claims::{FetchFault, KeyCache, KeyName};
use crate::engine::boxmap::BoxMap;
use crate::engine::event::Report;
use crate::engine::meeting::Meeting;
use crate::engine::meeting::rights::Rights;
use crate::engine::outbox::Outbox;
use crate::engine::room::Room;
use crate::engine::task::Task;
use crate::engine::time::Tick;
use crate::engine::timers::Timer;
use crate::muc::{Nick, RoomJid};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

/// People who wait for keys, and those who have had keys fetched.
#[derive(Debug, Default)]
pub struct Keys {
    /// Rooms where somebody waits, or has.
    rooms: BTreeSet<RoomJid>,
    /// People who have had keys fetched, and when, the oldest first.
    asked: VecDeque<(Tick, RoomJid, Nick)>,
}

/// For how long it counts that a key was asked for.
const COUNTED: Duration = Duration::from_secs(60);
/// How many of those are counted at most.
const MAX_COUNTED: usize = 1000;

/// Somebody who waits.
struct Waiter {
    failed: bool,
    /// Claims of theirs have been verified.
    verified: bool,
    number: u64,
    room: RoomJid,
    nick: Nick,
    key: KeyName,
}

impl Keys {
    /// A key has been asked for.
    fn ask_for(&mut self, waiter: &Waiter, now: Tick) {
        let old = |(at, ..): &(Tick, RoomJid, Nick)| now.saturating_sub(*at) > COUNTED;
        while self.asked.len() >= MAX_COUNTED || self.asked.front().is_some_and(old) {
            self.asked.pop_front();
        }
        self.asked
            .push_back((now, waiter.room.clone(), waiter.nick.clone()));
    }

    /// Puts those who wait in the order of their turns.
    fn order(&self, waiters: Vec<Waiter>, now: Tick) -> Vec<Waiter> {
        let mut people = BTreeMap::<(&RoomJid, &Nick), u32>::new();
        let mut rooms = BTreeMap::<RoomJid, u32>::new();
        for (_, room, nick) in self
            .asked
            .iter()
            .filter(|(at, ..)| now.saturating_sub(*at) <= COUNTED)
        {
            *people.entry((room, nick)).or_default() += 1;
            *rooms.entry(room.clone()).or_default() += 1;
        }
        let mut ordered: Vec<(u32, Waiter)> = waiters
            .into_iter()
            .map(|waiter| {
                let before = people.get(&(&waiter.room, &waiter.nick));
                (before.copied().unwrap_or_default(), waiter)
            })
            .collect();
        ordered.sort_unstable_by_key(|(before, w)| (w.failed, *before, !w.verified, w.number));
        // The first of each room, then the second of each.
        let mut turns: Vec<(u32, Waiter)> = ordered
            .into_iter()
            .map(|(_, waiter)| {
                let turn = rooms.entry(waiter.room.clone()).or_default();
                *turn += 1;
                (*turn, waiter)
            })
            .collect();
        turns.sort_by_key(|(turn, w)| (w.failed, *turn));
        turns.into_iter().map(|(_, waiter)| waiter).collect()
    }
}

/// The keys at work. Nothing else changes which keys are wanted and known.
pub struct KeyPart<'a> {
    /// When the input came that is being handled.
    pub now: Tick,
    /// People who wait for keys.
    pub keys: &'a mut Keys,
    /// The keys that are known; none if no URL is configured.
    pub cache: Option<&'a mut KeyCache>,
    /// The rooms gavel knows of.
    pub rooms: &'a BoxMap<RoomJid, Room>,
    /// The meetings, by main room.
    pub meetings: &'a BoxMap<RoomJid, Meeting>,
    /// The actions that come of it.
    pub out: &'a mut Outbox,
}

impl KeyPart<'_> {
    /// Somebody waits from now on. If somebody who came before was turned away, that person
    /// comes first.
    pub fn awaited(&mut self, jid: &RoomJid, nick: &Nick) {
        let now = self.now;
        let Some(waiter) = self.waiter(jid, nick) else {
            return;
        };
        self.keys.rooms.insert(jid.clone());
        let Some(cache) = self.cache.as_deref_mut().filter(|_| !waiter.failed) else {
            return;
        };
        if cache.is_busy() || !cache.want(&waiter.key, now) {
            cache.want_newest(&waiter.key, now);
        }
        if self.begin_fetches().contains(&waiter.key) {
            self.keys.ask_for(&waiter, now);
        }
    }

    /// A fetch has ended. The people who waited for it are answered in the order in which
    /// they came: the person who showed a token first has it.
    pub fn fetched(
        &mut self,
        key: &KeyName,
        result: Result<String, FetchFault>,
    ) -> Vec<(RoomJid, Nick)> {
        let Some(cache) = self.cache.as_deref_mut() else {
            return Vec::new();
        };
        let result = result.as_deref().map_err(Clone::clone);
        let news = cache.arrived(key, result, self.now);
        let server = cache.shown().clone();
        self.out.tally.keys(&server, &news);
        self.out.report(Report::Keys { server, news });
        self.out.todo(Task::Keys);
        let mut all = self.those_waiting();
        all.retain(|waiter| waiter.key == *key);
        all.sort_unstable_by_key(|waiter| waiter.number);
        all.into_iter()
            .map(|waiter| (waiter.room, waiter.nick))
            .collect()
    }

    /// Everybody who waits; forgets rooms where nobody does.
    fn those_waiting(&mut self) -> Vec<Waiter> {
        let mut found = Vec::new();
        let mut rooms = std::mem::take(&mut self.keys.rooms);
        rooms.retain(|jid| {
            let before = found.len();
            let occupants = self.rooms.get(jid).map(|room| room.occupants.keys());
            let waiting = occupants.into_iter().flatten();
            found.extend(waiting.filter_map(|nick| self.waiter(jid, nick)));
            found.len() > before
        });
        self.keys.rooms = rooms;
        found
    }

    fn waiter(&self, jid: &RoomJid, nick: &Nick) -> Option<Waiter> {
        let room = self.rooms.get(jid)?;
        let bare = room.occupants.get(nick)?.bare()?;
        let meeting = self.meetings.get(room.meeting.as_ref()?)?;
        let person = meeting.people.get(&bare)?;
        let waiting = person.seat(jid, nick)?.waiting.as_ref()?;
        let verified = |rights: &Rights| rights.was_entitled() || rights.user().is_some();
        Some(Waiter {
            failed: waiting.failed(),
            verified: verified(&person.rights),
            number: waiting.number,
            room: jid.clone(),
            nick: nick.clone(),
            key: waiting.key.clone(),
        })
    }

    /// Has the keys fetched that are wanted and may be fetched now.
    pub fn look(&mut self) {
        let now = self.now;
        let Some(cache) = self.cache.as_deref_mut() else {
            return;
        };
        cache.refresh(now);
        let all = self.those_waiting();
        let newest = all.iter().filter(|waiter| !waiter.failed);
        let newest = newest.max_by_key(|waiter| waiter.number);
        let newest = newest.map(|waiter| waiter.key.clone());
        let all = self.keys.order(all, now);
        let Some(cache) = self.cache.as_deref_mut() else {
            return;
        };
        for waiter in &all {
            // A set is there for all: a person whose key is not in it causes no second fetch.
            if waiter.failed && waiter.key == KeyName::Set || !cache.want(&waiter.key, now) {
                break;
            }
        }
        if let Some(key) = newest {
            cache.want_newest(&key, now);
        }
        for key in self.begin_fetches() {
            let for_whom = all.iter().find(|waiter| waiter.key == key);
            for_whom
                .into_iter()
                .for_each(|waiter| self.keys.ask_for(waiter, now));
        }
    }

    /// Has those fetched that are to begin; which they are.
    fn begin_fetches(&mut self) -> Vec<KeyName> {
        let mut begun = Vec::new();
        let Some(cache) = self.cache.as_deref_mut() else {
            return begun;
        };
        while let Some(key) = cache.start() {
            self.out.fetch(key.clone());
            begun.push(key);
        }
        if let Some(at) = cache.next(self.now) {
            self.out.wake(at, Timer::Keys);
        }
        begun
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn waiter(room: &str, nick: &str, number: u64) -> Waiter {
        Waiter {
            failed: nick.starts_with("failed"),
            verified: nick.starts_with("known"),
            number,
            room: RoomJid::parse(&format!("{room}@m")).unwrap(),
            nick: Nick::new(nick),
            key: KeyName::of_kid(nick),
        }
    }

    #[test]
    fn rooms_and_people_take_turns_for_keys() {
        let mut waiters = Keys::default();
        let now = Duration::from_secs(100);
        // Eve has had two keys asked for of late, and the crowd's room three.
        for nick in ["eve", "eve", "a"] {
            waiters.ask_for(&waiter("crowd", nick, 0), now);
        }
        let all = vec![
            waiter("crowd", "failed", 1),
            waiter("crowd", "eve", 2),
            waiter("crowd", "b", 3),
            waiter("crowd", "c", 4),
            waiter("crowd", "known", 5),
            waiter("class", "teacher", 6),
            waiter("class", "student", 7),
            waiter("other", "host", 8),
        ];
        let order = waiters.order(all, now);
        let nicks: Vec<_> = order.iter().map(|waiter| waiter.nick.to_string()).collect();
        let expected = [
            "teacher", "host", "student", "known", "b", "c", "eve", "failed",
        ];
        assert_eq!(nicks, expected);
    }
}

//! People whose tokens wait for a key that has to be fetched (SPEC section 3).
//!
//! Until it is here they are guests, and nothing else waits with them. Their
//! newest evidence is kept and looked at again with each answer of the key
//! server. Which keys are wanted is never stored: it is asked of those who wait.
//! Rooms take turns, and in a room its people do: whoever has had fewer keys asked
//! for in the last minute comes first, then whoever has shown claims that were
//! verified, then whoever came first; those whose key has failed come last. Whoever
//! came last of all has a small lane of their own. So nobody who invents key ids,
//! alone or in a crowd, keeps a real key waiting.

use super::event::Report;
use super::meeting::rights::Rights;
use super::meeting::waiting::Waiting;
use super::task::Task;
use super::timers::Timer;
use super::{Engine, Tick};
use crate::claims::{FetchFault, KeyName, Occasion};
use crate::muc::{Nick, OccupantJid, RoomJid};
use crate::stanza::Evidence;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

/// What is known of those who wait.
#[derive(Debug, Default)]
pub(super) struct Waiters {
    /// Rooms where somebody waits, or has.
    rooms: BTreeSet<RoomJid>,
    /// How many have waited so far.
    count: u64,
    /// For whom keys have been asked for, and when, the oldest first.
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

impl Waiters {
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

impl Engine {
    /// Looks at evidence that has just been shown.
    pub(super) fn look_at_evidence(
        &mut self,
        jid: &RoomJid,
        nick: &Nick,
        evidence: Evidence,
        listed: bool,
    ) {
        let waiting = Waiting {
            evidence,
            key: KeyName::Set,
            listed,
            since: self.now.tick,
            shown: self.now.unix(),
            number: self.waiters.count,
            fault: None,
            told: Vec::new(),
        };
        self.verify(jid, nick, waiting);
        let waiting = self.seat_at(jid, nick).and_then(|s| s.waiting.as_ref());
        let Some((key, failed)) = waiting.map(|w| (w.key.clone(), w.failed())) else {
            return;
        };
        self.waiters.count += 1;
        self.waiters.rooms.insert(jid.clone());
        let now = self.now.tick;
        let keys = self.settings.verifier.remote_keys_mut();
        let Some(keys) = keys.filter(|_| !failed) else {
            return;
        };
        // Where somebody who came before was turned away, they come first.
        if keys.is_busy() || !keys.want(&key, now) {
            keys.want_newest(&key, now);
        }
        if self.begin_fetches().contains(&key) {
            let waiter = self.waiter(jid, nick);
            waiter
                .into_iter()
                .for_each(|w| self.waiters.ask_for(&w, now));
        }
    }

    /// Judges an occupant by evidence that is new, or that has waited.
    fn verify(&mut self, jid: &RoomJid, nick: &Nick, mut waiting: Waiting) {
        let Some(main) = self.rooms.get(jid).and_then(|room| room.meeting.clone()) else {
            return;
        };
        let Some(real) = self.occupant(jid, nick).and_then(|o| o.real.clone()) else {
            return;
        };
        let occupant = OccupantJid {
            room: jid.clone(),
            nick: nick.clone(),
        };
        let occasion = Occasion {
            stream_id: self.stream.as_ref().map_or("", |stream| &stream.id),
            real: &real,
            occupant: &occupant,
            room: &main,
            listed: waiting.listed,
            // What has failed once has failed for good, until the key comes.
            since: if waiting.failed() {
                Tick::ZERO
            } else {
                waiting.since
            },
            shown: waiting.shown,
            now: self.now.unix(),
        };
        let revision = self.bindings.revision();
        let verifier = &self.settings.verifier;
        let finding = verifier.examine(&waiting.evidence, &occasion, &mut self.bindings);
        self.out.save_if(self.bindings.revision() != revision);
        let refused = finding.rejected.clone();
        let awaiting = finding.awaiting.clone();
        self.found(jid, nick, &real, finding, &waiting.told);
        let Some(seat) = self.seat_mut(jid, nick) else {
            return;
        };
        seat.waiting = awaiting.map(|awaited| {
            waiting.key = awaited.key;
            waiting.fault = awaited.fault;
            waiting.told = refused;
            Box::new(waiting)
        });
    }

    /// A fetch has ended: looks again at everybody who waits for it.
    pub(super) fn key_fetched(&mut self, key: &KeyName, result: Result<String, FetchFault>) {
        let now = self.now.tick;
        let Some(keys) = self.settings.verifier.remote_keys_mut() else {
            return;
        };
        let result = result.as_deref().map_err(Clone::clone);
        let news = keys.arrived(key, result, now);
        let server = keys.shown().clone();
        self.tally.keys(&server, &news);
        self.out.report(Report::Keys { server, news });
        self.examine_waiting(|waiting| waiting.key == *key);
        self.out.todo(Task::Keys);
    }

    /// Looks again at those who wait and whom `concerns` names, first come first:
    /// who showed a token first has it.
    fn examine_waiting(&mut self, concerns: impl Fn(&Waiting) -> bool) {
        let mut rooms = BTreeSet::new();
        let mut all = self.those_waiting();
        all.sort_unstable_by_key(|waiter| waiter.number);
        for Waiter { room, nick, .. } in all {
            let seat = self.seat_mut(&room, &nick);
            let waiting = seat.and_then(|s| s.waiting.take_if(|w| concerns(w)));
            if let Some(waiting) = waiting {
                self.verify(&room, &nick, *waiting);
                self.out.todo(Task::Name(room.clone(), nick));
                rooms.insert(room);
            }
        }
        for room in &rooms {
            self.settle_tokens(room);
        }
    }

    /// Everybody who waits; forgets rooms where nobody does.
    fn those_waiting(&mut self) -> Vec<Waiter> {
        let mut found = Vec::new();
        let mut rooms = std::mem::take(&mut self.waiters.rooms);
        rooms.retain(|jid| {
            let before = found.len();
            let occupants = self.rooms.get(jid).map(|room| room.occupants.keys());
            let waiting = occupants.into_iter().flatten();
            found.extend(waiting.filter_map(|nick| self.waiter(jid, nick)));
            found.len() > before
        });
        self.waiters.rooms = rooms;
        found
    }

    fn waiter(&self, jid: &RoomJid, nick: &Nick) -> Option<Waiter> {
        let person = self.person_at(jid, nick)?;
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
    pub(super) fn look_at_keys(&mut self) {
        let now = self.now.tick;
        let Some(keys) = self.settings.verifier.remote_keys_mut() else {
            return;
        };
        keys.refresh(now);
        let all = self.those_waiting();
        let newest = all.iter().filter(|waiter| !waiter.failed);
        let newest = newest.max_by_key(|waiter| waiter.number);
        let newest = newest.map(|waiter| waiter.key.clone());
        let all = self.waiters.order(all, now);
        let Some(keys) = self.settings.verifier.remote_keys_mut() else {
            return;
        };
        for waiter in &all {
            // A set is there for all; who is not in it makes nobody ask again.
            if waiter.failed && waiter.key == KeyName::Set || !keys.want(&waiter.key, now) {
                break;
            }
        }
        if let Some(key) = newest {
            keys.want_newest(&key, now);
        }
        for key in self.begin_fetches() {
            let for_whom = all.iter().find(|waiter| waiter.key == key);
            for_whom
                .into_iter()
                .for_each(|waiter| self.waiters.ask_for(waiter, now));
        }
    }

    /// Has those fetched that are to begin; which they are.
    fn begin_fetches(&mut self) -> Vec<KeyName> {
        let now = self.now.tick;
        let mut begun = Vec::new();
        let Some(keys) = self.settings.verifier.remote_keys_mut() else {
            return begun;
        };
        while let Some(key) = keys.start() {
            self.out.fetch(key.clone());
            begun.push(key);
        }
        if let Some(at) = keys.next(now) {
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
        let mut waiters = Waiters::default();
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

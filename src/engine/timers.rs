//! The things that the engine waits for, each with its time.

use crate::engine::hash::HashMap;
use crate::engine::time::Tick;
use crate::muc::{BareJid, Nick, RoomJid};
use std::collections::BTreeMap;
use std::collections::hash_map::Entry;

/// The reason for a wake-up. The part that handles a timer looks at the present state, so a
/// timer that is no longer needed does no harm. It is taken out only if it may stand for
/// days.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Timer {
    /// Look at a service's list of rooms.
    Poll(usize),
    /// Renew the lease of a service's guard.
    Lease(usize),
    /// Ask the server whether it is there.
    Ping,
    /// Ask a room whether gavel is still in it (XEP-0410).
    SelfPing(RoomJid),
    /// Leave if still nobody but infrastructure is there.
    LeaveIfLonely(RoomJid),
    /// Forget a meeting that gavel has left.
    Drop(RoomJid),
    /// Try again to enter.
    Enter(RoomJid),
    /// See whether further joins may be sent.
    Joins,
    /// Try again to become owner.
    Own(RoomJid),
    /// Have a room show everybody.
    Show(RoomJid),
    /// Read a room's configuration again, which could not be had.
    Configuration(RoomJid),
    /// Read a room's lists, so that nothing rests on announcements alone.
    Lists(RoomJid),
    /// Have a room in doubt show everybody again.
    RollCall(RoomJid),
    /// Compare again.
    Person(RoomJid, BareJid),
    /// An admin's override for somebody is over.
    Override(RoomJid, BareJid),
    /// Look at an occupant's name again.
    Name(RoomJid, Nick),
    /// Tell the module an occupant's permissions again.
    Permissions(RoomJid, Nick),
    /// Give up waiting for the oldest requests' replies.
    Replies,
    /// Forget tokens that are no longer valid.
    Bindings,
    /// See which keys are to be fetched.
    Keys,
    /// An occupant's claims may have ended.
    Expiry(RoomJid, Nick),
    /// Look whether a meeting has a host.
    Host(RoomJid),
    /// The rights that an absent person has kept may have ended.
    Kept(RoomJid, BareJid),
    /// The person elected in a meeting has left, and has not come back yet.
    Vacancy(RoomJid),
}

/// Timers by time, one of each: the earliest that was asked for. The part that gets one too
/// early sets it again.
#[derive(Debug, Default)]
pub struct Timers {
    queue: BTreeMap<(Tick, u64), Timer>,
    due: HashMap<Timer, (Tick, u64)>,
    next: u64,
}

impl Timers {
    /// Wakes the engine at `at` because of `timer`.
    pub fn set(&mut self, at: Tick, timer: Timer) {
        self.next += 1;
        let key = (at, self.next);
        match self.due.entry(timer) {
            Entry::Occupied(known) if known.get().0 <= at => {}
            Entry::Occupied(mut known) => {
                let later = std::mem::replace(known.get_mut(), key);
                self.queue.remove(&later);
                self.queue.insert(key, known.key().clone());
            }
            Entry::Vacant(new) => {
                self.queue.insert(key, new.key().clone());
                new.insert(key);
            }
        }
    }

    /// Takes a timer out that is no longer needed.
    pub fn cancel(&mut self, timer: &Timer) {
        if let Some(key) = self.due.remove(timer) {
            self.queue.remove(&key);
        }
    }

    /// When the next one is due, and why.
    pub fn first(&self) -> Option<(Tick, &Timer)> {
        self.queue.first_key_value().map(|((at, _), t)| (*at, t))
    }

    /// Takes the next one that is due at `now`.
    pub fn take_due(&mut self, now: Tick) -> Option<Timer> {
        let (at, _) = self.first()?;
        if at > now {
            return None;
        }
        let (_, timer) = self.queue.pop_first()?;
        self.due.remove(&timer);
        Some(timer)
    }

    /// How many are set.
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.queue.clear();
        self.due.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_timer_of_each_kind_the_earliest() {
        let mut timers = Timers::default();
        for ms in [50, 20, 70] {
            timers.set(Tick::from_millis(ms), Timer::Ping);
        }
        timers.set(Tick::from_millis(60), Timer::Replies);
        assert_eq!(timers.len(), 2);
        let now = Tick::from_millis(20);
        assert_eq!(timers.take_due(now), Some(Timer::Ping));
        assert_eq!(timers.take_due(now), None);
        timers.set(Tick::from_millis(70), Timer::Ping);
        assert_eq!(
            timers.first(),
            Some((Tick::from_millis(60), &Timer::Replies))
        );
    }
}

//! What the engine waits for, and until when.

use super::time::Tick;
use crate::muc::{BareJid, Nick, RoomJid};
use std::collections::BTreeMap;

/// Why the engine wants to be woken. A timer that is no longer needed is not
/// taken out: whoever handles it looks at what is, and does nothing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// Look at a service's list of rooms.
    Poll(usize),
    /// Ask the server whether it is there.
    Ping,
    /// Ask a room whether gavel is still in it (XEP-0410).
    SelfPing(RoomJid),
    /// Leave if still nobody but infrastructure is there.
    LeaveIfLonely(RoomJid),
    /// Forget a meeting that gavel has left.
    Forget(RoomJid),
    /// Try again to enter.
    Enter(RoomJid),
    /// See whether further joins may be sent.
    Joins,
    /// Try again to become owner.
    Own(RoomJid),
    /// Compare again.
    Person(RoomJid, BareJid),
    /// Look at an occupant's name again.
    Name(RoomJid, Nick),
    /// Give up waiting for the oldest requests' replies.
    Replies,
    /// Forget tokens that are no longer valid.
    Bindings,
}

/// Timers by time.
#[derive(Debug, Default)]
pub struct Timers {
    queue: BTreeMap<(Tick, u64), Timer>,
    next: u64,
}

impl Timers {
    /// Wakes the engine at `at` because of `timer`.
    pub fn set(&mut self, at: Tick, timer: Timer) {
        self.next += 1;
        self.queue.insert((at, self.next), timer);
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
        self.queue.pop_first().map(|(_, timer)| timer)
    }

    /// How many are set.
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.queue.clear();
    }
}

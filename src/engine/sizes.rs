//! How much the engine holds: for metrics, and for tests that it does not grow.

use crate::engine::boxmap::BoxMap;
use crate::engine::meeting::Meeting;
use crate::muc::RoomJid;

/// The sizes of everything that grows and shrinks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Timers that are set.
    pub timers: usize,
    /// Requests that wait for their reply.
    pub requests: usize,
    /// People who wait for the answer to an affiliation or role request.
    pub waiting: usize,
    /// Bare JIDs of which something is known.
    pub people: usize,
    /// Rooms of which something is known.
    pub rooms: usize,
    /// Rooms that wait for their turn to join.
    pub queued: usize,
}

impl Sizes {
    /// Of these meetings; goes through everybody.
    pub fn of(
        meetings: &BoxMap<RoomJid, Meeting>,
        (timers, requests): (usize, usize),
        (rooms, queued): (usize, usize),
    ) -> Self {
        let people = || meetings.values().flat_map(|m| m.people.values());
        Self {
            timers,
            requests,
            waiting: people()
                .filter(|person| person.passing.request().is_some() || person.role_request)
                .count(),
            people: people().count(),
            rooms,
            queued,
        }
    }
}

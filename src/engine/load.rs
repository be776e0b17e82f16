//! How much the engine holds: for metrics, and for tests that it does not grow.

use super::Engine;

/// Sizes of what grows and shrinks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Timers that are set.
    pub timers: usize,
    /// Requests that wait for their reply.
    pub requests: usize,
    /// People for whom an affiliation or role request is under way.
    pub waiting: usize,
    /// Bare JIDs of which something is known.
    pub people: usize,
    /// Rooms of which something is known.
    pub rooms: usize,
    /// Rooms that wait for their turn to join.
    pub queued: usize,
}

impl Engine {
    /// What the engine holds now; goes through everybody.
    pub fn load(&self) -> Load {
        let people = || self.meetings.values().flat_map(|m| m.people.values());
        let (timers, requests) = self.out.sizes();
        Load {
            timers,
            requests,
            waiting: people()
                .filter(|person| person.request.is_some() || person.role_request)
                .count(),
            people: people().count(),
            rooms: self.rooms.len(),
            queued: self.join_queue.len(),
        }
    }
}

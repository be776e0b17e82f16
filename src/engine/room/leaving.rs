//! The memory of a room that gavel is leaving.

/// gavel has left since nobody was there, and the room has not confirmed it.
#[derive(Debug)]
pub struct Leaving {
    /// Says whether the room ends, and the meeting in it, unless somebody came first.
    pub ends: bool,
}

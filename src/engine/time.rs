//! Time as the engine is told it.

use std::time::Duration;

/// Time since the process started; never goes back.
pub type Tick = Duration;

/// One moment, given with each input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Now {
    /// For pauses and deadlines.
    pub tick: Tick,
    /// For tokens and for people: milliseconds since 1970-01-01 UTC.
    pub unix_ms: u64,
}

impl Now {
    /// Seconds since 1970-01-01 UTC, as tokens count (RFC 7519 §2, NumericDate).
    pub fn unix(self) -> u64 {
        self.unix_ms / 1000
    }
}

//! Time as the engine is told it.

use serde::{Deserialize, Serialize};
use std::num::NonZeroU64;
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

/// A [`Tick`] that is kept of everybody: an `Option` of it takes half the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptTick(NonZeroU64);

impl From<Tick> for KeptTick {
    fn from(tick: Tick) -> Self {
        let nanos = u64::try_from(tick.as_nanos()).unwrap_or(u64::MAX);
        Self(one_more(nanos))
    }
}

impl From<KeptTick> for Tick {
    fn from(kept: KeptTick) -> Self {
        Self::from_nanos(kept.0.get() - 1)
    }
}

/// Milliseconds since 1970-01-01 UTC that are kept of everybody: an `Option` of them
/// takes half the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "u64", into = "u64")]
pub struct KeptMs(NonZeroU64);

impl From<u64> for KeptMs {
    fn from(ms: u64) -> Self {
        Self(one_more(ms))
    }
}

impl From<KeptMs> for u64 {
    fn from(kept: KeptMs) -> Self {
        kept.0.get() - 1
    }
}

fn one_more(number: u64) -> NonZeroU64 {
    NonZeroU64::MIN.saturating_add(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_kept_as_they_are_in_half_the_room() {
        for ms in [0, 1, 1_795_000_000_000, u64::MAX - 1] {
            assert_eq!(u64::from(KeptMs::from(ms)), ms);
        }
        for tick in [Tick::ZERO, Tick::from_nanos(1), Tick::from_secs(1 << 30)] {
            assert_eq!(Tick::from(KeptTick::from(tick)), tick);
        }
        assert_eq!(size_of::<Option<KeptMs>>(), 8);
        assert_eq!(size_of::<Option<KeptTick>>(), 8);
    }
}

//! The one place that asks for the time.

use crate::engine::Now;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// The process's clock.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// A clock that starts now.
    pub fn start() -> Self {
        Self {
            start: Instant::now(),
        }
    }

    /// The moment, as the engine is told it.
    pub fn now(&self) -> Now {
        // A clock before 1970 is taken for 1970: tokens are not valid yet.
        let unix = SystemTime::now().duration_since(UNIX_EPOCH);
        let unix_ms = unix.unwrap_or_default().as_millis();
        Now {
            tick: self.start.elapsed(),
            unix_ms: u64::try_from(unix_ms).unwrap_or(u64::MAX),
        }
    }

    /// When the engine's `tick` is.
    pub fn at(&self, tick: crate::engine::Tick) -> Instant {
        self.start + tick
    }
}

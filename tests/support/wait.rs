//! Waits for what no stanza tells: a file that another process writes.

use std::time::{Duration, Instant};

/// Looks until there is something, or until `within` has passed.
pub async fn until<T>(within: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + within;
    loop {
        match look() {
            Some(found) => return Some(found),
            None if Instant::now() > deadline => return None,
            None => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

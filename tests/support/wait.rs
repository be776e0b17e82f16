//! Waits for news that no stanza tells: a line in a file that another process writes.

use futures::StreamExt;
use inotify::{Inotify, WatchMask};
use std::path::Path;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Looks whenever something is written in `folder`, until there is something or `within`
/// has passed.
pub async fn until<T>(
    folder: &Path,
    within: Duration,
    mut look: impl FnMut() -> Option<T>,
) -> Option<T> {
    let deadline = Instant::now() + within;
    // A line that is written after a look is told, too.
    let watch = Inotify::init().expect("inotify (limit: fs.inotify.max_user_instances)");
    let changes = WatchMask::MODIFY | WatchMask::CREATE | WatchMask::MOVED_TO;
    let watched = watch.watches().add(folder, changes);
    watched.expect("a folder to watch");
    let mut written = watch.into_event_stream([0; 4096]).expect("tokio runs");
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        let told = timeout_at(deadline, written.next()).await.ok()?;
        told.expect("no end").expect("the kernel tells of files");
    }
}

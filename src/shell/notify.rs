//! The news for the service manager, in systemd's sd_notify protocol: that gavel is ready,
//! that it is alive, and in one line how it is. If nobody listens none of this does
//! anything.
//!
//! A gavel is ready when it does its job: when it has joined all rooms found after its
//! first connection, or, for a standby (SPEC B12), as soon as it knows that it is one,
//! since it may wait for months. A gavel that reaches no server, or has the wrong secret,
//! is not ready: its start then fails in time, with the reason in the status line, and the
//! service manager tries again. A connection lost later changes the status line only.

use sd_notify::NotifyState;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};
use tracing::warn;

/// Longest time between two looks at the status: how old a line is that counts
/// rooms.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Tells the service manager.
pub(super) struct Notifier {
    /// Says whether signs of life are wanted.
    watched: bool,
    /// Time between two of [`Notifier::due`].
    every: Duration,
    /// When to look again; `None` if nobody listens.
    next: Option<Instant>,
    ready: Arc<AtomicBool>,
    status: String,
    failed: bool,
}

impl Notifier {
    /// For the service manager that the environment names, if it does.
    pub(super) fn from_environment() -> Self {
        let listens = std::env::var_os("NOTIFY_SOCKET").is_some_and(|path| !path.is_empty());
        let limit = sd_notify::watchdog_enabled().filter(|limit| !limit.is_zero());
        // Twice within the limit, as sd_watchdog_enabled(3) advises.
        let every = limit.map_or(LOOK_EVERY, |limit| LOOK_EVERY.min(limit / 2));
        Self {
            watched: limit.is_some(),
            every,
            next: listens.then(Instant::now),
            ready: Arc::default(),
            status: String::new(),
            failed: false,
        }
    }

    /// Waits until a sign of life is due. It must come from the loop that does
    /// the work, never from a task of its own, which would live on beside a
    /// loop that hangs. Cancel-safe.
    pub(super) async fn due(&self) {
        match self.next {
            Some(at) => sleep_until(at).await,
            None => std::future::pending().await,
        }
    }

    /// Gives a sign of life.
    pub(super) fn alive(&mut self) {
        self.next = self.next.map(|_| Instant::now() + self.every);
        if self.watched {
            self.send(&[NotifyState::Watchdog]);
        }
    }

    /// Tells how gavel is, if that is news.
    pub(super) fn status(&mut self, status: &str) {
        if self.is_news(status) {
            let line = self.status.clone();
            self.send(&[NotifyState::Status(&line)]);
        }
    }

    /// Tells how gavel is, and that it is ready if that was not told before.
    pub(super) fn ready(&mut self, status: &str) {
        if self.ready.swap(true, Relaxed) {
            return self.status(status);
        }
        self.is_news(status);
        let line = self.status.clone();
        self.send(&[NotifyState::Ready, NotifyState::Status(&line)]);
    }

    /// Tells that the configuration is being read again; [`Notifier::reloaded`]
    /// must follow.
    pub(super) fn reloading(&mut self) {
        if self.ready.load(Relaxed) {
            self.send(&[NotifyState::Reloading]);
        }
    }

    /// Tells that it has been read.
    pub(super) fn reloaded(&mut self) {
        if self.ready.load(Relaxed) {
            self.send(&[NotifyState::Ready]);
        }
    }

    /// Tells, when it is called, that gavel is about to end.
    pub(super) fn stopping(&self) -> impl FnOnce() + use<> {
        let ready = self.ready.clone();
        move || {
            let ending = NotifyState::Status("ending: leaving all rooms");
            // One that never was ready may be ended for that: why stays in the status.
            let told = match ready.load(Relaxed) {
                true => sd_notify::notify(&[NotifyState::Stopping, ending]),
                false => sd_notify::notify(&[NotifyState::Stopping]),
            };
            // A failure has been told before, or matters no longer.
            let _ = told;
        }
    }

    /// Keeps `status` as one line: with a line feed in it, a server's error text would be
    /// taken for a message of ours.
    fn is_news(&mut self, status: &str) -> bool {
        let line = status.replace(|c: char| c.is_control(), " ");
        let news = line != self.status;
        self.status = line;
        news
    }

    fn send(&mut self, message: &[NotifyState<'_>]) {
        if self.next.is_none() {
            return;
        }
        if let Err(error) = sd_notify::notify(message)
            && !std::mem::replace(&mut self.failed, true)
        {
            warn!(
                "cannot tell the service manager how gavel is ({error}), so it may end gavel: \
                 see that the socket in NOTIFY_SOCKET can be written"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_one_line_and_told_once() {
        let mut notifier = Notifier::from_environment();
        assert!(notifier.is_news("not connected: odd\nMAINPID=1"));
        assert_eq!(notifier.status, "not connected: odd MAINPID=1");
        assert!(!notifier.is_news("not connected: odd\nMAINPID=1"));
    }
}

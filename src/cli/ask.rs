//! Helpers of the commands that ask the running daemon.

use super::Error;
use super::text::{escape, escape_lines};
use crate::api::Time;
use crate::config;
use crate::shell::Clock;
use crate::shell::client::{Client, ClientError};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use tokio::io::Interest;
use tokio::net::unix::pipe::Sender;
use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How many are listed that a name could mean.
const MAX_CANDIDATES: usize = 20;

/// A client of the daemon that `file` configures; of the configuration only
/// `admin.socket` matters.
///
/// # Errors
/// A configuration that does not even tell that; status 2.
pub fn client(file: Option<&Path>) -> Result<Client, Error> {
    Ok(Client::new(config::admin_socket(file)?))
}

/// Runs `asking` to its end.
///
/// # Errors
/// Its own, and a system that gives the process too little.
pub fn run<T>(asking: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| no_start(&error))?.block_on(asking)
}

fn no_start(error: &io::Error) -> Error {
    Error::Failed(format!(
        "cannot start: {error}; see the limits that the system sets for this process"
    ))
}

impl From<ClientError> for Error {
    /// Status 1; candidates stand below, one a line.
    fn from(error: ClientError) -> Self {
        let candidates = error.failure().map(|failure| failure.candidates.clone());
        let candidates = candidates.unwrap_or_default();
        Self::Failed(with_candidates(&error.to_string(), candidates))
    }
}

/// `text`, and below it the possible meanings, one a line.
pub(super) fn with_candidates(text: &str, candidates: impl IntoIterator<Item = String>) -> String {
    let mut text = escape_lines(text);
    let mut candidates = candidates.into_iter();
    for candidate in candidates.by_ref().take(MAX_CANDIDATES) {
        text.push_str("\n  ");
        text.push_str(&escape(&candidate));
    }
    match candidates.count() {
        0 => text,
        more => format!("{text}\n  … and {more} more"),
    }
}

/// The time on this machine's clock.
pub(super) fn clock() -> Time {
    Time::from_unix_ms(Clock::start().now().unix_ms)
}

/// The events that end a command that goes on by itself: Ctrl-C, SIGTERM, a terminal that
/// is closed, a pipe that nobody reads any more. All are its ordinary end.
pub(super) struct Ends {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
    /// Stdout, if it is something whose reader can go away.
    reader: Option<Sender>,
}

impl Ends {
    pub(super) fn new() -> Result<Self, Error> {
        let on = |kind| signal(kind).map_err(|error| no_start(&error));
        Ok(Self {
            interrupt: on(SignalKind::interrupt())?,
            terminate: on(SignalKind::terminate())?,
            hangup: on(SignalKind::hangup())?,
            // A file has no reader, and cannot be waited for.
            reader: io::stdout()
                .as_fd()
                .try_clone_to_owned()
                .ok()
                .and_then(pipe),
        })
    }

    /// Waits for the first of them.
    pub(super) async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
            // Else it would be found out with the next line, which may be hours.
            () = is_gone(self.reader.as_ref()) => {}
        }
    }
}

/// `stdout` as something to wait for, never to write to: it blocks, as others who share it
/// expect.
fn pipe(stdout: OwnedFd) -> Option<Sender> {
    Sender::from_owned_fd_unchecked(stdout).ok()
}

/// Waits until nobody can read from `reader` any more.
async fn is_gone(reader: Option<&Sender>) {
    let Some(reader) = reader else {
        return std::future::pending().await;
    };
    // An error of waiting tells nothing about who reads.
    if reader.ready(Interest::ERROR).await.is_err() {
        std::future::pending().await
    }
}

//! `gavel run`: the daemon, in the foreground.

use super::{Error, Status, logging};
use crate::{config, shell};
use std::io;
use std::path::Path;
use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

/// Runs until a signal ends it.
pub(super) fn run(file: Option<&Path>) -> Result<Status, Error> {
    let loaded = config::load(file)?;
    logging::init(loaded.config.log.format);
    for warning in &loaded.warnings {
        let config::Problem {
            place,
            problem,
            remedy,
        } = warning;
        tracing::warn!(%place, %remedy, "{problem}");
    }
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| start_failed(&error))?;
    runtime.block_on(async {
        let signals = Signals::new().map_err(|error| start_failed(&error))?;
        daemon(loaded.config, signals).await
    })
}

fn start_failed(error: &io::Error) -> Error {
    let remedy = "see the limits that the system sets for this process";
    Error::Failed(format!("cannot start: {error}; {remedy}"))
}

/// Runs the shell; the first signal asks it to end, the second does not wait.
async fn daemon(config: config::Config, mut signals: Signals) -> Result<Status, Error> {
    let (ask, asked) = oneshot::channel();
    let signalled = async {
        let name = signals.next().await;
        tracing::info!(signal = name, "ending: leaving all rooms");
        let _ = ask.send(());
        signals.next().await;
    };
    // The sender lives as long as this function, so only a signal is an end.
    let shutdown = async {
        let _ = asked.await;
    };
    tokio::select! {
        ended = shell::run(config, shutdown) => ended?,
        () = async { signalled.await; } => return Err(Error::Interrupted),
    }
    Ok(Status::Done)
}

/// The signals that end the daemon.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for the next of them; its name.
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

//! `gavel run`: the daemon, in the foreground.

use super::{Error, Status, logging, verification};
use crate::{config, shell};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, oneshot};

/// Runs until a signal ends it.
pub(super) fn run(file: Option<&Path>) -> Result<Status, Error> {
    let loaded = config::load(file)?;
    // A key that cannot be used is a configuration that cannot be.
    verification::verifier(&loaded)?;
    let _log = logging::init(loaded.config.log.format);
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
    let named = file.map(Path::to_path_buf);
    runtime.block_on(async {
        let mut signals = Signals::new().map_err(|error| start_failed(&error))?;
        let file = loaded.file.as_deref().unwrap_or(Path::new("none"));
        let version = env!("CARGO_PKG_VERSION");
        tracing::info!(%version, config = %file.display(), "starting");
        let reloads = reloads(named).map_err(|error| start_failed(&error))?;
        let start = |asked: oneshot::Receiver<()>| {
            shell::run(loaded.config, reloads, async {
                let _ = asked.await;
            })
        };
        supervise(start, async || signals.next().await).await
    })
}

/// The configuration is read again with each SIGHUP.
fn reloads(file: Option<PathBuf>) -> io::Result<shell::Reloads> {
    let mut hangups = signal(SignalKind::hangup())?;
    // One that waits says as much as several.
    let (want, wanted) = mpsc::channel(1);
    tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            let _ = want.try_send(());
        }
    });
    Ok(shell::Reloads {
        wanted,
        load: Arc::new(move || config::load(file.as_deref())),
    })
}

fn start_failed(error: &io::Error) -> Error {
    let remedy = "see the limits that the system sets for this process";
    Error::Failed(format!("cannot start: {error}; {remedy}"))
}

/// Runs the future of `start` until it ends: the first signal asks it to, the second does
/// not wait for it.
async fn supervise<R>(
    start: impl FnOnce(oneshot::Receiver<()>) -> R,
    mut next_signal: impl AsyncFnMut() -> &'static str,
) -> Result<Status, Error>
where
    R: Future<Output = Result<(), shell::Error>>,
{
    let (ask, asked) = oneshot::channel();
    let signals = async move {
        let name = next_signal().await;
        tracing::info!(signal = name, "ending: leaving all rooms");
        let _ = ask.send(());
        next_signal().await;
    };
    tokio::select! {
        ended = start(asked) => ended?,
        () = signals => return Err(Error::Interrupted),
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::{pending, ready};

    /// Signals as often as `count` says, then never again.
    fn signals(mut count: usize) -> impl AsyncFnMut() -> &'static str {
        async move || match count {
            0 => pending().await,
            _ => {
                count -= 1;
                "SIGTERM"
            }
        }
    }

    #[tokio::test]
    async fn the_first_signal_asks_and_is_waited_for() {
        let polite = |asked: oneshot::Receiver<()>| async {
            assert_eq!(asked.await, Ok(()));
            // Leaving rooms takes a while.
            tokio::task::yield_now().await;
            Ok(())
        };
        let ended = supervise(polite, signals(1)).await;
        assert!(matches!(ended, Ok(Status::Done)), "{ended:?}");
    }

    #[tokio::test]
    async fn the_second_signal_does_not_wait() {
        let stuck = |_asked| pending();
        let ended = supervise(stuck, signals(2)).await;
        assert!(matches!(ended, Err(Error::Interrupted)), "{ended:?}");
    }

    #[tokio::test]
    async fn an_end_without_signal_is_an_end() {
        let ended = supervise(|_asked| ready(Ok(())), signals(0)).await;
        assert!(matches!(ended, Ok(Status::Done)), "{ended:?}");
    }
}

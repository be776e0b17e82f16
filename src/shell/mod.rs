//! The only sockets, files and clock: moves bytes and carries out the engine's decisions.
//! It knows no rule about people.

mod admin;
mod audit;
pub mod client;
mod clock;
mod condition;

mod driver;
mod ended;
mod handle;
mod journal;
pub mod keys;
pub mod lines;
pub mod link;
mod metrics;
mod notify;
mod probe;
mod reload;
mod repeats;
pub mod report;
mod retry;
pub mod settings;
mod state_file;
mod stats;

pub use clock::Clock;
pub use probe::probe as probe_deployment;
pub use reload::Reloads;

use crate::claims::KeyError;
use crate::config::Config;
use crate::engine::Engine;
use crate::wire::{Decoder, Encoder};
use admin::{Admin, Shared};
use audit::Audit;
use condition::Condition;
use driver::EngineHandle;
use driver::{Driver, End, sleep_until_some};
use ended::Ended;
use journal::Journal;
use keys::Fetcher;
use link::{LinkConfig, LinkError};
use metrics::Metrics;
use notify::Notifier;
use repeats::Repeats;
use retry::Retry;
use state_file::StateFile;
use stats::Stats;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use tracing::{debug, error, info, warn};

/// Why gavel cannot run at all.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A key of `[claims.jwt]` cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Runs gavel until `shutdown` ends; reconnects for ever. The configuration is
/// read again as `reloads` says.
///
/// # Errors
///
/// Fails only if no later try can help.
pub async fn run(
    config: Config,
    reloads: Reloads,
    shutdown: impl Future<Output = ()>,
) -> Result<(), Error> {
    let settings = settings::engine(&config, rand::random())?;
    let (state_file, state) = StateFile::open(config.state.file.clone());
    let jwt = config.claims.jwt.as_ref();
    let clock = Clock::start();
    let now = clock.now().unix_ms;
    let journal = Arc::new(Journal::new(now));
    let metrics = Arc::new(Metrics::new());
    let ended = Arc::new(Ended::default());
    let (handle, calls) = EngineHandle::new();
    let mut driver = Driver {
        engine: Engine::new(settings, state),
        clock,
        condition: Condition::new(now),
        calls,
        stats: Stats::new(
            metrics.clone(),
            journal.clone(),
            ended.clone(),
            Audit::new(config.log.audit.clone()),
        ),
        decoder: Decoder::new(jwt.map(|jwt| jwt.elements.clone()).unwrap_or_default()),
        encoder: Encoder::new(&config.component.jid),
        state_file,
        repeats: Repeats::default(),
        notifier: Notifier::from_environment(),
        config: config.clone(),
        unsent: 0,
        fetcher: Fetcher::new(jwt.and_then(|jwt| jwt.key.url())),
        probing: Vec::new(),
    };
    let reloading = tokio::spawn(reloads.run(handle.clone()));
    let admin = Admin::start(
        config.admin.clone(),
        Shared::new(handle, journal, metrics, ended),
    );
    let link_config = probe::link_config(&config);
    let stopping = driver.notifier.stopping();
    let mut shutdown = pin!(async {
        shutdown.await;
        stopping();
    });
    driver.prepare();
    keep_connected(&mut driver, &link_config, &mut shutdown).await;
    reloading.abort();
    drop(admin);
    driver.finish().await;
    info!("stopped");
    Ok(())
}

/// Connects again and again, until `shutdown` ends.
async fn keep_connected<S>(driver: &mut Driver, config: &LinkConfig, shutdown: &mut Pin<&mut S>)
where
    S: Future<Output = ()>,
{
    let mut retry = Retry::default();
    while let Some(connected) = driver.connect(config, shutdown).await {
        let (error, established) = match connected {
            Err(error) => (Some(error), false),
            Ok(mut link) => {
                let start = Instant::now();
                let end = driver.serve(&mut link, shutdown).await;
                retry.was_open(start.elapsed());
                match end {
                    End::Shutdown => {
                        // A standby that gets in now reads it.
                        driver.finish().await;
                        return link.shutdown().await;
                    }
                    End::Link(error) => (Some(error), true),
                    End::Silent => (None, true),
                }
            }
        };
        if established {
            driver.disconnected(error.as_ref());
        }
        if let Some(LinkError::Conflict { .. }) = error {
            driver.state_file.leave();
        }
        driver
            .condition
            .down(error.as_ref(), driver.clock.now().unix_ms);
        let pause = next_pause(&mut retry, &mut driver.notifier, error, established);
        tokio::select! {
            biased;
            () = shutdown.as_mut() => return,
            () = wait(driver, pause) => {}
        }
    }
}

/// Waits out a pause, writing the state and giving signs of life meanwhile.
async fn wait(driver: &mut Driver, pause: Duration) {
    let mut pause = pin!(sleep(pause));
    loop {
        driver.save_if_due();
        let repeated = driver.repeats.due().map(|tick| driver.clock.at(tick));
        tokio::select! {
            () = sleep_until_some(repeated) => driver.sum_up(),
            () = pause.as_mut() => return,
            () = driver.notifier.due() => driver.notifier.alive(),
            () = driver.state_file.progress() => {}
            call = driver.calls.next() => driver.answer(call),
        }
    }
}

/// Reports a failure, once, and how long to wait.
fn next_pause(
    retry: &mut Retry,
    notifier: &mut Notifier,
    error: Option<LinkError>,
    established: bool,
) -> Duration {
    let Some(error) = error else {
        notifier.status("not connected: Prosody does not answer");
        warn!("Prosody has not answered for 45 s; connecting again");
        return Duration::from_millis(100);
    };
    let news = retry.is_news(&error);
    let pause = retry.pause(&error, established);
    let pause_s = pause.as_secs_f64();
    match &error {
        LinkError::Conflict { .. } => notifier.ready(&format!("standby: {error}")),
        _ => notifier.status(&format!("not connected: {error}")),
    }
    match &error {
        LinkError::Conflict { .. } if established => warn!(
            "another gavel has connected, and Prosody has ended this one's connection \
             (component_conflict_resolve = \"kick_old\"): two gavels end one another's connection \
             in turn; remove component_conflict_resolve from the Component in Prosody's \
             configuration, and the second waits as a standby; trying again in {pause_s:.0} s"
        ),
        LinkError::Conflict { .. } if news => {
            info!("standby: {error}; taking over when it ends");
        }
        LinkError::NotAuthorized { .. }
        | LinkError::NoSecret { .. }
        | LinkError::HostUnknown { .. }
        | LinkError::ClientPort { .. }
            if news =>
        {
            error!("{error}; trying again every {pause_s} s");
        }
        // The engine names the consequences.
        LinkError::InvalidFrom { .. } => {
            debug!("the stream ended with invalid-from; connecting again")
        }
        _ if news => warn!("{error}; trying again in {pause_s:.1} s"),
        _ => {}
    }
    pause
}

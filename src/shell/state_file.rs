//! The state file keeps the state that outlives a restart (SPEC `[state]`, B21).
//!
//! Written whole, beside the old one, and renamed over it: a reader finds the old or the
//! new one, never half of one. A thread of its own does it, so that a disk that hangs holds
//! up no decision.

mod disk;
#[cfg(test)]
mod tests;

use crate::diagnosis::Kept;
use crate::engine::State;
use disk::{Disk, Mark, Version};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use tracing::{info, warn};

/// The next write waits this many times as long as the last one took, so that
/// a large state does not keep the disk busy.
const PAUSE_RATIO: u32 = 4;
/// Pause after a write that failed; it doubles up to the second one.
const RETRY: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(4));
/// The same when gavel ends, and how long it tries then.
const RETRY_LAST: Duration = Duration::from_millis(50);
const LAST: Duration = Duration::from_secs(2);
/// How often the time of a current file is renewed.
const TOUCH: Duration = Duration::from_secs(15);

/// An order to the thread.
enum Order {
    /// The file no longer holds everything.
    Stale,
    /// Write this, with its mark in it.
    Write(Vec<u8>, Mark),
    /// Renew the time of the file.
    Touch,
    /// Another gavel has the file.
    Release,
}

/// The result of a write, and how long it took.
type Written = io::Result<Duration>;

/// Reads and writes the state file. A write that fails is told once and tried
/// again until it succeeds.
///
/// Several gavels may have one file: it belongs to the one that Prosody has
/// accepted. The others, which know less, read it when their time comes and
/// write nothing.
#[derive(Debug)]
pub struct StateFile {
    path: Option<PathBuf>,
    /// Says whether this gavel is the one whose file it is.
    ours: bool,
    /// The version that was read last.
    seen: Option<Version>,
    orders: Sender<Order>,
    written: mpsc::UnboundedReceiver<Written>,
    /// Says whether more is known than was handed to the thread.
    wanted: Arc<AtomicBool>,
    writing: bool,
    not_before: Option<Instant>,
    touch_at: Instant,
    /// Why it cannot be written, while that is so.
    failed: Option<String>,
    /// Writes that have failed in a row.
    failures: u32,
}

impl StateFile {
    /// Reads the state that the last run left.
    pub fn open(path: Option<PathBuf>) -> (Self, State) {
        let seen = path.as_deref().and_then(disk::version);
        let state = path.as_deref().and_then(disk::read).unwrap_or_default();
        let wanted = Arc::<AtomicBool>::default();
        let (orders, written) = start(path.as_deref(), wanted.clone());
        let mut file = Self {
            ours: false,
            seen,
            path,
            orders,
            written,
            wanted,
            writing: false,
            not_before: None,
            touch_at: Instant::now() + TOUCH,
            failed: None,
            failures: 0,
        };
        if let Some(Err(error)) = file.path.as_deref().map(disk::try_write) {
            file.has_failed(&error);
        }
        (file, state)
    }

    /// Prosody has let this gavel in: the state that another gavel has left in the file
    /// since it was read last, if there is one.
    pub fn take(&mut self) -> Option<State> {
        if std::mem::replace(&mut self.ours, true) {
            return None;
        }
        let path = self.path.as_deref()?;
        let found = disk::version(path);
        let state = match found == self.seen {
            true => None,
            false => disk::read(path),
        };
        // From now on the file is one of a gavel that runs.
        self.want();
        state
    }

    /// Prosody has let another in.
    pub fn leave(&mut self) {
        self.ours = false;
        self.seen = None;
        self.wanted.store(false, Ordering::Relaxed);
        self.order(Order::Release);
    }

    /// Notes that the state is to be written.
    pub fn want(&mut self) {
        let wanted = self.path.is_some() && self.ours;
        if wanted && !self.wanted.swap(true, Ordering::Relaxed) {
            self.order(Order::Stale);
        }
    }

    fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::Relaxed)
    }

    /// Says whether [`StateFile::write`] should be called now.
    pub fn is_due(&self) -> bool {
        self.is_wanted() && !self.writing && self.not_before.is_none()
    }

    /// Starts to write `state`.
    pub fn write(&mut self, state: &State) {
        self.start_writing(state, Mark::Alive);
    }

    fn start_writing(&mut self, state: &State, mark: Mark) {
        self.wanted.store(false, Ordering::Relaxed);
        if let Ok(text) = disk::text(state, mark) {
            self.writing = true;
            self.order(Order::Write(text, mark));
        }
    }

    fn order(&self, order: Order) {
        // Without the thread nothing is written; that was told.
        let _ = self.orders.send(order);
    }

    /// Waits for the write under way. Cancel-safe; never ends if there is nothing to wait
    /// for.
    pub async fn progress(&mut self) {
        if self.writing {
            match self.written.recv().await {
                Some(written) => self.has_ended(written),
                None => std::future::pending().await,
            }
        } else if let Some(at) = self.not_before {
            sleep_until(at).await;
            self.not_before = None;
        } else if self.path.is_some() && self.ours {
            sleep_until(self.touch_at).await;
            self.touch_at = Instant::now() + TOUCH;
            self.order(Order::Touch);
        } else {
            std::future::pending().await
        }
    }

    fn has_ended(&mut self, written: Written) {
        self.writing = false;
        match written {
            Ok(took) => {
                self.failures = 0;
                self.not_before = Some(Instant::now() + took * PAUSE_RATIO);
                if self.failed.take().is_some()
                    && let Some(path) = &self.path
                {
                    let file = path.display();
                    info!("the state file {file} is written again and holds everything");
                }
            }
            Err(error) => {
                self.has_failed(&error);
                let pause = RETRY.0 * 2u32.pow(self.failures.min(8));
                self.failures += 1;
                self.not_before = Some(Instant::now() + pause.min(RETRY.1));
                self.want();
            }
        }
    }

    /// Writes `state` before the process ends.
    pub async fn finish(&mut self, state: &State) {
        if self.path.is_none() || !self.ours {
            return;
        }
        let deadline = Instant::now() + LAST;
        if self.writing {
            let written = timeout_at(deadline, self.written.recv()).await;
            self.writing = written.is_err();
            // An error of it will come again below.
        }
        while !self.writing {
            self.start_writing(state, Mark::Ended);
            let written = match timeout_at(deadline, self.written.recv()).await {
                Ok(Some(written)) => written,
                Ok(None) | Err(_) => break,
            };
            let written_well = written.is_ok();
            self.has_ended(written);
            if written_well || Instant::now() >= deadline {
                break;
            }
            sleep(RETRY_LAST).await;
        }
        if self.writing {
            self.has_failed(&io::ErrorKind::TimedOut.into());
        }
    }

    fn has_failed(&mut self, error: &io::Error) {
        let known = self.failed.replace(error.to_string()).is_some();
        if let (Some(path), false) = (&self.path, known) {
            let file = path.display();
            warn!(
                "cannot write the state file {file} ({error}); trying again; until it is written, a restart of gavel brings back no grant and no override that gives anything, and tokens seen since are forgotten: see that the disk is not full and that gavel may write the folder, or set state.file"
            );
        }
    }

    /// The way in which the state is kept.
    pub fn kept(&self) -> Kept {
        let file = |path: &Path| path.display().to_string();
        match (&self.path, &self.failed) {
            (Some(path), Some(why)) => Kept::Failed(file(path), why.clone()),
            (Some(path), None) => Kept::File(file(path)),
            (None, _) => Kept::Memory,
        }
    }
}

/// Starts the thread that writes to `path`. `newer` says whether more is known
/// than was handed to it.
fn start(
    path: Option<&Path>,
    newer: Arc<AtomicBool>,
) -> (Sender<Order>, mpsc::UnboundedReceiver<Written>) {
    let (orders, taken) = channel();
    let (told, written) = mpsc::unbounded_channel();
    if let Some(path) = path {
        let disk = Disk::new(path.to_owned());
        let work = move || work(disk, &taken, &told, &newer);
        let started = std::thread::Builder::new().name("state".into()).spawn(work);
        if let Err(error) = started {
            warn!(
                "the state file is not written ({error}): see the limits that the system sets for this process"
            );
        }
    }
    (orders, written)
}

fn work(
    mut disk: Disk,
    orders: &Receiver<Order>,
    told: &mpsc::UnboundedSender<Written>,
    newer: &AtomicBool,
) {
    while let Ok(order) = orders.recv() {
        match order {
            // If not even this works, the file's time is renewed no more, so that it soon
            // counts as old.
            Order::Stale => {
                let _ = disk.mark(Mark::Stale);
            }
            Order::Write(text, mark) => {
                let start = std::time::Instant::now();
                let written = disk.write(&text).map(|()| start.elapsed());
                // Something has changed during the write.
                if written.is_ok() && mark == Mark::Alive && newer.load(Ordering::Relaxed) {
                    let _ = disk.mark(Mark::Stale);
                }
                let _ = told.send(written);
            }
            Order::Touch if !newer.load(Ordering::Relaxed) => {
                let _ = disk.touch();
            }
            Order::Touch => {}
            Order::Release => disk.release(),
        }
    }
}

//! The state file: what outlives a restart (SPEC `[state]`).
//!
//! Written whole, beside the old one, and renamed over it: whoever reads it
//! finds the old or the new one, never half of one.

use crate::diagnosis::Kept;
use crate::engine::State;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};
use tracing::warn;

/// The next write waits this many times as long as the last one took, so that
/// a large state does not keep the disk busy.
const PAUSE_RATIO: u32 = 4;

/// Reads and writes the state file. Where it cannot be written, it says so once
/// and gavel goes on in memory.
#[derive(Debug)]
pub struct StateFile {
    path: Option<PathBuf>,
    writing: Option<JoinHandle<io::Result<Duration>>>,
    wanted: bool,
    not_before: Option<Instant>,
    /// The file that could not be written, and why.
    failed: Option<(PathBuf, String)>,
}

impl StateFile {
    /// Reads what the last run left. A file that cannot be read as state is
    /// moved aside, so that nothing of it is lost.
    pub fn open(path: Option<PathBuf>) -> (Self, State) {
        let state = path.as_deref().map(read).unwrap_or_default();
        let mut file = Self {
            path,
            writing: None,
            wanted: false,
            not_before: None,
            failed: None,
        };
        if let Some(Err(error)) = file.path.as_deref().map(try_write) {
            file.give_up(&error);
        }
        (file, state)
    }

    /// Notes that the state is to be written.
    pub fn want(&mut self) {
        self.wanted = self.path.is_some();
    }

    /// Whether [`StateFile::write`] should be called now.
    pub fn is_due(&self) -> bool {
        self.wanted && self.writing.is_none() && self.not_before.is_none()
    }

    /// Starts to write `state`.
    pub fn write(&mut self, state: &State) {
        let Some(path) = self.path.clone() else {
            return;
        };
        self.wanted = false;
        let Ok(text) = serde_json::to_vec(state) else {
            return;
        };
        self.writing = Some(tokio::task::spawn_blocking(move || {
            let start = std::time::Instant::now();
            replace(&path, &text).map(|()| start.elapsed())
        }));
    }

    /// Waits for what is under way. Cancel-safe; never ends where there is
    /// nothing to wait for.
    pub async fn progress(&mut self) {
        if let Some(writing) = &mut self.writing {
            let result = writing.await;
            self.writing = None;
            match result {
                Ok(Ok(took)) => self.not_before = Some(Instant::now() + took * PAUSE_RATIO),
                Ok(Err(error)) => self.give_up(&error),
                Err(_) => {}
            }
        } else if let Some(at) = self.not_before {
            sleep_until(at).await;
            self.not_before = None;
        } else {
            std::future::pending().await
        }
    }

    /// Writes `state` before the process ends.
    pub async fn finish(&mut self, state: &State) {
        if let Some(writing) = self.writing.take() {
            // An error of it will come again below.
            let _ = writing.await;
        }
        let Some(path) = &self.path else {
            return;
        };
        let written = serde_json::to_vec(state)
            .map_err(io::Error::from)
            .and_then(|text| replace(path, &text));
        if let Err(error) = written {
            self.give_up(&error);
        }
    }

    fn give_up(&mut self, error: &io::Error) {
        let Some(path) = self.path.take() else {
            return;
        };
        let file = path.display();
        warn!(
            "cannot write the state file {file} ({error}); grants, step-downs and tokens seen are kept in memory only and end with this process: make its folder writable for gavel, or set state.file"
        );
        self.failed = Some((path, error.to_string()));
    }

    /// Where the state is kept.
    pub fn kept(&self) -> Kept {
        match (&self.path, &self.failed) {
            (Some(path), _) => Kept::File(path.display().to_string()),
            (None, Some((path, why))) => Kept::Failed(path.display().to_string(), why.clone()),
            (None, None) => Kept::Memory,
        }
    }
}

fn read(path: &Path) -> State {
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return State::default(),
        Err(error) => {
            let file = path.display();
            warn!("cannot read the state file {file} ({error}); starting without what it holds");
            return State::default();
        }
    };
    serde_json::from_slice(&text).unwrap_or_else(|error| {
        let (file, aside) = (path.display(), path.with_extension("unreadable"));
        let moved = std::fs::rename(path, &aside);
        let where_to = aside.display();
        match moved {
            Ok(()) => warn!(
                "the state file {file} cannot be read ({error}); moved to {where_to}, starting without it"
            ),
            Err(_) => warn!("the state file {file} cannot be read ({error}); starting without it"),
        }
        State::default()
    })
}

/// Whether [`replace`] could write, found out without touching the file: an
/// admin is to learn it at the start and not with the first grant.
fn try_write(path: &Path) -> io::Result<()> {
    let mut aside = path.as_os_str().to_owned();
    aside.push(format!(".try-{}", std::process::id()));
    std::fs::File::create(&aside)?;
    std::fs::remove_file(&aside)
}

/// Puts `text` in the place of `path`; readable for nobody else, since it names
/// people.
fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut aside = path.as_os_str().to_owned();
    aside.push(".new");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&aside)?;
    file.write_all(text)?;
    file.sync_data()?;
    std::fs::rename(&aside, path)
}

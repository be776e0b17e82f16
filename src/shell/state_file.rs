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
///
/// Several gavels may have one file: it is that one's whom Prosody lets in. The
/// others, which know less, read it when their time comes and write nothing.
#[derive(Debug)]
pub struct StateFile {
    path: Option<PathBuf>,
    /// Whether this gavel is the one whose file it is.
    ours: bool,
    writing: Option<JoinHandle<io::Result<Duration>>>,
    wanted: bool,
    not_before: Option<Instant>,
    /// The file that could not be written, and why.
    failed: Option<(PathBuf, String)>,
}

impl StateFile {
    /// Reads what the last run left.
    pub fn open(path: Option<PathBuf>) -> (Self, State) {
        let state = path.as_deref().and_then(read).unwrap_or_default();
        let mut file = Self {
            path,
            ours: false,
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

    /// Prosody has let this gavel in: what another has left in the file since it
    /// was read last, if another may have.
    pub fn take(&mut self) -> Option<State> {
        match std::mem::replace(&mut self.ours, true) {
            true => None,
            false => self.path.as_deref().and_then(read),
        }
    }

    /// Prosody has let another in.
    pub fn leave(&mut self) {
        self.ours = false;
        self.wanted = false;
    }

    /// Notes that the state is to be written.
    pub fn want(&mut self) {
        self.wanted = self.path.is_some() && self.ours;
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
        let Some(path) = self.path.as_ref().filter(|_| self.ours) else {
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

/// What `path` holds, if it is there. What cannot be used, or not wholly, is moved aside, since
/// the next write would be its end.
fn read(path: &Path) -> Option<State> {
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) => {
            let remedy = "see that it is a file that gavel may read";
            move_aside(path, &format!("cannot be read ({error}): {remedy}"));
            return None;
        }
    };
    match serde_json::from_slice::<State>(&text) {
        Ok(state) => {
            if state.is_of_later_version() {
                move_aside(path, "is from a later version of gavel");
            }
            Some(state)
        }
        Err(error) => {
            move_aside(path, &format!("is damaged ({error})"));
            None
        }
    }
}

/// Keeps what `path` holds beside it, and says so, and what is wrong with it.
fn move_aside(path: &Path, wrong: &str) {
    let mut aside = path.as_os_str().to_owned();
    aside.push(".unreadable");
    let aside = PathBuf::from(aside);
    let (file, kept) = (path.display(), aside.display());
    let without = "starting without what this gavel cannot read of it";
    match std::fs::rename(path, &aside) {
        Ok(()) => warn!("the state file {file} {wrong}; moved to {kept}, {without}"),
        Err(error) => {
            warn!("the state file {file} {wrong}; {without}; cannot move it to {kept} ({error})");
        }
    }
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::fs;

    const KEPT: &str = r#"{"saved_at": 7}"#;
    const LATER: &str = r#"{"format": 99, "saved_at": 7, "new": [true]}"#;

    /// What is read of a file `text`, what is beside it then, and what is there.
    fn opened(text: &[u8]) -> (u64, Option<Vec<u8>>, bool) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        fs::write(&path, text).unwrap();
        let (file, state) = StateFile::open(Some(path.clone()));
        assert!(matches!(file.kept(), Kept::File(_)));
        let aside = fs::read(folder.path().join("state.json.unreadable"));
        (state.saved_at, aside.ok(), path.exists())
    }

    #[test]
    fn what_cannot_be_read_is_moved_aside_before_it_is_written_over() {
        assert_eq!(opened(KEPT.as_bytes()), (7, None, true));
        for text in [b"" as &[u8], b"{", b"\xff\xfe", b"{\"meetings\": 3}"] {
            assert_eq!(opened(text), (0, Some(text.to_owned()), false));
        }
    }

    #[test]
    fn of_a_later_version_is_read_what_can_be_and_all_is_kept() {
        let later = LATER.as_bytes();
        assert_eq!(opened(later), (7, Some(later.to_owned()), false));
    }

    #[test]
    fn what_is_no_file_makes_way_for_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        fs::create_dir(&path).unwrap();
        let _ = StateFile::open(Some(path.clone()));
        replace(&path, KEPT.as_bytes()).unwrap();
        assert!(folder.path().join("state.json.unreadable").is_dir());
        assert_eq!(read(&path).unwrap().saved_at, 7);
    }

    #[tokio::test]
    async fn it_is_written_by_the_one_who_works_and_read_by_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        let at = |saved_at| -> State {
            serde_json::from_value(serde_json::json!({ "saved_at": saved_at })).unwrap()
        };
        let (mut first, _) = StateFile::open(Some(path.clone()));
        let (mut second, _) = StateFile::open(Some(path.clone()));
        assert!(first.take().is_none(), "nothing is there");
        first.want();
        assert!(first.is_due());
        first.finish(&at(1)).await;
        second.want();
        assert!(!second.is_due(), "it stands by");
        second.finish(&at(2)).await;
        assert_eq!(second.take().map(|state| state.saved_at), Some(1));
        assert!(second.take().is_none(), "a reconnect is no takeover");
        first.leave();
        second.finish(&at(3)).await;
        first.finish(&at(4)).await;
        assert_eq!(first.take().map(|state| state.saved_at), Some(3));
    }

    #[test]
    fn nobody_else_reads_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        replace(&path, KEPT.as_bytes()).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

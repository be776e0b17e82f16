//! The file itself: read, written whole, and marked.
//!
//! A state file that is older than gavel's state at its end would bring back rights that
//! somebody has taken away since. So the file says of itself whether it can be believed.
//! Its first field is a [`Mark`] of fixed width, which gavel overwrites in place in the
//! file it holds open. That works on a full disk, and when no more files can be opened.

use crate::engine::State;
use serde::Deserialize;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use tracing::warn;

/// The text before the mark.
const HEAD: &str = "{\"run\":\"";
/// The text between the mark and the time, and the length of the time: seconds since
/// 1970-01-01 UTC.
const BETWEEN: &str = "\",\"at\":\"";
const DIGITS: usize = 12;
/// A file whose gavel still ran, or crashed, counts if it is no older than this.
/// gavel renews the file's time while the file is current, so an older one is
/// from a gavel that could not write. The time stands in the file, too: that of a
/// copy, from a backup perhaps, is when it was copied.
const FRESH: Duration = Duration::from_secs(120);

/// A state file's word about itself. The words have one length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// gavel has ended, and this is all that it knew.
    Ended,
    /// This is all that a running gavel knows.
    Alive,
    /// A running gavel knows more.
    Stale,
}

impl Mark {
    const ALL: [Self; 3] = [Self::Ended, Self::Alive, Self::Stale];

    fn word(self) -> &'static str {
        match self {
            Self::Ended => "ended",
            Self::Alive => "alive",
            Self::Stale => "stale",
        }
    }
}

/// The marks that tell one version of a file from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Version {
    inode: u64,
    length: u64,
    modified: (i64, i64),
}

/// The version of the file at `path`.
pub(super) fn version(path: &Path) -> Option<Version> {
    std::fs::metadata(path).ok().map(|found| Version {
        inode: found.ino(),
        length: found.len(),
        modified: (found.mtime(), found.mtime_nsec()),
    })
}

/// Reads the state in `path`, if the file is there. A file that gavel cannot use, or not
/// wholly, is moved aside, since the next write would overwrite it. If nothing proves that
/// the file is current, only the parts count that give nobody more power.
pub(super) fn read(path: &Path) -> Option<State> {
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) => {
            let remedy = "see that it is a file that gavel may read";
            move_aside(path, &format!("cannot be read ({error}): {remedy}"));
            return None;
        }
    };
    let doubt = doubt(path, &text);
    let mut state = match serde_json::from_slice::<State>(&text) {
        Ok(state) => state,
        Err(error) => {
            move_aside(path, &format!("is damaged ({error})"));
            return None;
        }
    };
    if state.is_of_later_version() {
        move_aside(path, "is from a later version of gavel");
    }
    if let Some(doubt) = doubt {
        let dropped = state.without_power();
        if dropped > 0 {
            let file = path.display();
            warn!(
                people = dropped,
                "the state file {file} {doubt}: what people had been given in meetings (grants, overrides, elections) does not count any more, as it may have been taken back since; step-downs and tokens seen count"
            );
        }
    }
    Some(state)
}

/// Why a file that holds `text` is not proven to be current, if it is not.
fn doubt(path: &Path, text: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Head {
        run: Option<String>,
        at: Option<String>,
    }
    let head: Option<Head> = serde_json::from_slice(text).ok();
    let (word, at) = head.map_or((None, None), |head| (head.run, head.at));
    let word = word.unwrap_or_default();
    let at = at.and_then(|at| at.parse().ok()).map(Duration::from_secs);
    let renewed = at.and_then(|at| SystemTime::UNIX_EPOCH.checked_add(at));
    let mark = Mark::ALL.into_iter().find(|mark| mark.word() == word);
    // A gavel that cannot write here may not have been able to before, either.
    if let Err(error) = OpenOptions::new().write(true).open(path) {
        return Some(format!("cannot be written ({error})"));
    }
    match mark {
        Some(Mark::Ended) => None,
        Some(Mark::Alive) if is_fresh(modified(path)) && is_fresh(renewed) => None,
        Some(Mark::Alive) => {
            Some("was last known to be current more than 2 minutes ago, and gavel did not end as it should".to_owned())
        }
        Some(Mark::Stale) => Some("was older than what gavel knew when it ended".to_owned()),
        None => Some("does not say whether it was current when gavel ended (versions before 0.2.0 did not write that)".to_owned()),
    }
}

fn modified(path: &Path) -> Option<SystemTime> {
    let found = std::fs::metadata(path);
    found.and_then(|found: Metadata| found.modified()).ok()
}

fn is_fresh(at: Option<SystemTime>) -> bool {
    at.is_some_and(|at| {
        // Clocks of two hosts that share the file may differ.
        let age = SystemTime::now().duration_since(at);
        age.unwrap_or_else(|ahead| ahead.duration()) <= FRESH
    })
}

/// Keeps the content of `path` beside it, and says so, with its fault.
fn move_aside(path: &Path, wrong: &str) {
    let aside = beside(path, ".unreadable");
    let (file, kept) = (path.display(), aside.display());
    let without = "starting without what this gavel cannot read of it";
    match std::fs::rename(path, &aside) {
        Ok(()) => warn!("the state file {file} {wrong}; moved to {kept}, {without}"),
        Err(error) => {
            warn!("the state file {file} {wrong}; {without}; cannot move it to {kept} ({error})");
        }
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut aside = path.as_os_str().to_owned();
    aside.push(ending);
    PathBuf::from(aside)
}

/// Says whether [`Disk::write`] could write, found out without touching the file: an admin
/// is to learn it at the start and not with the first grant.
pub(super) fn try_write(path: &Path) -> io::Result<()> {
    let aside = beside(path, &format!(".try-{}", std::process::id()));
    File::create(&aside)?;
    std::fs::remove_file(&aside)
}

/// The text of a state file.
pub(super) fn text(state: &State, mark: Mark) -> serde_json::Result<Vec<u8>> {
    let json = serde_json::to_vec(state)?;
    let mut text = format!("{HEAD}{}{BETWEEN}{}\",", mark.word(), now()).into_bytes();
    // The state is never an empty object.
    text.extend_from_slice(json.get(1..).unwrap_or_default());
    Ok(text)
}

/// The time, as it is written.
fn now() -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    format!("{:0DIGITS$}", now.unwrap_or_default().as_secs())
}

/// A state file that this gavel writes.
pub(super) struct Disk {
    path: PathBuf,
    /// The file as it was last written, to be marked.
    file: Option<File>,
}

impl Disk {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, file: None }
    }

    /// Puts `text` in the place of the file; readable for nobody else, since it
    /// names people.
    pub(super) fn write(&mut self, text: &[u8]) -> io::Result<()> {
        let aside = beside(&self.path, ".new");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(&aside)?;
        file.write_all(text)?;
        file.sync_data()?;
        std::fs::rename(&aside, &self.path)?;
        self.file = Some(file);
        Ok(())
    }

    /// Marks the file that is there.
    pub(super) fn mark(&mut self, mark: Mark) -> io::Result<()> {
        if self.file.is_none() {
            self.file = open_marked(&self.path)?;
        }
        match &self.file {
            Some(file) => file.write_all_at(mark.word().as_bytes(), HEAD.len() as u64),
            // One without a mark is not believed.
            None => Ok(()),
        }
    }

    /// Renews the time of the file.
    pub(super) fn touch(&self) -> io::Result<()> {
        match &self.file {
            Some(file) => {
                let at = HEAD.len() + Mark::Alive.word().len() + BETWEEN.len();
                file.write_all_at(now().as_bytes(), at as u64)?;
                file.set_modified(SystemTime::now())
            }
            None => Ok(()),
        }
    }

    /// Forgets the file: another gavel writes it.
    pub(super) fn release(&mut self) {
        self.file = None;
    }
}

/// A file that another run has left and that has a mark.
fn open_marked(path: &Path) -> io::Result<Option<File>> {
    let file = match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut head = [0; HEAD.len()];
    let marked = file.read_exact_at(&mut head, 0).is_ok() && head == HEAD.as_bytes();
    Ok(marked.then_some(file))
}

//! The audit file (`log.audit`): every decision as one line of JSON, the same
//! document as in the admin API.
//!
//! A thread of its own writes it: a disk that is slow or full never holds up the engine. If
//! it cannot be written gavel says so once, and tries again when the configuration is read
//! again, which also opens it again after logrotate.

use bytes::Bytes;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;
use tracing::{info, warn};

/// Lines that wait for the disk at most; of more, the newest are lost.
const MAX_WAITING: usize = 10_000;
/// Read and write for gavel, read for its group.
const MODE: u32 = 0o640;
/// Longest wait for the last lines when gavel ends.
const FINISH: Duration = Duration::from_secs(2);

enum Order {
    Line(Bytes),
    /// Write here from now on; opened again even if it is the same path.
    Open(Option<PathBuf>),
}

/// The way to hand in lines.
pub(super) struct Audit {
    orders: Option<Sender<Order>>,
    /// Says whether lines are wanted: without a file nobody is woken for them.
    wanted: bool,
    waiting: Arc<AtomicUsize>,
    lost: u64,
    ended: Receiver<()>,
}

impl Audit {
    /// Writes to `path`; nowhere without one.
    pub(super) fn new(path: Option<PathBuf>) -> Self {
        let (orders, taken) = channel();
        let (end, ended) = channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let left = waiting.clone();
        let write = move || {
            Writer::default().run(&taken, &left);
            // Nobody may be waiting for it.
            let _ = end.send(());
        };
        let started = thread::Builder::new().name("audit".into()).spawn(write);
        if let Err(error) = started {
            warn!(
                "decisions are not written to log.audit ({error}): see the limits that the system sets for this process"
            );
        }
        let mut audit = Self {
            orders: Some(orders),
            wanted: false,
            waiting,
            lost: 0,
            ended,
        };
        audit.open(path);
        audit
    }

    /// Writes to `path` from now on, opened again.
    pub(super) fn open(&mut self, path: Option<PathBuf>) {
        self.wanted = path.is_some();
        self.order(Order::Open(path));
    }

    /// Writes one line, without its end.
    pub(super) fn line(&mut self, json: Bytes) {
        if !self.wanted {
            return;
        }
        if self.waiting.load(Ordering::Relaxed) >= MAX_WAITING {
            self.lost += 1;
            if self.lost.is_power_of_two() {
                let lost = self.lost;
                warn!(
                    lost,
                    "the disk of log.audit is too slow; decisions are missing in it"
                );
            }
            return;
        }
        self.waiting.fetch_add(1, Ordering::Relaxed);
        self.order(Order::Line(json));
    }

    fn order(&self, order: Order) {
        if let Some(orders) = &self.orders {
            // Without the thread nothing is written; that was told.
            let _ = orders.send(order);
        }
    }
}

impl Drop for Audit {
    /// Waits until all lines that were handed in are written, if the disk takes them.
    fn drop(&mut self) {
        self.orders = None;
        let _ = self.ended.recv_timeout(FINISH);
    }
}

#[derive(Default)]
struct Writer {
    path: Option<PathBuf>,
    file: Option<File>,
    batch: Vec<u8>,
}

impl Writer {
    fn run(&mut self, orders: &Receiver<Order>, waiting: &AtomicUsize) {
        while let Ok(first) = orders.recv() {
            // All lines that have come meanwhile go out in one write.
            for order in std::iter::once(first).chain(orders.try_iter().take(MAX_WAITING)) {
                match order {
                    Order::Line(json) => {
                        waiting.fetch_sub(1, Ordering::Relaxed);
                        if self.file.is_some() {
                            self.batch.extend_from_slice(&json);
                            self.batch.push(b'\n');
                        }
                    }
                    Order::Open(path) => {
                        self.write();
                        self.open(path);
                    }
                }
            }
            self.write();
        }
    }

    fn open(&mut self, path: Option<PathBuf>) {
        self.file = None;
        self.path = path;
        if let Some(path) = &self.path {
            match open(path) {
                Ok(file) => {
                    info!(file = %path.display(), "decisions are written to the audit file");
                    self.file = Some(file);
                }
                Err(error) => self.failed(&error),
            }
        }
    }

    fn write(&mut self) {
        let written = match &mut self.file {
            Some(file) => file.write_all(&self.batch),
            None => Ok(()),
        };
        self.batch.clear();
        if let Err(error) = written {
            self.file = None;
            self.failed(&error);
        }
    }

    fn failed(&self, error: &io::Error) {
        let file = self.path.as_deref().unwrap_or(Path::new("")).display();
        warn!(
            "cannot write the audit file {file} ({error}), so decisions are missing in it; gavel goes on: make its folder writable for gavel and see that the disk is not full, then reload gavel (SIGHUP), which tries again"
        );
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true).mode(MODE).open(path)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn lines_are_appended_and_the_file_is_opened_anew() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("audit.jsonl");
        let rotated = folder.path().join("audit.jsonl.1");
        let mut audit = Audit::new(Some(file.clone()));
        audit.line(Bytes::from_static(b"{\"id\":1}"));
        audit.open(Some(file.clone()));
        audit.line(Bytes::from_static(b"{\"id\":2}"));
        drop(audit);
        let text = std::fs::read_to_string(&file).unwrap();
        assert_eq!(text, "{\"id\":1}\n{\"id\":2}\n");
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o137, 0, "{mode:o}");
        std::fs::rename(&file, &rotated).unwrap();
        let mut audit = Audit::new(Some(file.clone()));
        audit.line(Bytes::from_static(b"{\"id\":3}"));
        drop(audit);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "{\"id\":3}\n");
    }

    #[test]
    fn a_full_disk_stops_nothing() {
        let mut audit = Audit::new(Some("/dev/full".into()));
        for _ in 0..3 * MAX_WAITING {
            audit.line(Bytes::from_static(b"{}"));
        }
        drop(audit);
        drop(Audit::new(Some("/proc/none/audit.jsonl".into())));
    }
}

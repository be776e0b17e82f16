//! Log lines on their way to their reader.
//!
//! A pipe that nobody reads, a terminal that is stopped or a journal that hangs
//! must hold up no decision. So a thread of its own writes the lines, and of lines
//! that it cannot write in time the newest are dropped, counted, and told of as
//! soon as lines are taken again (SPEC B21).

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};
use tracing::warn;

/// Lines, and bytes of them, that wait at most.
const MAX_WAITING: (usize, usize) = (8192, 8 * 1024 * 1024);
/// Longest wait for the last lines when the process ends.
const FINISH: Duration = Duration::from_secs(1);
/// Least time between two lines that tell of dropped ones, while some still wait.
const TELL_EVERY: Duration = Duration::from_secs(5);

/// Lines dropped since the start of the process.
static DROPPED: AtomicU64 = AtomicU64::new(0);

/// How many log lines have been dropped since the start.
pub fn dropped() -> u64 {
    DROPPED.load(Ordering::Relaxed)
}

enum Order {
    Line(Vec<u8>),
    /// Say when all before it is written.
    Flush(SyncSender<()>),
}

/// The way to hand in lines: one write, one line. Never waits.
#[derive(Clone)]
pub struct Lines {
    orders: SyncSender<Order>,
    bytes: Arc<AtomicUsize>,
}

impl Lines {
    /// Lines that go to `out`.
    ///
    /// # Errors
    /// Fails if the system gives no thread.
    pub fn to(out: impl Write + Send + 'static) -> io::Result<Self> {
        let (orders, taken) = sync_channel(MAX_WAITING.0);
        let bytes = Arc::<AtomicUsize>::default();
        let waiting = bytes.clone();
        let work = move || write_all(out, &taken, &waiting);
        thread::Builder::new().name("log".into()).spawn(work)?;
        Ok(Self { orders, bytes })
    }

    /// Waits until all lines that were handed in are written, but no longer than a second.
    pub fn finish(&self) {
        let deadline = Instant::now() + FINISH;
        let (done, written) = sync_channel(1);
        let mut order = Order::Flush(done);
        while let Err(std::sync::mpsc::TrySendError::Full(back)) = self.orders.try_send(order) {
            if Instant::now() >= deadline {
                return;
            }
            order = back;
            thread::sleep(Duration::from_millis(10));
        }
        let _ = written.recv_timeout(deadline.saturating_duration_since(Instant::now()));
    }
}

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let before = self.bytes.fetch_add(line.len(), Ordering::Relaxed);
        let fits = before + line.len() <= MAX_WAITING.1;
        if !fits || self.orders.try_send(Order::Line(line.to_vec())).is_err() {
            self.bytes.fetch_sub(line.len(), Ordering::Relaxed);
            DROPPED.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write_all(mut out: impl Write, orders: &Receiver<Order>, bytes: &AtomicUsize) {
    let (mut told, mut told_at) = (dropped(), None::<Instant>);
    while let Ok(order) = orders.recv() {
        match order {
            Order::Line(line) => {
                // One that takes nothing any more must not end the process.
                let _ = out.write_all(&line);
                let before = bytes.fetch_sub(line.len(), Ordering::Relaxed);
                let quiet = told_at.is_none_or(|at| at.elapsed() >= TELL_EVERY);
                let now = dropped();
                if now > told && (before == line.len() || quiet) {
                    let lines = now - told;
                    (told, told_at) = (now, Some(Instant::now()));
                    warn!(
                        lines,
                        "log lines were dropped, as they were not taken fast enough: see what reads gavel's stderr"
                    );
                }
            }
            Order::Flush(done) => {
                let _ = out.flush();
                let _ = done.send(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::os::unix::net::UnixStream;

    /// Nobody reads for a while: nothing waits, and dropped lines are counted.
    #[test]
    fn b21_lines_that_nobody_reads_hold_up_nobody() {
        let (near, far) = UnixStream::pair().unwrap();
        let mut lines = Lines::to(near).unwrap();
        let (before, start) = (dropped(), Instant::now());
        let line = [b'x'; 999];
        for _ in 0..20_000 {
            lines.write_all(&line).unwrap();
        }
        assert!(
            start.elapsed() < Duration::from_secs(5),
            "{:?}",
            start.elapsed()
        );
        let lost = dropped() - before;
        assert!((10_000..20_000).contains(&lost), "{lost}");
        let start = Instant::now();
        lines.finish();
        assert!(start.elapsed() < FINISH * 3, "{:?}", start.elapsed());
        drop(far);
        lines.finish();
    }

    #[test]
    fn lines_handed_in_are_written_before_the_end() {
        let (near, mut far) = UnixStream::pair().unwrap();
        let mut lines = Lines::to(near).unwrap();
        lines.write_all(b"one\n").unwrap();
        lines.write_all(b"two\n").unwrap();
        lines.finish();
        let mut read = [0; 8];
        io::Read::read_exact(&mut far, &mut read).unwrap();
        assert_eq!(&read, b"one\ntwo\n");
    }
}

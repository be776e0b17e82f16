//! Questions to the one task that has the engine, from others: each is carried
//! out between two inputs, whether gavel is connected or not.

use super::driver::Driver;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};

/// Questions that wait at most; whoever has another waits to ask it.
const QUEUE: usize = 16;
/// Longest wait for an answer. The task never takes as long, unless the process
/// is ending or starved.
const PATIENCE: Duration = Duration::from_secs(10);
/// After a question the task does other work for so many times as long as it took
/// to answer: however many ask, people who wait to be settled wait little for it.
const BREATH: u32 = 4;
/// A question that took less is not worth a pause.
const CHEAP: Duration = Duration::from_micros(100);

/// What is to be done with the driver.
pub(super) type Job = Box<dyn FnOnce(&mut Driver) + Send>;

/// Questions that have been asked.
pub(super) struct Jobs {
    /// Whether gavel lives: answered at once.
    urgent: mpsc::Receiver<Job>,
    usual: mpsc::Receiver<Job>,
    /// Until when only urgent ones are answered.
    breath: Option<Instant>,
}

impl Jobs {
    /// The next question. Cancel-safe.
    pub(super) async fn next(&mut self) -> Job {
        let breath = self.breath;
        let usual = async {
            if let Some(until) = breath {
                sleep_until(until).await;
            }
            self.usual.recv().await
        };
        tokio::select! {
            biased;
            Some(job) = self.urgent.recv() => job,
            Some(job) = usual => job,
            else => std::future::pending().await,
        }
    }

    /// The last one has been answered, which took so long.
    pub(super) fn done(&mut self, took: Duration) {
        self.breath = (took >= CHEAP).then(|| Instant::now() + took * BREATH);
    }
}

/// Where questions are handed in.
#[derive(Clone)]
pub(super) struct Desk {
    urgent: mpsc::Sender<Job>,
    usual: mpsc::Sender<Job>,
}

/// The task has not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoAnswer;

impl Desk {
    /// A desk, and the queue behind it.
    pub(super) fn new() -> (Self, Jobs) {
        let (urgent, first) = mpsc::channel(QUEUE);
        let (usual, second) = mpsc::channel(QUEUE);
        let jobs = Jobs {
            urgent: first,
            usual: second,
            breath: None,
        };
        (Self { urgent, usual }, jobs)
    }

    /// Has `job` done, and waits for what it answers.
    pub(super) async fn ask<T, F>(&self, job: F) -> Result<T, NoAnswer>
    where
        T: Send + 'static,
        F: FnOnce(&mut Driver) -> T + Send + 'static,
    {
        ask(&self.usual, job).await
    }

    /// The same for what takes next to no time, before everything else.
    pub(super) async fn ask_at_once<T, F>(&self, job: F) -> Result<T, NoAnswer>
    where
        T: Send + 'static,
        F: FnOnce(&mut Driver) -> T + Send + 'static,
    {
        ask(&self.urgent, job).await
    }
}

async fn ask<T, F>(jobs: &mpsc::Sender<Job>, job: F) -> Result<T, NoAnswer>
where
    T: Send + 'static,
    F: FnOnce(&mut Driver) -> T + Send + 'static,
{
    let (answer, answered) = oneshot::channel();
    let job: Job = Box::new(move |driver| {
        // Nobody waits any more for what was asked too long ago.
        if !answer.is_closed() {
            let _ = answer.send(job(driver));
        }
    });
    let asking = async {
        jobs.send(job).await.map_err(|_| NoAnswer)?;
        answered.await.map_err(|_| NoAnswer)
    };
    timeout(PATIENCE, asking).await.unwrap_or(Err(NoAnswer))
}

//! Questions to the one task that has the engine, from others: each is carried
//! out between two inputs, whether gavel is connected or not.

use super::driver::Driver;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

/// Questions that wait at most; whoever has another waits to ask it.
const QUEUE: usize = 16;
/// Longest wait for an answer. The task never takes as long, unless the process
/// is ending or starved.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is to be done with the driver.
pub(super) type Job = Box<dyn FnOnce(&mut Driver) + Send>;

/// Where questions are handed in.
#[derive(Clone)]
pub(super) struct Desk {
    jobs: mpsc::Sender<Job>,
}

/// The task has not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoAnswer;

impl Desk {
    /// A desk, and the queue behind it.
    pub(super) fn new() -> (Self, mpsc::Receiver<Job>) {
        let (jobs, queue) = mpsc::channel(QUEUE);
        (Self { jobs }, queue)
    }

    /// Has `job` done, and waits for what it answers.
    pub(super) async fn ask<T, F>(&self, job: F) -> Result<T, NoAnswer>
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
            self.jobs.send(job).await.map_err(|_| NoAnswer)?;
            answered.await.map_err(|_| NoAnswer)
        };
        timeout(PATIENCE, asking).await.unwrap_or(Err(NoAnswer))
    }
}

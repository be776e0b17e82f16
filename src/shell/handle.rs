//! Questions to the one task that has the engine, from others: each is carried
//! out between two inputs, whether gavel is connected or not.

use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};

/// Questions that wait at most; further callers wait to ask.
const QUEUE: usize = 16;
/// Longest wait for an answer. The task never takes as long, unless the process
/// is ending or starved.
const PATIENCE: Duration = Duration::from_secs(10);
/// After a question the task does other work for so many times as long as it took
/// to answer: however many ask, people who wait to be settled wait little for it.
const BREATH: u32 = 4;
/// A question that took less is not worth a pause.
const CHEAP: Duration = Duration::from_micros(100);

/// Something to be done with the state that the task has.
pub(super) type Call<D> = Box<dyn FnOnce(&mut D) + Send>;

/// Questions that have been asked.
pub(super) struct Calls<D> {
    /// The question whether gavel lives: answered at once.
    urgent: mpsc::Receiver<Call<D>>,
    usual: mpsc::Receiver<Call<D>>,
    /// Until when only urgent ones are answered.
    breath: Option<Instant>,
}

impl<D> Calls<D> {
    /// The next question. Cancel-safe.
    pub(super) async fn next(&mut self) -> Call<D> {
        let breath = self.breath;
        let usual = async {
            if let Some(until) = breath {
                sleep_until(until).await;
            }
            self.usual.recv().await
        };
        tokio::select! {
            biased;
            Some(call) = self.urgent.recv() => call,
            Some(call) = usual => call,
            else => std::future::pending().await,
        }
    }

    /// The last one has been answered, which took so long.
    pub(super) fn done(&mut self, took: Duration) {
        self.breath = (took >= CHEAP).then(|| Instant::now() + took * BREATH);
    }
}

/// The way to hand in questions.
pub(super) struct Handle<D> {
    urgent: mpsc::Sender<Call<D>>,
    usual: mpsc::Sender<Call<D>>,
}

/// The task has not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoAnswer;

impl<D> Clone for Handle<D> {
    fn clone(&self) -> Self {
        Self {
            urgent: self.urgent.clone(),
            usual: self.usual.clone(),
        }
    }
}

impl<D> Handle<D> {
    /// A handle, and the queue behind it.
    pub(super) fn new() -> (Self, Calls<D>) {
        let (urgent, first) = mpsc::channel(QUEUE);
        let (usual, second) = mpsc::channel(QUEUE);
        let calls = Calls {
            urgent: first,
            usual: second,
            breath: None,
        };
        (Self { urgent, usual }, calls)
    }

    /// Has `call` done, and waits for its answer.
    pub(super) async fn ask<T, F>(&self, call: F) -> Result<T, NoAnswer>
    where
        T: Send + 'static,
        F: FnOnce(&mut D) -> T + Send + 'static,
    {
        ask(&self.usual, call).await
    }

    /// The same for a call that takes next to no time, before everything else.
    pub(super) async fn ask_at_once<T, F>(&self, call: F) -> Result<T, NoAnswer>
    where
        T: Send + 'static,
        F: FnOnce(&mut D) -> T + Send + 'static,
    {
        ask(&self.urgent, call).await
    }
}

async fn ask<D, T, F>(calls: &mpsc::Sender<Call<D>>, call: F) -> Result<T, NoAnswer>
where
    T: Send + 'static,
    F: FnOnce(&mut D) -> T + Send + 'static,
{
    let (answer, answered) = oneshot::channel();
    let call: Call<D> = Box::new(move |driver: &mut D| {
        // Nobody waits any more for the answer to a question from too long ago.
        if !answer.is_closed() {
            let _ = answer.send(call(driver));
        }
    });
    let asking = async {
        calls.send(call).await.map_err(|_| NoAnswer)?;
        answered.await.map_err(|_| NoAnswer)
    };
    timeout(PATIENCE, asking).await.unwrap_or(Err(NoAnswer))
}

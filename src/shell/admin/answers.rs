//! Answers that take the engine a while, made once for all who ask.
//!
//! A question about a room of a thousand people costs as much as settling dozens. So
//! everybody who asks while an answer is being made gets that one, and an expensive answer
//! is given again for twenty times as long as it took to make: however many ask, they take
//! a twentieth of gavel's time, and share one copy in memory.

use super::fault::Fault;
use bytes::Bytes;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// For how many times as long as it took to make an answer is given again.
pub(super) const REUSE: u32 = 20;
/// One that took less is made again each time.
const CHEAP: Duration = Duration::from_millis(2);

/// An answer, and the time until which it is good.
#[derive(Debug, Clone)]
struct Made {
    json: Bytes,
    /// It is good for those who asked before this, …
    begun: Instant,
    /// … and for everybody until then.
    until: Instant,
}

type Place = Arc<tokio::sync::Mutex<Option<Made>>>;

/// Answers by question.
#[derive(Debug, Clone, Default)]
pub(super) struct Answers(Arc<Mutex<HashMap<String, Place>>>);

impl Answers {
    /// The answer to `question`. If there is none that is good, `make` makes one; the time
    /// is how long the engine took for it.
    pub(super) async fn get<F>(&self, question: String, make: F) -> Result<Bytes, Fault>
    where
        F: Future<Output = Result<(Bytes, Duration), Fault>>,
    {
        let asked = Instant::now();
        let place = self.place(question);
        let mut place = place.lock().await;
        let now = Instant::now();
        if let Some(made) = place
            .as_ref()
            .filter(|made| made.begun >= asked || now < made.until)
        {
            return Ok(made.json.clone());
        }
        *place = None;
        let (json, took) = make.await?;
        let until = match took >= CHEAP {
            true => Instant::now() + took * REUSE,
            false => now,
        };
        let begun = now;
        *place = Some(Made {
            json: json.clone(),
            begun,
            until,
        });
        Ok(json)
    }

    fn place(&self, question: String) -> Place {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        all.retain(|_, place| {
            let used = Arc::strong_count(place) > 1;
            used || place
                .try_lock()
                .is_ok_and(|made| made.as_ref().is_some_and(|made| now < made.until))
        });
        all.entry(question).or_default().clone()
    }

    /// An admin has changed something, and is to see the change.
    pub(super) fn forget(&self) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    async fn made(count: &AtomicU32, took: u64) -> Result<(Bytes, Duration), Fault> {
        let number = count.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(took)).await;
        Ok((number.to_string().into(), Duration::from_millis(took)))
    }

    #[tokio::test]
    async fn b21_an_answer_that_is_dear_is_made_once_for_all() {
        let (answers, count) = (Answers::default(), AtomicU32::new(0));
        let ask = || answers.get("a".into(), made(&count, 100));
        let all = futures::future::join_all((0..60).map(|_| ask())).await;
        assert!(all.iter().all(|answer| answer.as_ref().unwrap() == "0"));
        assert_eq!(ask().await.unwrap(), "0");
        tokio::time::sleep(Duration::from_millis(2001)).await;
        assert_eq!(ask().await.unwrap(), "1");
        answers.forget();
        assert_eq!(ask().await.unwrap(), "2");
        let cheap = || answers.get("b".into(), made(&count, 1));
        assert_eq!(cheap().await.unwrap(), "3");
        assert_eq!(cheap().await.unwrap(), "4");
    }
}

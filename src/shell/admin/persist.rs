//! Trying again until it works.

use std::future::Future;
use std::io;
use std::time::Duration;
use tokio::time::sleep;

/// Time between two tries to listen.
pub(super) const RETRY: Duration = Duration::from_secs(5);

/// Tries until it works, and tells the first failure.
pub(super) async fn persist<T, F>(
    mut attempt: impl FnMut() -> F,
    told: impl FnOnce(&io::Error),
) -> T
where
    F: Future<Output = io::Result<T>>,
{
    let mut told = Some(told);
    loop {
        match attempt().await {
            Ok(done) => return done,
            Err(error) => {
                if let Some(told) = told.take() {
                    told(&error);
                }
                sleep(RETRY).await;
            }
        }
    }
}

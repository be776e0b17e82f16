//! The only sockets, files and clock.

use crate::config::Config;

/// Why the daemon ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum Error {}

/// Runs the daemon until `shutdown` is there.
///
/// # Errors
/// What makes going on impossible.
pub async fn run(_config: Config, shutdown: impl Future<Output = ()>) -> Result<(), Error> {
    shutdown.await;
    Ok(())
}

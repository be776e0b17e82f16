//! How long, and for how much, gavel waits on its link.

use std::time::Duration;

/// Longest wait for the connection, and then for the handshake: a server that
/// takes longer is too busy to be of use.
pub(super) const OPENING: Duration = Duration::from_secs(10);

/// Most bytes that wait for a server that does not read: all affiliations of
/// 100,000 people are about half of it.
pub(super) const MAX_BACKLOG: usize = 64 * 1024 * 1024;

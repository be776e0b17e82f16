//! Key servers, and the answers they give.

use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// A fetch that nobody has told the end of is taken for lost after this; the
/// shell gives one up far sooner.
pub(super) const LOST: Duration = Duration::from_secs(30);
/// How old a key or key set may become before it is asked for again.
pub(super) const REFRESH: Duration = Duration::from_secs(60 * 60);

/// How keys lie on a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyLayout {
    /// All in one JSON Web Key Set (RFC 7517 §5).
    Set,
    /// Each in a PEM file of its own, as Jitsi's `asap_key_server` has them.
    Named,
}

/// A server that keys are fetched from. No `Debug`: the URL may hold
/// credentials.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyServer {
    /// How keys lie there.
    pub layout: KeyLayout,
    /// Tells two servers apart; never shown.
    pub url: String,
    /// The URL as it may be shown.
    pub shown: Arc<str>,
}

/// Why a key could not be had.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FetchFault {
    /// The server says, or its key set shows, that there is no such key.
    #[error("{0}")]
    Absent(String),
    /// The server could not be asked, or did not answer with keys: its earlier answer still
    /// holds.
    #[error("{0}")]
    Failed(String),
}

/// The change that a finished fetch made, for logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyNews {
    /// Keys have come. Tells how many can be used, and why others cannot.
    Fetched {
        /// Says whether there were none before, or the time before went wrong.
        first: bool,
        /// Keys of use.
        usable: usize,
        /// The faults of the others.
        skipped: Vec<String>,
    },
    /// A key is not, or no longer, there.
    Absent,
    /// The server could not be asked. `first` after it could.
    Failed {
        /// Why.
        why: String,
        /// Says whether the time before went well.
        first: bool,
    },
}

//! The engine's input.

use crate::claims::{FetchFault, KeyName};
use crate::stanza::{Inbound, Outbound};

/// Something that happened outside.
#[derive(Debug)]
pub enum Input {
    /// The component's stream is open and authenticated.
    Connected {
        /// The stream's id, as Prosody gave it.
        stream_id: String,
    },
    /// The stream has ended. All rooms are to be found again.
    Disconnected,
    /// Another gavel may have worked since. Its state replaces everything that was
    /// remembered here. Comes before [`Input::Connected`].
    TakeOver(Box<crate::engine::State>),
    /// Prosody ended the stream with `invalid-from`: sending in an occupant's
    /// name is not allowed. Comes before [`Input::Disconnected`].
    ImpersonationRefused,
    /// Prosody ended the stream because of something that gavel sent. Comes before
    /// [`Input::Disconnected`].
    StreamRefused,
    /// A stanza of [`Action::Send`](super::Action::Send) was not sent: it is too long for
    /// Prosody, or cannot be written.
    Unsent(Box<Outbound>),
    /// A stanza has arrived.
    Stanza(Inbound),
    /// The configuration was read again.
    Reload(Box<crate::engine::Reload>),
    /// An admin sets or clears an override.
    SetOverride(Box<crate::engine::SetOverride>),
    /// The key of [`Action::FetchKey`](super::Action::FetchKey) has come, or cannot be had.
    KeyFetched {
        /// The key that was asked for.
        key: KeyName,
        /// The answer's text.
        result: Result<String, FetchFault>,
    },
    /// Time has passed.
    Wake,
    /// Somebody asks how the deployment is; [`Report::Probed`](super::Report::Probed) answers.
    Probe,
    /// The process ends: leave all rooms.
    Shutdown,
}

//! Why there is no link.

use super::limits::{MAX_BACKLOG, OPENING};
use crate::diagnosis::reach;
use crate::wire::StreamError;
use minidom::rxml;
use std::io;

/// Why there is no link, or no longer. Never contains the secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// The connection could not be made.
    #[error("cannot connect to {server}: {reason}; {}", reach(server, reason))]
    Unreachable {
        /// host:port
        server: String,
        /// The system's words.
        reason: String,
    },
    /// The connection stands, but the server says nothing.
    #[error("{server} did not {step} within {} s; is it Prosody's component port?", OPENING.as_secs())]
    Timeout {
        /// host:port
        server: String,
        /// The step that it was to take.
        step: &'static str,
    },
    /// The listener that answers is not for components.
    #[error(
        "{server} does not speak the component protocol ({reason}); component.server must be \
         Prosody's component port, not its client or web port"
    )]
    NotXmpp {
        /// host:port
        server: String,
        /// The fault of the answer.
        reason: String,
    },
    /// The secret is wrong.
    #[error(
        "Prosody at {server} refuses the secret of {component} (not-authorized); component.secret \
         or secret_file must be the component_secret of Component \"{component}\" in Prosody"
    )]
    NotAuthorized {
        /// host:port
        server: String,
        /// The component's domain.
        component: String,
    },
    /// The component has no secret there.
    #[error(
        "Component \"{component}\" of Prosody at {server} has no component_secret, so nobody can \
         connect as it (not-authorized); add component_secret = \"…\" below that line in \
         Prosody's configuration, with gavel's component.secret, and restart Prosody"
    )]
    NoSecret {
        /// host:port
        server: String,
        /// The component's domain.
        component: String,
    },
    /// The server has no such component.
    #[error(
        "Prosody at {server} has no component {component} (host-unknown); add Component \
         \"{component}\" with component_secret = \"…\" to Prosody's configuration, and restart \
         Prosody"
    )]
    HostUnknown {
        /// host:port
        server: String,
        /// The component's domain.
        component: String,
    },
    /// The listener that answers is the one for clients.
    #[error(
        "{server} is Prosody's port for clients; set component.server to the port of \
         component_ports (5347 unless Prosody's configuration says otherwise)"
    )]
    ClientPort {
        /// host:port
        server: String,
    },
    /// Another connection of this component exists.
    #[error(
        "{component} is connected to Prosody at {server} by another instance (conflict); Prosody \
         admits one connection of a component"
    )]
    Conflict {
        /// host:port
        server: String,
        /// The component's domain.
        component: String,
    },
    /// A stanza was sent in somebody else's name, and Prosody does not allow it.
    #[error(
        "Prosody at {server} ended the stream (invalid-from{}); to let gavel send in occupants' \
         names, set validate_from_addresses = false in Component \"{component}\"",
        text.as_deref().map(|text| format!(": {text}")).unwrap_or_default()
    )]
    InvalidFrom {
        /// host:port
        server: String,
        /// The component's domain.
        component: String,
        /// The server's words.
        text: Option<String>,
    },
    /// Another stream error.
    #[error("Prosody at {server} ended the stream: {error}")]
    Stream {
        /// host:port
        server: String,
        /// Condition and text.
        error: StreamError,
    },
    /// The server closed the stream or the connection without saying why.
    #[error("Prosody at {server} closed the stream")]
    Closed {
        /// host:port
        server: String,
    },
    /// The connection broke.
    #[error("the connection to {server} broke: {reason}")]
    Lost {
        /// host:port
        server: String,
        /// The system's words.
        reason: String,
    },
    /// The server does not read.
    #[error("Prosody at {server} does not read: {} MiB wait for it", MAX_BACKLOG >> 20)]
    Backlog {
        /// host:port
        server: String,
    },
}

impl LinkError {
    /// Says whether the server has ended the stream, and may have done so because of our
    /// stanzas: other conditions say that it stops, or knows us no more.
    pub fn is_our_fault(&self) -> bool {
        let others = [
            "system-shutdown",
            "reset",
            "connection-timeout",
            "host-gone",
        ];
        match self {
            Self::Stream { error, .. } => !others.contains(&error.condition.as_str()),
            _ => false,
        }
    }
}

/// The other end of the connection, as errors name it.
#[derive(Debug, Clone)]
pub(super) struct Peer {
    pub(super) server: String,
    pub(super) component: String,
}

impl Peer {
    pub(super) fn closed(&self) -> LinkError {
        let server = self.server.clone();
        LinkError::Closed { server }
    }

    pub(super) fn timeout(&self, step: &'static str) -> LinkError {
        let server = self.server.clone();
        LinkError::Timeout { server, step }
    }

    /// A broken connection; an end without goodbye is one that was closed.
    pub(super) fn lost(&self, error: &io::Error) -> LinkError {
        use io::ErrorKind::{BrokenPipe, ConnectionReset, InvalidData, UnexpectedEof};
        let server = self.server.clone();
        let reason = error.to_string();
        let parser = error
            .get_ref()
            .and_then(|e| e.downcast_ref::<rxml::Error>());
        match error.kind() {
            _ if matches!(parser, Some(rxml::Error::InvalidEof(_))) => LinkError::Closed { server },
            UnexpectedEof | ConnectionReset | BrokenPipe => LinkError::Closed { server },
            InvalidData => LinkError::NotXmpp { server, reason },
            _ => LinkError::Lost { server, reason },
        }
    }

    pub(super) fn refused(&self, error: StreamError) -> LinkError {
        let Self { server, component } = self.clone();
        // Both versions of Prosody tell by the text which of two reasons it is.
        let text = error.text.as_deref();
        match error.condition.as_str() {
            "not-authorized" if text.is_none() => LinkError::NoSecret { server, component },
            "not-authorized" => LinkError::NotAuthorized { server, component },
            "host-unknown" if text.is_some_and(|text| text.contains("does not serve")) => {
                LinkError::ClientPort { server }
            }
            "host-unknown" => LinkError::HostUnknown { server, component },
            "conflict" => LinkError::Conflict { server, component },
            "invalid-from" => LinkError::InvalidFrom {
                server,
                component,
                text: error.text,
            },
            _ => LinkError::Stream { server, error },
        }
    }
}

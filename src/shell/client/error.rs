//! The reason why the daemon could not be asked, or its answer in place of the expected one.

use super::Access;
use crate::api::{ErrorCode, Failure};
use crate::config::duration;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Why there is no answer. Each names the fault, its place and the remedy; status 1.
#[derive(Debug)]
pub enum ClientError {
    /// Nobody listens: the sockets that were tried, each with its error; never empty.
    NoDaemon {
        /// In the order of the tries.
        tried: Vec<(PathBuf, io::Error)>,
    },
    /// The socket is there, and not for this user.
    NotPermitted {
        /// The socket.
        socket: PathBuf,
        /// Its owner and mode.
        access: Access,
    },
    /// The daemon does not answer in time.
    Silent {
        /// The socket.
        socket: PathBuf,
        /// How long it had.
        after: Duration,
    },
    /// The connection broke, as when the daemon ends meanwhile.
    Broken {
        /// The socket.
        socket: PathBuf,
        /// The path that was asked for.
        path: String,
        /// How.
        what: String,
    },
    /// The daemon's own error.
    Refused(Failure),
    /// An answer that this version cannot read.
    Strange {
        /// The path that was asked for.
        path: String,
        /// The strange thing about it.
        what: String,
    },
}

impl ClientError {
    /// Says whether the daemon may be back soon: a command that watches tries again.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::NoDaemon { .. } | Self::Silent { .. } | Self::Broken { .. } => true,
            Self::Refused(failure) => failure.code == ErrorCode::Unavailable,
            Self::NotPermitted { .. } | Self::Strange { .. } => false,
        }
    }

    /// The fault, in a few words, for people who wait until it has passed.
    pub fn in_short(&self) -> String {
        match self {
            Self::NoDaemon { .. } => "no gavel is running".to_owned(),
            Self::Silent { after, .. } => {
                format!("gavel has not answered for {}", duration::format(*after))
            }
            Self::Broken { .. } => "the connection to gavel has ended".to_owned(),
            other => other.to_string(),
        }
    }

    /// Says whether it is the daemon's own error of this kind.
    pub fn is(&self, code: ErrorCode) -> bool {
        self.failure().is_some_and(|failure| failure.code == code)
    }

    /// The daemon's own error, if it is one.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Refused(failure) => Some(failure),
            _ => None,
        }
    }
}

impl std::error::Error for ClientError {}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoDaemon { tried } => no_daemon(f, tried),
            Self::NotPermitted { socket, access } => {
                write!(f, "may not use {}: {access}", socket.display())
            }
            Self::Silent { socket, after } => {
                let (socket, after) = (socket.display(), duration::format(*after));
                write!(
                    f,
                    "gavel does not answer at {socket} within {after}; see its log, and whether \
                     the process is stopped"
                )
            }
            Self::Broken { socket, path, what } => {
                let socket = socket.display();
                write!(
                    f,
                    "the connection to gavel at {socket} broke at {path}: {what}; try again, and \
                     see gavel's log where it does so again"
                )
            }
            Self::Refused(failure) => f.write_str(&failure.message),
            Self::Strange { path, what } => write!(
                f,
                "cannot read the daemon's answer to {path}: {what}; daemon and command must be of \
                 one version: restart gavel after an upgrade"
            ),
        }
    }
}

/// No socket took a connection: names each with its reason.
fn no_daemon(f: &mut fmt::Formatter<'_>, tried: &[(PathBuf, io::Error)]) -> fmt::Result {
    f.write_str("no gavel is running here")?;
    for (index, (socket, error)) in tried.iter().enumerate() {
        let before = if index == 0 { " (" } else { ", " };
        let why = match error.kind() {
            io::ErrorKind::NotFound => "not there".to_owned(),
            io::ErrorKind::ConnectionRefused => "nobody listens".to_owned(),
            _ => error.to_string(),
        };
        write!(f, "{before}{}: {why}", socket.display())?;
    }
    if !tried.is_empty() {
        f.write_str(")")?;
    }
    f.write_str(
        "; start it (systemctl start gavel, or gavel run), or name with -c the configuration \
         whose admin.socket it uses; if it runs and could not make its socket, its log says \"the \
         admin API is not served\" and why",
    )
}

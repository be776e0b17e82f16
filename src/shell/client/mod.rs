//! The client with which the commands ask the running daemon: HTTP/1.1 over the unix socket
//! of the admin API (SPEC section 5).
//!
//! Each request has its own connection, and everything has a deadline: a daemon
//! that is stopped or stuck must not hang a command.

mod access;
mod error;
mod stream;
#[cfg(test)]
mod tests;

pub use access::Access;
pub use error::ClientError;
pub use stream::{EventStream, Item};

use crate::api::ErrorBody;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::net::UnixStream;
use tokio::time::timeout;

/// Longest wait for an answer. The daemon answers within milliseconds; this is
/// for one that is stopped or stuck.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest answer that is read, in bytes: 10,000 events are about 6 MB.
const LONGEST_ANSWER: usize = 256 << 20;
/// The characters that stand in a path as they are (RFC 3986 §2.3).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// `text` as one segment of a path, or one value of a query: percent-encoded.
pub fn segment(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

/// The socket that is used if the configured one's folder cannot be:
/// `$XDG_RUNTIME_DIR/gavel/admin.sock`. `None` without `XDG_RUNTIME_DIR`.
pub fn user_socket() -> Option<PathBuf> {
    let folder = std::env::var_os("XDG_RUNTIME_DIR").filter(|folder| !folder.is_empty())?;
    Some(Path::new(&folder).join("gavel/admin.sock"))
}

/// Asks the daemon behind the first of some sockets that takes a connection.
#[derive(Debug, Clone)]
pub struct Client {
    sockets: Vec<PathBuf>,
    patience: Duration,
}

impl Client {
    /// Asks the daemon at its socket: `configured` (`admin.socket`), else [`user_socket`].
    pub fn new(configured: PathBuf) -> Self {
        let user = user_socket().filter(|user| *user != configured);
        Self::of([configured].into_iter().chain(user))
    }

    /// Asks behind the first of `sockets` that takes a connection.
    pub fn of(sockets: impl IntoIterator<Item = PathBuf>) -> Self {
        Self {
            sockets: sockets.into_iter().collect(),
            patience: PATIENCE,
        }
    }

    /// The same with another longest wait.
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// `GET path`.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        self.ask(Method::GET, path, Bytes::new()).await
    }

    /// `PUT path` with `body`.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn put<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ClientError> {
        let body = serde_json::to_vec(body).map_err(|error| ClientError::Strange {
            path: path.to_owned(),
            what: error.to_string(),
        })?;
        self.ask(Method::PUT, path, body.into()).await
    }

    /// `DELETE path`.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn delete<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        self.ask(Method::DELETE, path, Bytes::new()).await
    }

    /// `GET path` as server-sent events. With `after`, the id of the last event seen, the
    /// events since then come first (`Last-Event-ID`).
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn stream(&self, path: &str, after: Option<u64>) -> Result<EventStream, ClientError> {
        let request = request(Method::GET, path).header("accept", "text/event-stream");
        let request = match after {
            Some(id) => request.header("last-event-id", id),
            None => request,
        };
        let request = request.body(Full::default()).map_err(strange(path))?;
        let (socket, response) = self.answered(request, path).await?;
        if !response.status().is_success() {
            return Err(self.refusal(socket, response, path).await);
        }
        Ok(EventStream::new(socket, path.to_owned(), response))
    }

    /// One request and its whole answer; an empty one (204) reads as `null`.
    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<T, ClientError> {
        let request = request(method, path).header("content-type", "application/json");
        let request = request.body(Full::new(body)).map_err(strange(path))?;
        let (socket, response) = self.answered(request, path).await?;
        if !response.status().is_success() {
            return Err(self.refusal(socket, response, path).await);
        }
        let bytes = self.body(&socket, response, path).await?;
        let bytes: &[u8] = if bytes.is_empty() { b"null" } else { &bytes };
        serde_json::from_slice(bytes).map_err(strange(path))
    }

    /// Sends `request` and waits for the head of its answer.
    async fn answered(
        &self,
        request: Request<Full<Bytes>>,
        path: &str,
    ) -> Result<(PathBuf, Response<Incoming>), ClientError> {
        let (socket, stream) = self.connect().await?;
        let broken = broken(&socket, path);
        let exchange = async {
            let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
            // Ends with the answer; a failure there shows in the answer.
            tokio::spawn(connection);
            sender.send_request(request).await
        };
        let response = match timeout(self.patience, exchange).await {
            Ok(response) => response.map_err(broken)?,
            Err(_) => return Err(self.silent(&socket)),
        };
        Ok((socket, response))
    }

    /// Connects to the first socket that takes one.
    async fn connect(&self) -> Result<(PathBuf, UnixStream), ClientError> {
        let mut tried = Vec::new();
        for socket in &self.sockets {
            match timeout(self.patience, UnixStream::connect(socket)).await {
                Ok(Ok(stream)) => return Ok((socket.clone(), stream)),
                Ok(Err(error)) => tried.push((socket.clone(), error)),
                Err(_) => return Err(self.silent(socket)),
            }
        }
        // A socket that is there and not for us says more than one that is not.
        let denied =
            |(_, error): &(PathBuf, io::Error)| error.kind() == io::ErrorKind::PermissionDenied;
        match tried.iter().find(|tried| denied(tried)) {
            Some((socket, _)) => Err(ClientError::NotPermitted {
                access: Access::of(socket),
                socket: socket.clone(),
            }),
            None => Err(ClientError::NoDaemon { tried }),
        }
    }

    async fn body(
        &self,
        socket: &Path,
        response: Response<Incoming>,
        path: &str,
    ) -> Result<Bytes, ClientError> {
        let body = Limited::new(response.into_body(), LONGEST_ANSWER).collect();
        match timeout(self.patience, body).await {
            Ok(Ok(body)) => Ok(body.to_bytes()),
            Ok(Err(error)) => Err(broken(socket, path)(error)),
            Err(_) => Err(self.silent(socket)),
        }
    }

    /// The words of an answer that is no success.
    async fn refusal(
        &self,
        socket: PathBuf,
        response: Response<Incoming>,
        path: &str,
    ) -> ClientError {
        let status = response.status();
        match self.body(&socket, response, path).await {
            Err(error) => error,
            Ok(bytes) => match serde_json::from_slice::<ErrorBody>(&bytes) {
                Ok(body) => ClientError::Refused(body.error),
                Err(_) => strange(path)(format!("status {status}")),
            },
        }
    }

    fn silent(&self, socket: &Path) -> ClientError {
        ClientError::Silent {
            socket: socket.to_path_buf(),
            after: self.patience,
        }
    }
}

/// A request to the daemon; HTTP/1.1 wants a host, and there is none.
fn request(method: Method, path: &str) -> hyper::http::request::Builder {
    let request = Request::builder().method(method).uri(path);
    request.header("host", "gavel")
}

fn strange<E: ToString>(path: &str) -> impl Fn(E) -> ClientError {
    move |what| ClientError::Strange {
        path: path.to_owned(),
        what: what.to_string(),
    }
}

fn broken<E: ToString>(socket: &Path, path: &str) -> impl Fn(E) -> ClientError {
    move |what| ClientError::Broken {
        socket: socket.to_path_buf(),
        path: path.to_owned(),
        what: what.to_string(),
    }
}

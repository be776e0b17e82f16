//! One connection to Prosody (XEP-0114): opened, read, written, and the reason
//! why it ended.
//!
//! tokio-xmpp opens the stream; its bytes then go through [`Framer`], which
//! nothing that a participant sends can end (see [`crate::wire`]). A link never
//! reconnects by itself.

mod error;
mod limits;

pub use error::LinkError;

use crate::wire::{Frame, Framer, StreamError};
use bytes::{Buf, Bytes, BytesMut};
use error::Peer;
use futures::{SinkExt, StreamExt};
use limits::{MAX_BACKLOG, OPENING};
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, BufReader, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_xmpp::xmlstream::{self, ReadError, StreamHeader, Timeouts, XmlStream};
use xmpp_parsers::component::Handshake;
use xmpp_parsers::stream_error::StreamError as ParsedStreamError;

/// Longest wait for the server's goodbye; short, since an init system waits.
const CLOSING: Duration = Duration::from_secs(2);
/// Bytes read at once.
const CHUNK: usize = 64 * 1024;

/// The address to connect to, and gavel's name and secret there.
#[derive(Clone)]
pub struct LinkConfig {
    /// host:port of Prosody's component listener.
    pub server: String,
    /// The component's domain.
    pub component: String,
    /// The component's secret.
    pub secret: String,
    /// Services whose answers may be long lists.
    pub services: Vec<String>,
    /// Presence children that hold a token (`claims.jwt.elements`), of which even
    /// a stanza that is too long to be held shows that they are there.
    pub token_elements: Vec<String>,
}

impl std::fmt::Debug for LinkConfig {
    /// Without the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LinkConfig({} at {})", self.component, self.server)
    }
}

/// The news of a link.
#[derive(Debug, Clone)]
pub enum LinkEvent {
    /// The bytes of one stanza, for [`crate::wire::Decoder`].
    Stanza(Bytes),
    /// The link is over. From now on nothing else comes.
    Ended(LinkError),
}

/// The things that a server may say before the stream is open.
#[derive(Debug, xso::FromXml)]
#[xml()]
enum Opening {
    #[xml(transparent)]
    Handshake(Handshake),
    #[xml(transparent)]
    Error(ParsedStreamError),
}

/// An open component stream.
///
/// Reading and writing go on together in [`next`](Self::next): while it is awaited, gavel
/// goes on writing the bytes that the server has not yet taken.
pub struct Link<Io = TcpStream> {
    io: Io,
    peer: Peer,
    stream_id: String,
    framer: Framer,
    chunk: Box<[u8]>,
    /// Written by nobody yet.
    backlog: BytesMut,
    /// Writing failed. The reason is in the rest that can still be read, if anywhere.
    mute: Option<LinkError>,
    ended: Option<LinkError>,
}

impl<Io> std::fmt::Debug for Link<Io> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Link({} at {})", self.peer.component, self.peer.server)
    }
}

impl Link {
    /// Connects and logs in.
    ///
    /// # Errors
    ///
    /// Fails if the server cannot be reached or does not let us in, within 10 s each.
    pub async fn open(config: &LinkConfig) -> Result<Self, LinkError> {
        let peer = Peer {
            server: config.server.clone(),
            component: config.component.clone(),
        };
        let connecting = timeout(OPENING, TcpStream::connect(&config.server)).await;
        let connected = connecting.map_err(|_| peer.timeout("accept the connection"))?;
        let stream = connected
            .and_then(|stream| stream.set_nodelay(true).map(|()| stream))
            .map_err(|error| LinkError::Unreachable {
                server: peer.server.clone(),
                reason: error.to_string(),
            })?;
        Self::over(stream, config).await
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> Link<Io> {
    /// Logs in over a connection that stands.
    ///
    /// # Errors
    ///
    /// Fails if the server does not let us in within 10 s.
    pub async fn over(io: Io, config: &LinkConfig) -> Result<Self, LinkError> {
        let peer = Peer {
            server: config.server.clone(),
            component: config.component.clone(),
        };
        let logging_in = timeout(OPENING, log_in(io, &peer, &config.secret)).await;
        let (io, stream_id) = logging_in.map_err(|_| peer.timeout("answer the handshake"))??;
        let mut framer = Framer::knowing(config.services.clone(), config.token_elements.clone());
        framer.feed(io.buffer());
        Ok(Self {
            io: io.into_inner(),
            peer,
            stream_id,
            framer,
            chunk: vec![0; CHUNK].into(),
            backlog: BytesMut::new(),
            mute: None,
            ended: None,
        })
    }

    /// The id that the server gave the stream, which the module's macs cover (SPEC section
    /// 3).
    pub fn stream_id(&self) -> &str {
        &self.stream_id
    }

    /// Bytes that the server has not yet taken.
    pub fn backlog(&self) -> usize {
        self.backlog.len()
    }

    /// The next event. Cancel-safe: a call that is dropped loses nothing.
    pub async fn next(&mut self) -> LinkEvent {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// The next stanza that was read together with the last, if any.
    pub fn at_hand(&mut self) -> Option<Bytes> {
        if self.ended.is_some() {
            return None;
        }
        match self.framer.next_frame()? {
            Frame::Stanza(bytes) => return Some(bytes),
            Frame::StreamError(bytes) => self.ended = Some(self.stream_error(&bytes)),
            Frame::End => self.ended = Some(self.peer.closed()),
        }
        None
    }

    /// Sends stanzas: one write, and the bytes that the server does not take at once go out
    /// during [`next`](Self::next). Never waits, so two peers that write at once cannot
    /// block each other; a server that leaves 64 MiB unread ends the link.
    pub async fn send(&mut self, batch: &[u8]) {
        if self.ended.is_some() || self.mute.is_some() {
            return;
        }
        self.backlog.extend_from_slice(batch);
        poll_fn(|cx| {
            self.write(cx);
            Poll::Ready(())
        })
        .await;
        if self.backlog.len() > MAX_BACKLOG {
            let server = self.peer.server.clone();
            self.ended = Some(LinkError::Backlog { server });
        }
    }

    /// Sends the rest, closes the stream and waits up to 2 s for the server to do the same,
    /// so that it has read everything.
    pub async fn shutdown(mut self) {
        let farewell = async {
            self.send(b"</stream:stream>").await;
            while !matches!(self.next().await, LinkEvent::Ended(_)) {}
        };
        // If the server does not answer in time, gavel goes.
        let _ = timeout(CLOSING, farewell).await;
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<LinkEvent> {
        loop {
            if let Some(reason) = &self.ended {
                return Poll::Ready(LinkEvent::Ended(reason.clone()));
            }
            if let Some(bytes) = self.at_hand() {
                return Poll::Ready(LinkEvent::Stanza(bytes));
            }
            if self.ended.is_none() {
                self.write(cx);
                ready!(self.poll_read(cx));
            }
        }
    }

    fn stream_error(&self, bytes: &[u8]) -> LinkError {
        match StreamError::parse(bytes) {
            Ok(error) => self.peer.refused(error),
            Err(_) => self.peer.closed(),
        }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut buffer = ReadBuf::new(&mut self.chunk);
        match ready!(Pin::new(&mut self.io).poll_read(cx, &mut buffer)) {
            Ok(()) if !buffer.filled().is_empty() => self.framer.feed(buffer.filled()),
            end => {
                // A failed write is the cause, a failed read its consequence.
                let reason = self.mute.take().unwrap_or_else(|| match end {
                    Ok(()) => self.peer.closed(),
                    Err(error) => self.peer.lost(&error),
                });
                self.ended = Some(reason);
            }
        }
        Poll::Ready(())
    }

    /// Writes as much as the server takes. A failure does not end the link at
    /// once: the server's reason may still be unread.
    fn write(&mut self, cx: &mut Context<'_>) {
        while !self.backlog.is_empty() && self.mute.is_none() {
            match Pin::new(&mut self.io).poll_write(cx, &self.backlog) {
                Poll::Ready(Ok(0)) => self.mute = Some(self.peer.closed()),
                Poll::Ready(Ok(written)) => self.backlog.advance(written),
                Poll::Ready(Err(error)) => self.mute = Some(self.peer.lost(&error)),
                Poll::Pending => return,
            }
        }
        if self.backlog.is_empty() && self.backlog.capacity() > CHUNK {
            self.backlog = BytesMut::new();
        }
    }
}

/// Opens the stream and shows the secret's digest (XEP-0114 §3).
async fn log_in<Io: AsyncRead + AsyncWrite + Unpin>(
    io: Io,
    peer: &Peer,
    secret: &str,
) -> Result<(BufReader<Io>, String), LinkError> {
    let header = StreamHeader {
        to: Some(peer.component.as_str().into()),
        ..StreamHeader::default()
    };
    let io = BufReader::with_capacity(CHUNK, io);
    let opening =
        xmlstream::initiate_stream(io, crate::wire::ns::COMPONENT, header, Timeouts::default());
    let mut pending = opening.await.map_err(|error| peer.lost(&error))?;
    let stream_id = pending.take_header().id.unwrap_or_default().into_owned();
    let mut stream: XmlStream<_, Opening> = pending.skip_features();
    let digest = Handshake::from_stream_id_and_password(stream_id.clone(), secret);
    // If this fails the server has closed, and has mostly said why.
    let sent = stream.send(&digest).await;
    match stream.next().await {
        Some(Ok(Opening::Handshake(Handshake { data: None }))) => {
            sent.map_err(|error| peer.lost(&error))?;
            Ok((stream.into_inner(), stream_id))
        }
        Some(Ok(Opening::Handshake(_))) => Err(LinkError::NotXmpp {
            server: peer.server.clone(),
            reason: "a handshake that is not empty".to_owned(),
        }),
        Some(Ok(Opening::Error(error))) => Err(peer.refused(parsed(&error))),
        Some(Err(ReadError::HardError(error))) => Err(peer.lost(&error)),
        Some(Err(ReadError::ParseError(error))) => Err(LinkError::NotXmpp {
            server: peer.server.clone(),
            reason: error.to_string(),
        }),
        // The soft timeout is longer than ours.
        Some(Err(ReadError::StreamFooterReceived | ReadError::SoftTimeout)) | None => {
            Err(peer.closed())
        }
    }
}

fn parsed(error: &ParsedStreamError) -> StreamError {
    StreamError {
        condition: error.condition.to_string(),
        text: error.texts.values().next().cloned(),
    }
}

#[cfg(test)]
mod tests;

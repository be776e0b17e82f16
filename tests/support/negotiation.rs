//! A stream until it may carry stanzas (RFC 6120 §4, XEP-0114).

use super::client::DEADLINE;
use super::xml::{El, Frame, Framer, escape};
use std::collections::VecDeque;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// A stream while it is being negotiated.
pub(super) struct Wire {
    pub(super) id: String,
    pub(super) ns: &'static str,
    pub(super) read: OwnedReadHalf,
    pub(super) write: OwnedWriteHalf,
    pub(super) framer: Framer,
    pub(super) frames: VecDeque<Frame>,
}

impl Wire {
    pub(super) async fn open(port: u16, host: &str, ns: &'static str) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).await;
        let stream = stream.expect("Prosody listens");
        stream.set_nodelay(true).expect("TCP_NODELAY");
        let (read, write) = stream.into_split();
        let mut wire = Self {
            id: String::new(),
            ns,
            read,
            write,
            framer: Framer::default(),
            frames: VecDeque::new(),
        };
        wire.restart(host).await;
        wire
    }

    pub(super) async fn restart(&mut self, host: &str) {
        self.framer = Framer::default();
        self.frames.clear();
        let (ns, streams) = (self.ns, "http://etherx.jabber.org/streams");
        self.send(&format!(
            "<?xml version='1.0'?><stream:stream xmlns='{ns}' xmlns:stream='{streams}' \
             to='{host}' version='1.0'>"
        ))
        .await;
        match self.frame().await {
            Frame::Open(header) => {
                let header = El::parse(&header.replace('>', "/>"), ns).expect("a stream header");
                self.id = header.attr("id").expect("a stream id").to_string();
            }
            other => panic!("{host} answered {other:?} instead of a stream header"),
        }
    }

    pub(super) async fn send(&mut self, xml: &str) {
        let sent = self.write.write_all(xml.as_bytes()).await;
        sent.expect("the stream is open");
    }

    async fn frame(&mut self) -> Frame {
        loop {
            if let Some(frame) = self.frames.pop_front() {
                return frame;
            }
            let mut bytes = [0; 8192];
            let read = tokio::time::timeout(DEADLINE, self.read.read(&mut bytes)).await;
            match read.expect("Prosody answers within the deadline") {
                Ok(n) if n > 0 => self.frames.extend(self.framer.push(&bytes[..n])),
                end => panic!("the stream ended while it was negotiated: {end:?}"),
            }
        }
    }

    /// The ways to log in that are offered; none if Prosody ends the stream because it has
    /// nothing to offer.
    pub(super) async fn mechanisms(&mut self) -> Vec<String> {
        let first = match self.frame().await {
            Frame::Stanza(xml) => self.parse(&xml),
            other => panic!("instead of features: {other:?}"),
        };
        if first.name == "error" {
            return Vec::new();
        }
        assert_eq!(first.name, "features", "{first:?}");
        let offered = first.named("mechanisms").into_iter();
        let names = offered.flat_map(|offered| offered.children.iter());
        names.map(|mechanism| mechanism.text.clone()).collect()
    }

    /// The prefix is declared in the stream header, which is cut off.
    fn parse(&self, xml: &str) -> El {
        let xml = xml.replacen("stream:", "", 1).replace("</stream:", "</");
        El::parse(&xml, self.ns).expect("well-formed XML")
    }

    pub(super) async fn next(&mut self, name: &str, what: &str) -> El {
        match self.frame().await {
            Frame::Stanza(xml) => {
                let el = self.parse(&xml);
                assert!(el.name == name, "instead of {what}: {xml}");
                el
            }
            other => panic!("instead of {what}: {other:?}"),
        }
    }

    /// Plays Jitsi's modules, which set fields of a session before it has a resource.
    pub(super) async fn set_fields(&mut self, fields: &str) {
        let fields = escape(fields);
        self.send(&format!(
            "<session xmlns='urn:gavel:test'>{fields}</session>"
        ))
        .await;
        self.next("session", "the session's fields to be set").await;
    }
}

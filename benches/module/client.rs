//! A client that costs this process little: it writes text, and of all that arrives it
//! keeps only the stanzas about itself, with the moment at which it read them.

use crate::support::{MUC, Prosody};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use gavel::wire::{Frame, Framer};
use memchr::memmem::find;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

/// How long anything expected may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// When a stanza was read, and the stanza.
pub type Arrival = (Instant, Bytes);

pub fn contains((_, stanza): &Arrival, text: &str) -> bool {
    find(stanza, text.as_bytes()).is_some()
}

pub struct Client {
    pub nick: String,
    /// Presence stanzas sent.
    pub presences: u64,
    ids: u64,
    write: OwnedWriteHalf,
    arrivals: UnboundedReceiver<Arrival>,
}

impl Client {
    /// Logs in as `nick` of a host, an account there whose room nick is the same,
    /// and sets fields of the session before it is bound, as token
    /// authentication does (JSON, or nothing; see `mod_test_session`).
    pub async fn connect(prosody: &Prosody, nick: &str, host: &str, session: &str) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", prosody.c2s)).await;
        let stream = stream.unwrap();
        stream.set_nodelay(true).unwrap();
        let (mut read, mut write) = stream.into_split();
        let open = format!(
            "<?xml version='1.0'?><stream:stream xmlns='jabber:client' to='{host}' \
             xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
        );
        let plain = STANDARD.encode(format!("\0{nick}\0secret"));
        let auth = format!(
            "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{plain}</auth>"
        );
        let session = match session {
            "" => String::new(),
            fields => format!("<session xmlns='urn:gavel:test'>{fields}</session>"),
        };
        let bind = "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>";
        for (say, until) in [
            (open.as_str(), "</stream:features>"),
            (auth.as_str(), "<success"),
            (open.as_str(), "</stream:features>"),
            (session.as_str(), "/>"),
            (bind, "</iq>"),
        ] {
            if !say.is_empty() {
                write.write_all(say.as_bytes()).await.unwrap();
                read_until(&mut read, until).await;
            }
        }
        let (heard, arrivals) = unbounded_channel();
        tokio::spawn(listen(read, format!("/{nick}'"), heard));
        Self {
            nick: nick.to_owned(),
            presences: 0,
            ids: 0,
            write,
            arrivals,
        }
    }

    /// Ends the stream.
    pub async fn disconnect(mut self) {
        self.send("</stream:stream>").await;
    }

    pub async fn send(&mut self, stanza: &str) {
        self.write.write_all(stanza.as_bytes()).await.unwrap();
    }

    /// Sends a presence to its occupant JID.
    pub async fn presence(&mut self, room: &str, kind: &str, children: &str) {
        self.presences += 1;
        let nick = self.nick.clone();
        self.send(&format!(
            "<presence{kind} to='{room}/{nick}'>{children}</presence>"
        ))
        .await;
    }

    /// Enters a room, and gives its own first presence there.
    pub async fn join(&mut self, room: &str, children: &str) -> Arrival {
        let x = format!("<x xmlns='{MUC}'><history maxstanzas='0'/></x>{children}");
        self.presence(room, "", &x).await;
        self.until("its own presence", "code='110'").await
    }

    /// Asks, and waits for the answer.
    pub async fn iq(&mut self, to: &str, kind: &str, payload: &str) {
        self.ids += 1;
        let id = format!("q{}", self.ids);
        self.send(&format!(
            "<iq type='{kind}' id='{id}' to='{to}'>{payload}</iq>"
        ))
        .await;
        self.until("an answer", &format!("id='{id}'")).await;
    }

    /// Waits for a stanza that concerns this client and contains `text`.
    pub async fn until(&mut self, what: &str, text: &str) -> Arrival {
        loop {
            let arrival = timeout(PATIENCE, self.arrivals.recv()).await;
            let Ok(Some(arrival)) = arrival else {
                panic!("{} waited in vain for {what}", self.nick);
            };
            if contains(&arrival, text) {
                return arrival;
            }
        }
    }
}

/// Reads while the stream is negotiated, while nothing comes unasked.
async fn read_until(read: &mut OwnedReadHalf, end: &str) {
    let mut heard = Vec::new();
    while find(&heard, end.as_bytes()).is_none() {
        let more = timeout(PATIENCE, read.read_buf(&mut heard)).await;
        let more = more.expect("Prosody answers").expect("the stream is open");
        assert!(more > 0, "ended: {}", String::from_utf8_lossy(&heard));
    }
}

/// Reads on, and passes on answers and stanzas from the client's own occupant JID, of which
/// `own` is the end.
async fn listen(mut read: OwnedReadHalf, own: String, heard: UnboundedSender<Arrival>) {
    let (mut framer, mut chunk) = (Framer::new(), vec![0; 65_536]);
    loop {
        let read = read.read(&mut chunk).await.unwrap_or(0);
        let at = Instant::now();
        framer.feed(&chunk[..read]);
        while let Some(Frame::Stanza(stanza)) = framer.next_frame() {
            let from = find(&stanza, b"from='").map(|at| &stanza[at + 6..]);
            let from = from.and_then(|from| from.split_inclusive(|&b| b == b'\'').next());
            let concerns = from.is_some_and(|from| from.ends_with(own.as_bytes()));
            if (concerns || stanza.starts_with(b"<iq")) && heard.send((at, stanza)).is_err() {
                return;
            }
        }
        if read == 0 {
            return;
        }
    }
}

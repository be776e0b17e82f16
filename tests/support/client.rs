//! A real XMPP client over TCP, small enough to do things that no client should.

use super::negotiation::Wire;
use super::room::Rooms;
use super::xml::{El, Frame, Framer, escape};
use super::{Prosody, tail};
use base64::Engine;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Notify;

/// How long anything expected may take.
pub const DEADLINE: Duration = Duration::from_secs(10);

/// The stanzas that have arrived.
#[derive(Default)]
pub(super) struct Inbox {
    /// Not yet taken by an `expect`.
    pending: VecDeque<El>,
    /// Everything ever received.
    all: Vec<El>,
    /// The rooms as seen from here.
    pub(super) rooms: Rooms,
    /// Why the stream has ended, if it has.
    closed: Option<String>,
    /// Both directions as text, for people.
    transcript: String,
}

impl Inbox {
    fn note(&mut self, arrow: &str, xml: &str) {
        let short: String = xml.chars().take(700).collect();
        self.transcript += &format!("{arrow} {short}\n");
    }
}

/// The state that the reading task shares with the client.
#[derive(Default)]
pub(super) struct Shared {
    inbox: Mutex<Inbox>,
    arrived: Notify,
}

impl Shared {
    pub(super) fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().expect("no holder panics")
    }
}

/// A connected client, or a component.
pub struct Client {
    /// Its full JID.
    pub jid: String,
    /// The id of its stream.
    pub stream_id: String,
    pub(super) shared: Arc<Shared>,
    write: tokio::sync::Mutex<OwnedWriteHalf>,
    reader: tokio::task::JoinHandle<()>,
    ids: AtomicU32,
}

impl Client {
    /// Logs in: `user@host` with a password (the account is made if needed), a
    /// host alone anonymously. A resource may be given: `user@host/resource`.
    pub async fn connect(prosody: &Prosody, jid: &str) -> Self {
        Self::connect_with(prosody, jid, None).await
    }

    /// The same with fields of the session, as token authentication sets them
    /// (JSON; see `mod_test_session`).
    pub async fn connect_with(prosody: &Prosody, jid: &str, session: Option<&str>) -> Self {
        let (bare, resource) = jid.split_once('/').unwrap_or((jid, ""));
        let mut wire = Self::authenticated(prosody, bare).await;
        if let Some(fields) = session {
            wire.set_fields(fields).await;
        }
        let wanted = match resource {
            "" => String::new(),
            name => format!("<resource>{}</resource>", escape(name)),
        };
        let ns = "urn:ietf:params:xml:ns:xmpp-bind";
        wire.send(&format!(
            "<iq type='set' id='bind'><bind xmlns='{ns}'>{wanted}</bind></iq>"
        ))
        .await;
        let bound = wire.next("iq", "the bound JID").await;
        let full = bound.child("bind", ns).and_then(|b| b.named("jid"));
        let full = full.unwrap_or_else(|| panic!("{jid} was not bound: {bound:?}"));
        wire.into_client(full.text.clone())
    }

    /// The ways to log in that a host offers (SASL).
    pub async fn mechanisms(prosody: &Prosody, host: &str) -> Vec<String> {
        let mut wire = Wire::open(prosody.c2s, host, "jabber:client").await;
        wire.mechanisms().await
    }

    /// A stream of somebody who has logged in, before a resource is bound.
    pub(super) async fn authenticated(prosody: &Prosody, bare: &str) -> Wire {
        let (host, auth) = match bare.split_once('@') {
            Some((user, host)) => {
                prosody.add_user(user, host);
                let plain = format!("\0{user}\0secret");
                let plain = base64::engine::general_purpose::STANDARD.encode(plain);
                (host, format!("mechanism='PLAIN'>{plain}"))
            }
            None => (bare, "mechanism='ANONYMOUS'>".into()),
        };
        let mut wire = Wire::open(prosody.c2s, host, "jabber:client").await;
        wire.next("features", "stream:features").await;
        let sasl = "urn:ietf:params:xml:ns:xmpp-sasl";
        wire.send(&format!("<auth xmlns='{sasl}' {auth}</auth>"))
            .await;
        wire.next("success", "SASL success").await;
        wire.restart(host).await;
        wire.next("features", "stream:features").await;
        wire
    }

    /// Logs in as an external component, e.g. to play gavel; `jid` is its sender address.
    pub async fn component(prosody: &Prosody, jid: &str) -> Self {
        let domain = jid.split(['@', '/']).find(|part| part.contains('.'));
        let domain = domain.expect("a JID with a domain");
        let mut wire = Wire::open(prosody.component, domain, "jabber:component:accept").await;
        let digest = xmpp_parsers::component::Handshake::from_stream_id_and_password(
            wire.id.clone(),
            super::SECRET,
        );
        let digest = hex::encode(digest.data.expect("a digest"));
        wire.send(&format!("<handshake>{digest}</handshake>")).await;
        wire.next("handshake", "the component's handshake").await;
        wire.into_client(jid.to_string())
    }

    /// The JID without resource.
    pub fn bare(&self) -> &str {
        self.jid.split('/').next().expect("a first part")
    }

    /// An id that no other stanza of this client has.
    pub fn id(&self) -> String {
        format!("t{}", self.ids.fetch_add(1, Ordering::Relaxed))
    }

    /// Sends text as it is, well-formed or not.
    pub async fn send(&self, xml: &str) {
        self.shared.inbox().note("→", xml);
        let mut write = self.write.lock().await;
        // A stream that has ended shows at the next answer that is expected.
        let _ = write.write_all(xml.as_bytes()).await;
    }

    /// Plays Jitsi's token authentication: sets fields of the client's session,
    /// which is one of `meet.jitsi`.
    pub async fn set_session(&self, fields: &Value) {
        let fields = escape(&fields.to_string());
        let payload = format!("<session xmlns='urn:gavel:test'>{fields}</session>");
        self.iq("set", "meet.jitsi", &payload).await.unwrap();
    }

    /// The session is as if Prosody had verified this token.
    pub async fn verified(&self, token: &str) {
        let fields = json!({ "auth_token": token, "jitsi_meet_domain": "*" });
        self.set_session(&fields).await;
    }

    /// Sends a request; gives the result, or the condition of the error.
    pub async fn iq(&self, kind: &str, to: &str, payload: &str) -> Result<El, String> {
        let id = self.id();
        let (from, to) = (escape(&self.jid), escape(to));
        self.send(&format!(
            "<iq type='{kind}' id='{id}' from='{from}' to='{to}'>{payload}</iq>"
        ))
        .await;
        let reply = self
            .expect(&format!("an answer from {to} to {payload}"), |s| {
                s.name == "iq"
                    && s.attr("id") == Some(&id)
                    && matches!(s.attr("type"), Some("result" | "error"))
            })
            .await;
        match reply.attr("type") {
            Some("result") => Ok(reply),
            _ => Err(reply.condition().unwrap_or("no condition").to_string()),
        }
    }

    /// Pings `to` (XEP-0199): everything that it sent before the answer has arrived here.
    pub async fn ping(&self, to: &str) -> Result<(), String> {
        let ping = "<ping xmlns='urn:xmpp:ping'/>";
        self.iq("get", to, ping).await.map(|_| ())
    }

    /// Waits until its server has handled everything that it has sent.
    pub async fn handled(&self) {
        let host = self.bare().split('@').next_back().expect("a host");
        self.ping(host).await.expect("Prosody answers");
    }

    /// Says whether `to` answers a ping within a time.
    pub async fn reaches(&self, to: &str, within: Duration) -> Result<(), String> {
        let id = self.id();
        self.send(&format!(
            "<iq type='get' id='{id}' from='{}' to='{to}'><ping xmlns='urn:xmpp:ping'/></iq>",
            escape(&self.jid)
        ))
        .await;
        let reply = self.wait(within, |inbox| {
            let reply = inbox.all.iter().rev().find(|s| s.attr("id") == Some(&id))?;
            Some(reply.condition().map_or(Ok(()), |why| Err(why.to_string())))
        });
        reply.await.and_then(|answered| answered)
    }

    /// Waits for a stanza and takes it; others stay for later calls. Panics
    /// after [`DEADLINE`], naming `what`.
    pub async fn expect(&self, what: &str, wanted: impl Fn(&El) -> bool) -> El {
        self.expect_within(what, DEADLINE, wanted).await
    }

    /// Like [`Client::expect`], for things that take longer.
    pub async fn expect_within(
        &self,
        what: &str,
        within: Duration,
        wanted: impl Fn(&El) -> bool,
    ) -> El {
        let found = self.wait(within, |inbox| {
            let index = inbox.pending.iter().position(&wanted)?;
            inbox.pending.remove(index)
        });
        match found.await {
            Ok(stanza) => stanza,
            Err(why) => panic!("{} waited in vain for {what}: {why}", self.jid),
        }
    }

    /// Waits until so many of all stanzas received are so, taken or not.
    pub async fn receives(
        &self,
        count: usize,
        what: &str,
        within: Duration,
        wanted: impl Fn(&El) -> bool,
    ) {
        let found = self.wait(within, |inbox| {
            (inbox.all.iter().filter(|s| wanted(s)).count() >= count).then_some(())
        });
        if let Err(why) = found.await {
            let seen = self.count(&wanted);
            panic!("{} has seen {seen} of {count} {what}: {why}", self.jid);
        }
    }

    /// Waits until a room has told more than `known` presences and messages. Gives how many
    /// it has told; an error if it tells nothing more.
    pub async fn told_more(
        &self,
        room: &str,
        known: usize,
        within: Duration,
    ) -> Result<usize, String> {
        self.wait(within, |inbox| {
            let told = inbox.all.iter().filter(|s| {
                let from = s.attr("from").unwrap_or_default();
                s.name != "iq" && from.split('/').next() == Some(room)
            });
            Some(told.count()).filter(|told| *told > known)
        })
        .await
    }

    /// Leaves the stanzas that have arrived before out of later `expect`s.
    pub fn forget(&self, what: impl Fn(&El) -> bool) {
        self.shared.inbox().pending.retain(|stanza| !what(stanza));
    }

    /// Says whether the stream goes on.
    pub fn connected(&self) -> bool {
        self.shared.inbox().closed.is_none()
    }

    /// Waits until the stream ends; gives the condition of its error, if any.
    pub async fn ended(&self) -> String {
        let found = self.wait(DEADLINE, |inbox| inbox.closed.clone());
        found
            .await
            .unwrap_or_else(|why| panic!("{}'s stream goes on: {why}", self.jid))
    }

    /// How many of all stanzas received so far are so, taken or not.
    pub fn count(&self, wanted: impl Fn(&El) -> bool) -> usize {
        self.received().iter().filter(|s| wanted(s)).count()
    }

    /// All stanzas received so far, taken or not.
    pub fn received(&self) -> Vec<El> {
        self.shared.inbox().all.clone()
    }

    /// Waits until `look` finds something in the inbox. The error says why it
    /// did not.
    pub(super) async fn wait<T>(
        &self,
        within: Duration,
        mut look: impl FnMut(&mut Inbox) -> Option<T>,
    ) -> Result<T, String> {
        let deadline = tokio::time::Instant::now() + within;
        loop {
            let arrived = self.shared.arrived.notified();
            tokio::pin!(arrived);
            arrived.as_mut().enable();
            {
                let mut inbox = self.shared.inbox();
                if let Some(found) = look(&mut inbox) {
                    return Ok(found);
                }
                if let Some(why) = &inbox.closed {
                    return Err(format!("the stream has ended: {why}"));
                }
            }
            if tokio::time::timeout_at(deadline, arrived).await.is_err() {
                return Err(format!("nothing within {within:?}"));
            }
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.reader.abort();
        if std::thread::panicking() {
            let inbox = self.shared.inbox();
            eprintln!(
                "--- what {} saw ---\n{}",
                self.jid,
                tail(&inbox.transcript, 40)
            );
        }
    }
}

impl Wire {
    pub(super) fn into_client(self, jid: String) -> Client {
        let shared = Arc::<Shared>::default();
        // Prosody may have gone on in the same packet.
        for frame in self.frames {
            take(&mut shared.inbox(), frame, self.ns);
        }
        let task = read_on(self.read, self.framer, self.ns, Arc::clone(&shared));
        Client {
            jid,
            stream_id: self.id,
            shared,
            write: tokio::sync::Mutex::new(self.write),
            reader: tokio::spawn(task),
            ids: AtomicU32::new(1),
        }
    }
}

/// Reads until the stream ends.
async fn read_on(mut read: OwnedReadHalf, mut framer: Framer, ns: &str, shared: Arc<Shared>) {
    let mut bytes = vec![0; 65_536];
    loop {
        let n = read.read(&mut bytes).await.unwrap_or(0);
        let frames = framer.push(&bytes[..n]);
        let mut inbox = shared.inbox();
        for frame in frames {
            take(&mut inbox, frame, ns);
        }
        if n == 0 && inbox.closed.is_none() {
            inbox.closed = Some("connection closed".into());
        }
        let over = inbox.closed.is_some();
        drop(inbox);
        shared.arrived.notify_waiters();
        if over {
            return;
        }
    }
}

fn take(inbox: &mut Inbox, frame: Frame, ns: &str) {
    match frame {
        Frame::Open(_) => {}
        Frame::Close => {
            // An error before it says more.
            inbox.closed.get_or_insert_with(|| "stream closed".into());
        }
        Frame::Stanza(xml) if xml.starts_with("<stream:error") => {
            inbox.note("←", &xml);
            let xml = xml.replace("stream:error", "error");
            let error = El::parse(&xml, ns).expect("well-formed XML");
            let condition = error.children.first().map(|c| c.name.clone());
            inbox.closed = Some(condition.unwrap_or_default());
        }
        Frame::Stanza(xml) => {
            inbox.note("←", &xml);
            match El::parse(&xml, ns) {
                Ok(el) => {
                    inbox.rooms.see(&el);
                    inbox.pending.push_back(el.clone());
                    inbox.all.push(el);
                }
                Err(why) => inbox.note("!", &why),
            }
        }
    }
}

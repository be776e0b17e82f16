//! Prosody, gavel and a client that watches both.

use super::xml::El;
use super::{Client, DEADLINE, GAVEL, Gavel, Options, Prosody, Version, jwt, token};
use serde_json::Value;
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

/// The usual scene of a test.
pub struct Env {
    // Fields are dropped in this order: read their output on a failure from the bottom up.
    /// Asks Prosody and gavel, is in no room.
    pub watcher: Client,
    /// The running gavel.
    pub gavel: Gavel,
    /// The server.
    pub prosody: Prosody,
    /// Everybody who logged in by [`Env::client`].
    clients: Mutex<Vec<Weak<Client>>>,
}

impl Env {
    /// The usual Prosody, the usual gavel.
    pub async fn new(version: Version) -> Self {
        Self::with(version, Options::default(), "").await
    }

    /// The usual Prosody, gavel with other settings (TOML).
    pub async fn gavel(version: Version, overrides: &str) -> Self {
        Self::with(version, Options::default(), overrides).await
    }

    /// Another Prosody, gavel with other settings (TOML).
    pub async fn with(version: Version, options: Options, overrides: &str) -> Self {
        let prosody = Prosody::start(version, options);
        Self::beside(prosody, overrides).await
    }

    /// The same without the guard, for tests of gavel's corrections after the fact: with
    /// the module and the guard there would be nothing to correct.
    pub async fn unguarded(version: Version, options: Options, overrides: &str) -> Self {
        Self::with(version, options, &Gavel::unguarded(overrides)).await
    }

    /// A Prosody that runs already, gavel with other settings (TOML).
    pub async fn beside(prosody: Prosody, overrides: &str) -> Self {
        let gavel = Gavel::start(&prosody, overrides);
        let watcher = Client::connect(&prosody, "watcher@auth.meet.jitsi").await;
        let env = Self {
            watcher,
            gavel,
            prosody,
            clients: Mutex::default(),
        };
        env.connected().await;
        env
    }

    /// Waits until gavel answers.
    pub async fn connected(&self) {
        let deadline = Instant::now() + DEADLINE;
        let patience = Duration::from_secs(1);
        while let Err(why) = self.watcher.reaches(GAVEL, patience).await {
            assert!(self.gavel.running(), "gavel has ended");
            assert!(Instant::now() < deadline, "gavel does not answer: {why}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Logs in; a name without host is one of `meet.jitsi`.
    pub async fn client(&self, jid: &str) -> Arc<Client> {
        let client = match jid.contains('.') {
            true => Client::connect(&self.prosody, jid).await,
            false => Client::connect(&self.prosody, &format!("{jid}@meet.jitsi")).await,
        };
        let client = Arc::new(client);
        let mut clients = self.clients.lock().expect("no holder panics");
        clients.push(Arc::downgrade(&client));
        client
    }

    /// Waits until everything that Prosody has sent to clients so far is read.
    async fn read_all(&self) {
        let clients = self.clients.lock().expect("no holder panics").clone();
        for client in clients.iter().filter_map(Weak::upgrade) {
            if client.connected() {
                client.handled().await;
            }
        }
    }

    /// The focus: creates the room as its owner, and brings gavel there.
    pub async fn focus(&self, room: &str) -> Arc<Client> {
        let focus = self.client("focus@auth.meet.jitsi").await;
        focus.join(room, "focus", "").await;
        focus.invite(room, "gavel@gavel.meet.jitsi").await;
        self.gavel_joins(&focus, room).await;
        focus
    }

    /// The focus, if the module serves the room: it creates it, and gavel follows, unseen.
    pub async fn focus_with_module(&self, room: &str) -> Arc<Client> {
        let focus = self.client("focus@auth.meet.jitsi").await;
        focus.join(room, "focus", "").await;
        self.gavel.logs("module=true").await;
        focus
    }

    /// Waits until `client` sees gavel in the room as its owner.
    pub async fn gavel_joins(&self, client: &Client, room: &str) {
        client.sees_affiliation(room, "gavel", "owner").await;
    }

    /// A person who joins with a token of these claims, or as a guest; its
    /// user and nick are `name`.
    pub async fn person(&self, room: &str, name: &str, claims: Option<Value>) -> Arc<Client> {
        let client = self.client(name).await;
        let child = claims.map(|claims| jwt(&token(claims)));
        client.join(room, name, &child.unwrap_or_default()).await;
        client
    }

    /// The stanzas that gavel has sent to the rooms of a service, oldest first; requests to
    /// the service itself (its polling) are left out.
    pub async fn sent_to(&self, service: &str) -> Vec<El> {
        let stanzas = self.recorded(service).await.into_iter();
        stanzas
            .filter(|s| s.attr("to").is_some_and(|to| to.contains('@')))
            .collect()
    }

    /// Everything that gavel has sent to a service and its rooms.
    pub async fn recorded(&self, service: &str) -> Vec<El> {
        let query = "<recorded xmlns='urn:gavel:test'/>";
        let reply = self.watcher.iq("get", service, query).await;
        let reply = reply.expect("mod_test_record answers");
        let recorded = reply.named("recorded").expect("a record");
        let stanzas = recorded.children.iter();
        let stanzas = stanzas.map(|s| El::parse(&s.text, "jabber:client").expect("a stanza"));
        stanzas.collect()
    }

    /// The stanzas that gavel has sent to rooms of `muc.meet.jitsi`.
    pub async fn sent(&self) -> Vec<El> {
        self.sent_to("muc.meet.jitsi").await
    }

    /// The affiliations that gavel has asked for, as (bare JID, affiliation);
    /// by muc#admin, to rooms of `muc.meet.jitsi`.
    pub async fn requests(&self) -> Vec<(String, String)> {
        requests(&self.sent().await)
    }

    /// Waits until gavel has handled everything so far and nothing follows from it, and
    /// everybody has seen it: pings gavel until a round trip causes no stanza to any room,
    /// then lets all clients read everything that has arrived.
    pub async fn settle(&self) {
        let mut before = usize::MAX;
        let deadline = Instant::now() + DEADLINE;
        loop {
            self.watcher.ping(GAVEL).await.expect("gavel answers");
            let now = self.sent().await.len() + self.sent_to("breakout.meet.jitsi").await.len();
            if now == before {
                return self.read_all().await;
            }
            assert!(Instant::now() < deadline, "gavel does not come to rest");
            before = now;
        }
    }

    /// Has gavel read other settings (TOML), and waits until they hold.
    pub async fn reload(&self, overrides: &str) {
        let read = |log: &str| log.matches("the configuration was read again").count();
        let before = read(&self.gavel.log());
        self.gavel.reconfigure(&self.prosody, overrides);
        self.gavel.hang_up();
        self.gavel.until_log(|log| read(log) > before).await;
        self.settle().await;
    }

    /// A change made by a server module, which has no actor.
    pub async fn server_sets(&self, room: &str, jid: &str, affiliation: &str) {
        let order = format!(
            "<promote xmlns='urn:gavel:test' room='{room}' jid='{jid}' affiliation='{affiliation}'/>"
        );
        let service = room.split_once('@').expect("a room").1;
        let done = self.watcher.iq("set", service, &order).await;
        done.expect("mod_test_promote does it");
    }
}

/// The affiliations that these stanzas ask for by muc#admin, as (bare JID, affiliation).
pub fn requests(sent: &[El]) -> Vec<(String, String)> {
    let sets = sent.iter().filter(|s| s.attr("type") == Some("set"));
    let queries = sets.filter_map(|s| s.child("query", super::MUC_ADMIN));
    let items = queries.flat_map(|query| &query.children);
    let text = |item: &El, name| item.attr(name).unwrap_or_default().to_string();
    items
        .filter(|item| item.attr("affiliation").is_some())
        .map(|item| (text(item, "jid"), text(item, "affiliation")))
        .collect()
}

//! Prosody with the module, and a component that plays gavel.

use crate::support::{
    Client, DEADLINE, El, GAVEL, MUC, MUC_USER, Options, Prosody, SECRET, Version, escape, sign,
};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use std::time::Instant;

/// The room that most tests use.
pub const ROOM: &str = "room@muc.meet.jitsi";
/// Its service.
pub const SERVICE: &str = "muc.meet.jitsi";

/// Prosody and the parties that ask it.
pub struct Scene {
    /// Looks at Prosody's inside; is in no room.
    pub watcher: Client,
    /// Plays gavel.
    pub gavel: Client,
    /// The server.
    pub prosody: Prosody,
}

impl Scene {
    /// The usual Prosody with the module; gavel is admin of nothing.
    pub async fn new(version: Version) -> Self {
        Self::with(version, options()).await
    }

    /// Another Prosody.
    pub async fn with(version: Version, options: Options) -> Self {
        let prosody = Prosody::start(version, options);
        let gavel = Client::component(&prosody, GAVEL).await;
        let watcher = Client::connect(&prosody, "watcher@auth.meet.jitsi").await;
        Self {
            watcher,
            gavel,
            prosody,
        }
    }

    /// Logs in as a user of `meet.jitsi`.
    pub async fn client(&self, user: &str) -> Client {
        Client::connect(&self.prosody, &format!("{user}@meet.jitsi/{user}")).await
    }

    /// Logs in as `name` and enters [`ROOM`] by the same nick.
    pub async fn person(&self, name: &str) -> Client {
        let client = self.client(name).await;
        client.join(ROOM, name, "").await;
        client
    }

    /// Waits for the invitation to a room, then joins it as gavel.
    pub async fn follow(&self, room: &str) {
        self.invited(room).await;
        self.gavel.join(room, "gavel", "").await;
    }

    /// Waits for the invitation to a room.
    pub async fn invited(&self, room: &str) -> El {
        let what = format!("an invitation from {room}");
        self.gavel
            .expect(&what, |s| is_invitation(s) && s.attr("from") == Some(room))
            .await
    }

    /// The stanzas that gavel has received so far, once Prosody has handled everything that
    /// was sent to it before.
    pub async fn seen(&self) -> Vec<El> {
        // Any answer will do.
        let _ = self.gavel.ping(SERVICE).await;
        self.gavel.received()
    }

    /// The presences of an occupant JID that gavel has received so far.
    pub async fn shown(&self, from: &str) -> Vec<El> {
        let mut all = self.seen().await;
        all.retain(|s| s.name == "presence" && s.attr("from") == Some(from));
        all
    }

    /// The newest presence of an occupant of [`ROOM`] as gavel received it.
    pub async fn latest(&self, nick: &str) -> El {
        let shown = self.shown(&format!("{ROOM}/{nick}")).await;
        shown
            .last()
            .cloned()
            .unwrap_or_else(|| panic!("gavel saw nothing of {nick}"))
    }

    /// Runs Lua on a MUC service; see `mod_test_eval`.
    pub async fn eval_on(&self, service: &str, code: &str) -> String {
        let eval = format!("<eval xmlns='urn:gavel:test'>{}</eval>", escape(code));
        let reply = self.watcher.iq("set", service, &eval).await;
        let reply = reply.unwrap_or_else(|why| panic!("{why}: {code}\n{}", self.prosody.log()));
        reply.named("eval").unwrap().text.clone()
    }

    /// Runs Lua on `muc.meet.jitsi`.
    pub async fn eval(&self, code: &str) -> String {
        self.eval_on(SERVICE, code).await
    }

    /// How many occupants the room counts in each way that modules count.
    pub async fn counted(&self) -> String {
        let code = format!(
            "local r, n, m = room('{ROOM}'), 0, 0
             for _ in r:each_occupant() do n = n + 1 end
             for _ in pairs(r._occupants) do m = m + 1 end
             return n..' '..m"
        );
        self.eval(&code).await
    }

    /// Sets fields of a client's session, as token authentication does; Lua.
    pub async fn session(&self, client: &Client, fields: &str) {
        let code = format!(
            "for k, v in pairs({{ {fields} }}) do session('{}')[k] = v end",
            client.jid
        );
        self.eval(&code).await;
    }

    /// Waits until Prosody no longer knows a connection of gavel.
    pub async fn disconnected(&self) {
        let code = "return prosody.hosts['gavel.meet.jitsi'].modules.component.session and 1 or 0";
        let deadline = Instant::now() + DEADLINE;
        while self.eval(code).await != "0" {
            assert!(Instant::now() < deadline, "gavel is still connected");
        }
    }

    /// Ends gavel's stream and connects it again.
    pub async fn reconnect(&mut self) {
        self.gavel.send("</stream:stream>").await;
        self.disconnected().await;
        self.gavel = Client::component(&self.prosody, GAVEL).await;
    }
}

/// Prosody with the module, and nothing that would make gavel an admin.
pub fn options() -> Options {
    Options {
        gavel_is_admin: false,
        admins_own_rooms: false,
        muc_modules: vec!["gavel", "test_eval"],
        breakout_modules: vec!["gavel", "test_eval"],
        ..Options::default()
    }
}

/// Says whether a stanza is an invitation as XEP-0045 §7.8.2 has it.
pub fn is_invitation(stanza: &El) -> bool {
    let x = stanza.child("x", MUC_USER);
    stanza.name == "message"
        && matches!(stanza.attr("type"), None | Some("normal"))
        && x.is_some_and(|x| x.named("invite").is_some())
}

/// The items of a presence.
pub fn items(presence: &El) -> Vec<El> {
    let x = presence.child("x", MUC_USER).expect("a muc#user x");
    x.children
        .iter()
        .filter(|c| c.name == "item")
        .cloned()
        .collect()
}

/// The first item of a presence.
pub fn item(presence: &El) -> El {
    items(presence).first().cloned().expect("an item")
}

/// The children of a presence that have this name.
pub fn all<'a>(presence: &'a El, name: &str) -> Vec<&'a El> {
    presence
        .children
        .iter()
        .filter(|c| c.name == name)
        .collect()
}

/// The claims that a presence carries for gavel: their JSON, if their mac is
/// right for this stream, the first item's real JID and `occupant`.
pub fn claims(gavel: &Client, presence: &El, occupant: &str) -> Option<String> {
    let claims = presence.child("claims", "urn:gavel:claims:0")?;
    let real = item(presence).attr("jid")?.to_string();
    let expected = mac(&gavel.stream_id, &real, occupant, &claims.text);
    (claims.attr("mac") == Some(&expected)).then(|| claims.text.clone())
}

/// SPEC section 3.
pub fn mac(stream: &str, real: &str, occupant: &str, json: &str) -> String {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update([stream, real, occupant, json].join("\n").as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

/// A join as XML, for those that are not answered as usual.
pub fn join_of(from: &str, to: &str) -> String {
    format!("<presence from='{from}' to='{to}'><x xmlns='{MUC}'/></presence>")
}

/// The fields of a session with a verified token of somebody of that name; Lua.
pub fn verified(name: &str) -> String {
    let token = sign(&json!({ "context": { "user": { "name": name } } }));
    format!("auth_token = '{token}', jitsi_meet_domain = '*'")
}

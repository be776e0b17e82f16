//! A meeting with breakout rooms, polls and Jitsi's checks of people's features, played by
//! stand-ins that read a session as Jitsi's modules do: for B17.

use crate::support::{BREAKOUTS, Client, Env, GAVEL, Gavel, Options, Version, escape, token};
use serde_json::{Value, json};

pub const ROOM: &str = "room@muc.meet.jitsi";
pub const ONE: &str = "room--one@breakout.meet.jitsi";
const POLLS: &str = "polls.meet.jitsi";

/// The names that Jitsi reads in a session, and the holders of each without features.
const FEATURES: [(&str, &str); 9] = [
    ("file-upload", "owner"),
    ("flip", "nobody"),
    ("live-translation", "moderator"),
    ("live-translation-subscribe", "nobody"),
    ("livestreaming", "moderator"),
    ("outbound-call", "owner"),
    ("recording", "moderator"),
    ("sip-outbound-call", "nobody"),
    ("transcription", "owner"),
];

/// Every permission that somebody in the meeting can be seen to have.
pub const NAMES: [&str; 14] = [
    "file-upload",
    "flip",
    "live-translation",
    "live-translation-subscribe",
    "livestreaming",
    "outbound-call",
    "recording",
    "sip-outbound-call",
    "transcription",
    "send-groupchat",
    "send-private-message",
    "create-polls",
    "breakout-manage",
    // Last, since it leads out of the room and back.
    "breakout-enter",
];

/// The host's own rule: with any other configuration, the host manages the rooms.
const HOST: &str = "
[[policy.rule]]
name = 'host'
when = 'claims.context.user.id == \"host\"'
affiliation = 'owner'
permissions = { breakout-manage = true, breakout-enter = true, lobby-bypass = true }
";

/// gavel's configuration, with `more` (TOML) beside the settings that a meeting needs.
fn plain(more: &str) -> String {
    let table: toml::Table = more.parse().unwrap();
    let mut all: toml::Table = format!(
        "muc = [{{ service = 'muc.meet.jitsi' }}, {{ service = '{BREAKOUTS}' }}]
         [claims]\nsources = ['bridge']\n"
    )
    .parse()
    .unwrap();
    lay(&mut all, table);
    all.to_string()
}

/// The same with the host's rule first.
pub fn config(more: &str) -> String {
    let mut all: toml::Table = HOST.parse().unwrap();
    lay(&mut all, more.parse().unwrap());
    plain(&all.to_string())
}

/// Lays `over` on `base`; rules follow those that are there.
fn lay(base: &mut toml::Table, over: toml::Table) {
    use toml::Value;
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Table(base)), Value::Table(over)) => lay(base, over),
            (Some(Value::Array(base)), Value::Array(over)) if key == "rule" => base.extend(over),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

/// A running meeting: a focus in it and in a breakout room, and a host.
pub struct Meeting {
    pub host: Client,
    pub focus: Client,
    pub env: Env,
}

fn options() -> Options {
    Options {
        host_modules: vec!["test_features"],
        muc_modules: vec!["gavel", "test_eval", "test_permissions"],
        breakout_modules: vec!["gavel", "test_breakout", "test_breakout_orders"],
        global: r#"muc_mapper_domain_base = "meet.jitsi" muc_mapper_domain_prefix = "muc""#.into(),
        more: format!("Component \"{POLLS}\" \"polls_component\""),
        ..Options::with_module()
    }
}

/// The session after connecting to the meeting: its verified token's claims, and its
/// features where Jitsi keeps them.
pub fn fields(claims: Option<Value>) -> Value {
    let mut fields = json!({ "jitsi_web_query_room": "room", "jitsi_web_query_prefix": "" });
    if let Some(claims) = claims {
        fields["jitsi_meet_domain"] = json!("*");
        fields["jitsi_meet_context_features"] = claims["context"]["features"].clone();
        fields["auth_token"] = json!(token(claims));
    }
    fields
}

/// Claims of somebody who moderates or not, with these features.
pub fn claims(name: &str, moderates: bool, features: &[(&str, bool)]) -> Value {
    let user = json!({ "id": name, "name": name, "moderator": moderates });
    let mut claims = json!({ "context": { "user": user } });
    for (feature, allowed) in features {
        claims["context"]["features"][*feature] = json!(allowed);
    }
    claims
}

impl Meeting {
    /// With the host's own rule beside `more`.
    pub async fn new(version: Version, more: &str) -> Self {
        Self::begin(version, &config(more), claims("host", true, &[])).await
    }

    /// With nothing but `more`; the host's token has these claims.
    pub async fn of(version: Version, more: &str, host: Value) -> Self {
        Self::begin(version, &plain(more), host).await
    }

    async fn begin(version: Version, config: &str, claims: Value) -> Self {
        let env = Env::with(version, options(), config).await;
        let focus = Client::connect(&env.prosody, "focus@auth.meet.jitsi/focus").await;
        focus.join(ROOM, "focus", "").await;
        env.gavel.logs("module=true").await;
        let mut meeting = Self {
            host: Client::connect(&env.prosody, "watcher@meet.jitsi").await,
            focus,
            env,
        };
        let host = meeting.connects("host", Some(claims)).await;
        host.join(ROOM, "host", "").await;
        meeting.focus.sees_affiliation(ROOM, "host", "owner").await;
        host.orders("add", "subject='room--one'").await;
        meeting.focus.join(ONE, "focus", "").await;
        meeting.host = host;
        meeting.settle().await;
        meeting
    }

    /// Waits until gavel has handled everything, and the module gavel's answers.
    pub async fn settle(&self) {
        self.env.settle().await;
        self.host.ping("meet.jitsi").await.unwrap();
    }

    /// Another configuration, taken at once.
    pub async fn reload(&self, more: &str) {
        self.env.reload(&config(more)).await;
        self.settle().await;
    }

    /// Connects for the meeting as Jitsi's clients do: the module asks gavel ahead if there
    /// is a token, and gavel has had its say.
    pub async fn connects(&self, name: &str, claims: Option<Value>) -> Client {
        let jid = format!("{name}@meet.jitsi/{name}");
        let fields = fields(claims).to_string();
        let client = Client::connect_with(&self.env.prosody, &jid, Some(&fields)).await;
        client.ping(GAVEL).await.unwrap();
        client
    }

    /// Somebody in the meeting, about whom the module has asked ahead.
    pub async fn arrives(&self, name: &str, claims: Option<Value>) -> Client {
        let client = self.connects(name, claims).await;
        client.join(ROOM, name, "").await;
        client
    }

    /// Somebody in the meeting, of whom gavel first hears as they enter; it has had its
    /// say.
    pub async fn comes(&self, name: &str, claims: Option<Value>) -> Client {
        let jid = format!("{name}@meet.jitsi/{name}");
        let client = Client::connect(&self.env.prosody, &jid).await;
        client.set_session(&fields(claims)).await;
        client.join(ROOM, name, "").await;
        self.settle().await;
        client
    }

    /// Says whether somebody can use a permission.
    pub async fn may(&self, client: &Client, name: &str) -> bool {
        if let Some((_, without)) = FEATURES.iter().find(|(feature, _)| *feature == name) {
            let question = format!(
                "<may xmlns='urn:gavel:test' feature='{name}' room='{ROOM}' without='{without}'/>"
            );
            return client.iq("get", "meet.jitsi", &question).await.is_ok();
        }
        let body = "<body>hello</body>";
        match name {
            "send-groupchat" => passes(client, ROOM, "groupchat", body).await,
            "send-private-message" => {
                let to = format!("{ROOM}/host");
                passes(client, &to, "chat", body).await
            }
            "create-polls" => passes(client, POLLS, "groupchat", &poll()).await,
            "breakout-manage" => client.orders("rename", &renamed()).await.is_none(),
            "breakout-enter" => self.may_enter(client).await,
            other => panic!("{other} cannot be tried here"),
        }
    }

    /// Says whether somebody gets into the breakout room unsent; they come back.
    async fn may_enter(&self, client: &Client) -> bool {
        let entered = client.moves(ROOM, ONE).await;
        let name = client.jid.split('/').nth(1).unwrap();
        let back = match &entered {
            Ok(()) => client.moves(ONE, ROOM).await,
            Err(why) => {
                assert_eq!(why, "not-allowed");
                client.try_join(ROOM, name, "").await
            }
        };
        assert_eq!(back, Ok(()), "the way back is free");
        self.settle().await;
        entered.is_ok()
    }

    /// All permissions of somebody that can be seen, by name.
    pub async fn all(&self, client: &Client, names: &[&'static str]) -> Vec<(&'static str, bool)> {
        let mut all = Vec::new();
        for name in names {
            all.push((*name, self.may(client, name).await));
        }
        all
    }

    /// Somebody in `GET /v1/rooms/{room}`.
    pub async fn shown(&self, name: &str) -> Value {
        let room = self
            .env
            .gavel
            .get(&format!("/v1/rooms/{ROOM}"))
            .await
            .json();
        let people = room["occupants"].as_array().unwrap();
        let person = people.iter().find(|person| person["nick"] == name);
        person.unwrap_or_else(|| panic!("{room}"))["permissions"].clone()
    }

    /// The people whose permissions gavel has sent to the module, on each of the services:
    /// full JIDs, and nobody's if they were everybody's.
    pub async fn told(&self) -> [Vec<String>; 2] {
        let mut told = [Vec::new(), Vec::new()];
        for (service, told) in ["muc.meet.jitsi", BREAKOUTS].iter().zip(&mut told) {
            let all = self.env.recorded(service).await;
            let sets = all.iter().filter(|s| s.attr("type") == Some("set"));
            let about = sets.filter_map(|s| s.named("permissions"));
            told.extend(about.map(|p| p.attr("jid").unwrap_or_default().to_owned()));
        }
        told
    }

    /// gavel's process, to be ended and started.
    pub fn gavel(&mut self) -> &mut Gavel {
        &mut self.env.gavel
    }
}

fn renamed() -> String {
    format!("breakoutRoomJid='{ONE}' subject='room--one'")
}

/// Says whether a message gets through. A person who is refused is told why.
async fn passes(client: &Client, to: &str, kind: &str, children: &str) -> bool {
    let refusal = client.says(to, kind, children).await;
    assert!(refusal.as_ref().is_none_or(|(_, text)| !text.is_empty()));
    refusal.is_none()
}

/// A new poll, as Jitsi's clients send it.
fn poll() -> String {
    let json = json!({
        "type": "polls", "command": "new-poll", "pollId": "p", "question": "q",
        "answers": [{ "name": "yes" }],
    });
    let text = escape(&json.to_string());
    format!("<json-message xmlns='http://jitsi.org/jitmeet'>{text}</json-message>")
}

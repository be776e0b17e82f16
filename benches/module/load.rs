//! The load: meetings as Jitsi has them, in which people enter one after
//! another, mute and unmute themselves, and leave.

use crate::client::Client;
use crate::support::{GAVEL, Prosody};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::time::Duration;

/// People who enter in a round, in meetings of some size one after another;
/// every third is a moderator by token.
const ENTRIES: usize = 160;
/// Presence updates that each sends; none tells gavel anything.
const UPDATES: usize = 2;
/// What people wait for who are to be moderators, and the others.
const SETTLED: [&str; 2] = ["role='moderator'", "affiliation='member'"];

/// The people of all meetings, logged in.
pub struct Crowd {
    focus: Client,
    people: Vec<Client>,
    /// Whether somebody gives affiliations.
    settles: bool,
    /// Whether that is gavel.
    gavel: bool,
    meetings: usize,
}

impl Crowd {
    pub async fn gather(prosody: &Prosody, size: usize, settles: bool, gavel: bool) -> Self {
        let focus = Client::connect(prosody, "focus", "auth.meet.jitsi").await;
        let mut people = Vec::new();
        for person in 0..size {
            let nick = format!("{person:08x}");
            let mut client = Client::connect(prosody, &nick, "meet.jitsi").await;
            let session = session(person);
            let order = format!("<session xmlns='urn:gavel:test'>{session}</session>");
            client.iq("meet.jitsi", "set", &order).await;
            people.push(client);
        }
        Self {
            focus,
            people,
            settles,
            gavel,
            meetings: 0,
        }
    }

    /// Presence stanzas sent so far, by all but the focus.
    pub fn presences(&self) -> u64 {
        self.people.iter().map(|client| client.presences).sum()
    }

    /// Holds a round of meetings. Gives how long each moderator waited between
    /// its own first presence and its role.
    pub async fn round(&mut self) -> Vec<Duration> {
        let mut waits = Vec::new();
        for _ in 0..ENTRIES.div_ceil(self.people.len()) {
            self.meetings += 1;
            let room = format!("meeting{}@muc.meet.jitsi", self.meetings);
            self.meeting(&room, &mut waits).await;
        }
        if self.gavel {
            // What it still had to do belongs to the round.
            let ping = "<ping xmlns='urn:xmpp:ping'/>";
            self.focus.iq(GAVEL, "get", ping).await;
        }
        waits
    }

    async fn meeting(&mut self, room: &str, waits: &mut Vec<Duration>) {
        self.focus.join(room, "").await;
        for (index, person) in self.people.iter_mut().enumerate() {
            let entered = person.join(room, &children(index, 0)).await;
            if !self.settles {
                continue;
            }
            let settled = SETTLED[usize::from(!moderates(index))];
            let settled = person.until("what its token gives", settled).await;
            if moderates(index) {
                waits.push(settled - entered);
            }
        }
        for update in 1..=UPDATES {
            for (index, person) in self.people.iter_mut().enumerate() {
                let children = children(index, update);
                person.presence(room, "", &children).await;
            }
            let shown = format!("{{\"update\":{update}}}").replace('"', "&quot;");
            for person in &mut self.people {
                person.until("its own update", &shown).await;
            }
        }
        for person in self.people.iter_mut().chain([&mut self.focus]) {
            person.presence(room, " type='unavailable'", "").await;
            person.until("its own end", "type='unavailable'").await;
        }
    }
}

fn moderates(person: usize) -> bool {
    person.is_multiple_of(3)
}

/// What token authentication leaves in a session (JSON).
fn session(person: usize) -> String {
    let user = json!({
        "id": format!("user-{person}"),
        "name": name(person),
        "email": format!("somebody-{person}@example.org"),
        "avatar": "https://example.org/avatars/somebody.png",
        "moderator": moderates(person),
    });
    let claims = json!({
        "iss": "jitsi", "aud": "jitsi", "sub": "*", "room": "*", "exp": 4_102_444_800_u64,
        "context": { "user": user, "features": { "recording": true, "livestreaming": true } },
    });
    let token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let session: Value = json!({
        "auth_token": token,
        "jitsi_meet_domain": "*",
        "jitsi_meet_room": "*",
        "jitsi_meet_context_user": user,
    });
    session.to_string()
}

fn name(person: usize) -> String {
    format!("Somebody Number {person}")
}

/// What a Jitsi client writes into its presence; `update` changes nothing that
/// gavel would want to know.
fn children(person: usize, update: usize) -> String {
    let muted = update % 2 == 1;
    let name = name(person);
    format!(
        "<stats-id>Dashawn-2Xd</stats-id><c hash='sha-1' xmlns='http://jabber.org/protocol/caps' \
         node='https://jitsi.org/jitsi-meet' ver='dtzK/3xhISaXUMVg59IpXxdvKyQ='/>\
         <SourceInfo>{{\"update\":{update}}}</SourceInfo>\
         <jitsi_participant_codecList>av1,vp9,vp8,h264</jitsi_participant_codecList>\
         <audiomuted xmlns='http://jitsi.org/jitmeet/audio'>{muted}</audiomuted>\
         <videomuted xmlns='http://jitsi.org/jitmeet/video'>true</videomuted>\
         <nick xmlns='http://jabber.org/protocol/nick'>{name}</nick>"
    )
}

//! The load: meetings as Jitsi has them. Each person connects for the one meeting,
//! its client naming the room as it does, and enters a while later: clients of
//! Jitsi ask the focus in between. People enter one after another, mute and unmute
//! themselves, leave, and disconnect.

use crate::client::{Client, contains};
use crate::support::{GAVEL, Prosody};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use std::time::Duration;

/// People who enter in a round, in meetings of some size one after another;
/// every third is a moderator by token.
const ENTRIES: usize = 160;
/// Presence updates that each sends; none tells gavel anything.
const UPDATES: usize = 2;
/// The words that people wait for: the future moderators, and the others.
const SETTLED: [&str; 2] = ["role='moderator'", "affiliation='member'"];

/// The people of all meetings.
pub struct Crowd {
    focus: Client,
    size: usize,
    kind: Kind,
    meetings: usize,
    /// Presence stanzas sent so far, by all but the focus.
    pub presences: u64,
}

/// The kind of people, as far as it differs between the contenders.
#[derive(Clone, Copy)]
pub struct Kind {
    /// Says whether somebody gives affiliations.
    pub settles: bool,
    /// Says whether that is gavel.
    pub gavel: bool,
    /// Says whether people name their room as they connect.
    pub ahead: bool,
}

impl Crowd {
    pub async fn gather(prosody: &Prosody, size: usize, kind: Kind) -> Self {
        let host = "auth.meet.jitsi";
        prosody.add_user("focus", host);
        for person in 0..size {
            prosody.add_user(&nick(person), "meet.jitsi");
        }
        Self {
            focus: Client::connect(prosody, "focus", host, "").await,
            size,
            kind,
            meetings: 0,
            presences: 0,
        }
    }

    /// Holds a round of meetings. Gives how long each moderator waited between
    /// its own first presence and its role.
    pub async fn round(&mut self, prosody: &Prosody) -> Vec<Duration> {
        let mut waits = Vec::new();
        for _ in 0..ENTRIES.div_ceil(self.size) {
            self.meetings += 1;
            let name = format!("meeting{}", self.meetings);
            self.meeting(prosody, &name, &mut waits).await;
        }
        if self.kind.gavel {
            // The rest of its work belongs to the round.
            let ping = "<ping xmlns='urn:xmpp:ping'/>";
            self.focus.iq(GAVEL, "get", ping).await;
        }
        waits
    }

    async fn meeting(&mut self, prosody: &Prosody, name: &str, waits: &mut Vec<Duration>) {
        let room = &*format!("{name}@muc.meet.jitsi");
        let mut people = Vec::new();
        for person in 0..self.size {
            let session = session(person, name, self.kind.ahead);
            people.push(Client::connect(prosody, &nick(person), "meet.jitsi", &session).await);
        }
        self.focus.join(room, "").await;
        for (index, person) in people.iter_mut().enumerate() {
            let entered = person.join(room, &children(index, 0)).await;
            if !self.kind.settles {
                continue;
            }
            let settled = SETTLED[usize::from(!moderates(index))];
            let at = match contains(&entered, settled) {
                true => entered.0,
                false => person.until("what its token gives", settled).await.0,
            };
            if moderates(index) {
                waits.push(at - entered.0);
            }
        }
        for update in 1..=UPDATES {
            for (index, person) in people.iter_mut().enumerate() {
                let children = children(index, update);
                person.presence(room, "", &children).await;
            }
            let shown = format!("{{\"update\":{update}}}").replace('"', "&quot;");
            for person in &mut people {
                person.until("its own update", &shown).await;
            }
        }
        for person in people.iter_mut().chain([&mut self.focus]) {
            person.presence(room, " type='unavailable'", "").await;
            person.until("its own end", "type='unavailable'").await;
        }
        for person in people {
            self.presences += person.presences;
            person.disconnect().await;
        }
    }
}

fn nick(person: usize) -> String {
    format!("{person:08x}")
}

fn moderates(person: usize) -> bool {
    person.is_multiple_of(3)
}

/// The session after connecting to `room` with a token (JSON).
fn session(person: usize, room: &str, ahead: bool) -> String {
    let user = json!({
        "id": format!("user-{person}"),
        "name": name(person),
        "email": format!("somebody-{person}@example.org"),
        "avatar": "https://example.org/avatars/somebody.png",
        "moderator": moderates(person),
    });
    let features = json!({ "recording": true, "livestreaming": true });
    let claims = json!({
        "iss": "jitsi", "aud": "jitsi", "sub": "*", "room": "*", "exp": 4_102_444_800_u64,
        "context": { "user": user, "features": features },
    });
    let token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let mut session = json!({
        "auth_token": token,
        "jitsi_meet_domain": "*",
        "jitsi_meet_room": "*",
        "jitsi_meet_context_user": user,
        "jitsi_meet_context_features": features,
    });
    if ahead {
        session["jitsi_web_query_room"] = json!(room);
        session["jitsi_web_query_prefix"] = json!("");
    }
    session.to_string()
}

fn name(person: usize) -> String {
    format!("Somebody Number {person}")
}

/// The children of a Jitsi client's presence; `update` changes nothing that gavel would
/// want to know.
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

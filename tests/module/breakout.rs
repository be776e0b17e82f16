//! B17: breakout rooms. Entering one unsent, being sent, and managing them.

use crate::on_both;
use crate::permissions::{defaults_on, says_of};
use crate::scene::{ROOM, SERVICE, Scene, options};
use crate::support::{BREAKOUTS, Client, Options, Version, sign};
use serde_json::{Value, json};

pub const ONE: &str = "room--one@breakout.meet.jitsi";
pub const TWO: &str = "room--two@breakout.meet.jitsi";
/// A part of each presence of Jitsi's clients.
pub const JITSI: &str = "<SourceInfo>{}</SourceInfo>";

pub struct Meeting {
    pub scene: Scene,
    /// Moderates it.
    pub host: Client,
    pub focus: Client,
}

/// The session after connecting to the meeting.
pub fn connected(user_id: &str) -> Value {
    let token = sign(&json!({ "context": { "user": { "id": user_id } } }));
    json!({ "auth_token": token, "jitsi_meet_domain": "*", "jitsi_web_query_room": "room" })
}

impl Meeting {
    /// Two breakout rooms, which only those who are sent may enter; the focus is in the first.
    pub async fn new(version: Version) -> Self {
        let scene = Scene::with(version, orders()).await;
        let focus = Client::connect(&scene.prosody, "focus@auth.meet.jitsi/focus").await;
        focus.join(ROOM, "focus", "").await;
        scene.follow(ROOM).await;
        let host = person(&scene, "host").await;
        scene
            .gavel
            .affiliate(ROOM, host.bare(), "owner")
            .await
            .unwrap();
        host.sees_affiliation(ROOM, "host", "owner").await;
        for name in ["room--one", "room--two"] {
            host.orders("add", &format!("subject='{name}'")).await;
        }
        for service in [SERVICE, BREAKOUTS] {
            defaults_on(&scene, service, &[("breakout-enter", "nobody")]).await;
        }
        focus.join(ONE, "focus", "").await;
        scene.follow(ONE).await;
        Self { scene, host, focus }
    }

    pub async fn sends(&self, whom: &Client, to: &str) {
        let attributes = format!("participantJid='{}' roomJid='{to}'", whom.jid);
        self.host.orders("move-to-room", &attributes).await;
        whom.ping("meet.jitsi").await.unwrap();
    }

    /// Everybody's names in a breakout room, as it counts them.
    pub async fn inside(&self, room: &str) -> String {
        let code = format!(
            "local r, n = room('{room}'), {{}} if not r then return 'none' end
             for nick in r:each_occupant() do table.insert(n, nick:match('/(.*)$')) end
             table.sort(n) return table.concat(n, ' ')"
        );
        self.scene.eval_on(BREAKOUTS, &code).await
    }
}

fn orders() -> Options {
    let mut options = options();
    options.global =
        r#"muc_mapper_domain_base = "meet.jitsi" muc_mapper_domain_prefix = "muc""#.into();
    let stand_ins = ["test_breakout", "test_breakout_orders"];
    options.breakout_modules.splice(0..0, stand_ins);
    options
}

/// Somebody in the main room.
pub async fn person(scene: &Scene, name: &str) -> Client {
    person_as(scene, name, name).await
}

pub async fn person_as(scene: &Scene, name: &str, user_id: &str) -> Client {
    let jid = format!("{name}@meet.jitsi/{name}");
    let fields = connected(user_id).to_string();
    let client = Client::connect_with(&scene.prosody, &jid, Some(&fields)).await;
    client.join(ROOM, name, "").await;
    client
}

async fn module_lets_only_people_who_are_sent_into_breakout_rooms(version: Version) {
    let meeting = Meeting::new(version).await;
    let [bob, carol] = [
        person(&meeting.scene, "bob").await,
        person(&meeting.scene, "carol").await,
    ];
    let refused = Err("not-allowed".to_owned());
    assert_eq!(bob.moves(ROOM, ONE).await, refused);
    assert_eq!(bob.try_join(ONE, "bob", "").await, refused, "once more");
    assert_eq!(bob.try_join(TWO, "bob", "").await, refused);
    assert_eq!(meeting.inside(ONE).await, "focus");
    assert_eq!(meeting.inside(TWO).await, "none", "no room came of it");
    assert_eq!(
        bob.try_join(ROOM, "bob", "").await,
        Ok(()),
        "back to the main room"
    );
    // Somebody who is sent enters there, and only there, once.
    meeting.sends(&bob, ONE).await;
    assert_eq!(bob.moves(ROOM, TWO).await, refused);
    assert_eq!(carol.moves(ROOM, ONE).await, refused, "another's");
    assert_eq!(bob.try_join(ONE, "bob", "").await, Ok(()));
    assert_eq!(meeting.inside(ONE).await, "bob focus");
    assert_eq!(bob.moves(ONE, ROOM).await, Ok(()));
    assert_eq!(bob.moves(ROOM, ONE).await, refused, "it was for once");
    // Only the last place counts, and back to the main room is a place.
    bob.join(ROOM, "bob", "").await;
    for (first, last) in [(ONE, TWO), (ONE, ROOM)] {
        meeting.sends(&bob, first).await;
        meeting.sends(&bob, last).await;
        assert_eq!(bob.moves(ROOM, ONE).await, refused);
        bob.join(ROOM, "bob", "").await;
    }
    // A participant sends nobody, and a moderator enters everywhere.
    let attributes = format!("participantJid='{}' roomJid='{ONE}'", carol.jid);
    bob.orders("move-to-room", &attributes).await;
    assert_eq!(carol.try_join(ONE, "carol", "").await, refused);
    assert_eq!(meeting.host.moves(ROOM, ONE).await, Ok(()));
    // From there moderators send, too; the ticket outlives a reload.
    bob.ping("meet.jitsi").await.unwrap();
    meeting.sends(&bob, TWO).await;
    meeting
        .scene
        .eval_on(BREAKOUTS, "return manage('reload', 'gavel')")
        .await;
    meeting.focus.join(TWO, "focus", "").await;
    assert_eq!(bob.moves(ROOM, TWO).await, Ok(()));
    // A person whose list allows it needs nobody.
    carol.join(ROOM, "carol", "").await;
    says_of(
        &meeting.scene,
        ROOM,
        &carol,
        &[("breakout-enter", "everyone")],
    )
    .await
    .unwrap();
    assert_eq!(carol.moves(ROOM, TWO).await, Ok(()));
    assert_eq!(meeting.inside(TWO).await, "bob carol focus");
    // An order that Jitsi refuses is no ticket.
    let three = "room--three@breakout.meet.jitsi";
    carol.join(ROOM, "carol", "").await;
    let none = [("breakout-enter", "nobody")];
    says_of(&meeting.scene, ROOM, &carol, &none).await.unwrap();
    meeting.sends(&carol, three).await;
    meeting.focus.join(three, "focus", "").await;
    assert_eq!(carol.moves(ROOM, three).await, refused);
}
on_both!(module_lets_only_people_who_are_sent_into_breakout_rooms);

async fn module_leaves_breakout_rooms_open_where_gavel_says_so(version: Version) {
    let meeting = Meeting::new(version).await;
    let bob = person(&meeting.scene, "bob").await;
    says_of(
        &meeting.scene,
        ROOM,
        &bob,
        &[("breakout-enter", "moderators")],
    )
    .await
    .unwrap();
    for names in [&[("breakout-enter", "everyone")][..], &[]] {
        defaults_on(&meeting.scene, BREAKOUTS, names).await;
        // The defaults hold for people without a list of their own.
        assert_eq!(bob.moves(ROOM, ONE).await, Err("not-allowed".to_owned()));
        let guest = format!("guest{}", names.len());
        let guest = person(&meeting.scene, &guest).await;
        assert_eq!(guest.moves(ROOM, ONE).await, Ok(()));
        bob.join(ROOM, "bob", "").await;
    }
    // A list that is given while somebody is in a breakout room holds for the meeting.
    meeting.sends(&bob, ONE).await;
    assert_eq!(bob.moves(ROOM, ONE).await, Ok(()));
    says_of(&meeting.scene, ONE, &bob, &[("breakout-enter", "everyone")])
        .await
        .unwrap();
    assert_eq!(bob.moves(ONE, ROOM).await, Ok(()));
    assert_eq!(bob.moves(ROOM, ONE).await, Ok(()));
    // gavel's absence changes nothing.
    defaults_on(&meeting.scene, BREAKOUTS, &[("breakout-enter", "nobody")]).await;
    meeting.scene.gavel.send("</stream:stream>").await;
    meeting.scene.disconnected().await;
    let carol = person(&meeting.scene, "carol").await;
    assert_eq!(carol.moves(ROOM, ONE).await, Err("not-allowed".to_owned()));
    carol.join(ROOM, "carol", "").await;
    meeting.sends(&carol, ONE).await;
    assert_eq!(carol.moves(ROOM, ONE).await, Ok(()));
}
on_both!(module_leaves_breakout_rooms_open_where_gavel_says_so);

async fn module_refuses_to_manage_breakout_rooms(version: Version) {
    let meeting = Meeting::new(version).await;
    let bob = person(&meeting.scene, "bob").await;
    let rooms = "local n = {} for jid, name in pairs(prosody.hosts['muc.meet.jitsi'].modules.muc
            .get_room_from_jid('room@muc.meet.jitsi')._data.breakout_rooms) do table.insert(n, name) end
        table.sort(n) return table.concat(n, ' ')";
    let orders = |name: &str| {
        [
            ("add", format!("subject='{name}'")),
            (
                "rename",
                format!("breakoutRoomJid='{TWO}' subject='{name}'"),
            ),
            ("remove", format!("breakoutRoomJid='{TWO}'")),
            (
                "move-to-room",
                format!("participantJid='{}' roomJid='{ONE}'", bob.jid),
            ),
        ]
    };
    let denied = [("breakout-manage", "nobody"), ("breakout-enter", "nobody")];
    says_of(&meeting.scene, ROOM, &meeting.host, &denied)
        .await
        .unwrap();
    for place in ["main room", "breakout room"] {
        for (kind, attributes) in orders("denied") {
            let refused = meeting.host.orders(kind, &attributes).await;
            assert_eq!(
                refused.as_deref(),
                Some("not-allowed"),
                "{kind} from the {place}"
            );
        }
        assert_eq!(
            meeting.scene.eval_on(BREAKOUTS, rooms).await,
            "room--one room--two"
        );
        assert_eq!(bob.count(|s| s.named("json-message").is_some()), 0);
        if place == "main room" {
            assert_eq!(
                meeting.host.moves(ROOM, ONE).await,
                Ok(()),
                "moderators enter"
            );
        }
    }
    // A move that was refused is no ticket.
    assert_eq!(bob.moves(ROOM, ONE).await, Err("not-allowed".to_owned()));
    bob.join(ROOM, "bob", "").await;
    // A person with the permission becomes no moderator by it.
    says_of(
        &meeting.scene,
        ROOM,
        &bob,
        &[("breakout-manage", "everyone")],
    )
    .await
    .unwrap();
    bob.orders("add", "subject='bobs'").await;
    assert_eq!(
        meeting.scene.eval_on(BREAKOUTS, rooms).await,
        "room--one room--two"
    );
    let allowed = [("breakout-manage", "moderators")];
    says_of(&meeting.scene, ONE, &meeting.host, &allowed)
        .await
        .unwrap();
    for (kind, attributes) in orders("new") {
        assert_eq!(meeting.host.orders(kind, &attributes).await, None, "{kind}");
    }
    assert_eq!(
        meeting.scene.eval_on(BREAKOUTS, rooms).await,
        "new room--one"
    );
}
on_both!(module_refuses_to_manage_breakout_rooms);

/// A new nick is neither a way around a denial nor a way out of the room.
async fn module_knows_people_by_a_new_nick(version: Version) {
    let meeting = Meeting::new(version).await;
    let scene = &meeting.scene;
    let host = &meeting.host;
    says_of(scene, ROOM, host, &[("breakout-manage", "nobody")])
        .await
        .unwrap();
    host.presence(ROOM, "host2", "").await;
    host.sees(ROOM, "host2", "to be there", |_| true).await;
    let refused = Some("not-allowed".to_owned());
    assert_eq!(host.orders("add", "subject='denied'").await, refused);
    says_of(scene, ROOM, host, &[("breakout-manage", "moderators")])
        .await
        .unwrap();
    host.presence(ROOM, "host3", "").await;
    let bob = person(scene, "bob").await;
    meeting.sends(&bob, ONE).await;
    assert_eq!(bob.moves(ROOM, ONE).await, Ok(()));
    // Nobody has dropped out by it, to be let in again.
    bob.presence(ONE, "bob2", "").await;
    bob.sees(ONE, "bob2", "to be there", |_| true).await;
    bob.send(&format!(
        "<presence to='{ONE}/bob2' type='unavailable'><status>switch_room</status></presence>"
    ))
    .await;
    bob.sees_gone(ONE, "bob2").await;
    assert_eq!(
        bob.try_join(ONE, "bob2", "").await,
        Err("not-allowed".to_owned())
    );
}
on_both!(module_knows_people_by_a_new_nick);

/// A moderator of another meeting sends nobody into this one's rooms.
async fn module_takes_no_tickets_of_other_meetings(version: Version) {
    let meeting = Meeting::new(version).await;
    let jid = "mallory@meet.jitsi/mallory";
    let mut fields = connected("mallory");
    fields["jitsi_web_query_room"] = json!("other");
    let fields = fields.to_string();
    let mallory = Client::connect_with(&meeting.scene.prosody, jid, Some(&fields)).await;
    mallory.join("other@muc.meet.jitsi", "mallory", "").await;
    assert_eq!(mallory.role("other@muc.meet.jitsi", "mallory"), "moderator");
    mallory.orders("add", "subject='room--one'").await;
    let attributes = format!("participantJid='{jid}' roomJid='{ONE}'");
    assert_eq!(mallory.orders("move-to-room", &attributes).await, None);
    mallory
        .expect("to be sent there", |s| s.named("json-message").is_some())
        .await;
    let refused = mallory.try_join(ONE, "mallory", "").await;
    assert_eq!(refused, Err("not-allowed".to_owned()));
    // Nor do they take away an affiliation that somebody was given here.
    let bob = person(&meeting.scene, "bob").await;
    meeting.sends(&bob, ONE).await;
    let attributes = format!("participantJid='{}' roomJid='{ONE}'", bob.jid);
    assert_eq!(mallory.orders("move-to-room", &attributes).await, None);
    assert_eq!(bob.moves(ROOM, ONE).await, Ok(()));
}
on_both!(module_takes_no_tickets_of_other_meetings);

/// Recorders and the like are never stopped.
async fn module_stops_no_machines_at_breakout_rooms(version: Version) {
    let meeting = Meeting::new(version).await;
    let prosody = &meeting.scene.prosody;
    let recorder = Client::connect(prosody, "recorder@auth.meet.jitsi/recorder").await;
    assert_eq!(recorder.try_join(ONE, "recorder", "").await, Ok(()));
    let other = Client::connect(prosody, "other@auth.meet.jitsi/other").await;
    // If gavel names them, they are these and no others; also over a reload.
    let machines = format!(
        "<permissions xmlns='urn:gavel:permissions:0'><p name='breakout-enter' for='nobody'/>\
         <infrastructure jid='{}'/></permissions>",
        "jibri@meet.jitsi"
    );
    meeting
        .scene
        .gavel
        .iq("set", BREAKOUTS, &machines)
        .await
        .unwrap();
    meeting
        .scene
        .eval_on(BREAKOUTS, "return manage('reload', 'gavel')")
        .await;
    let jibri = person(&meeting.scene, "jibri").await;
    assert_eq!(jibri.moves(ROOM, ONE).await, Ok(()));
    let refused = Err("not-allowed".to_owned());
    assert_eq!(other.try_join(ONE, "other", "").await, refused);
    // If it has named them with the guard's lease alone, that counts.
    defaults_on(&meeting.scene, BREAKOUTS, &[("breakout-enter", "nobody")]).await;
    let lease = "<lease xmlns='urn:gavel:guard:0' seconds='9'><infrastructure jid='bot@meet.jitsi'/></lease>";
    meeting
        .scene
        .gavel
        .iq("set", BREAKOUTS, lease)
        .await
        .unwrap();
    let bot = person(&meeting.scene, "bot").await;
    assert_eq!(bot.moves(ROOM, ONE).await, Ok(()));
    assert_eq!(other.try_join(ONE, "other", "").await, refused);
}
on_both!(module_stops_no_machines_at_breakout_rooms);

//! People who are about to enter: the question to gavel, and the fate of its answer.

use crate::on_both;
use crate::scene::{ROOM, SERVICE, Scene, item, mac};
use crate::support::{Client, El, GAVEL, Options, Version, nick};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

pub const ARRIVAL: &str = "urn:gavel:arrival:0";
pub const CLAIMS: &str = r#"{"context":{"user":{"name":"Alice"}}}"#;

/// As in Jitsi, whose domain mapper tells the main service from others.
pub async fn scene(version: Version) -> Scene {
    with(version, |_| {}).await
}

/// The same with a change.
pub async fn with(version: Version, change: impl FnOnce(&mut Options)) -> Scene {
    let mut options = options();
    change(&mut options);
    Scene::with(version, options).await
}

pub fn options() -> Options {
    Options {
        global: r#"muc_mapper_domain_base = "meet.jitsi" muc_mapper_domain_prefix = "muc""#.into(),
        ..crate::scene::options()
    }
}

/// The session after connecting to `room` with a verified token.
pub fn session(room: &str, tenant: &str) -> Value {
    let token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(CLAIMS));
    json!({
        "auth_token": token, "jitsi_meet_domain": "*",
        "jitsi_web_query_room": room, "jitsi_web_query_prefix": tenant,
    })
}

pub async fn connects(scene: &Scene, user: &str, session: &Value) -> Client {
    let jid = format!("{user}@meet.jitsi/{user}");
    Client::connect_with(&scene.prosody, &jid, Some(&session.to_string())).await
}

pub fn is_question(stanza: &El) -> bool {
    stanza.name == "iq" && stanza.child("arrival", ARRIVAL).is_some()
}

/// Waits until gavel is asked.
pub async fn question(scene: &Scene) -> El {
    scene.gavel.expect("a question", is_question).await
}

/// Answers a question as gavel does, and waits until Prosody has read it.
pub async fn says(scene: &Scene, question: &El, affiliation: &str, name: &str) {
    let id = question.attr("id").unwrap();
    let affiliation = match affiliation {
        "" => String::new(),
        other => format!(" affiliation='{other}'"),
    };
    let answer = format!("<arrival xmlns='{ARRIVAL}'{affiliation}>{name}</arrival>");
    let (from, to) = (GAVEL, SERVICE);
    let iq = format!("<iq type='result' id='{id}' from='{from}' to='{to}'>{answer}</iq>");
    scene.gavel.send(&iq).await;
    scene.seen().await;
}

/// Alice is about to enter the room, and gavel has said this of her.
pub async fn announced(scene: &Scene, affiliation: &str, name: &str) -> Client {
    let alice = connects(scene, "alice", &session("room", "")).await;
    let asked = question(scene).await;
    says(scene, &asked, affiliation, name).await;
    alice
}

/// Alice is about to enter the room, and gavel has said that she is owner.
pub async fn expected(scene: &Scene) -> Client {
    announced(scene, "owner", "Alice").await
}

/// Affiliation and role by which the room knows somebody at last.
pub async fn standing(watcher: &Client, nick: &str) -> (String, String) {
    watcher.ping("meet.jitsi").await.unwrap();
    (watcher.affiliation(ROOM, nick), watcher.role(ROOM, nick))
}

pub fn pair(affiliation: &str, role: &str) -> (String, String) {
    (affiliation.into(), role.into())
}

/// The affiliation and role of an ordinary newcomer.
pub fn ordinary() -> (String, String) {
    pair("none", "participant")
}

async fn module_asks_as_soon_as_a_client_names_its_room(version: Version) {
    let scene = scene(version).await;
    let alice = connects(&scene, "alice", &session("Room", "")).await;
    let asked = question(&scene).await;
    assert_eq!(asked.attr("type"), Some("get"));
    assert_eq!(asked.attr("from"), Some(SERVICE));
    assert_eq!(asked.attr("to"), Some(GAVEL));
    let arrival = asked.child("arrival", ARRIVAL).unwrap();
    assert_eq!(arrival.attr("room"), Some(ROOM));
    assert_eq!(arrival.attr("jid"), Some(alice.jid.as_str()));
    let claims = arrival.child("claims", "urn:gavel:claims:0").unwrap();
    assert_eq!(claims.text, CLAIMS);
    // For no nick: it is no use as the claims of an occupant.
    let expected = mac(
        &scene.gavel.stream_id,
        &alice.jid,
        &format!("{ROOM}/"),
        CLAIMS,
    );
    assert_eq!(claims.attr("mac"), Some(expected.as_str()));
    connects(&scene, "bob", &session("room", "school")).await;
    let asked = question(&scene).await;
    let arrival = asked.child("arrival", ARRIVAL).unwrap();
    assert_eq!(arrival.attr("room"), Some("[school]room@muc.meet.jitsi"));
}
on_both!(module_asks_as_soon_as_a_client_names_its_room);

async fn module_asks_only_about_verified_claims_and_rooms_of_its_own(version: Version) {
    let scene = scene(version).await;
    let without = |field: &str| {
        let mut fields = session("room", "");
        fields.as_object_mut().unwrap().remove(field);
        fields
    };
    let (unverified, nowhere) = (
        without("jitsi_meet_domain"),
        without("jitsi_web_query_room"),
    );
    let odd = [
        ("", ""),
        ("a@b", ""),
        ("a/b", ""),
        ("room", "x@y"),
        ("<>", ""),
    ];
    let odd = odd.map(|(room, tenant)| session(room, tenant));
    for (index, fields) in [unverified, nowhere].iter().chain(&odd).enumerate() {
        connects(&scene, &format!("user{index}"), fields).await;
    }
    let asked = scene.seen().await.into_iter().filter(is_question).count();
    assert_eq!(asked, 0);
    // Breakout rooms are not connected to, as Jitsi's domain mapper tells.
    connects(&scene, "alice", &session("room", "")).await;
    question(&scene).await;
    let asked = scene.seen().await.into_iter().filter(is_question).count();
    assert_eq!(asked, 1, "by the main service alone");
}
on_both!(module_asks_only_about_verified_claims_and_rooms_of_its_own);

async fn module_lets_people_enter_as_gavel_has_said(version: Version) {
    let scene = scene(version).await;
    let host = scene.person("host").await;
    scene.follow(ROOM).await;
    let alice = expected(&scene).await;
    alice.join(ROOM, "alice", &nick("Mallory")).await;
    for client in [&host, &alice] {
        assert_eq!(standing(client, "alice").await, pair("owner", "moderator"));
        let from = format!("{ROOM}/alice");
        let shown = client.count(|s| s.name == "presence" && s.attr("from") == Some(&from));
        assert_eq!(shown, 1, "{} saw her change", client.jid);
        assert_eq!(client.name(ROOM, "alice").as_deref(), Some("Alice"));
    }
    let announced = host.count(|s| s.name == "message" && s.named("x").is_some());
    assert_eq!(announced, 0);
    // gavel is told the change that was made, and nothing else.
    let shown = scene.shown(&format!("{ROOM}/alice")).await;
    assert_eq!(shown.len(), 1);
    let claims = shown[0].child("claims", "urn:gavel:claims:0").unwrap();
    assert_eq!(
        (claims.attr("given"), claims.attr("pinned")),
        (Some("owner"), Some("Alice"))
    );
    assert_eq!(item(&shown[0]).attr("affiliation"), Some("owner"));
    let about = |s: &El| s.name == "message" && format!("{s:?}").contains(alice.bare());
    assert_eq!(scene.seen().await.iter().filter(|s| about(s)).count(), 0);
    // The same person once more is for gavel to look at.
    alice.leave(ROOM, "alice").await;
    scene
        .gavel
        .affiliate(ROOM, alice.bare(), "none")
        .await
        .unwrap();
    host.ping("meet.jitsi").await.unwrap();
    let announced = host.count(|s| s.name == "message" && s.named("x").is_some());
    assert_eq!(announced, 1, "what is set later is told");
    alice.join(ROOM, "alice", &nick("Mallory")).await;
    assert_eq!(standing(&host, "alice").await, ordinary());
    let latest = scene.latest("alice").await;
    let claims = latest.child("claims", "urn:gavel:claims:0").unwrap();
    assert_eq!((claims.attr("given"), claims.attr("pinned")), (None, None));
}
on_both!(module_lets_people_enter_as_gavel_has_said);

/// Not every token has a name, and with `names.freeze = "off"` none counts.
async fn module_leaves_people_their_names_if_gavel_gives_none(version: Version) {
    let scene = scene(version).await;
    let host = scene.person("host").await;
    scene.follow(ROOM).await;
    for said in ["owner", ""] {
        let alice = announced(&scene, said, "").await;
        alice.join(ROOM, "alice", &nick("Mine")).await;
        host.sees_name(ROOM, "alice", "Mine").await;
        alice.presence(ROOM, "alice", &nick("Another")).await;
        host.sees_name(ROOM, "alice", "Another").await;
        alice.leave(ROOM, "alice").await;
    }
}
on_both!(module_leaves_people_their_names_if_gavel_gives_none);

async fn module_lets_people_be_first_in_a_room_as_gavel_has_said(version: Version) {
    let scene = scene(version).await;
    let alice = announced(&scene, "member", "Alice").await;
    alice.join(ROOM, "alice", "").await;
    // Prosody makes creators owner: nothing is taken from them before gavel is there.
    assert_eq!(standing(&alice, "alice").await, pair("owner", "moderator"));
    assert_eq!(alice.name(ROOM, "alice").as_deref(), Some("Alice"));
    scene.follow(ROOM).await;
    let latest = scene.latest("alice").await;
    let claims = latest.child("claims", "urn:gavel:claims:0").unwrap();
    assert_eq!(
        (claims.attr("given"), claims.attr("pinned")),
        (None, Some("Alice"))
    );
}
on_both!(module_lets_people_be_first_in_a_room_as_gavel_has_said);

async fn module_waits_for_no_answer_about_newcomers(version: Version) {
    let scene = scene(version).await;
    let host = scene.person("host").await;
    scene.follow(ROOM).await;
    let alice = connects(&scene, "alice", &session("room", "")).await;
    let asked = question(&scene).await;
    alice.join(ROOM, "alice", &nick("Somebody")).await;
    assert_eq!(standing(&host, "alice").await, ordinary());
    // Too late: gavel has seen her by now, and has other means.
    says(&scene, &asked, "owner", "Alice").await;
    alice.presence(ROOM, "alice", &nick("Else")).await;
    host.sees_name(ROOM, "alice", "Else").await;
    assert_eq!(standing(&host, "alice").await, ordinary());
}
on_both!(module_waits_for_no_answer_about_newcomers);

/// All events after which gavel's answer no longer counts.
async fn module_forgets_gavels_answers(version: Version) {
    let mut scene = scene(version).await;
    let host = scene.person("host").await;
    scene.follow(ROOM).await;
    let lua = |code: &str| code.replace("ROOM", ROOM);
    let changes = [
        // Other claims, or none any more.
        "session('alice@meet.jitsi/alice').jitsi_meet_domain = nil",
        "session('alice@meet.jitsi/alice').auth_token = 'e30.e30.c2ln'",
        // Somebody has decided something about her meanwhile.
        "room('ROOM'):set_affiliation(true, 'alice@meet.jitsi', 'member')
         room('ROOM'):set_affiliation(true, 'alice@meet.jitsi', 'none')",
        "manage('reload', 'gavel')",
    ];
    for change in changes {
        let alice = expected(&scene).await;
        scene.eval(&lua(change)).await;
        alice.join(ROOM, "alice", "").await;
        assert_eq!(standing(&host, "alice").await, ordinary(), "{change}");
        alice.leave(ROOM, "alice").await;
    }
    // gavel takes it back.
    let alice = expected(&scene).await;
    let forget = format!("<forget xmlns='{ARRIVAL}'/>");
    let by_others = alice.iq("set", SERVICE, &forget).await;
    assert_eq!(by_others.map(|_| ()), Err("forbidden".into()));
    scene.gavel.iq("set", SERVICE, &forget).await.unwrap();
    alice.join(ROOM, "alice", "").await;
    assert_eq!(standing(&host, "alice").await, ordinary());
    alice.leave(ROOM, "alice").await;
    // Another gavel knows nothing of it.
    let alice = expected(&scene).await;
    scene.reconnect().await;
    alice.join(ROOM, "alice", "").await;
    assert_eq!(standing(&host, "alice").await, ordinary());
    alice.leave(ROOM, "alice").await;
    // Nor does none.
    scene.follow(ROOM).await;
    let alice = expected(&scene).await;
    scene.gavel.send("</stream:stream>").await;
    scene.disconnected().await;
    alice.join(ROOM, "alice", "").await;
    assert_eq!(standing(&host, "alice").await, ordinary());
}
on_both!(module_forgets_gavels_answers);

async fn module_tells_once_the_affiliation_it_has_given(version: Version) {
    let mut scene = scene(version).await;
    let _host = scene.person("host").await;
    scene.follow(ROOM).await;
    let alice = expected(&scene).await;
    alice.join(ROOM, "alice", "").await;
    let given = |shown: &El| {
        let claims = shown.child("claims", "urn:gavel:claims:0").unwrap();
        claims.attr("given").map(str::to_owned)
    };
    assert_eq!(given(&scene.latest("alice").await), Some("owner".into()));
    // By now it may be somebody else's doing that she is owner.
    scene.reconnect().await;
    scene.follow(ROOM).await;
    assert_eq!(given(&scene.latest("alice").await), None);
}
on_both!(module_tells_once_the_affiliation_it_has_given);

/// The guard lets gavel's own answer through.
async fn module_guard_knows_newcomers(version: Version) {
    let scene = scene(version).await;
    let host = scene.person("host").await;
    scene.follow(ROOM).await;
    let lease = "<lease xmlns='urn:gavel:guard:0' seconds='9' grants='yes' guests='strip'/>";
    scene.gavel.iq("set", SERVICE, lease).await.unwrap();
    let people = "<guard xmlns='urn:gavel:guard:0' all='true'>\
                  <person jid='host@meet.jitsi' affiliation='owner' promotes='true'/></guard>";
    scene.gavel.iq("set", ROOM, people).await.unwrap();
    let code =
        format!("return (room('{ROOM}'):set_affiliation(true, 'alice@meet.jitsi', 'owner'))");
    assert_eq!(scene.eval(&code).await, "nil", "the guard is shut");
    let alice = expected(&scene).await;
    alice.join(ROOM, "alice", "").await;
    assert_eq!(standing(&host, "alice").await, pair("owner", "moderator"));
    let bob = scene.person("bob").await;
    let code = format!(
        "return (room('{ROOM}'):set_affiliation(true, '{}', 'owner'))",
        bob.bare()
    );
    assert_eq!(scene.eval(&code).await, "nil", "for all others it stays so");
}
on_both!(module_guard_knows_newcomers);

/// A room that gavel has locked lets people in who have claims: the host, for whom all wait.
async fn module_lets_a_host_enter_a_locked_room_as_gavel_has_said(version: Version) {
    let scene = scene(version).await;
    let host = scene.person("host").await;
    scene.follow(ROOM).await;
    let members_only = [("muc#roomconfig_membersonly", "1")];
    scene.gavel.configure(ROOM, &members_only).await.unwrap();
    let alice = expected(&scene).await;
    alice.join(ROOM, "alice", "").await;
    assert_eq!(standing(&host, "alice").await, pair("owner", "moderator"));
    let from = format!("{ROOM}/alice");
    let shown = host.count(|s| s.name == "presence" && s.attr("from") == Some(&from));
    assert_eq!(shown, 1, "she was seen to change");
    // Decisions of others about her still count for more.
    alice.leave(ROOM, "alice").await;
    host.affiliate(ROOM, alice.bare(), "none").await.unwrap();
    let alice = expected(&scene).await;
    let change = format!(
        "room('{ROOM}'):set_affiliation(true, 'alice@meet.jitsi', 'member')
         room('{ROOM}'):set_affiliation(true, 'alice@meet.jitsi', 'none')"
    );
    scene.eval(&change).await;
    alice.join(ROOM, "alice", "").await;
    assert_eq!(
        standing(&host, "alice").await,
        pair("member", "participant")
    );
}
on_both!(module_lets_a_host_enter_a_locked_room_as_gavel_has_said);

/// A person with the affiliation has the role, whatever other modules do to it.
async fn module_lets_people_enter_where_another_module_fails(version: Version) {
    let scene = scene(version).await;
    let host = scene.person("host").await;
    scene.follow(ROOM).await;
    scene
        .eval("module:hook('muc-set-affiliation', function () error('broken') end)")
        .await;
    let alice = expected(&scene).await;
    alice.join(ROOM, "alice", "").await;
    assert_eq!(standing(&host, "alice").await, pair("owner", "moderator"));
    let latest = scene.latest("alice").await;
    let claims = latest.child("claims", "urn:gavel:claims:0").unwrap();
    assert_eq!(claims.attr("given"), Some("owner"));
}
on_both!(module_lets_people_enter_where_another_module_fails);

async fn module_stores_a_newcomers_affiliation_if_the_room_is_stored(version: Version) {
    let scene = scene(version).await;
    let host = scene.person("host").await;
    scene.follow(ROOM).await;
    host.configure(ROOM, &[("muc#roomconfig_persistentroom", "1")])
        .await
        .unwrap();
    let save = format!("return room('{ROOM}').save");
    let before = scene.eval(&save).await;
    let alice = expected(&scene).await;
    alice.join(ROOM, "alice", "").await;
    let stored = "return (module:open_store('config'):get('room') or {})['alice@meet.jitsi']";
    assert_eq!(scene.eval(stored).await, "owner");
    assert_eq!(
        scene.eval(&save).await,
        before,
        "later changes are stored as ever"
    );
}
on_both!(module_stores_a_newcomers_affiliation_if_the_room_is_stored);

/// token_affiliation's gift in the moment of entering does not count for more than gavel's.
async fn module_lets_people_enter_as_gavel_has_said_with_any_gift_of_others(version: Version) {
    let mut options = options();
    options.muc_modules.insert(0, "test_token_affiliation");
    let scene = Scene::with(version, options).await;
    let host = scene.person("host").await;
    scene.follow(ROOM).await;
    let mut session = session("room", "");
    session["jitsi_meet_context_user"] = json!({ "moderator": "false" });
    let alice = connects(&scene, "alice", &session).await;
    let asked = question(&scene).await;
    says(&scene, &asked, "owner", "Alice").await;
    alice.join(ROOM, "alice", "").await;
    for client in [&host, &alice] {
        assert_eq!(standing(client, "alice").await, pair("owner", "moderator"));
        let from = format!("{ROOM}/alice");
        let shown = client.count(|s| s.name == "presence" && s.attr("from") == Some(&from));
        assert_eq!(shown, 1, "{} saw her change", client.jid);
    }
    let shown = scene.shown(&format!("{ROOM}/alice")).await;
    assert_eq!(shown.len(), 1);
    let about = |s: &El| s.name == "message" && format!("{s:?}").contains(alice.bare());
    assert_eq!(scene.seen().await.iter().filter(|s| about(s)).count(), 0);
}
on_both!(module_lets_people_enter_as_gavel_has_said_with_any_gift_of_others);

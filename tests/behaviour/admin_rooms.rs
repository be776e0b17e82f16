//! The admin API: gavel's state, its rooms, the people in them and the reasons.

use crate::on_both;
use crate::support::admin::{Follower, ask_tcp, occupant};
use crate::support::{Env, Gavel, Options, Prosody, Version, nick, student, teacher};
use serde_json::json;
use std::os::unix::fs::PermissionsExt;

const ROOM: &str = "class@muc.meet.jitsi";

async fn rooms_and_reasons(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let _alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    let bob = env.client("bob").await;
    bob.join(ROOM, "bob", &nick("Bob \u{202e}<b>")).await;
    focus
        .affiliate(ROOM, "bob@meet.jitsi", "owner")
        .await
        .unwrap();
    env.settle().await;

    let rooms = env.gavel.get("/v1/rooms").await.json();
    let room = &rooms[0];
    assert_eq!(rooms.as_array().unwrap().len(), 1, "{rooms}");
    assert_eq!(room["room"], ROOM);
    assert_eq!(room["service"], "muc.meet.jitsi");
    assert_eq!(room["occupants"], 2, "the focus does not count");
    assert_eq!(room["moderators"], 1);
    assert_eq!(room["pending"], 0);

    let detail = env.gavel.get("/v1/rooms/class").await.json();
    let alice = occupant(&detail, "alice").unwrap();
    assert_eq!(alice["affiliation"], "owner");
    assert_eq!(alice["desired"], "owner");
    assert_eq!(alice["role"], "moderator");
    assert_eq!(alice["settled"], true);
    assert_eq!(alice["source"], "jwt");
    assert_eq!(alice["rule"], "jitsi:moderator");
    assert_eq!(alice["token_name"], "Alice");
    assert_eq!(alice["frozen"], true);
    assert_eq!(alice["override"], json!(null));
    let reason = alice["reason"].as_str().unwrap();
    let words = "token: context.user.moderator is true → owner (preset jitsi)";
    assert_eq!(reason, words);

    let bob = occupant(&detail, "bob").unwrap();
    assert_eq!(bob["display_name"], "Bob \u{202e}<b>");
    assert_eq!(bob["desired"], "none");
    assert_eq!(bob["source"], json!(null));
    assert_eq!(bob["corrections"][0]["count"], 1);
    assert_eq!(bob["corrections"][0]["actor"]["kind"], "infrastructure");
    let reason = bob["reason"].as_str().unwrap();
    assert!(reason.contains("no claims"), "{reason}");
    assert!(reason.contains("changed by focus"), "{reason}");
    assert!(reason.contains("once, corrected"), "{reason}");

    let focus = occupant(&detail, "focus").unwrap();
    assert_eq!(focus["infrastructure"], true);
    assert_eq!(focus["desired"], json!(null));
    assert!(occupant(&detail, "gavel").is_none());
}
on_both!(rooms_and_reasons);

async fn a_grant_names_its_giver(version: Version) {
    let env = Env::new(version).await;
    let _focus = env.focus(ROOM).await;
    let alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    let _bob = env.person(ROOM, "bob", Some(student("Bob"))).await;
    alice.sees_affiliation(ROOM, "alice", "owner").await;
    alice
        .affiliate(ROOM, "bob@meet.jitsi", "owner")
        .await
        .unwrap();
    alice.sees_affiliation(ROOM, "bob", "owner").await;
    env.settle().await;
    let is_granted = |bob: &serde_json::Value| !bob["granted_by"].is_null();
    let bob = env
        .gavel
        .shows_occupant("class", "bob", "granted", is_granted)
        .await;
    assert_eq!(bob["granted_by"]["nick"], "alice");
    assert_eq!(bob["granted_by"]["jid"], "alice@meet.jitsi");
    assert_eq!(bob["desired"], "owner");
    let reason = bob["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("granted by alice (alice@meet.jitsi) at "),
        "{reason}"
    );
    let alice_stood_down = alice.affiliate(ROOM, "alice@meet.jitsi", "member").await;
    alice_stood_down.unwrap();
    alice.sees_affiliation(ROOM, "alice", "member").await;
    let has_stepped_down = |alice: &serde_json::Value| alice["stepped_down"] == true;
    env.gavel
        .shows_occupant("class", "alice", "stepped down", has_stepped_down)
        .await;
}
on_both!(a_grant_names_its_giver);

async fn names_that_are_unknown_ambiguous_or_odd(version: Version) {
    let config = "[[muc]]\nservice = 'muc.meet.jitsi'\n[[muc]]\nservice = 'breakout.meet.jitsi'";
    let env = Env::gavel(version, config).await;
    let focus = env.focus(ROOM).await;
    let other = "class@breakout.meet.jitsi";
    focus.join(other, "focus", "").await;
    focus.invite(other, "gavel@gavel.meet.jitsi").await;
    env.gavel_joins(&focus, other).await;
    let spaced = "big room@muc.meet.jitsi";
    focus
        .iq(
            "get",
            "muc.meet.jitsi",
            "<query xmlns='http://jabber.org/protocol/disco#info'/>",
        )
        .await
        .unwrap();
    env.settle().await;

    let unknown = env.gavel.get("/v1/rooms/nobody").await;
    assert_eq!(
        (unknown.status, unknown.code().as_str()),
        (404, "not_found")
    );
    let elsewhere = env.gavel.get("/v1/rooms/class@other.example").await;
    assert_eq!(elsewhere.status, 404);
    let odd = env
        .gavel
        .get(&format!("/v1/rooms/{}", spaced.replace(' ', "%20")))
        .await;
    assert_eq!(odd.status, 404);
    let broken = env.gavel.get("/v1/rooms/%ff%fe").await;
    assert_eq!(
        (broken.status, broken.code().as_str()),
        (400, "bad_request")
    );

    // If two rooms have one name, the main service's is meant.
    let both = env.gavel.get("/v1/rooms/class").await;
    assert_eq!(both.json()["room"], ROOM);
    let breakout = env.gavel.get(&format!("/v1/rooms/{other}")).await;
    assert_eq!(breakout.json()["room"], other);
    let encoded = env.gavel.get("/v1/rooms/%63LASS%40muc.meet.jitsi").await;
    assert_eq!(encoded.json()["room"], ROOM);

    assert_eq!(env.gavel.get("/v1/nothing").await.code(), "not_found");
    let posted = env.gavel.ask(hyper::Method::POST, "/v1/rooms", "").await;
    assert_eq!(posted.status, 405);
}
on_both!(names_that_are_unknown_ambiguous_or_odd);

async fn every_phase_is_answered(version: Version) {
    let mut env = Env::new(version).await;
    env.gavel.get("/healthz").await;
    let mode = std::fs::metadata(env.gavel.socket())
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o660);
    let status = env
        .gavel
        .shows("/v1/status", "ready", |s| s["ready"] == true)
        .await;
    assert_eq!(status["connected"], true);
    assert_eq!(status["standby"], false);
    assert_eq!(status["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(env.gavel.get("/readyz").await.status, 200);

    let second = Gavel::start(&env.prosody, "");
    let standby = second
        .shows("/v1/status", "standby", |s| s["standby"] == true)
        .await;
    assert_eq!(standby["connected"], false);
    let ready = second.get("/readyz").await;
    assert_eq!(ready.status, 503, "{}", ready.text);
    assert!(ready.text.starts_with("standby: "), "{}", ready.text);
    assert_eq!(second.get("/healthz").await.status, 200);
    drop(second);

    env.prosody.kill();
    let gone = env
        .gavel
        .shows("/v1/status", "gone", |s| s["connected"] == false)
        .await;
    assert!(gone["problem"].is_string(), "{gone}");
    assert_eq!(env.gavel.get("/readyz").await.status, 503);
    assert_eq!(env.gavel.get("/v1/rooms").await.json(), json!([]));
    let room = env.gavel.get("/v1/rooms/class").await;
    assert_eq!(room.status, 404);
    assert!(room.text.contains("not connected"), "{}", room.text);
    env.prosody.restart();
    env.gavel
        .shows("/v1/status", "back", |s| s["ready"] == true)
        .await;
}
on_both!(every_phase_is_answered);

async fn events_are_listed_and_followed(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    env.gavel.get("/healthz").await;
    let mut follower = Follower::new(&env.gavel.socket(), "/v1/events").await;
    let _bob = env.person(ROOM, "bob", Some(student("Bob"))).await;
    focus.sees_affiliation(ROOM, "bob", "member").await;
    let first = follower.next().await;
    assert_eq!(first["kind"], "affiliation");
    assert_eq!(first["room"], ROOM);
    assert_eq!(first["nick"], "bob");
    assert_eq!(first["jid"], "bob@meet.jitsi");
    assert_eq!(first["to"], "member");
    assert_eq!(first["cause"], "join");
    assert_eq!(first["outcome"], "applied");
    assert_eq!(first["source"], "jwt");
    focus
        .affiliate(ROOM, "bob@meet.jitsi", "owner")
        .await
        .unwrap();
    let second = follower.next().await;
    assert_eq!(second["cause"], "correction");
    assert_eq!(second["actor"]["kind"], "infrastructure");
    let id = |event: &serde_json::Value| event["id"].as_u64().unwrap();
    assert_eq!(id(&second), id(&first) + 1);

    let all = env.gavel.get("/v1/events").await.json();
    assert_eq!(all, json!([first, second]));
    let since = |what: &str| format!("/v1/events?since={what}");
    let later = env.gavel.get(&since(&id(&first).to_string())).await.json();
    assert_eq!(later, json!([second]));
    let timed = env
        .gavel
        .get(&since(second["at"].as_str().unwrap()))
        .await
        .json();
    assert_eq!(timed, json!([second]));
    assert_eq!(env.gavel.get(&since("yesterday")).await.status, 400);
    assert_eq!(env.gavel.get("/v1/events?sinc=1").await.status, 400);
    let path = since(&id(&first).to_string());
    let mut late = Follower::new(&env.gavel.socket(), &path).await;
    assert_eq!(late.next().await, second);
}
on_both!(events_are_listed_and_followed);

async fn a_socket_is_replaced_but_never_stolen(version: Version) {
    let env = Env::new(version).await;
    let socket = env.gavel.socket();
    let config = format!("[admin]\nsocket = {socket:?}");
    env.gavel.get("/healthz").await;
    let second = Gavel::start(&env.prosody, &config);
    let line = second.logs("the admin API is not served").await;
    assert!(line.contains("another process listens"), "{line}");
    assert_eq!(env.gavel.get("/v1/status").await.json()["connected"], true);
    // Killed, it leaves its socket behind; the standby takes both over.
    env.gavel.kill();
    second.logs("the admin API is served").await;
    second
        .shows("/v1/status", "in its place", |s| s["connected"] == true)
        .await;
    second.stop().await;
    assert!(!socket.exists(), "a gavel that ends takes its socket along");
}
on_both!(a_socket_is_replaced_but_never_stolen);

async fn without_a_folder_the_runtime_directory_serves(version: Version) {
    let prosody = Prosody::start(version, Options::default());
    let config = "[admin]\nsocket = '/proc/gavel/admin.sock'";
    let gavel = Gavel::start(&prosody, config);
    let line = gavel.logs("the admin API is served").await;
    let socket = prosody.dir().join("gavel/admin.sock");
    assert!(line.contains(socket.to_str().unwrap()), "{line}");
    assert!(socket.exists());
}
on_both!(without_a_folder_the_runtime_directory_serves);

async fn without_any_folder_the_meeting_goes_on(version: Version) {
    let config = "[admin]\nsocket = '/proc/gavel/admin.sock'\nlisten = '192.0.2.1:1'";
    let prosody = Prosody::start(version, Options::default());
    let gavel = Gavel::start_with(&prosody, config, &[("XDG_RUNTIME_DIR", "/proc")]);
    gavel.logs("the admin API is not served").await;
    gavel.logs("health and metrics are not served there").await;
    gavel.logs("ready: all rooms found").await;
}
on_both!(without_any_folder_the_meeting_goes_on);

async fn the_address_serves_health_only(version: Version) {
    let port = crate::support::free_port();
    let config = format!("[admin]\nlisten = '127.0.0.1:{port}'");
    let env = Env::gavel(version, &config).await;
    let address = format!("127.0.0.1:{port}");
    env.gavel.logs("health and metrics are served").await;
    env.gavel
        .shows("/v1/status", "ready", |s| s["ready"] == true)
        .await;
    assert_eq!(ask_tcp(&address, "/healthz").await.status, 200);
    assert_eq!(ask_tcp(&address, "/readyz").await.status, 200);
    for path in ["/v1/status", "/v1/rooms", "/v1/events", "/"] {
        assert_eq!(ask_tcp(&address, path).await.status, 404, "{path}");
    }
}
on_both!(the_address_serves_health_only);

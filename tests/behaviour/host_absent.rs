//! `policy.host_absent`: the fate of a meeting that has no host.

use crate::on_both;
use crate::support::{Client, El, Env, MUC_USER, Options, Version, jwt, teacher, token};
use std::sync::Arc;

const ROOM: &str = "room@muc.meet.jitsi";
const BREAKOUT: &str = "room--1@breakout.meet.jitsi";

/// After so long something happens.
fn policy(action: &str, after: &str) -> String {
    format!("[policy.host_absent]\naction = \"{action}\"\nafter = \"{after}\"\n")
}

/// gavel as an admin of the MUC service, in the room as an occupant.
async fn visible(version: Version, settings: &str) -> (Env, Arc<Client>) {
    let env = Env::gavel(version, settings).await;
    let focus = env.focus(ROOM).await;
    (env, focus)
}

/// gavel by the module, seen by nobody.
async fn unseen(version: Version, settings: &str) -> (Env, Arc<Client>) {
    let options = Options::with_module();
    let settings = format!("[claims]\nsources = [\"bridge\"]\n{settings}");
    let env = Env::with(version, options, &settings).await;
    let focus = env.focus_with_module(ROOM).await;
    (env, focus)
}

/// A host, by a token in presence and by one that Prosody has verified.
async fn host(env: &Env, name: &str) -> (Arc<Client>, String) {
    let client = env.client(name).await;
    let token = token(teacher("Host"));
    client.verified(&token).await;
    (client, jwt(&token))
}

fn is_warning(stanza: &El) -> bool {
    let body = stanza.named("body").map(|body| body.text.as_str());
    stanza.name == "message" && body.is_some_and(|body| body.starts_with("No host is here."))
}

fn is_end(stanza: &El) -> bool {
    let x = stanza.child("x", MUC_USER);
    stanza.name == "presence" && x.is_some_and(|x| x.named("destroy").is_some())
}

/// How many messages of gavel's a client has been shown.
fn warnings(client: &Client) -> usize {
    client.count(is_warning)
}

async fn ends(env: &Env, guest: &Client) {
    let end = guest.expect("the end", is_end).await;
    let destroy = end.child("x", MUC_USER).unwrap().named("destroy").unwrap();
    let reason = &destroy.named("reason").unwrap().text;
    assert_eq!(reason, "No host has been here for 1 second.");
    assert_eq!(warnings(guest), 1);
    env.gavel.logs("no host came: the meeting was ended").await;
    env.settle().await;
}

async fn host_absent_ends_a_meeting_with_a_reason_after_a_warning(version: Version) {
    let (env, _focus) = visible(version, &policy("end", "1s")).await;
    let guest = env.person(ROOM, "guest", None).await;
    let warning = guest.expect("a warning", is_warning).await;
    assert_eq!(warning.attr("from"), Some("room@muc.meet.jitsi/gavel"));
    assert_eq!(guest.count(is_end), 0, "warned before");
    ends(&env, &guest).await;
    // The room can be made again, and then has its time.
    let bans = env.watcher.affiliated(ROOM, "outcast").await;
    assert_eq!(bans, Err("item-not-found".into()));
    guest.join(ROOM, "guest", "").await;
    guest.forget(|_| true);
    guest.invite(ROOM, "gavel@gavel.meet.jitsi").await;
    guest.expect("another warning", is_warning).await;
    guest.expect("another end", is_end).await;
}
on_both!(host_absent_ends_a_meeting_with_a_reason_after_a_warning);

async fn host_absent_ends_a_meeting_by_the_module(version: Version) {
    let settings = format!("[policy]\nguard = true\n{}", policy("end", "1s"));
    let (env, focus) = unseen(version, &settings).await;
    let guest = env.person(ROOM, "guest", None).await;
    let warning = guest.expect("a warning", is_warning).await;
    assert_eq!(warning.attr("from"), Some(ROOM));
    assert_eq!(warning.attr("type"), Some("groupchat"));
    let json = warning.child("json-message", "http://jitsi.org/jitmeet");
    let json: serde_json::Value = serde_json::from_str(&json.unwrap().text).unwrap();
    assert_eq!(json["type"], "system_chat_message");
    assert_eq!(
        json["message"],
        warning.named("body").unwrap().text.as_str()
    );
    ends(&env, &guest).await;
    focus.expect("the end", is_end).await;
}
on_both!(host_absent_ends_a_meeting_by_the_module);

/// Lets a meeting without host end.
async fn other_meeting(env: &Env) {
    let other = "other@muc.meet.jitsi";
    let stranger = env.client("stranger").await;
    stranger.join(other, "stranger", "").await;
    stranger.invite(other, "gavel@gavel.meet.jitsi").await;
    stranger.expect("a warning", is_warning).await;
    stranger.expect("the end", is_end).await;
}

async fn host_absent_counts_a_host_in_a_breakout_room_and_an_override(version: Version) {
    let services =
        "muc = [{ service = \"muc.meet.jitsi\" }, { service = \"breakout.meet.jitsi\" }]";
    let options = Options {
        breakout_modules: vec!["test_breakout"],
        ..Options::default()
    };
    let settings = format!("{services}\n{}", policy("end", "2s"));
    let env = Env::with(version, options, &settings).await;
    let focus = env.focus(ROOM).await;
    focus.join(BREAKOUT, "focus", "").await;
    focus.invite(BREAKOUT, "gavel@gavel.meet.jitsi").await;
    env.gavel_joins(&focus, BREAKOUT).await;
    let (teacher, token) = host(&env, "host").await;
    teacher.join(BREAKOUT, "host", &token).await;
    let guest = env.person(ROOM, "guest", None).await;
    other_meeting(&env).await;
    assert_eq!(warnings(&guest), 0, "the host is in a breakout room");
    teacher.leave(BREAKOUT, "host").await;
    guest.expect("a warning", is_warning).await;
    let set = env.gavel.run(&["room", "set", ROOM, "guest", "owner"]);
    assert_eq!(set.status, 0, "{set:?}");
    other_meeting(&env).await;
    assert_eq!(guest.count(is_end), 0, "an admin has made them owner");
}
on_both!(host_absent_counts_a_host_in_a_breakout_room_and_an_override);

/// Rooms with nobody but infrastructure are left alone, and services that are
/// not listed.
async fn host_absent_needs_people_and_a_service_that_is_listed(version: Version) {
    let services =
        "muc = [{ service = \"muc.meet.jitsi\" }, { service = \"breakout.meet.jitsi\" }]";
    let listed = "services = [\"breakout.meet.jitsi\"]";
    let settings = format!("{services}\n{}{listed}", policy("end", "1s"));
    let (env, focus) = visible(version, &settings).await;
    let guest = env.person(ROOM, "guest", None).await;
    let there = "there@breakout.meet.jitsi";
    let idle = "idle@breakout.meet.jitsi";
    focus.join(idle, "focus", "").await;
    focus.invite(idle, "gavel@gavel.meet.jitsi").await;
    env.gavel_joins(&focus, idle).await;
    let other = env.client("other").await;
    other.join(there, "other", "").await;
    other.invite(there, "gavel@gavel.meet.jitsi").await;
    other.expect("the end", is_end).await;
    assert_eq!(warnings(&guest), 0);
    assert_eq!(focus.count(is_end), 0);
}
on_both!(host_absent_needs_people_and_a_service_that_is_listed);

/// A room that is locked over a restart of gavel's, until a host comes.
async fn lock(mut env: Env, focus: Arc<Client>, module: bool) {
    focus
        .configure(ROOM, &[("muc#roomconfig_roomdesc", "the lesson")])
        .await
        .unwrap();
    // Infrastructure has no affiliation either.
    let recorder = env.client("recorder@auth.meet.jitsi").await;
    recorder.join(ROOM, "recorder", "").await;
    let guest = env.person(ROOM, "guest", None).await;
    let late = env.person(ROOM, "late", None).await;
    guest.expect("a warning", is_warning).await;
    env.gavel.logs("made members-only").await;
    env.settle().await;
    for (client, nick) in [(&guest, "guest"), (&late, "late"), (&recorder, "recorder")] {
        assert_eq!(client.affiliation(ROOM, nick), "member");
        assert!(focus.occupant(ROOM, nick).is_some(), "{nick} is out");
    }
    let stranger = env.client("stranger").await;
    let refused = stranger.try_join(ROOM, "stranger", "").await;
    assert_eq!(refused, Err("registration-required".into()));
    env.gavel.stop().await;
    env.gavel.restart();
    env.connected().await;
    env.gavel.logs_again("ready").await;
    let refused = stranger.try_join(ROOM, "stranger", "").await;
    assert_eq!(refused, Err("registration-required".into()));
    let (teacher, token) = host(&env, "host").await;
    if !module {
        // A person who is no member cannot be seen to be a host.
        let refused = teacher.try_join(ROOM, "host", &token).await;
        assert_eq!(refused, Err("registration-required".into()));
        focus
            .affiliate(ROOM, "host@meet.jitsi", "member")
            .await
            .unwrap();
    }
    teacher.join(ROOM, "host", &token).await;
    focus.sees_affiliation(ROOM, "host", "owner").await;
    env.gavel.logs_again("opened again").await;
    stranger.join(ROOM, "stranger", "").await;
    env.settle().await;
    for (client, nick) in [(&guest, "guest"), (&late, "late"), (&stranger, "stranger")] {
        assert!(focus.occupant(ROOM, nick).is_some(), "{nick} is out");
        assert_ne!(client.role(ROOM, nick), "moderator");
    }
    assert_eq!(warnings(&guest), 1);
    let form = "<query xmlns='http://jabber.org/protocol/muc#owner'/>";
    let form = focus.iq("get", ROOM, form).await.unwrap();
    assert!(format!("{form:?}").contains("the lesson"), "{form:?}");
}

async fn host_absent_locks_a_room_until_a_host_comes(version: Version) {
    let (env, focus) = visible(version, &policy("lock", "2s")).await;
    lock(env, focus, false).await;
}
on_both!(host_absent_locks_a_room_until_a_host_comes);

async fn host_absent_locks_a_room_by_the_module(version: Version) {
    let settings = format!("[policy]\nguard = true\n{}", policy("lock", "2s"));
    let (env, focus) = unseen(version, &settings).await;
    lock(env, focus, true).await;
}
on_both!(host_absent_locks_a_room_by_the_module);

//! B2: a person who joins gets the affiliation of their token, once.

use crate::on_both;
use crate::support::{Env, Version, teacher};
use serde_json::{Value, json};

const ROOM: &str = "room@muc.meet.jitsi";

/// The preset's words.
async fn b2_the_words_of_the_preset(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let user = |user: Value| json!({ "context": { "user": user } });
    let cases = [
        ("owner", user(json!({ "affiliation": "owner" })), "owner"),
        (
            "moderator",
            user(json!({ "affiliation": "moderator" })),
            "owner",
        ),
        (
            "teacher",
            user(json!({ "affiliation": "teacher" })),
            "owner",
        ),
        (
            "student",
            user(json!({ "affiliation": "student" })),
            "member",
        ),
        ("member", user(json!({ "affiliation": "member" })), "member"),
        ("shout", user(json!({ "affiliation": "OWNER!" })), "member"),
        ("true", user(json!({ "moderator": true })), "owner"),
        ("true_text", user(json!({ "moderator": "true" })), "owner"),
        ("false", user(json!({ "moderator": false })), "member"),
        (
            "false_text",
            user(json!({ "moderator": "false" })),
            "member",
        ),
        ("one", user(json!({ "moderator": 1 })), "member"),
        ("null", user(json!({ "moderator": null })), "member"),
        ("name_only", user(json!({ "name": "N" })), "member"),
        (
            "both",
            user(json!({ "moderator": false, "affiliation": "teacher" })),
            "owner",
        ),
        ("no_user", json!({}), "member"),
        (
            "features",
            json!({ "context": { "features": { "recording": true } } }),
            "none",
        ),
    ];
    let mut clients = Vec::new();
    for (name, claims, _) in &cases {
        clients.push(env.person(ROOM, name, Some(claims.clone())).await);
    }
    clients.push(env.person(ROOM, "guest", None).await);
    for (name, _, affiliation) in &cases {
        focus.sees_affiliation(ROOM, name, affiliation).await;
    }
    env.settle().await;
    for (name, _, affiliation) in &cases {
        assert_eq!(&focus.affiliation(ROOM, name), affiliation, "{name}");
    }
    assert_eq!(focus.affiliation(ROOM, "guest"), "none");
}
on_both!(b2_the_words_of_the_preset);

async fn b2_a_taken_nick(version: Version) {
    let env = Env::gavel(version, "[discovery]\npoll = \"off\"").await;
    let focus = env.client("focus@auth.meet.jitsi").await;
    focus.join(ROOM, "focus", "").await;
    let squatter = env.client("squatter").await;
    squatter.join(ROOM, "gavel", "").await;
    focus.invite(ROOM, "gavel@gavel.meet.jitsi").await;
    let _alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    let sent = env.sent().await;
    let joins = sent.iter().filter(|s| s.name == "presence");
    let nicks: Vec<&str> = joins
        .filter_map(|s| s.attr("to")?.split_once('/'))
        .map(|x| x.1)
        .collect();
    let other = nicks.last().unwrap();
    let random = other
        .strip_prefix("gavel_")
        .unwrap_or_else(|| panic!("{nicks:?}"));
    assert_eq!(random.len(), 8, "{other}");
    assert!(random.chars().all(|c| c.is_ascii_alphanumeric()), "{other}");
    assert_eq!(focus.affiliation(ROOM, other), "owner");
}
on_both!(b2_a_taken_nick);

async fn b2_rooms_are_found_by_each_way(version: Version) {
    for (name, discovery) in [
        ("adhoc", "poll = \"adhoc\""),
        ("auto", "poll = \"auto\""),
        ("disco", "poll = \"disco\""),
        (
            "configured",
            "poll = \"off\"\nrooms = [\"configured@muc.meet.jitsi\"]",
        ),
    ] {
        let options = crate::support::Options {
            // Rooms are hidden in disco#items unless they are public.
            muc: format!("muc_room_default_public = {}", name == "disco"),
            ..Default::default()
        };
        let settings = format!("[discovery]\ninvites = false\n{discovery}");
        let env = Env::with(version, options, &settings).await;
        let room = format!("{name}@muc.meet.jitsi");
        let alice = env.person(&room, "alice", Some(teacher("Alice"))).await;
        // She created the room and is its owner anyway; the focus is not there.
        env.gavel_joins(&alice, &room).await;
    }
}
on_both!(b2_rooms_are_found_by_each_way);

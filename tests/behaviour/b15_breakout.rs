//! B15: people in breakout rooms belong to the meeting of the main room.

use crate::on_both;
use crate::support::{Client, Env, Options, Version, jwt, student, teacher, token};

const MAIN: &str = "room@muc.meet.jitsi";
const BREAKOUT: &str = "room--1@breakout.meet.jitsi";

const SERVICES: &str =
    "muc = [{ service = \"muc.meet.jitsi\" }, { service = \"breakout.meet.jitsi\" }]";

async fn scene(version: Version) -> Env {
    let options = Options {
        breakout_modules: vec!["test_breakout"],
        ..Options::default()
    };
    Env::with(version, options, SERVICES).await
}

async fn b15_affiliations_of_a_breakout_room_are_set_in_the_main_room(version: Version) {
    let env = scene(version).await;
    let focus = env.focus(MAIN).await;
    focus.join(BREAKOUT, "focus", "").await;
    focus.invite(BREAKOUT, "gavel@gavel.meet.jitsi").await;
    env.gavel_joins(&focus, BREAKOUT).await;
    let alice = env.person(BREAKOUT, "alice", Some(teacher("Alice"))).await;
    let bob = env.person(BREAKOUT, "bob", Some(student("Bob"))).await;
    until_owner(&focus, "alice@meet.jitsi").await;
    focus
        .sees(BREAKOUT, "alice", "as moderator", |o| o.role == "moderator")
        .await;
    env.settle().await;
    let members = focus.affiliated(MAIN, "member").await.unwrap();
    assert!(
        members.contains(&"bob@meet.jitsi".to_string()),
        "{members:?}"
    );
    // A promotion in either room is one in the meeting.
    for room in [BREAKOUT, MAIN] {
        focus
            .affiliate(room, "bob@meet.jitsi", "owner")
            .await
            .unwrap();
        env.settle().await;
        assert_ne!(bob.role(BREAKOUT, "bob"), "moderator", "promoted in {room}");
        let owners = focus.affiliated(MAIN, "owner").await.unwrap();
        assert!(
            !owners.contains(&"bob@meet.jitsi".to_string()),
            "{owners:?}"
        );
    }
    // It comes to rest: setting affiliations there would be broadcast for ever.
    let to_breakout = env.sent_to("breakout.meet.jitsi").await;
    let sets = to_breakout
        .iter()
        .filter(|s| s.attr("type") == Some("set") && format!("{s:?}").contains("affiliation"));
    assert_eq!(sets.count(), 0, "{to_breakout:?}");
    drop(alice);
}
on_both!(b15_affiliations_of_a_breakout_room_are_set_in_the_main_room);

/// Waits until the main room lists `jid` as owner.
async fn until_owner(client: &Client, jid: &str) {
    let deadline = std::time::Instant::now() + crate::support::DEADLINE;
    while !client
        .affiliated(MAIN, "owner")
        .await
        .unwrap()
        .iter()
        .any(|j| j == jid)
    {
        assert!(
            std::time::Instant::now() < deadline,
            "{jid} is not owner of the main room"
        );
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

async fn b15_claims_and_grants_move_between_the_rooms(version: Version) {
    let env = scene(version).await;
    let focus = env.focus(MAIN).await;
    focus.join(BREAKOUT, "focus", "").await;
    focus.invite(BREAKOUT, "gavel@gavel.meet.jitsi").await;
    env.gavel_joins(&focus, BREAKOUT).await;
    let alice_child = jwt(&token(teacher("Alice")));
    let bob_child = jwt(&token(student("Bob")));
    let alice = env.client("alice").await;
    let bob = env.client("bob").await;
    alice.join(MAIN, "alice", &alice_child).await;
    bob.join(MAIN, "bob", &bob_child).await;
    alice.sees_affiliation(MAIN, "alice", "owner").await;
    alice.sees_affiliation(MAIN, "bob", "member").await;
    alice
        .affiliate(MAIN, "bob@meet.jitsi", "owner")
        .await
        .unwrap();
    env.settle().await;
    for (client, nick, child) in [(&alice, "alice", &alice_child), (&bob, "bob", &bob_child)] {
        client.join(BREAKOUT, nick, child).await;
        client.leave(MAIN, nick).await;
        env.settle().await;
        assert_eq!(client.affiliation(BREAKOUT, nick), "owner");
        assert_eq!(client.role(BREAKOUT, nick), "moderator");
    }
    assert!(focus.occupant(MAIN, "gavel").is_some());
    bob.join(MAIN, "bob", &bob_child).await;
    env.settle().await;
    assert_eq!(
        bob.affiliation(MAIN, "bob"),
        "owner",
        "the grant is the meeting's"
    );
}
on_both!(b15_claims_and_grants_move_between_the_rooms);

/// Everybody is in breakout rooms: gavel stays in the main room, where it sets
/// what they have.
async fn b15_the_main_room_is_kept_while_a_breakout_room_is_populated(version: Version) {
    let env = scene(version).await;
    let focus = env.focus(MAIN).await;
    focus.join(BREAKOUT, "focus", "").await;
    focus.invite(BREAKOUT, "gavel@gavel.meet.jitsi").await;
    env.gavel_joins(&focus, BREAKOUT).await;
    let alice = env.client("alice").await;
    let child = jwt(&token(teacher("Alice")));
    alice.join(MAIN, "alice", &child).await;
    alice.sees_affiliation(MAIN, "alice", "owner").await;
    alice.join(BREAKOUT, "alice", &child).await;
    alice.leave(MAIN, "alice").await;
    // Longer than the 15 s after which gavel leaves a room without people.
    tokio::time::sleep(std::time::Duration::from_secs(18)).await;
    assert!(
        focus.occupant(MAIN, "gavel").is_some(),
        "gavel left the main room"
    );
    let bob = env.person(BREAKOUT, "bob", Some(teacher("Bob"))).await;
    bob.sees(BREAKOUT, "bob", "as moderator", |o| o.role == "moderator")
        .await;
}
on_both!(b15_the_main_room_is_kept_while_a_breakout_room_is_populated);

//! B15: people in breakout rooms belong to the meeting of the main room.

use crate::on_both;
use crate::support::{Env, Options, Version, jwt, teacher, token};

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

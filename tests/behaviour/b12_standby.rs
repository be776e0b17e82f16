//! B12: one gavel works, another waits.

use crate::on_both;
use crate::support::{Env, Gavel, Options, Version, student, teacher};
use hyper::Method;
use serde_json::Value;
use std::time::{Duration, Instant};

const ROOM: &str = "room@muc.meet.jitsi";

async fn b12_a_second_gavel_takes_over(version: Version) {
    let mut env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let _alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    let _bob = env.person(ROOM, "bob", Some(student("Bob"))).await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    focus.sees_affiliation(ROOM, "bob", "member").await;
    env.settle().await;
    let second = Gavel::start(&env.prosody, "");
    second.logs("standby").await;
    env.settle().await;
    assert_eq!(
        focus.affiliation(ROOM, "gavel"),
        "owner",
        "the first works on"
    );
    let since = Instant::now();
    env.gavel.kill();
    focus
        .affiliate(ROOM, "bob@meet.jitsi", "owner")
        .await
        .unwrap();
    env.gavel = second;
    env.connected().await;
    env.gavel_joins(&focus, ROOM).await;
    focus.sees_affiliation(ROOM, "bob", "member").await;
    let after = since.elapsed();
    assert!(after < Duration::from_secs(3), "it took {after:?}");
}
on_both!(b12_a_second_gavel_takes_over);

/// The second gavel knows everything that the first has done since the second was started;
/// and one that only stood by leaves no trace.
async fn b12_a_second_gavel_knows_the_actions_of_the_first(version: Version) {
    let mut env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let _alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    let _bob = env.person(ROOM, "bob", Some(student("Bob"))).await;
    let second = Gavel::start(&env.prosody, "");
    let third = Gavel::start(&env.prosody, "");
    for standby in [&second, &third] {
        standby.logs("standby").await;
    }
    focus.sees_affiliation(ROOM, "bob", "member").await;
    env.settle().await;
    let path = format!("/v1/rooms/{ROOM}/overrides/bob");
    let body = r#"{"affiliation": "admin"}"#;
    let set = env.gavel.ask(Method::PUT, &path, body).await;
    assert_eq!(set.status, 200, "{}", set.text);
    focus.sees_affiliation(ROOM, "bob", "admin").await;
    third.stop().await;
    env.gavel.stop().await;
    env.gavel = second;
    env.connected().await;
    env.gavel_joins(&focus, ROOM).await;
    let is_set = |bob: &Value| bob["override"]["affiliation"] == "admin";
    env.gavel.shows_occupant(ROOM, "bob", "set", is_set).await;
    env.gavel.stop().await;
    env.gavel.restart();
    env.connected().await;
    env.gavel_joins(&focus, ROOM).await;
    env.gavel.shows_occupant(ROOM, "bob", "set", is_set).await;
}
on_both!(b12_a_second_gavel_knows_the_actions_of_the_first);

/// If Prosody lets the newer connection win, the older becomes the standby instead of
/// taking turns.
async fn b12_where_the_new_connection_wins_the_old_stands_by(version: Version) {
    let options = Options {
        component: "component_conflict_resolve = \"kick_old\"".into(),
        ..Options::default()
    };
    let env = Env::with(version, options, "").await;
    let focus = env.focus(ROOM).await;
    let second = Gavel::start(&env.prosody, "");
    env.gavel.logs("standby").await;
    env.connected().await;
    env.gavel_joins(&focus, ROOM).await;
    let alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    alice.sees_affiliation(ROOM, "alice", "owner").await;
    env.settle().await;
    assert_eq!(env.prosody.connections(), 2, "they take turns");
    assert!(second.running() && env.gavel.running());
}
on_both!(b12_where_the_new_connection_wins_the_old_stands_by);

/// The first gavel's host dies without a word: the connection stays, and nobody answers on
/// it. If the module is loaded, Prosody ends it for the one that waits.
async fn b12_a_gavel_that_shows_no_life_is_replaced(version: Version) {
    let bridge = &Gavel::unguarded("[claims]\nsources = [\"bridge\"]");
    let env = Env::with(version, Options::with_module(), bridge).await;
    let focus = env.focus_with_module(ROOM).await;
    let _bob = env.person(ROOM, "bob", None).await;
    env.settle().await;
    let second = Gavel::start(&env.prosody, bridge);
    second.logs("standby").await;
    // The one that works is asked, answers, and stays.
    tokio::time::sleep(Duration::from_secs(18)).await;
    assert_eq!(env.prosody.connections(), 1, "it lives");
    let since = Instant::now();
    env.gavel.freeze();
    focus
        .affiliate(ROOM, "bob@meet.jitsi", "owner")
        .await
        .unwrap();
    let lowered = async {
        while focus.affiliation(ROOM, "bob") == "owner" {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let lowered = tokio::time::timeout(Duration::from_secs(30), lowered).await;
    lowered.expect("the second takes over");
    let after = since.elapsed();
    println!("taken over after {after:?}");
    assert!(after < Duration::from_secs(20), "it took {after:?}");
    // The first comes back to life: it stands by.
    env.gavel.thaw();
    env.gavel.logs("standby").await;
    env.connected().await;
    assert_eq!(env.prosody.connections(), 2, "they take turns");
    assert!(second.running());
}
on_both!(b12_a_gavel_that_shows_no_life_is_replaced);

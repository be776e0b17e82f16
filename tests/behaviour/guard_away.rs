//! `policy.guard`: it opens where gavel is away, and holds where the module is reloaded.

use crate::guard::*;
use crate::on_both;
use crate::support::{Version, student, teacher};
use std::time::{Duration, Instant};

async fn guard_opens_at_once_when_gavel_is_killed(version: Version) {
    let mut env = scene(version, "").await;
    let focus = focus(&env).await;
    let bob = joins(&env, ROOM, "bob", Some(student("bob"))).await;
    focus.sees_affiliation(ROOM, "bob", "member").await;
    let refused = focus.affiliate(ROOM, bob.bare(), "owner").await;
    assert_eq!(refused, Err(REFUSED.into()));
    env.gavel.kill();
    let took = until_open(&focus, bob.bare()).await;
    assert!(took < Duration::from_secs(1), "{took:?}");
    focus.sees_affiliation(ROOM, "bob", "owner").await;
    // And is shut again when gavel is back.
    env.gavel.restart();
    focus.sees_affiliation(ROOM, "bob", "member").await;
    env.connected().await;
    env.settle().await;
    let refused = focus.affiliate(ROOM, bob.bare(), "owner").await;
    assert_eq!(refused, Err(REFUSED.into()));
}
on_both!(guard_opens_at_once_when_gavel_is_killed);

async fn guard_opens_within_ten_seconds_when_gavel_hangs(version: Version) {
    let env = scene(version, "").await;
    let focus = focus(&env).await;
    let bob = joins(&env, ROOM, "bob", Some(student("bob"))).await;
    focus.sees_affiliation(ROOM, "bob", "member").await;
    env.settle().await;
    env.gavel.freeze();
    // Somebody makes a room, and would have been its owner without gavel.
    let other = "other@muc.meet.jitsi";
    let guest = joins(&env, other, "guest", None).await;
    assert_eq!(guest.affiliation(other, "guest"), "none");
    let created = Instant::now();
    let took = until_open(&focus, bob.bare()).await;
    println!("open after {took:?}");
    assert!(took > Duration::from_secs(5), "it was not shut: {took:?}");
    let owner = |o: &crate::support::Occupant| o.affiliation == "owner";
    let left = Duration::from_secs(10).saturating_sub(created.elapsed());
    tokio::time::timeout(left, guest.sees(other, "guest", "as owner", owner))
        .await
        .expect("the creator is owner within ten seconds");
    // What was given meanwhile is taken back.
    env.gavel.thaw();
    focus.sees_affiliation(ROOM, "bob", "member").await;
    guest.sees_affiliation(other, "guest", "none").await;
    env.settle().await;
    let refused = focus.affiliate(ROOM, bob.bare(), "owner").await;
    assert_eq!(refused, Err(REFUSED.into()));
}
on_both!(guard_opens_within_ten_seconds_when_gavel_hangs);

async fn guard_holds_through_reloads_of_the_module(version: Version) {
    let env = scene(version, "").await;
    let focus = focus(&env).await;
    let alice = joins(&env, ROOM, "alice", Some(teacher("alice"))).await;
    let bob = joins(&env, ROOM, "bob", Some(student("bob"))).await;
    alice.sees_affiliation(ROOM, "alice", "owner").await;
    env.settle().await;
    let shut = || async {
        let refused = focus.affiliate(ROOM, bob.bare(), "owner").await;
        assert_eq!(refused, Err(REFUSED.into()));
        for refused in throws_out(&focus, &alice, "alice").await {
            assert_eq!(refused, Err(REFUSED.into()));
        }
    };
    shut().await;
    for _ in 0..3 {
        eval(&env, "return manage('reload', 'gavel')").await;
        shut().await;
    }
    // Without the module all is as without it; loaded again, gavel comes back.
    eval(&env, "return manage('unload', 'gavel')").await;
    focus.affiliate(ROOM, bob.bare(), "owner").await.unwrap();
    eval(&env, "return manage('load', 'gavel')").await;
    focus.sees_affiliation(ROOM, "bob", "member").await;
    env.settle().await;
    shut().await;
}
on_both!(guard_holds_through_reloads_of_the_module);

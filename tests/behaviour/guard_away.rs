//! `policy.guard`: it opens when gavel is away, and is shut again when gavel is back.

use crate::guard::*;
use crate::on_both;
use crate::support::{El, Version, student, teacher};
use std::time::{Duration, Instant};

async fn guard_opens_at_once_when_gavel_is_killed(version: Version) {
    let mut env = scene(version, "").await;
    let focus = focus(&env).await;
    let alice = joins(&env, ROOM, "alice", Some(teacher("alice"))).await;
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
    assert_eq!(focus.affiliation(ROOM, "alice"), "owner");
    let of_gavel = |stanza: &El| {
        let from = stanza.attr("from").unwrap_or_default();
        stanza.name == "presence" && from.ends_with("/gavel")
    };
    for client in [&focus, &alice] {
        assert_eq!(client.count(of_gavel), 0, "gavel is seen");
    }
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
    // The affiliations that were given meanwhile are taken back.
    env.gavel.thaw();
    focus.sees_affiliation(ROOM, "bob", "member").await;
    guest.sees_affiliation(other, "guest", "none").await;
    env.settle().await;
    let refused = focus.affiliate(ROOM, bob.bare(), "owner").await;
    assert_eq!(refused, Err(REFUSED.into()));
}
on_both!(guard_opens_within_ten_seconds_when_gavel_hangs);

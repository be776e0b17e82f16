//! B4: who lowers their own affiliation stays there; a host whom another lowers
//! gets it back.

use crate::on_both;
use crate::support::{Env, Version, jwt, teacher, token};

const ROOM: &str = "room@muc.meet.jitsi";

async fn b4_a_moderator_steps_down(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let child = jwt(&token(teacher("Alice")));
    let alice = env.client("alice").await;
    alice.join(ROOM, "alice", &child).await;
    alice.sees_affiliation(ROOM, "alice", "owner").await;
    alice
        .affiliate(ROOM, "alice@meet.jitsi", "member")
        .await
        .unwrap();
    for count in 0..5 {
        let children = format!("{child}<count>{count}</count>");
        alice.presence(ROOM, "alice", &children).await;
    }
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "alice"), "member");
    // Somebody entitled may ask her back.
    let dave = env.person(ROOM, "dave", Some(teacher("Dave"))).await;
    dave.sees_affiliation(ROOM, "dave", "owner").await;
    dave.affiliate(ROOM, "alice@meet.jitsi", "owner")
        .await
        .unwrap();
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "alice"), "owner");
}
on_both!(b4_a_moderator_steps_down);

async fn b4_a_host_demoted_or_banned_gets_it_back(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    let dave = env.person(ROOM, "dave", Some(teacher("Dave"))).await;
    alice.sees_affiliation(ROOM, "alice", "owner").await;
    dave.sees_affiliation(ROOM, "dave", "owner").await;
    for by in [&dave, &focus] {
        for to in ["none", "member", "admin"] {
            by.affiliate(ROOM, "alice@meet.jitsi", to).await.unwrap();
            // The sixth correction in 10 s comes after a pause (B3).
            focus.sees_affiliation(ROOM, "alice", "owner").await;
        }
    }
    // Another host, so that no pause is due.
    let carol = env.person(ROOM, "carol", Some(teacher("Carol"))).await;
    focus.sees_affiliation(ROOM, "carol", "owner").await;
    env.server_sets(ROOM, "carol@meet.jitsi", "none").await;
    focus.sees_affiliation(ROOM, "carol", "owner").await;
    dave.affiliate(ROOM, "carol@meet.jitsi", "outcast")
        .await
        .unwrap();
    carol.sees_gone(ROOM, "carol").await;
    env.settle().await;
    carol
        .join(ROOM, "carol", &jwt(&token(teacher("Carol"))))
        .await;
    focus.sees_affiliation(ROOM, "carol", "owner").await;
}
on_both!(b4_a_host_demoted_or_banned_gets_it_back);

async fn b4_unprotected_hosts_stay_demoted(version: Version) {
    let env = Env::gavel(version, "[policy]\nprotect_hosts = false").await;
    let focus = env.focus(ROOM).await;
    let child = jwt(&token(teacher("Alice")));
    let alice = env.client("alice").await;
    alice.join(ROOM, "alice", &child).await;
    let dave = env.person(ROOM, "dave", Some(teacher("Dave"))).await;
    alice.sees_affiliation(ROOM, "alice", "owner").await;
    dave.sees_affiliation(ROOM, "dave", "owner").await;
    dave.affiliate(ROOM, "alice@meet.jitsi", "none")
        .await
        .unwrap();
    alice.presence(ROOM, "alice", &child).await;
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "alice"), "none");
}
on_both!(b4_unprotected_hosts_stay_demoted);

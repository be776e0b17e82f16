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

/// Alice is a host by token; she is lowered by another host, the focus and a
/// server module. Each time fewer than six corrections: those pause (B3).
async fn b4_a_host_whom_another_demotes_gets_it_back(version: Version) {
    for by_host in [true, false] {
        let env = Env::new(version).await;
        let focus = env.focus(ROOM).await;
        let alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
        let dave = env.person(ROOM, "dave", Some(teacher("Dave"))).await;
        alice.sees_affiliation(ROOM, "alice", "owner").await;
        dave.sees_affiliation(ROOM, "dave", "owner").await;
        let by = if by_host { &dave } else { &focus };
        for to in ["none", "member", "admin"] {
            by.affiliate(ROOM, "alice@meet.jitsi", to).await.unwrap();
            env.settle().await;
            let now = focus.affiliation(ROOM, "alice");
            assert_eq!(now, "owner", "{to} by {}", by.jid);
        }
        env.server_sets(ROOM, "alice@meet.jitsi", "none").await;
        env.settle().await;
        assert_eq!(focus.affiliation(ROOM, "alice"), "owner");
    }
}
on_both!(b4_a_host_whom_another_demotes_gets_it_back);

/// Prosody lets an owner take the role of another, whose affiliation stays.
async fn b4_a_host_whose_role_another_takes_gets_it_back(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    let dave = env.person(ROOM, "dave", Some(teacher("Dave"))).await;
    alice.sees_affiliation(ROOM, "alice", "owner").await;
    dave.sees_affiliation(ROOM, "dave", "owner").await;
    dave.set_role(ROOM, "alice", "participant").await.unwrap();
    env.settle().await;
    assert_eq!(focus.role(ROOM, "alice"), "moderator");
    // Her own she may give up.
    alice.set_role(ROOM, "alice", "participant").await.unwrap();
    env.settle().await;
    assert_eq!(focus.role(ROOM, "alice"), "participant");
}
on_both!(b4_a_host_whose_role_another_takes_gets_it_back);

async fn b4_a_host_whom_another_bans_gets_it_back(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let child = jwt(&token(teacher("Alice")));
    let alice = env.client("alice").await;
    alice.join(ROOM, "alice", &child).await;
    let dave = env.person(ROOM, "dave", Some(teacher("Dave"))).await;
    alice.sees_affiliation(ROOM, "alice", "owner").await;
    dave.sees_affiliation(ROOM, "dave", "owner").await;
    for by in [&dave, &focus] {
        let banned = by.affiliate(ROOM, "alice@meet.jitsi", "outcast").await;
        banned.unwrap();
        alice.sees_gone(ROOM, "alice").await;
        env.settle().await;
        let outcasts = focus.affiliated(ROOM, "outcast").await.unwrap();
        assert!(outcasts.is_empty(), "{outcasts:?}");
        alice.join(ROOM, "alice", &child).await;
        focus.sees_affiliation(ROOM, "alice", "owner").await;
    }
}
on_both!(b4_a_host_whom_another_bans_gets_it_back);

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

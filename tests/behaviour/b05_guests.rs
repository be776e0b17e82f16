//! B5: guests are kept below moderator, and lowered to what they had.

use crate::on_both;
use crate::support::{Env, Version, jwt, teacher, token};
use serde_json::json;

const ROOM: &str = "room@muc.meet.jitsi";

/// Whoever makes a room members-only makes members of those in it first, and gavel
/// hears of that first: a server module does both at once, a client does not.
async fn b5_a_lobby_throws_nobody_out(version: Version) {
    let rule = "[[policy.rule]]\nname = 'none'\nwhen = 'claims.role == \"none\"'\n\
                affiliation = 'none'\n";
    let env = Env::gavel(version, rule).await;
    let focus = env.focus(ROOM).await;
    let alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    let bob = env.client("bob").await;
    let child = jwt(&token(json!({ "role": "none" })));
    bob.join(ROOM, "bob", &child).await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    env.settle().await;
    let members_only = |on| [("muc#roomconfig_membersonly", on)];
    // As gavel hears of the member the room is members-only already.
    env.gavel.freeze();
    env.server_sets(ROOM, "bob@meet.jitsi", "member").await;
    focus.configure(ROOM, &members_only("1")).await.unwrap();
    env.gavel.thaw();
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "bob"), "member");
    focus.configure(ROOM, &members_only("0")).await.unwrap();
    focus.sees_affiliation(ROOM, "bob", "none").await;
    // Here it is not yet.
    alice
        .affiliate(ROOM, "bob@meet.jitsi", "member")
        .await
        .unwrap();
    env.settle().await;
    alice.configure(ROOM, &members_only("1")).await.unwrap();
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "bob"), "member");
    let thrown_out = |s: &crate::support::El| [321, 322].iter().any(|c| s.status().contains(c));
    assert_eq!(bob.count(thrown_out), 0);
}
on_both!(b5_a_lobby_throws_nobody_out);

//! B5: guests are kept below moderator, and lowered to what they had.

use crate::on_both;
use crate::support::{Env, Version, jwt, student, teacher, token};
use serde_json::json;

const ROOM: &str = "room@muc.meet.jitsi";

async fn b5_guests_below_moderator_are_left_alone(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    focus
        .affiliate(ROOM, "listed@meet.jitsi", "member")
        .await
        .unwrap();
    focus
        .affiliate(ROOM, "banned@meet.jitsi", "outcast")
        .await
        .unwrap();
    let _listed = env.person(ROOM, "listed", None).await;
    let _guest = env.person(ROOM, "guest", None).await;
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "listed"), "member");
    assert_eq!(focus.affiliation(ROOM, "guest"), "none");
    assert_eq!(env.requests().await, []);
    let banned = env.client("banned").await;
    let refused = banned.try_join(ROOM, "banned", "").await;
    assert_eq!(refused, Err("forbidden".into()));
}
on_both!(b5_guests_below_moderator_are_left_alone);

async fn b5_who_is_lowered_gets_back_what_they_had(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    focus
        .affiliate(ROOM, "listed@meet.jitsi", "member")
        .await
        .unwrap();
    let _listed = env.person(ROOM, "listed", None).await;
    let _guest = env.person(ROOM, "guest", None).await;
    env.settle().await;
    for (nick, before) in [("listed", "member"), ("guest", "none")] {
        let jid = format!("{nick}@meet.jitsi");
        for to in ["owner", "admin"] {
            focus.affiliate(ROOM, &jid, to).await.unwrap();
            focus.sees_affiliation(ROOM, nick, before).await;
            env.settle().await;
            assert_eq!(focus.affiliation(ROOM, nick), before);
        }
    }
}
on_both!(b5_who_is_lowered_gets_back_what_they_had);

/// In a members-only room affiliation none would throw people out.
async fn b5_nobody_is_thrown_out_of_a_members_only_room(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let members_only = [("muc#roomconfig_membersonly", "1")];
    focus.configure(ROOM, &members_only).await.unwrap();
    // Promoted before they come, so there is nothing that they had before.
    env.gavel.freeze();
    focus
        .affiliate(ROOM, "guest@meet.jitsi", "owner")
        .await
        .unwrap();
    let guest = env.person(ROOM, "guest", None).await;
    env.gavel.thaw();
    focus.sees_affiliation(ROOM, "guest", "member").await;
    // Members by the room's list, promoted inside.
    focus
        .affiliate(ROOM, "bob@meet.jitsi", "member")
        .await
        .unwrap();
    let _bob = env.person(ROOM, "bob", Some(student("Bob"))).await;
    focus
        .affiliate(ROOM, "bob@meet.jitsi", "owner")
        .await
        .unwrap();
    focus.sees_affiliation(ROOM, "bob", "member").await;
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "guest"), "member");
    assert_eq!(focus.affiliation(ROOM, "bob"), "member");
    let thrown_out = |s: &crate::support::El| s.status().contains(&321);
    assert_eq!(guest.count(thrown_out), 0);
    // Whoever holds a token is let in by what gavel does for others, not by
    // itself: a token is no key to a room.
    let alice = env.client("alice").await;
    let refused = alice.try_join(ROOM, "alice", "").await;
    assert_eq!(refused, Err("registration-required".into()));
}
on_both!(b5_nobody_is_thrown_out_of_a_members_only_room);

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

async fn b5_ignored_guests_keep_what_they_are_given(version: Version) {
    let env = Env::gavel(version, "[policy]\nguests = \"ignore\"").await;
    let focus = env.focus(ROOM).await;
    let _guest = env.person(ROOM, "guest", None).await;
    let _bob = env.person(ROOM, "bob", Some(student("Bob"))).await;
    let _alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    focus
        .affiliate(ROOM, "guest@meet.jitsi", "owner")
        .await
        .unwrap();
    focus
        .affiliate(ROOM, "bob@meet.jitsi", "owner")
        .await
        .unwrap();
    focus.sees_affiliation(ROOM, "bob", "member").await;
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "guest"), "owner");
    assert_eq!(focus.affiliation(ROOM, "alice"), "owner");
}
on_both!(b5_ignored_guests_keep_what_they_are_given);

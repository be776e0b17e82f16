//! B6: visitors are left alone, but the role visitor shields nobody.

use crate::on_both;
use crate::support::{Env, Version, student, teacher};

const ROOM: &str = "room@muc.meet.jitsi";

/// Whoever has no affiliation enters a moderated room as a visitor.
const MODERATED: [(&str, &str); 1] = [("muc#roomconfig_moderatedroom", "1")];

async fn b6_a_visitor_is_left_alone(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    focus.configure(ROOM, &MODERATED).await.unwrap();
    let _guest = env.person(ROOM, "guest", None).await;
    let _bob = env.person(ROOM, "bob", Some(student("Bob"))).await;
    env.settle().await;
    for nick in ["guest", "bob"] {
        assert_eq!(focus.role(ROOM, nick), "visitor", "{nick}");
        assert_eq!(focus.affiliation(ROOM, nick), "none", "{nick}");
    }
    assert_eq!(env.requests().await, []);
    let _alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
}
on_both!(b6_a_visitor_is_left_alone);

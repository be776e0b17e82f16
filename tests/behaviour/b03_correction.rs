//! B3: gavel accepts changes of people entitled to them, corrects all others, and
//! overwrites nobody for ever.

use crate::on_both;
use crate::support::{Env, Options, Version, student};

const ROOM: &str = "room@muc.meet.jitsi";

async fn b3_a_server_module_promotes_newcomers(version: Version) {
    let options = Options {
        muc: "test_promote_everyone = true".into(),
        ..Options::default()
    };
    let env = Env::with(version, options, "").await;
    let focus = env.focus(ROOM).await;
    let bob = env.person(ROOM, "bob", Some(student("Bob"))).await;
    let _guest = env.person(ROOM, "guest", None).await;
    bob.sees_affiliation(ROOM, "bob", "member").await;
    focus.sees_affiliation(ROOM, "guest", "none").await;
    env.settle().await;
    env.server_sets(ROOM, "bob@meet.jitsi", "admin").await;
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "bob"), "member");
    assert_eq!(focus.role(ROOM, "bob"), "participant");
    assert_eq!(focus.role(ROOM, "guest"), "participant");
}
on_both!(b3_a_server_module_promotes_newcomers);

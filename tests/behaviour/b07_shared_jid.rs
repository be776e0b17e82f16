//! B7: several occupants with one bare JID have one affiliation: the highest
//! that any of them is entitled to.

use crate::on_both;
use crate::support::{Client, Env, Version, jwt, student, teacher, token};

const ROOM: &str = "room@muc.meet.jitsi";

async fn b7_the_highest_of_a_shared_jid_holds_until_it_leaves(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let phone = Client::connect(&env.prosody, "both@meet.jitsi/phone").await;
    let laptop = Client::connect(&env.prosody, "both@meet.jitsi/laptop").await;
    phone
        .join(ROOM, "phone", &jwt(&token(student("Bob"))))
        .await;
    focus.sees_affiliation(ROOM, "phone", "member").await;
    laptop
        .join(ROOM, "laptop", &jwt(&token(teacher("Alice"))))
        .await;
    focus.sees_affiliation(ROOM, "laptop", "owner").await;
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "phone"), "owner");
    let requests = env.requests().await.len();
    phone
        .presence(ROOM, "phone", &jwt(&token(student("Bob"))))
        .await;
    env.settle().await;
    assert_eq!(env.requests().await.len(), requests);
    laptop.leave(ROOM, "laptop").await;
    focus.sees_affiliation(ROOM, "phone", "member").await;
    env.settle().await;
    assert_eq!(focus.role(ROOM, "phone"), "participant");
}
on_both!(b7_the_highest_of_a_shared_jid_holds_until_it_leaves);

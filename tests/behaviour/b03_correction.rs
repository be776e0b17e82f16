//! B3: what others change is accepted from those entitled, corrected from all
//! others, and nobody is overwritten for ever.

use crate::on_both;
use crate::support::{Client, Env, Options, Version, jwt, nick, student, teacher, token};
use serde_json::json;
use std::time::Duration;
use tokio::time::Instant;

const ROOM: &str = "room@muc.meet.jitsi";

async fn b3_focus_promotes_everyone(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let people = [
        ("alice", Some(teacher("Alice")), "owner"),
        ("bob", Some(student("Bob")), "member"),
        ("guest", None, "none"),
    ];
    let mut clients = Vec::new();
    for (name, claims, _) in &people {
        clients.push(env.person(ROOM, name, claims.clone()).await);
        let jid = format!("{name}@meet.jitsi");
        focus.affiliate(ROOM, &jid, "owner").await.unwrap();
    }
    for (name, _, affiliation) in people {
        focus.sees_affiliation(ROOM, name, affiliation).await;
    }
    env.settle().await;
    for (name, _, affiliation) in people_after() {
        assert_eq!(focus.affiliation(ROOM, name), affiliation, "{name}");
        let role = if affiliation == "owner" {
            "moderator"
        } else {
            "participant"
        };
        assert_eq!(focus.role(ROOM, name), role, "{name}");
    }
}
on_both!(b3_focus_promotes_everyone);

fn people_after() -> [(&'static str, (), &'static str); 3] {
    [
        ("alice", (), "owner"),
        ("bob", (), "member"),
        ("guest", (), "none"),
    ]
}

/// The focus promotes whoever it sees lowered, and all the time besides.
async fn b3_focus_promotes_in_a_loop(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let _bob = env.person(ROOM, "bob", Some(student("Bob"))).await;
    focus.sees_affiliation(ROOM, "bob", "member").await;
    let before = lowered(&env, "bob").await;
    let mut promotions = 0;
    let end = Instant::now() + Duration::from_secs(6);
    while Instant::now() < end {
        if focus.affiliation(ROOM, "bob") != "owner" {
            focus
                .affiliate(ROOM, "bob@meet.jitsi", "owner")
                .await
                .unwrap();
            promotions += 1;
        }
        // The pace of the attack, not a wait for anything.
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    focus.sees_affiliation(ROOM, "bob", "member").await;
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "bob"), "member");
    let corrections = lowered(&env, "bob").await - before;
    assert!(
        corrections <= 12,
        "{corrections} corrections of {promotions} promotions"
    );
    assert!(
        corrections >= 6,
        "only {corrections} corrections of {promotions} promotions"
    );
    env.gavel.logs("focus@auth.meet.jitsi").await;
}
on_both!(b3_focus_promotes_in_a_loop);

/// How often gavel has asked to make `user` a member.
async fn lowered(env: &Env, user: &str) -> usize {
    let jid = format!("{user}@meet.jitsi");
    let requests = env.requests().await;
    requests
        .iter()
        .filter(|(who, to)| *who == jid && to == "member")
        .count()
}

//! `policy.grants = "admin"`: a person whom a moderator promotes becomes a co-host.

use super::stage::{Stage, host, student};

const ADMIN: &str = "[policy]\ngrants = 'admin'";

pub async fn co_hosts_moderate_and_cannot_touch_a_host<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, ADMIN).await;
    let bobs = student("Bob");
    stage.enters("host", &host("Host")).await;
    stage.enters("bob", &bobs).await;
    stage.enters("guest", &None).await;
    stage.ends([("host", "owner"), ("bob", "member")]).await;
    // As every client does it.
    stage.sets("host", "bob", "owner").await;
    stage.ends([("bob", "admin")]).await;
    assert_eq!(stage.asked("bob").await, ["member", "admin"]);
    assert_eq!(stage.role("bob").await, "moderator");
    // Later updates change nothing.
    let before = stage.sent().await;
    stage.updates("bob", &bobs).await;
    assert_eq!(stage.sent().await, before);
    // Neither by affiliation nor by role, neither lowered nor kicked nor banned.
    for affiliation in ["none", "member", "admin", "outcast"] {
        let refused = stage.tries_to_set("bob", "host", affiliation).await;
        assert_eq!(refused, Err("not-allowed".into()), "{affiliation}");
    }
    for role in ["none", "visitor", "participant"] {
        let refused = stage.tries_to_set_role("bob", "host", role).await;
        assert_eq!(refused, Err("not-allowed".into()), "{role}");
    }
    stage.ends([("host", "owner")]).await;
    assert_eq!(stage.role("host").await, "moderator");
}

/// Co-hosts promote as XEP-0045 lets them: by role. Hosts take it back.
pub async fn co_hosts_promote_others_and_are_lowered_by_a_host<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, ADMIN).await;
    stage.enters("host", &host("Host")).await;
    stage.enters("bob", &student("Bob")).await;
    stage.enters("guest", &None).await;
    stage.ends([("host", "owner"), ("bob", "member")]).await;
    stage.sets("host", "bob", "owner").await;
    stage.ends([("bob", "admin")]).await;
    let refused = stage.tries_to_set("bob", "guest", "owner").await;
    assert_eq!(refused, Err("not-allowed".into()));
    stage.sets_role("bob", "guest", "moderator").await;
    stage.ends([("guest", "admin")]).await;
    // By affiliation, or by role.
    stage.sets("host", "bob", "member").await;
    stage.sets_role("host", "guest", "participant").await;
    stage.ends([("bob", "member"), ("guest", "none")]).await;
    for who in ["bob", "guest"] {
        assert_eq!(stage.role(who).await, "participant", "{who}");
    }
}

/// A grant ends with its meeting, whatever affiliation it gave.
pub async fn grants_end_with_the_meeting<S: Stage>(at: S::Place) {
    for (grants, promoted) in [("owner", "owner"), ("admin", "admin")] {
        let settings = format!("[policy]\ngrants = '{grants}'");
        let mut stage = S::open(at, &*settings).await;
        for meeting in 0..2 {
            stage.enters("bob", &None).await;
            stage.ends([("bob", "none")]).await;
            stage.enters("host", &host("Host")).await;
            stage.ends([("host", "owner")]).await;
            stage.sets("host", "bob", "owner").await;
            stage.ends([("bob", promoted)]).await;
            if meeting == 0 {
                stage.the_next_meeting_begins().await;
            }
        }
        // Nor may the focus give him now the affiliation he had in the last one.
        stage.the_next_meeting_begins().await;
        stage.enters("bob", &None).await;
        stage.sets("focus", "bob", "owner").await;
        stage.ends([("bob", "none")]).await;
    }
}

played!(
    co_hosts_moderate_and_cannot_touch_a_host,
    co_hosts_promote_others_and_are_lowered_by_a_host,
    grants_end_with_the_meeting,
);

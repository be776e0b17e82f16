//! B1: gavel acts on the present state, not on the events it has seen: on everybody who
//! holds power in a room, present or not, by affiliation or by role.

use super::stage::{Setting, Stage, host, student};

pub async fn b1_an_absent_jid_is_lowered<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "").await;
    for (who, affiliation) in [("x", "owner"), ("y", "admin")] {
        stage.sets("focus", who, affiliation).await;
    }
    for who in ["v", "w@auth.meet.jitsi"] {
        stage.sets("focus", who, "member").await;
    }
    stage
        .ends([
            ("x", "none"),
            ("y", "none"),
            ("v", "member"),
            ("w@auth.meet.jitsi", "member"),
            ("focus", "owner"),
        ])
        .await;
}

pub async fn b1_an_entitled_person_keeps_it_when_gone<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "").await;
    let alices = host("Alice");
    stage.enters("alice", &alices).await;
    stage.enters("bob", &student("Bob")).await;
    stage.ends([("alice", "owner"), ("bob", "member")]).await;
    stage.sets("alice", "bob", "owner").await;
    stage.rests().await;
    stage.leaves("alice").await;
    stage.leaves("bob").await;
    // By her token, and by her grant.
    stage.ends([("alice", "owner"), ("bob", "owner")]).await;
    // Lowered while absent, they are not raised before they come back.
    stage.sets("server", "alice", "none").await;
    stage.ends([("alice", "none")]).await;
    stage.enters("alice", &alices).await;
    stage.ends([("alice", "owner"), ("bob", "owner")]).await;
}

/// An owner need not be in the room to use it.
pub async fn b1_promoted_and_gone_one_cannot_rule_from_outside<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "").await;
    let daves = host("Dave");
    stage.enters("alice", &host("Alice")).await;
    stage.enters("dave", &daves).await;
    stage.enters("mallory", &student("Mallory")).await;
    stage.enters("eve", &None).await;
    stage.ends([("dave", "owner"), ("mallory", "member")]).await;
    stage.gavel_looks_away();
    stage.sets("focus", "mallory", "owner").await;
    stage.leaves("mallory").await;
    for (whom, affiliation) in [
        ("eve", "owner"),
        ("alice", "none"),
        ("dave", "outcast"),
        ("absent", "owner"),
    ] {
        stage.sets("mallory", whom, affiliation).await;
    }
    stage.goes("dave").await;
    stage.gavel_looks_again();
    stage
        .ends([
            ("alice", "owner"),
            ("dave", "owner"),
            ("eve", "none"),
            ("absent", "none"),
        ])
        .await;
    stage.moderates_no_more("mallory").await;
    let requests = stage.requests().await;
    let lowered = |who: &str| {
        let mut requests = requests.iter();
        requests.position(|(jid, to)| *jid == super::stage::bare(who) && to != "owner")
    };
    assert!(lowered("mallory") < lowered("eve"), "{requests:?}");
    let again = stage.tries_to_set("mallory", "eve", "owner").await;
    assert_eq!(again, Err("not-allowed".into()));
    stage.enters("dave", &daves).await;
}

pub async fn b1_role_moderator_counts_as_a_promotion_by_its_actor<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "").await;
    stage.enters("alice", &host("Alice")).await;
    stage.enters("bob", &student("Bob")).await;
    stage.enters("guest", &None).await;
    stage.enters("carol", &None).await;
    stage.ends([("alice", "owner"), ("bob", "member")]).await;
    // The focus's are taken back, and nothing else with them.
    for (who, affiliation) in [("guest", "none"), ("bob", "member")] {
        stage.sets_role("focus", who, "moderator").await;
        assert_eq!(stage.role(who).await, "participant");
        assert_eq!(stage.has(who).await, affiliation);
    }
    // A moderator's are grants.
    stage.sets_role("alice", "carol", "moderator").await;
    stage.ends([("carol", "owner")]).await;
}

pub async fn b1_a_server_admin_is_left_with_a_reason<S: Stage>(at: S::Place) {
    let setting = Setting {
        admin: Some("boss"),
        ..Setting::default()
    };
    let mut stage = S::open(at, setting).await;
    stage.enters("boss", &None).await;
    assert_eq!(stage.shown("boss"), "owner");
    let reason = "does not let gavel lower boss@meet.jitsi";
    stage.logs(reason).await;
    stage.rests().await;
    let asked = stage.asked("boss").await;
    assert_eq!(asked.len(), 1, "{asked:?}");
    for _ in 0..5 {
        stage.updates("boss", &None).await;
    }
    stage.idles().await;
    assert_eq!(stage.asked("boss").await, asked);
    assert_eq!(stage.role("boss").await, "moderator");
    assert_eq!(stage.shown("boss"), "owner");
    assert_eq!(stage.log().matches(reason).count(), 1, "said once");
}
played!(
    b1_an_absent_jid_is_lowered,
    b1_an_entitled_person_keeps_it_when_gone,
    b1_promoted_and_gone_one_cannot_rule_from_outside,
    b1_role_moderator_counts_as_a_promotion_by_its_actor,
    b1_a_server_admin_is_left_with_a_reason,
);

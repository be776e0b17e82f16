//! B2: a person who joins gets the affiliation of their token, once.

use super::stage::{Stage, host, student};

pub async fn b2_a_token_counts_within_a_round_trip_and_once<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "").await;
    for (who, token, affiliation) in [
        ("alice", host("Alice"), "owner"),
        ("bob", student("Bob"), "member"),
        ("guest", None, "none"),
    ] {
        let entered = stage.clock();
        stage.enters(who, &token).await;
        stage.comes_to(who, affiliation).await;
        let took = stage.clock() - entered;
        assert!(took <= S::ROUND_TRIP, "{who}: {took:?}");
        let asked: &[&str] = if token.is_some() { &[affiliation] } else { &[] };
        assert_eq!(stage.asked(who).await, asked, "{who}");
        // Updates that change nothing cause nothing.
        let before = stage.sent().await;
        for _ in 0..20 {
            stage.updates(who, &token).await;
        }
        assert_eq!(stage.sent().await, before, "{who}");
    }
}

/// Presence is state: claims go and come with it.
pub async fn b2_claims_go_and_come_with_presence<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "").await;
    let (good, worse) = (host("Alice"), student("Alice"));
    stage.enters("alice", &good).await;
    stage.ends([("alice", "owner")]).await;
    for (token, affiliation) in [(&worse, "member"), (&good, "owner")] {
        stage.updates("alice", token).await;
        stage.ends([("alice", affiliation)]).await;
    }
    stage.updates("alice", &None).await;
    assert_eq!(stage.role("alice").await, "participant");
}

played!(
    b2_a_token_counts_within_a_round_trip_and_once,
    b2_claims_go_and_come_with_presence,
);

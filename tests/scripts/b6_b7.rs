//! B6: the role visitor shields nobody. B7: several occupants with one bare JID have one
//! affiliation, the highest that any of them is entitled to.

use super::stage::{Stage, host, student};

/// Owner by affiliation, visitor by role: the power is that of an owner.
pub async fn b6_the_role_visitor_is_no_shield<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "").await;
    let mallorys = student("Mallory");
    stage.enters("mallory", &mallorys).await;
    stage.enters("guest", &None).await;
    stage.ends([("mallory", "member"), ("guest", "none")]).await;
    for (who, token, entitled) in [("mallory", &mallorys, "member"), ("guest", &None, "none")] {
        stage.gavel_looks_away();
        stage.sets("focus", who, "owner").await;
        stage.sets_role("focus", who, "visitor").await;
        stage.updates(who, token).await;
        stage.gavel_looks_again();
        stage.ends([(who, entitled)]).await;
        let done = stage.tries_to_set(who, "eve", "owner").await;
        assert_eq!(done, Err("not-allowed".into()));
    }
}

/// A person without an affiliation enters a moderated room as a visitor.
pub async fn b6_a_visitor_is_left_alone<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "").await;
    stage.makes_moderated(true).await;
    stage.enters("guest", &None).await;
    stage.enters("bob", &student("Bob")).await;
    for who in ["guest", "bob"] {
        assert_eq!(stage.role(who).await, "visitor", "{who}");
        assert_eq!(stage.has(who).await, "none", "{who}");
    }
    assert_eq!(stage.requests().await, []);
    stage.enters("alice", &host("Alice")).await;
    stage.ends([("alice", "owner")]).await;
}

/// No question is asked about a visitor, whatever their token gives.
pub async fn b6_a_visitor_is_left_alone_with_any_token<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "").await;
    stage.enters("bob", &None).await;
    stage.rests().await;
    stage.sets_role("focus", "bob", "visitor").await;
    stage.updates("bob", &student("Bob")).await;
    stage.rests().await;
    assert_eq!(stage.role("bob").await, "visitor");
    assert_eq!(stage.requests().await, []);
}

pub async fn b7_the_highest_of_a_shared_jid_holds_until_it_leaves<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "").await;
    let bobs = student("Bob");
    stage.enters("both/phone", &bobs).await;
    stage.ends([("both/phone", "member")]).await;
    stage.enters("both/laptop", &host("Alice")).await;
    stage
        .ends([("both/laptop", "owner"), ("both/phone", "owner")])
        .await;
    let requests = stage.requests().await;
    stage.updates("both/phone", &bobs).await;
    assert_eq!(stage.requests().await, requests);
    stage.leaves("both/laptop").await;
    stage.ends([("both/phone", "member")]).await;
    assert_eq!(stage.role("both/phone").await, "participant");
}

played!(
    b6_a_visitor_is_left_alone,
    b6_the_role_visitor_is_no_shield,
    b6_a_visitor_is_left_alone_with_any_token,
    b7_the_highest_of_a_shared_jid_holds_until_it_leaves,
);

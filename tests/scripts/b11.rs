//! B11: gavel knows its saved state again, and corrects the changes made while it was away.

use super::stage::{Stage, host, student};

pub async fn b11_changes_while_gavel_was_away_are_corrected<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "").await;
    stage.enters("alice", &host("Alice")).await;
    stage.enters("dave", &host("Dave")).await;
    stage.enters("bob", &student("Bob")).await;
    stage.enters("gone", &student("Gone")).await;
    stage.enters("carol", &student("Carol")).await;
    stage.enters("guest", &None).await;
    stage.ends([("alice", "owner"), ("dave", "owner")]).await;
    stage.ends([("carol", "member")]).await;
    stage.sets("dave", "dave", "member").await;
    stage.sets("alice", "bob", "owner").await;
    stage.sets("alice", "gone", "owner").await;
    stage.ends([("bob", "owner"), ("gone", "owner")]).await;
    stage.leaves("gone").await;
    stage.rests().await;
    stage.gavel_stops().await;
    for (who, to) in [
        ("carol", "owner"),
        ("guest", "owner"),
        ("absent", "admin"),
        ("alice", "none"),
        ("bob", "member"),
    ] {
        stage.sets("focus", who, to).await;
    }
    stage.gavel_starts().await;
    stage
        .ends([
            ("carol", "member"),
            ("guest", "none"),
            ("absent", "none"),
            ("alice", "owner"),
        ])
        .await;
    // People's decisions outlive gavel.
    stage
        .ends([("bob", "owner"), ("gone", "owner"), ("dave", "member")])
        .await;
}

played!(b11_changes_while_gavel_was_away_are_corrected);

//! B15: the main room is kept as long as anybody is in the meeting.

use super::stage::{Setting, Stage, host};
use std::time::Duration;

/// gavel leaves a room without people after 15 s. If all of them are in breakout rooms it
/// stays in the main room, where it sets their affiliations.
pub async fn b15_the_main_room_is_kept_while_a_breakout_room_is_populated<S: Stage>(at: S::Place) {
    let setting = Setting {
        breakout: true,
        ..Setting::default()
    };
    let mut stage = S::open(at, setting).await;
    let alices = host("Alice");
    stage.enters("alice", &alices).await;
    stage.ends([("alice", "owner")]).await;
    stage.turns_to_breakout(true);
    stage.enters("alice", &alices).await;
    stage.turns_to_breakout(false);
    stage.leaves("alice").await;
    stage.turns_to_breakout(true);
    assert_eq!(stage.role("alice").await, "moderator");
    let longer = Duration::from_secs(17);
    stage.stay(&["alice"], "owner", longer).await;
    assert!(stage.gavel_is_in().await, "gavel has left the main room");
    stage.enters("bob", &host("Bob")).await;
    assert_eq!(stage.role("bob").await, "moderator");
    stage.ends([("bob", "owner"), ("alice", "owner")]).await;
}

played!(b15_the_main_room_is_kept_while_a_breakout_room_is_populated);

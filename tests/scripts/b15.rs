//! B15: people in breakout rooms belong to the meeting of the main room.

use super::stage::{Setting, Stage, host, student};

fn breakouts() -> Setting {
    Setting {
        breakout: true,
        ..Setting::default()
    }
}

pub async fn b15_affiliations_of_a_breakout_room_are_set_in_the_main_room<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, breakouts()).await;
    stage.turns_to_breakout(true);
    stage.enters("alice", &host("Alice")).await;
    stage.enters("bob", &student("Bob")).await;
    stage.ends([("alice", "owner"), ("bob", "member")]).await;
    assert_eq!(stage.role("alice").await, "moderator");
    // A promotion in either room is one in the meeting.
    for breakout in [true, false] {
        stage.turns_to_breakout(breakout);
        stage.sets("focus", "bob", "owner").await;
        stage.rests().await;
        stage.turns_to_breakout(true);
        assert_ne!(stage.role("bob").await, "moderator", "{breakout}");
        stage.moderates_no_more("bob").await;
    }
    // Affiliations are set there alone: in the breakout room that would be told for ever.
    assert_eq!(stage.requests().await, []);
}

pub async fn b15_claims_and_grants_move_between_the_rooms<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, breakouts()).await;
    let (alices, bobs) = (host("Alice"), student("Bob"));
    stage.enters("alice", &alices).await;
    stage.enters("bob", &bobs).await;
    stage.ends([("alice", "owner"), ("bob", "member")]).await;
    stage.sets("alice", "bob", "owner").await;
    stage.ends([("bob", "owner")]).await;
    for (who, token) in [("alice", &alices), ("bob", &bobs)] {
        stage.turns_to_breakout(true);
        stage.enters(who, token).await;
        stage.turns_to_breakout(false);
        stage.leaves(who).await;
        stage.turns_to_breakout(true);
        assert_eq!(stage.role(who).await, "moderator", "{who}");
        assert_eq!(stage.shown(who), "owner", "{who}");
    }
    stage.turns_to_breakout(false);
    stage.enters("bob", &bobs).await;
    // The grant is the meeting's.
    stage.ends([("bob", "owner"), ("alice", "owner")]).await;
}

played!(
    b15_affiliations_of_a_breakout_room_are_set_in_the_main_room,
    b15_claims_and_grants_move_between_the_rooms,
);

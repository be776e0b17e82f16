//! B5: guests are kept below moderator, and lowered to the affiliation they had.

use super::stage::{Stage, host, student};

pub async fn b5_guests_below_moderator_are_left_alone<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "").await;
    stage.sets("focus", "listed", "member").await;
    stage.sets("focus", "banned", "outcast").await;
    stage.enters("listed", &None).await;
    stage.enters("guest", &None).await;
    stage.ends([("listed", "member"), ("guest", "none")]).await;
    assert_eq!(stage.requests().await, []);
    let refused = stage.tries_to_enter("banned", &None).await;
    assert_eq!(refused, Err("forbidden".into()));
}

pub async fn b5_a_person_who_is_lowered_gets_their_old_affiliation_back<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "").await;
    stage.enters("alice", &host("Alice")).await;
    stage.ends([("alice", "owner")]).await;
    stage.sets("focus", "listed", "member").await;
    stage.enters("listed", &None).await;
    stage.enters("guest", &None).await;
    stage.enters("made", &None).await;
    stage.sets("alice", "made", "member").await;
    stage.rests().await;
    for (who, before) in [("listed", "member"), ("guest", "none"), ("made", "member")] {
        for to in ["owner", "admin"] {
            stage.sets("focus", who, to).await;
            stage.ends([(who, before)]).await;
        }
    }
}

/// In a members-only room affiliation none would throw people out.
pub async fn b5_nobody_is_thrown_out_of_a_members_only_room<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "").await;
    stage.makes_members_only(true).await;
    // Promoted before they come, so there is nothing that they had before.
    stage.gavel_looks_away();
    stage.sets("focus", "guest", "owner").await;
    stage.enters("guest", &None).await;
    stage.gavel_looks_again();
    stage.ends([("guest", "member")]).await;
    // Members by the room's list, promoted inside.
    stage.sets("focus", "bob", "member").await;
    stage.enters("bob", &student("Bob")).await;
    stage.sets("focus", "bob", "owner").await;
    stage.ends([("guest", "member"), ("bob", "member")]).await;
    for who in ["guest", "bob"] {
        assert_eq!(stage.role(who).await, "participant", "{who}");
        assert_eq!(stage.thrown_out(who), 0, "{who}");
    }
    // gavel's acts for others let the bearer of a token in; the token alone does not: it is
    // no key to a room.
    let refused = stage.tries_to_enter("alice", &None).await;
    assert_eq!(refused, Err("registration-required".into()));
}

pub async fn b5_ignored_guests_keep_every_affiliation_they_get<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "[policy]\nguests = 'ignore'").await;
    stage.enters("guest", &None).await;
    stage.enters("bob", &student("Bob")).await;
    stage.enters("alice", &host("Alice")).await;
    stage.sets("focus", "guest", "owner").await;
    stage.sets("focus", "bob", "owner").await;
    stage
        .ends([("bob", "member"), ("guest", "owner"), ("alice", "owner")])
        .await;
    stage.idles().await;
    assert_eq!(stage.asked("guest").await, [""; 0]);
}
played!(
    b5_guests_below_moderator_are_left_alone,
    b5_a_person_who_is_lowered_gets_their_old_affiliation_back,
    b5_nobody_is_thrown_out_of_a_members_only_room,
    b5_ignored_guests_keep_every_affiliation_they_get,
);

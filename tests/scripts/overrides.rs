//! Overrides that an admin sets by gavel's API: they outrank everything, and end on time.

use super::stage::{Setting, Stage, host, student};
use std::time::Duration;

pub async fn an_override_outranks_claims_grants_and_the_focus<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "").await;
    let (alices, bobs) = (host("Alice"), student("Bob"));
    stage.enters("alice", &alices).await;
    stage.enters("bob", &bobs).await;
    stage.ends([("alice", "owner"), ("bob", "member")]).await;
    stage.sets_override("bob", "owner", None).await;
    stage.ends([("bob", "owner")]).await;
    stage.updates("bob", &bobs).await;
    stage.ends([("bob", "owner")]).await;
    // Neither the focus nor a host takes it from him.
    for (by, to) in [("focus", "none"), ("alice", "member"), ("server", "admin")] {
        stage.sets(by, "bob", to).await;
        assert_eq!(stage.has("bob").await, "owner", "{to} by {by}");
    }
    // The host is made a member. Neither her token nor a moderator's grant helps her.
    stage.sets_override("alice", "member", None).await;
    stage.ends([("alice", "member")]).await;
    stage.updates("alice", &alices).await;
    stage.sets("bob", "alice", "owner").await;
    stage.ends([("alice", "member"), ("bob", "owner")]).await;
    stage.removes_override("alice").await;
    stage.ends([("alice", "owner")]).await;
    stage.has_no_override("alice").await;
    stage.removes_override("bob").await;
    stage.ends([("bob", "member"), ("alice", "owner")]).await;
}

pub async fn an_override_ends_on_time<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "").await;
    stage.enters("bob", &student("Bob")).await;
    stage.ends([("bob", "member")]).await;
    let lasts = Duration::from_millis(1_500);
    let before = stage.clock();
    stage.sets_override("bob", "owner", Some(lasts)).await;
    let after = stage.clock();
    stage.comes_to("bob", "owner").await;
    stage.comes_to("bob", "member").await;
    let now = stage.clock();
    assert!(now - before >= lasts, "it ended after {:?}", now - before);
    let most = lasts + S::ROUND_TRIP;
    assert!(now - after <= most, "it ended after {:?}", now - after);
    stage.ends([("bob", "member")]).await;
    stage.has_no_override("bob").await;
}

/// The ban ends when an admin removes it, and when its time is over.
pub async fn a_person_banned_by_an_override_comes_back_when_it_is_over<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "").await;
    let bobs = host("Bob");
    stage.enters("bob", &bobs).await;
    stage.ends([("bob", "owner")]).await;
    stage.sets_override("bob", "outcast", None).await;
    stage.goes("bob").await;
    stage.ends([("bob", "outcast")]).await;
    let refused = stage.tries_to_enter("bob", &bobs).await;
    assert_eq!(refused, Err("forbidden".into()));
    stage.removes_override("bob").await;
    stage.ends([("bob", "none")]).await;
    stage.enters("bob", &bobs).await;
    stage.ends([("bob", "owner")]).await;
    let second = Some(Duration::from_secs(1));
    stage.sets_override("bob", "outcast", second).await;
    stage.goes("bob").await;
    stage.ends([("bob", "none")]).await;
    stage.has_no_override("bob").await;
    stage.enters("bob", &bobs).await;
    stage.ends([("bob", "owner")]).await;
}

pub async fn an_absent_person_is_not_raised_by_an_override<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "").await;
    stage.enters("bob", &None).await;
    stage.sets_override("bob", "owner", None).await;
    stage.ends([("bob", "owner")]).await;
    stage.leaves("bob").await;
    // He keeps it, and is not given it again before he comes back.
    stage.ends([("bob", "owner")]).await;
    stage.sets("focus", "bob", "none").await;
    stage.ends([("bob", "none")]).await;
    stage.enters("bob", &None).await;
    stage.ends([("bob", "owner")]).await;
    // Nor does somebody else's ban stand against it.
    stage.sets("focus", "bob", "outcast").await;
    stage.goes("bob").await;
    stage.moderates_no_more("bob").await;
    assert_ne!(stage.has("bob").await, "outcast");
    stage.enters("bob", &None).await;
    stage.ends([("bob", "owner")]).await;
    stage.leaves("bob").await;
    stage.rests().await;
    stage.removes_override("bob").await;
    stage.ends([("bob", "none")]).await;
}

/// One of them ends while gavel does not run, and one when it runs again.
pub async fn overrides_outlive_restarts<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "").await;
    stage.enters("alice", &host("Alice")).await;
    stage.enters("bob", &student("Bob")).await;
    stage.enters("dora", &student("Dora")).await;
    stage.enters("carol", &None).await;
    stage.enters("erin", &None).await;
    stage.ends([("alice", "owner"), ("bob", "member")]).await;
    stage.ends([("dora", "member")]).await;
    stage.sets_override("bob", "owner", None).await;
    stage.sets_override("carol", "outcast", None).await;
    let later = Some(Duration::from_secs(3));
    stage.sets_override("erin", "owner", later).await;
    let soon = Some(Duration::from_millis(100));
    stage.sets_override("dora", "admin", soon).await;
    stage.gavel_stops().await;
    stage.sets("focus", "bob", "none").await;
    // Nobody is there any more whose presence would show that this ban is gone.
    stage.sets("alice", "carol", "none").await;
    stage.gavel_starts().await;
    stage
        .ends([("bob", "owner"), ("dora", "member"), ("carol", "outcast")])
        .await;
    let refused = stage.tries_to_enter("carol", &None).await;
    assert_eq!(refused, Err("forbidden".into()));
    stage.removes_override("carol").await;
    stage.ends([("carol", "none")]).await;
    stage.enters("carol", &None).await;
    stage.ends([("erin", "none")]).await;
    for who in ["dora", "erin"] {
        stage.has_no_override(who).await;
    }
}

/// An admin's gift ends with the meeting.
pub async fn an_override_ends_with_the_meeting<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "").await;
    stage.enters("bob", &None).await;
    stage.sets_override("bob", "owner", None).await;
    stage.ends([("bob", "owner")]).await;
    stage.the_next_meeting_begins().await;
    stage.enters("bob", &None).await;
    stage.ends([("bob", "none")]).await;
    stage.has_no_override("bob").await;
}

/// A rule leaves people alone, and an admin's gift is not left to them. Nor is it if guests
/// are left alone.
pub async fn an_override_that_is_over_leaves_nothing_behind<S: Stage>(at: S::Place) {
    let rule = "[[policy.rule]]\nname = 'everybody'\naffiliation = 'keep'\nwhen = 'true'";
    let ignoring = "[policy]\nguests = 'ignore'";
    for config in [rule, ignoring] {
        let mut stage = S::open(at, Setting::from(config)).await;
        stage.enters("bob", &None).await;
        stage.enters("given", &None).await;
        stage.sets("focus", "given", "owner").await;
        stage.rests().await;
        let second = Some(Duration::from_secs(1));
        stage.sets_override("bob", "owner", second).await;
        stage.comes_to("bob", "owner").await;
        stage.ends([("bob", "none"), ("given", "owner")]).await;
        // Others may give it to him.
        stage.sets("focus", "bob", "owner").await;
        stage.ends([("bob", "owner"), ("given", "owner")]).await;
        // Also if no rule says anything more of him.
        stage.gavel_reloads(ignoring).await;
        stage.ends([("bob", "owner"), ("given", "owner")]).await;
    }
}

played!(
    an_override_outranks_claims_grants_and_the_focus,
    an_override_ends_on_time,
    a_person_banned_by_an_override_comes_back_when_it_is_over,
    an_absent_person_is_not_raised_by_an_override,
    overrides_outlive_restarts,
    an_override_ends_with_the_meeting,
    an_override_that_is_over_leaves_nothing_behind,
);

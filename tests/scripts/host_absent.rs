//! `policy.host_absent`: the fate of a meeting that has no host.

use super::stage::{Stage, host};
use std::time::Duration;

/// After so long something happens.
fn policy(action: &str, after: &str) -> String {
    format!("[policy.host_absent]\naction = '{action}'\nafter = '{after}'\n")
}

/// Owner by a grant is no host; a host who comes in time is one, and the time starts again
/// when they leave.
pub async fn host_absent_is_over_when_a_host_comes<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, &*policy("end", "5s")).await;
    stage.enters("guest", &None).await;
    stage.is_warned("guest", 1).await;
    stage.enters("host", &host("Host")).await;
    stage.ends([("host", "owner")]).await;
    stage.sets("host", "guest", "owner").await;
    stage.ends([("guest", "owner")]).await;
    let more = Duration::from_millis(5_500);
    stage.stay(&["host", "guest"], "owner", more).await;
    stage.ends([("host", "owner"), ("guest", "owner")]).await;
    assert_eq!(stage.warnings("guest"), 1);
    stage.leaves("host").await;
    stage.is_warned("guest", 2).await;
    let before = stage.clock();
    stage.sees_the_end("guest").await;
    let after = stage.clock() - before;
    assert!(
        after > Duration::from_secs(4),
        "the time starts anew: {after:?}"
    );
}

pub async fn host_absent_is_off_by_default_and_follows_the_configuration<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "").await;
    stage.enters("guest", &None).await;
    stage.idles().await;
    stage.rests().await;
    assert_eq!(stage.warnings("guest"), 0);
    stage.gavel_reloads(&policy("end", "1s")).await;
    stage.is_warned("guest", 1).await;
    stage.sees_the_end("guest").await;
}

/// A host who was there gets in again by the affiliation they have kept.
pub async fn host_absent_lets_a_host_back_into_a_locked_room<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, &*policy("lock", "1s")).await;
    let token = host("Host");
    stage.enters("host", &token).await;
    stage.ends([("host", "owner")]).await;
    stage.enters("guest", &None).await;
    stage.leaves("host").await;
    stage.logs("made members-only").await;
    let refused = stage.tries_to_enter("stranger", &None).await;
    assert_eq!(refused, Err("registration-required".into()));
    stage.enters("host", &token).await;
    stage.logs("opened again").await;
    stage.enters("stranger", &None).await;
    stage
        .ends([("host", "owner"), ("guest", "member"), ("stranger", "none")])
        .await;
}

/// A locked room opens when it is switched off.
pub async fn host_absent_opens_a_locked_room_when_it_is_switched_off<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, &*policy("lock", "1s")).await;
    stage.enters("guest", &None).await;
    stage.logs("made members-only").await;
    stage.gavel_reloads("").await;
    stage.logs("opened again").await;
    stage.enters("stranger", &None).await;
    stage
        .ends([("guest", "member"), ("stranger", "none")])
        .await;
}

played!(
    host_absent_is_over_when_a_host_comes,
    host_absent_is_off_by_default_and_follows_the_configuration,
    host_absent_lets_a_host_back_into_a_locked_room,
    host_absent_opens_a_locked_room_when_it_is_switched_off,
);

//! `policy.on_expiry = "demote"`: tokens that expire in the meeting.

use super::stage::{Setting, Shown, Stage, host, until};
use std::time::Duration;

pub async fn on_expiry_a_token_ends_in_the_meeting_unless_it_is_renewed<S: Stage>(at: S::Place) {
    let setting = Setting {
        config: "[policy]\non_expiry = 'demote'".to_owned(),
        leeway: Some(1),
        ..Setting::default()
    };
    let mut stage = S::open(at, setting).await;
    let now = stage.unix().as_secs();
    let [adas, beas] = ["Ada", "Bea"].map(|name| until(now + 4, host(name)));
    let called = |name| Shown {
        name: Some(name),
        ..Shown::default()
    };
    stage.enters_as("alice", called("Ada"), &adas).await;
    stage.enters("renewed", &beas).await;
    stage.ends([("alice", "owner"), ("renewed", "owner")]).await;
    stage.enters("friend", &None).await;
    stage.rests().await;
    stage.sets("alice", "friend", "owner").await;
    stage
        .updates("renewed", &until(now + 600, host("Bea")))
        .await;
    stage.comes_to("alice", "none").await;
    let due = Duration::from_secs(now + 5);
    let late = stage.unix().abs_diff(due);
    assert!(
        late <= Duration::from_secs(1),
        "{late:?} from when it was due"
    );
    stage.logs("cause=\"expiry\" rule=expired").await;
    // Her grants from before stay.
    stage
        .ends([("alice", "none"), ("renewed", "owner"), ("friend", "owner")])
        .await;
    // The same token is worth nothing, but her name is her token's for good.
    stage.shows("alice", called("Mickey"), &adas).await;
    stage.is_called("alice", "Ada").await;
    stage.ends([("alice", "none")]).await;
    assert!(stage.reverts().await > 0);
    // A new token, and she is back.
    stage.updates("alice", &host("Ada")).await;
    stage.ends([("alice", "owner")]).await;
}

played!(
    without_module:
    on_expiry_a_token_ends_in_the_meeting_unless_it_is_renewed,
);

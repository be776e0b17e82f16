//! B8: a person whose token has a name shows that name, also if the module does not keep it.

use super::stage::{Shown, Stage, nameless, student};
use std::time::Duration;

/// Under that name, with the nick that they have.
fn called(name: &str) -> Shown<'_> {
    Shown {
        name: Some(name),
        ..Shown::default()
    }
}

pub async fn b8_guests_rename_freely<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "").await;
    stage.enters("guest", &None).await;
    // So does somebody whose token has no name.
    let bobs = nameless("7");
    stage.enters("bob", &bobs).await;
    for name in ["One", "Two", "Alice"] {
        for (who, token) in [("guest", &None), ("bob", &bobs)] {
            stage.shows(who, called(name), token).await;
            stage.rests().await;
            assert_eq!(stage.name(who).as_deref(), Some(name), "{who}");
        }
    }
    assert_eq!((stage.reverts().await, stage.notices("bob")), (0, 0));
}

pub async fn b8_a_wrong_name_at_the_join_is_reverted<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "").await;
    let bobs = student("Bob");
    stage.enters_as("bob", called("The Teacher"), &bobs).await;
    stage.is_called("bob", "Bob").await;
    stage.rests().await;
    assert_eq!(stage.name("bob").as_deref(), Some("Bob"));
    let reverts = stage.reverts().await;
    assert!(reverts >= 1);
    // The same name needs no revert, however it is padded.
    for name in ["Bob", " Bob\n"] {
        stage.shows("bob", called(name), &bobs).await;
        assert_eq!(stage.reverts().await, reverts, "{name:?}");
    }
}

pub async fn b8_off_leaves_names_alone<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "[names]\nfreeze = 'off'").await;
    let bobs = student("Bob");
    stage.enters_as("bob", called("X"), &bobs).await;
    stage.ends([("bob", "member")]).await;
    assert_eq!(stage.name("bob").as_deref(), Some("X"));
    stage.shows("bob", called("Y"), &bobs).await;
    stage.idles().await;
    stage.rests().await;
    assert_eq!(stage.name("bob").as_deref(), Some("Y"));
    assert_eq!((stage.reverts().await, stage.notices("bob")), (0, 0));
}

pub async fn b8_notify_tells_once_and_reverts_nothing<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "[names]\nfreeze = 'notify'").await;
    let bobs = student("Bob");
    stage.enters_as("bob", called("Bob"), &bobs).await;
    for name in ["X", "Y", "Z"] {
        stage.shows("bob", called(name), &bobs).await;
    }
    stage.is_notified("bob").await;
    stage.rests().await;
    assert_eq!(stage.notices("bob"), 1, "at most one a minute");
    assert_eq!(stage.name("bob").as_deref(), Some("Z"));
    assert_eq!(stage.reverts().await, 0);
}

/// Nobody can tell which of several sessions behind one nick to correct.
pub async fn b8_several_sessions_behind_one_nick_are_notified<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "").await;
    let bobs = student("Bob");
    let shared = |name| Shown {
        nick: Some("bob"),
        name: Some(name),
    };
    stage.enters_as("bob/one", shared("Bob"), &bobs).await;
    stage.ends([("bob/one", "member")]).await;
    stage.enters_as("bob/two", shared("Bob"), &bobs).await;
    stage.rests().await;
    stage.shows("bob/one", shared("X"), &bobs).await;
    stage.is_notified("bob/one").await;
    stage.rests().await;
    assert_eq!(stage.name("bob/one").as_deref(), Some("X"));
    assert_eq!(stage.reverts().await, 0);
}

/// A revert may come when its occupant has just left.
pub async fn b8_a_late_revert_brings_nobody_back<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "").await;
    let bobs = student("Bob");
    stage.enters_as("bob", called("Bob"), &bobs).await;
    stage.ends([("bob", "member")]).await;
    stage.gavel_looks_away();
    stage.shows("bob", called("The Teacher"), &bobs).await;
    stage.leaves("bob").await;
    stage.gavel_looks_again();
    assert_eq!(stage.role("bob").await, "none", "Bob is back");
    stage.enters_as("bob", called("The Teacher"), &bobs).await;
    stage.is_called("bob", "Bob").await;
}

pub async fn names_are_kept_from_now_on<S: Stage>(at: S::Place) {
    let off = "[names]\nfreeze = 'off'";
    let mut stage = S::open(at, off).await;
    let bobs = student("Bob");
    stage.enters_as("bob", called("Alice"), &bobs).await;
    stage.rests().await;
    assert_eq!(stage.name("bob").as_deref(), Some("Alice"));
    stage.gavel_reloads("").await;
    stage.is_called("bob", "Bob").await;
    stage.gavel_reloads(off).await;
    stage.shows("bob", called("Alice"), &bobs).await;
    stage.is_called("bob", "Alice").await;
    stage.rests().await;
    assert_eq!(stage.name("bob").as_deref(), Some("Alice"));
}

/// gavel answers each of several presences before it can know the next. A presence that it
/// turns back must not replace the newest one.
pub async fn b8_a_stale_revert_is_followed_by_the_newest_presence<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "").await;
    let bobs = student("Bob");
    stage.enters_as("bob", called("Bob"), &bobs).await;
    stage.ends([("bob", "member")]).await;
    for names in [&["X", "Bob"][..], &["X", "Bob", "Y", "Z"]] {
        stage.gavel_looks_away();
        for name in names {
            stage.shows("bob", called(name), &bobs).await;
        }
        stage.gavel_looks_again();
        stage.rests().await;
        stage.is_called("bob", "Bob").await;
        assert!(stage.shows_the_newest("bob"), "after {names:?}");
    }
}

/// Five times at once, then with pauses that grow; and the last word is gavel's.
pub async fn b8_a_person_who_keeps_renaming_is_turned_back_with_pauses<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "").await;
    let bobs = student("Bob");
    stage.enters_as("bob", called("Bob"), &bobs).await;
    stage.ends([("bob", "member")]).await;
    let start = stage.clock();
    let mut changes = 0;
    while stage.clock() < start + Duration::from_secs(6) {
        changes += 1;
        stage.shows("bob", called("Eve"), &bobs).await;
        stage.rests().await;
    }
    assert!(changes > 30, "too few to tell: {changes}");
    let reverts = stage.reverts().await;
    // Now and then one more, if one crosses a newer presence.
    assert!((6..=14).contains(&reverts), "{reverts} of {changes}");
    stage.is_called("bob", "Bob").await;
    stage.rests().await;
    assert!(stage.shows_the_newest("bob"));
    assert_eq!(stage.name("bob").as_deref(), Some("Bob"));
}

played!(
    without_module:
    b8_guests_rename_freely,
    b8_a_wrong_name_at_the_join_is_reverted,
    b8_off_leaves_names_alone,
    b8_notify_tells_once_and_reverts_nothing,
    b8_several_sessions_behind_one_nick_are_notified,
    b8_a_late_revert_brings_nobody_back,
    names_are_kept_from_now_on,
    b8_a_stale_revert_is_followed_by_the_newest_presence,
    b8_a_person_who_keeps_renaming_is_turned_back_with_pauses,
);

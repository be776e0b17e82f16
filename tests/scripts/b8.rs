//! B8: whoever's token has a name shows that name; where the module does not keep it.

use super::stage::{Shown, Stage, nameless, student};

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

/// `names.guests = "distinct"`: the name by the token wins whoever came first, and when
/// its bearer has left.
pub async fn b8_the_name_of_a_token_wins_whoever_came_first<S: Stage>(at: S::Place) {
    const ADA: &str = "Ada Lovelace";
    const GUEST: &str = "Ada Lovelace (guest)";
    let mut stage = S::open(at, "[names]\nguests = 'distinct'").await;
    stage.enters_as("eve", called(ADA), &None).await;
    stage.rests().await;
    assert_eq!(stage.name("eve").as_deref(), Some(ADA), "nobody's yet");
    stage.enters_as("ada", called(ADA), &student(ADA)).await;
    stage.is_called("eve", GUEST).await;
    stage.leaves("ada").await;
    stage.rests().await;
    assert_eq!(stage.name("eve").as_deref(), Some(GUEST));
    stage.enters_as("mal", called("ada lovelace"), &None).await;
    stage.is_called("mal", GUEST).await;
    stage.idles().await;
    assert_eq!(stage.reverts().await, 2, "once for each of them");
    // Guests among themselves call themselves what they like.
    for who in ["eve", "mal"] {
        stage.shows(who, called("Bob"), &None).await;
    }
    for who in ["eve", "mal"] {
        stage.is_called(who, "Bob").await;
    }
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
    b8_the_name_of_a_token_wins_whoever_came_first,
);

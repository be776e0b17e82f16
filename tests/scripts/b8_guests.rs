//! B8, `names.guests = "distinct"`: nobody whose token gives no name can look like a person
//! whose token does. With the module, it is the module that shows another name.

use super::stage::{Shown, Stage, student};

const DISTINCT: &str = "[names]\nguests = 'distinct'";
const ADA: &str = "Ada Lovelace";
const GUEST: &str = "Ada Lovelace (guest)";

/// Under that name, with the nick that they have.
fn called(name: &str) -> Shown<'_> {
    Shown {
        name: Some(name),
        ..Shown::default()
    }
}

/// The name by the token wins, also when its bearer has left.
pub async fn b8_the_name_of_a_token_wins_in_any_order_of_coming<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, DISTINCT).await;
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
    let reverts = stage.reverts().await;
    let by_the_module = reverts == 0;
    assert!(by_the_module || reverts == 2, "{reverts}, not one for each");
    // Guests among themselves choose any names.
    for who in ["eve", "mal"] {
        stage.shows(who, called("Bob"), &None).await;
    }
    for who in ["eve", "mal"] {
        stage.is_called(who, "Bob").await;
    }
}

/// Switched off and on while people are there.
pub async fn b8_guests_get_their_names_back_by_configuration<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, DISTINCT).await;
    stage.enters_as("ada", called(ADA), &student(ADA)).await;
    stage.enters_as("eve", called("ADA LOVELACE"), &None).await;
    stage.is_called("eve", GUEST).await;
    for (config, name) in [("", "ADA LOVELACE"), (DISTINCT, GUEST)] {
        stage.gavel_reloads(config).await;
        stage.shows("eve", called("ADA LOVELACE"), &None).await;
        stage.is_called("eve", name).await;
        stage.rests().await;
        assert_eq!(stage.name("eve").as_deref(), Some(name));
    }
    assert_eq!(stage.name("ada").as_deref(), Some(ADA));
}

/// After a restart everybody is seen again.
pub async fn b8_guests_are_told_apart_after_a_restart<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, DISTINCT).await;
    stage.enters_as("eve", called("ADA LOVELACE"), &None).await;
    stage.enters_as("zoe", called(ADA), &student(ADA)).await;
    stage.is_called("eve", GUEST).await;
    stage.gavel_restarts().await;
    stage.shows("eve", called("ada lovelace"), &None).await;
    stage.is_called("eve", GUEST).await;
    stage.rests().await;
    assert_eq!(stage.name("eve").as_deref(), Some(GUEST));
    // A name of her own, and back.
    for (name, shown) in [("Eve", "Eve"), ("ADA LOVELACE", GUEST)] {
        stage.shows("eve", called(name), &None).await;
        stage.is_called("eve", shown).await;
    }
}

played!(
    without_module:
    b8_the_name_of_a_token_wins_in_any_order_of_coming,
    b8_guests_get_their_names_back_by_configuration,
    b8_guests_are_told_apart_after_a_restart,
);
played!(
    with_module:
    b8_the_name_of_a_token_wins_in_any_order_of_coming,
    b8_guests_get_their_names_back_by_configuration,
);

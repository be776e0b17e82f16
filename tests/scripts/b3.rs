//! B3: gavel corrects changes of people who are not entitled to them, and overwrites nobody
//! for ever.

use super::stage::{Stage, bare, host, student};
use std::time::Duration;

pub async fn b3_focus_promotes_everyone<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "").await;
    let people = [
        ("alice", host("Alice"), "owner", "moderator"),
        ("bob", student("Bob"), "member", "participant"),
        ("guest", None, "none", "participant"),
    ];
    for (who, token, ..) in &people {
        stage.enters(who, token).await;
        stage.sets("focus", who, "owner").await;
    }
    for (who, _, affiliation, role) in people {
        stage.ends([(who, affiliation)]).await;
        assert_eq!(stage.role(who).await, role, "{who}");
    }
}

/// The focus promotes every person it sees lowered, for 6 s. It is corrected at once, and
/// then with pauses that grow.
pub async fn b3_focus_promotes_in_a_loop<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "").await;
    stage.enters("bob", &student("Bob")).await;
    stage.ends([("bob", "member")]).await;
    let before = stage.asked("bob").await.len();
    let start = stage.clock();
    let mut lowered = Vec::new();
    while stage.clock() < start + Duration::from_secs(6) {
        stage.comes_to("bob", "member").await;
        lowered.push(stage.clock());
        stage.sets("focus", "bob", "owner").await;
    }
    stage.ends([("bob", "member")]).await;
    let corrections = stage.asked("bob").await.len() - before;
    assert!((6..=12).contains(&corrections), "{corrections} corrections");
    let pauses: Vec<Duration> = lowered.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let (quick, slow) = pauses.split_at(5);
    let most = S::ROUND_TRIP + Duration::from_millis(10);
    assert!(quick.iter().all(|pause| *pause <= most), "{pauses:?}");
    for (pause, expected) in slow.iter().zip([250, 500, 1_000, 2_000]) {
        let expected = Duration::from_millis(expected);
        // The time that a stanza takes varies on real servers.
        let between = expected.mul_f32(0.8)..=expected + most;
        assert!(between.contains(pause), "{pauses:?}");
    }
    let log = stage.log();
    let warnings = log.lines().filter(|line| line.contains("keeps changing"));
    let warnings: Vec<&str> = warnings.collect();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    let named = warnings[0].contains("WARN") && warnings[0].contains("focus@auth.meet.jitsi");
    assert!(named, "{warnings:?}");
}

/// Jicofo in authentication mode: with each presence of its own it promotes
/// everybody who has logged in. Pauses would have grown to seconds by the end.
pub async fn b3_a_focus_that_acts_anew_is_corrected_without_pause<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "").await;
    let names = ["ann", "ben", "cid", "dan", "eve"];
    for name in names {
        stage.enters(name, &student(name)).await;
        stage.ends([(name, "member")]).await;
    }
    let mut longest = Duration::ZERO;
    for _ in 0..10 {
        let promoted = stage.clock();
        for name in names {
            stage.sets("focus", name, "owner").await;
        }
        for name in names {
            stage.comes_to(name, "member").await;
        }
        longest = longest.max(stage.clock() - promoted);
        let pace = Duration::from_millis(400);
        stage.stay(&names, "member", pace).await;
    }
    assert!(longest <= S::ROUND_TRIP, "moderators for {longest:?}");
    stage.rests().await;
    assert!(!stage.log().contains("keeps changing"));
}

/// An unentitled actor is lowered first, then their change is undone; and that without the
/// pauses that somebody else has caused.
pub async fn b3_a_promotion_by_the_unentitled_is_undone<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "").await;
    stage.enters("mallory", &student("Mallory")).await;
    stage.enters("eve", &None).await;
    stage.ends([("mallory", "member")]).await;
    let lowered =
        [("mallory", "member"), ("eve", "none")].map(|(who, to)| (bare(who), to.to_owned()));
    let before = stage.requests().await.len();
    stage.gavel_looks_away();
    stage.sets("focus", "mallory", "owner").await;
    stage.sets("mallory", "eve", "owner").await;
    stage.gavel_looks_again();
    stage.ends([("mallory", "member"), ("eve", "none")]).await;
    assert_eq!(stage.requests().await[before..], lowered);
    // Several at once, then with pauses: the next of them has 2 s.
    for _ in 0..8 {
        stage.sets("focus", "mallory", "owner").await;
        stage.comes_to("mallory", "member").await;
    }
    let before = stage.requests().await.len();
    let since = stage.clock();
    stage.gavel_looks_away();
    stage.sets("focus", "mallory", "owner").await;
    stage.sets("mallory", "eve", "owner").await;
    stage.gavel_looks_again();
    stage.comes_to("mallory", "member").await;
    stage.comes_to("eve", "none").await;
    let took = stage.clock() - since;
    assert!(took <= S::ROUND_TRIP, "it took {took:?}");
    assert_eq!(stage.requests().await[before..], lowered);
    stage.ends([("mallory", "member"), ("eve", "none")]).await;
}

/// Recorders, the bridge and the focus itself: everybody of a domain of machines.
pub async fn b3_infrastructure_is_left_alone<S: Stage>(at: S::Place) {
    let mut stage = S::open(at, "").await;
    let (recorder, absent) = ("recorder@auth.meet.jitsi", "absent@auth.meet.jitsi");
    stage.enters(recorder, &None).await;
    stage.sets("focus", recorder, "owner").await;
    stage.sets("focus", absent, "admin").await;
    stage.enters("guest", &None).await;
    stage.ends([(recorder, "owner"), ("guest", "none")]).await;
    // Its gifts to others are corrected.
    stage.sets(recorder, "guest", "owner").await;
    stage.ends([("guest", "none")]).await;
    stage
        .ends([(recorder, "owner"), (absent, "admin"), ("focus", "owner")])
        .await;
    let requests = stage.requests().await;
    let others = requests.iter().filter(|(jid, _)| *jid != bare("guest"));
    assert_eq!(others.count(), 0, "{requests:?}");
}

played!(
    b3_infrastructure_is_left_alone,
    b3_focus_promotes_everyone,
    b3_focus_promotes_in_a_loop,
    b3_a_focus_that_acts_anew_is_corrected_without_pause,
    b3_a_promotion_by_the_unentitled_is_undone,
);

//! Runs in which something happens while gavel sees nothing, or knows too little.

use super::*;

fn unprotected(ops: Vec<(Op, u64)>) -> Case {
    let mut run = case(true, &[], ops);
    run.policy.protect_hosts = false;
    run
}

/// The engine was wrong: it took no notice of a ban that the module told of as gavel joined
/// again. So it took the end of the ban for a host being lowered by another, and they were
/// no host any more as they came back.
#[test]
fn b4_the_end_of_a_ban_that_gavel_has_not_seen_lowers_no_host() {
    let ops = vec![
        (Show(2, 0, Some(Owner), None), 5),
        (Reconnect, 0),
        (Set(Focus, 2, Affiliation::Outcast), 0),
        (Breakout(5, Some(Owner), None), 230),
        (Set(Person(5), 2, Affiliation::None), 0),
        (Show(2, 0, Some(Owner), None), 0),
    ];
    unprotected(ops).ends_well();
}

/// The same of somebody who does not come back: the guard let nobody make them owner.
#[test]
fn b4_whoever_was_banned_unseen_is_a_host_again_after_the_ban() {
    let ops = vec![
        (Show(1, 0, Some(Owner), None), 0),
        (Show(2, 0, Some(Owner), None), 34),
        (Reconnect, 0),
        (Set(Focus, 1, Affiliation::Outcast), 656),
        (Set(Person(2), 1, Affiliation::None), 0),
    ];
    unprotected(ops).guarded().ends_well();
}

/// The engine was wrong: somebody stepped down before it knew what they had, and it took
/// that for a promotion.
#[test]
fn b4_a_step_down_from_what_gavel_does_not_know_is_one() {
    let ops = vec![
        (Reconnect, 92),
        (LoseReplies(1), 43),
        (Set(Focus, 4, Affiliation::Owner), 80),
        (Set(Person(4), 4, Affiliation::Admin), 0),
        (Show(4, 0, Some(Owner), None), 0),
    ];
    unprotected(ops).ends_well();
}

/// The oracle was wrong: it had the guard told of absent guests whose ban is lifted.
#[test]
fn b4_the_guard_is_not_told_of_absent_guests_who_were_banned() {
    let ops = vec![
        (Set(Focus, 0, Affiliation::Owner), 0),
        (Show(0, 0, Some(Member), None), 0),
        (Set(Person(0), 1, Affiliation::Outcast), 10),
        (Reconnect, 0),
    ];
    unprotected(ops).ignoring().guarded().ends_well();
}

/// The oracle was wrong: it took for known what a breakout room had shown that gavel had not
/// read. gavel cannot tell whether a host then promotes somebody or lowers them.
#[test]
fn b3_a_host_promotes_somebody_of_an_unread_breakout_room() {
    let ops = vec![
        (Show(0, 0, Some(Owner), None), 0),
        (Slow(1031), 12),
        (Reconnect, 0),
        (Breakout(3, Some(Owner), None), 0),
        (Set(Focus, 3, Affiliation::Owner), 2287),
        (Set(Person(0), 3, Affiliation::Admin), 0),
        (Breakout(3, Some(Member), None), 0),
    ];
    let run = unprotected(ops);
    let mut play = run.start();
    play.world.server.tells_facts = false;
    run.run(&mut play);
}

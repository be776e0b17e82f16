//! Runs that end with an election, and with the rights that somebody away keeps.

use super::super::policies::Plan;
use super::*;
use gavel::policy::{Grants, Preset};

/// The engine was wrong: somebody elected left, and was waited for without an end. The same
/// user was there on another device, on which they had stepped down.
#[test]
fn b5_the_next_is_elected_where_the_heir_has_stepped_down() {
    for module in [true, false] {
        case(
            module,
            &[],
            vec![
                (Show(4, 1, Some(Member), None), 0),
                (Show(5, 0, Some(Owner), None), 0),
                (Op::Focus(false), 12),
                (Set(Person(5), 5, Affiliation::Member), 0),
                (Leave(4, 1), 0),
                (Show(0, 0, Some(Member), None), 0),
            ],
        )
        .electing()
        .ends_well();
    }
}

/// The oracle was wrong: grants were limited to admin, and then somebody left whom a rule left
/// alone as owner. Their affiliation was right.
#[test]
fn b1_a_person_left_alone_keeps_more_than_the_grants_setting() {
    let rules = |rules| Plan {
        grants: if rules == 0 {
            Grants::Owner
        } else {
            Grants::Admin
        },
        guests: Guests::Strip,
        protect: true,
        guard: false,
        fallback: Fallback::None,
        demotes: false,
        preset: Preset::Jitsi,
        rules,
    };
    let mut run = case(
        false,
        &[],
        vec![
            (Show(2, 0, None, None), 0),
            (Show(4, 0, Some(Owner), None), 10),
            (Moderator(Person(4), 2), 5),
            (Configure(rules(2), false), 5),
            (Leave(2, 0), 0),
        ],
    );
    run.policy = rules(0).policy();
    run.ends_well();
}

/// The oracle was wrong: a ban that an admin had set was on its way as the connection was lost,
/// and ended then. The person it hit may have been banned before they left, and keeps nothing.
#[test]
fn b1_a_person_banned_by_an_admin_out_of_sight_keeps_nothing() {
    case(
        true,
        &[],
        vec![
            (Show(2, 0, Some(Owner), None), 12),
            (Override(2, Affiliation::Outcast, Some(10)), 8),
            (Reconnect, 0),
            (Show(3, 0, Some(Owner), None), 0),
        ],
    )
    .guarded()
    .ends_well();
}

/// The oracle was wrong: the person who came first was no more than a visitor for a moment,
/// in which somebody else was elected. gavel asked for that later, as it had its answer.
#[test]
fn b5_an_election_outlasts_a_request_under_way() {
    let run = case(
        false,
        &[],
        vec![
            (LoseReplies(3), 0),
            (Show(3, 0, Some(Member), None), 0),
            (Breakout(0, Some(Owner), None), 1),
            (Show(0, 0, Some(Member), None), 0),
            (Visitor(3), 0),
            (PutOut(false), 0),
        ],
    )
    .electing()
    .ignoring();
    let mut play = run.start();
    play.world.server.tells_facts = false;
    run.run(&mut play);
}

/// The oracle was wrong: the focus made an owner of somebody away whom an admin had banned.
/// As the ban was over, nobody had to take that back from a guest.
#[test]
fn b5_a_promotion_by_the_focus_outlives_an_admins_ban() {
    let mut run = case(
        false,
        &[],
        vec![
            (Show(3, 0, Some(Owner), None), 0),
            (Override(0, Affiliation::Outcast, Some(55)), 0),
            (Show(0, 0, Some(Owner), None), 0),
            (LoseReplies(3), 10),
            (Set(Focus, 0, Affiliation::Owner), 0),
        ],
    )
    .ignoring();
    run.policy.protect_hosts = false;
    run.ends_well();
}

/// The oracle was wrong: somebody was elected while a role of theirs was asked for, and was
/// made a visitor of the main room before gavel could make them owner. They spoke in a
/// breakout room.
#[test]
fn b5_an_elected_person_who_still_speaks_in_a_breakout_room_is_promoted() {
    let ops = vec![
        (MembersOnly(true), 0),
        (Set(Focus, 0, Affiliation::Owner), 0),
        (Show(0, 0, Some(Member), None), 0),
        (Show(5, 0, Some(Owner), None), 0),
        (Set(Focus, 5, Affiliation::Owner), 0),
        (Breakout(0, Some(Member), None), 0),
        (Rename(5), 10),
        (Show(5, 0, Some(Member), None), 0),
        (Visitor(0), 0),
    ];
    let mut run = case(true, &[], ops).electing();
    run.policy.protect_hosts = false;
    run.ends_well();
}

/// The oracle was wrong: somebody was elected while gavel had asked for something else, the
/// answer was lost, and they went on in a breakout room.
#[test]
fn b5_an_elected_person_is_promoted_once_a_lost_answer_is_given_up() {
    let ops = vec![
        (Breakout(2, None, None), 0),
        (Show(1, 0, Some(Owner), None), 0),
        (LoseReplies(3), 0),
        (Show(2, 0, Some(Member), None), 0),
        (Kick(Focus, 1), 12),
        (Leave(2, 0), 0),
    ];
    case(true, &[], ops).electing().ends_well();
}

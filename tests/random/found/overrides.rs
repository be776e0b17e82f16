//! Runs in which admins set something.

use super::*;

/// The engine was wrong: an admin had a ban taken back while it was on its way, a server
/// module made an owner of that person, and then the ban came and stood.
#[test]
fn b4_a_ban_that_an_admin_takes_back_on_its_way_is_lifted() {
    let run = case(
        true,
        &[],
        vec![
            (Show(2, 0, None, None), 5),
            (Override(2, Affiliation::Outcast, None), 0),
            (Clear(2), 0),
            (Set(Module, 2, Affiliation::Owner), 0),
            (Show(0, 0, Some(Owner), None), 0),
        ],
    );
    let mut play = run.start();
    run.run(&mut play);
    let has = play.world.has(&room("r"), "p2@meet.jitsi/0");
    assert!(has > Affiliation::Outcast, "{has}");
}

/// The engine was wrong: it did not know that somebody away was banned, and an admin's
/// override for them did not let them in.
#[test]
fn b4_an_override_lets_in_somebody_away_and_banned() {
    for reconnect in [false, true] {
        let last = match reconnect {
            true => Reconnect,
            false => Rename(4),
        };
        case(
            true,
            &[],
            vec![
                (Show(4, 1, Some(Owner), None), 50),
                (Set(Person(4), 3, Affiliation::Outcast), 2_000),
                (Override(3, Affiliation::Member, None), 0),
                (last, 0),
            ],
        )
        .ends_well();
    }
}

/// The oracle was wrong: an admin's override for somebody away who held nothing never came
/// to be, so nothing of it was to be taken back as others promoted them.
#[test]
fn b5_an_override_that_gave_nothing_leaves_no_debt() {
    let mut run = case(
        false,
        &[],
        vec![
            (Override(0, Affiliation::Owner, None), 0),
            (Show(1, 0, Some(Owner), None), 12),
            (Clear(0), 0),
            (Show(1, 0, Some(Owner), None), 0),
            (Set(Focus, 0, Affiliation::Owner), 0),
        ],
    )
    .ignoring();
    run.policy.preset = gavel::policy::Preset::None;
    run.ends_well();
}

/// The engine was wrong: it made an owner of somebody away as it lifted an admin's ban of
/// them, since they had been promoted before.
#[test]
fn b1_nobody_away_is_raised_as_a_ban_of_an_admin_ends() {
    let mut run = case(
        false,
        &[],
        vec![
            (Show(4, 0, None, None), 0),
            (Breakout(3, Some(Owner), None), 60),
            (Set(Person(3), 4, Affiliation::Owner), 12),
            (Override(4, Affiliation::Outcast, Some(10)), 0),
            (Show(0, 0, Some(Owner), None), 0),
        ],
    );
    run.policy.protect_hosts = false;
    run.ends_well();
}

/// The engine was wrong: it took the ban that a rule gives for one that an admin had set,
/// because an admin had set something before, and lifted and set it in turn for ever.
#[test]
fn b1_a_ban_by_a_rule_outlasts_an_admins_override() {
    let run = case(
        false,
        &[],
        vec![
            (Show(0, 0, Some(Owner), None), 0),
            (Override(1, Affiliation::Owner, None), 0),
            (Breakout(1, Some(Member), None), 0),
            (Show(2, 0, Some(Owner), None), 25),
            (Override(1, Affiliation::Owner, Some(1)), 0),
        ],
    );
    run.ruled(3).ends_well();
}

/// The engine was wrong: it took somebody in a breakout room for `none` because they were not
/// on the list of those who are banned, and left the `member` that an admin had taken.
#[test]
fn b15_a_person_who_is_not_banned_may_be_a_member() {
    let sits_there = vec![
        (Breakout(4, Some(Member), None), 20),
        (Override(4, Affiliation::None, None), 0),
        (Reconnect, 0),
    ];
    case(true, &[], sits_there).ends_well();
    let comes_later = vec![
        (MembersOnly(true), 0),
        (Set(Focus, 4, Affiliation::Owner), 25),
        (Override(4, Affiliation::None, None), 0),
        (MembersOnly(false), 0),
        (Breakout(4, Some(Owner), None), 0),
    ];
    case(false, &[], comes_later).ends_well();
}

//! Runs that once ended otherwise than the oracle says, found by the fuzz target
//! `engine` or by the random properties, and cut down. Each says who was wrong.

mod bans;
mod elections;
mod overrides;
mod unseen;

use super::op::By::{Focus, Module, Person};
use super::op::Op::{self, *};
use super::op::Script;
use super::parts::Case;
use crate::sim::Kind::{Member, Owner};
use crate::sim::Spoil::{self, *};
use crate::sim::room;
use gavel::muc::Affiliation;
use gavel::policy::{Fallback, Guests, OnExpiry, Policy};

/// A run with the module or without it.
fn case(module: bool, spoilt: &[(usize, Spoil)], ops: Vec<(Op, u64)>) -> Case {
    Case {
        module,
        policy: Policy {
            guard: false,
            ..Policy::default()
        },
        spoilt: spoilt.to_vec(),
        script: Script(ops),
    }
}

impl Case {
    fn ignoring(mut self) -> Self {
        self.policy.guests = Guests::Ignore;
        self
    }

    fn electing(mut self) -> Self {
        self.policy.fallback = Fallback::First;
        self
    }

    fn guarded(mut self) -> Self {
        self.policy.guard = true;
        self
    }

    fn demoting(mut self) -> Self {
        self.policy.on_expiry = OnExpiry::Demote;
        self
    }

    /// With rules of this number.
    fn ruled(mut self, rules: usize) -> Self {
        self.policy.rules = super::policies::rules(rules);
        self
    }

    /// With one of the choices of `[policy.permissions]`.
    fn permitting(mut self, choice: usize) -> Self {
        self.policy.permissions = super::policies::permissions(choice);
        self
    }

    fn ends_well(self) {
        self.run(&mut self.start());
    }
}

/// The check was wrong: it had stanzas spoilt while it watched gavel rest.
#[test]
fn b20_changes_while_gavel_rests_are_corrected_then() {
    case(
        false,
        &[(113, Inflated), (65, Lost), (102, Lost)],
        vec![
            (Breakout(5, Some(Owner), None), 0),
            (MembersOnly(false), 38),
            (Restart, 0),
            (Show(3, 1, Some(Owner), Some(57)), 41039),
        ],
    )
    .ignoring()
    .guarded()
    .ends_well();
    case(
        false,
        &[(54, Unread), (110, Lost), (15, Garbled), (117, Inflated)],
        vec![
            (Show(0, 1, Some(Member), None), 60605),
            (Show(2, 1, Some(Owner), None), 0),
            (Set(Module, 5, Affiliation::None), 0),
            (Show(5, 0, Some(Owner), None), 20),
            (Reconnect, 1000),
            (PutOut(true), 0),
            (Show(1, 1, Some(Member), None), 2918),
            (Show(3, 1, Some(Member), None), 3),
            (LoseReplies(2), 9),
            (Rename(3), 0),
        ],
    )
    .ends_well();
    case(
        false,
        &[(102, Lost), (108, Inflated), (47, Garbled)],
        vec![
            (Restart, 0),
            (FocusFights(2699), 1000),
            (Rename(4), 0),
            (Slow(282), 0),
            (Show(1, 0, Some(Member), Some(44)), 652),
            (Restart, 0),
            (Show(3, 0, Some(Member), Some(3)), 0),
            (Show(0, 1, Some(Member), None), 0),
            (Show(2, 1, Some(Owner), Some(51)), 1000),
        ],
    )
    .guarded()
    .ends_well();
}

/// The oracle was wrong: an election outlives a restart also if the presence of the elected
/// person could not be read at first.
#[test]
fn b5_the_elected_person_stays_elected_after_a_restart_though_seen_late() {
    case(
        true,
        &[(52, Unread)],
        vec![
            (Set(Focus, 4, Affiliation::Owner), 15999),
            (Connect(5, 1, Member), 0),
            (Show(1, 0, Some(Member), None), 10),
            (Rename(0), 42),
            (Restart, 0),
        ],
    )
    .ignoring()
    .electing()
    .guarded()
    .ends_well();
}

/// The oracle was wrong: the person who came first to a breakout room has been there longest.
#[test]
fn b5_time_in_a_breakout_room_counts_although_nobody_is_seen_there_any_more() {
    case(
        true,
        &[(106, Garbled), (80, Inflated)],
        vec![
            (Set(Module, 1, Affiliation::None), 0),
            (Connect(4, 1, Owner), 0),
            (Connect(1, 0, Owner), 0),
            (Breakout(2, None, None), 33365),
            (Show(3, 1, Some(Member), Some(26)), 11814),
            (Breakout(1, None, None), 0),
            (Set(Focus, 0, Affiliation::Admin), 0),
            (Show(2, 0, Some(Owner), None), 200),
            (Set(Person(2), 3, Affiliation::Member), 447),
            (Rename(0), 0),
            (Show(2, 0, None, None), 0),
            (Show(3, 0, Some(Member), None), 16),
            (Reconnect, 0),
            (Breakout(0, Some(Member), None), 0),
        ],
    )
    .ignoring()
    .electing()
    .guarded()
    .ends_well();
}

/// The engine was wrong: it believed no breakout room while it was in the main room, and
/// had missed an announcement there.
#[test]
fn b20_the_breakout_room_shows_a_change_that_gavel_missed_in_the_main_room() {
    case(
        true,
        &[(26, Lost)],
        vec![
            (Connect(3, 1, Owner), 0),
            (Breakout(5, Some(Member), Some(4)), 0),
            (Show(3, 1, Some(Member), Some(8)), 54579),
            (Connect(5, 1, Owner), 0),
            (Breakout(3, Some(Member), Some(17)), 0),
            (Show(1, 1, None, None), 0),
            (Leave(3, 1), 0),
            (Breakout(5, Some(Member), Some(9)), 0),
            (Flip, 0),
        ],
    )
    .ends_well();
}

/// The oracle was wrong: a ban is judged by gavel's knowledge at that time, and gavel did
/// not know yet that it was in the breakout room where they showed their token.
#[test]
fn b4_a_ban_is_judged_by_the_knowledge_of_its_time() {
    case(
        false,
        &[(26, Lost)],
        vec![
            (Show(1, 1, Some(Owner), Some(0)), 0),
            (Breakout(1, Some(Owner), Some(14)), 0),
            (Show(1, 1, None, Some(43)), 10),
            (Show(2, 1, Some(Owner), None), 10),
            (Set(Person(2), 1, Affiliation::Outcast), 0),
        ],
    )
    .ignoring()
    .guarded()
    .ends_well();
}
/// The engine was wrong: it asked for the elected person before it had all rooms, and ended
/// the election as it had them.
#[test]
fn b5_an_elected_person_who_returns_as_visitor_is_not_promoted() {
    for module in [true, false] {
        let run = case(
            module,
            &[],
            vec![
                (Show(1, 0, Some(Member), None), 5),
                (Reconnect, 0),
                (Show(2, 0, Some(Member), None), 0),
                (Visitor(1), 0),
            ],
        );
        run.electing().ends_well();
    }
}

/// The engine was wrong: the answer about somebody who has just changed their nick was
/// waited for in vain, and the module told no more of them.
#[test]
fn b17_a_nick_changed_while_the_module_is_told_is_told_again() {
    case(
        true,
        &[],
        vec![
            (Show(3, 0, Some(Member), None), 0),
            (Rename(3), 0),
            (Show(3, 0, None, None), 0),
        ],
    )
    .permitting(3)
    .ends_well();
    case(
        true,
        &[],
        vec![(Show(3, 0, Some(Owner), Some(56)), 0), (Rename(3), 0)],
    )
    .permitting(3)
    .demoting()
    .ends_well();
}

/// The engine was wrong: if the answer was lost it took for granted that the module held
/// what it had held before, and left a token's permissions to somebody without one.
#[test]
fn b17_permissions_told_without_an_answer_are_taken_back() {
    case(
        true,
        &[],
        vec![
            (LoseReplies(2), 0),
            (Show(1, 1, Some(Member), None), 0),
            (Show(1, 1, None, None), 15),
        ],
    )
    .permitting(1)
    .ends_well();
}

/// The engine was wrong: somebody with two devices kept the right of the one seen last when
/// gavel lost sight of both, and not the right that ends last.
#[test]
fn b1_a_person_out_of_sight_keeps_the_right_of_their_longest_token() {
    case(
        true,
        &[],
        vec![
            (Show(0, 1, Some(Owner), Some(3)), 3),
            (Breakout(2, Some(Owner), None), 37),
            (Show(0, 0, Some(Owner), None), 5),
            (Reconnect, 54),
            (Set(Person(2), 0, Affiliation::Outcast), 0),
        ],
    )
    .guarded()
    .demoting()
    .ends_well();
}

/// The engine was wrong: the module was told of somebody who had left, which it held for
/// them as they came again without their token.
#[test]
fn b17_permissions_of_somebody_who_left_hold_for_nobody_else() {
    case(
        true,
        &[],
        vec![
            (Show(5, 0, Some(Owner), None), 44),
            (Slow(1856), 44),
            (Flip, 57),
            (Show(5, 1, Some(Owner), None), 44),
            (Leave(5, 1), 21),
            (Show(5, 1, None, None), 10),
        ],
    )
    .permitting(0)
    .ends_well();
}

/// The engine was wrong: it believed a breakout room, whose presence was held back until
/// its configuration was known, that somebody was banned whose ban it had just lifted.
#[test]
fn b15_a_ban_that_a_breakout_room_shows_late_is_looked_up() {
    let again = || Show(0, 0, Some(Owner), None);
    let mut run = case(
        true,
        &[],
        vec![
            (again(), 0),
            (Show(2, 0, Some(Owner), None), 0),
            (Reconnect, 0),
            (Set(Focus, 1, Affiliation::Owner), 0),
            (Slow(1892), 4693),
            (Op::Focus(false), 43),
            (Breakout(1, Some(Owner), None), 1176),
            (MembersOnly(false), 0),
            (Leave(0, 0), 0),
            (again(), 0),
            (again(), 0),
            (Set(Focus, 1, Affiliation::Outcast), 0),
            (again(), 0),
        ],
    );
    run.policy.protect_hosts = false;
    let mut play = run.start();
    play.world.server.tells_facts = false;
    run.run(&mut play);
}

/// The engine was wrong: it asked for no list of members, so nothing told it of a member
/// who sat in a breakout room alone and was no member any more.
#[test]
fn b20_the_affiliations_of_members_in_breakout_rooms_are_read_again() {
    for nth in 1..60 {
        let run = case(
            false,
            &[(nth, Garbled)],
            vec![
                (Breakout(1, Some(Member), None), 1000),
                (Show(2, 1, Some(Owner), None), 1000),
                (Set(Person(2), 1, Affiliation::None), 1000),
            ],
        );
        run.ends_well();
    }
}

/// The engine was wrong: with the connection it lost the time at which it elects somebody
/// else, and nobody was elected.
#[test]
fn b5_somebody_else_is_elected_also_after_gavel_connects_again() {
    for last in [Reconnect, Restart] {
        case(
            true,
            &[],
            vec![
                (Show(0, 1, Some(Member), None), 0),
                (Show(1, 0, Some(Member), None), 0),
                (Leave(0, 1), 5),
                (last, 0),
            ],
        )
        .electing()
        .ends_well();
    }
}

/// The oracle was wrong: the person whom an admin made owner was in a breakout room, and
/// gavel did not know its main room yet. So somebody else could be elected.
#[test]
fn b15_people_in_an_unknown_room_moderate_no_meeting() {
    let run = case(
        true,
        &[],
        vec![
            (Breakout(2, Some(Owner), None), 10),
            (Show(0, 0, Some(Member), None), 0),
            (Show(0, 0, Some(Owner), None), 0),
            (Override(2, Affiliation::Owner, None), 0),
        ],
    )
    .electing();
    let mut play = run.start();
    play.world.server.tells_facts = false;
    run.run(&mut play);
}

/// The check was wrong: claims that are longer than gavel reads permit nothing.
#[test]
fn b17_claims_that_could_not_be_read_permit_nothing() {
    let script = vec![(Show(1, 0, Some(Owner), None), 0), (MembersOnly(true), 9)];
    let run = case(true, &[(11, Lost), (16, Inflated)], script);
    run.electing().ends_well();
}

/// The engine was wrong: it forgot the affiliation that the breakout room showed of somebody
/// as it came into the main room again, and took their own step down for a promotion.
#[test]
fn b15_the_news_of_a_breakout_room_holds_as_the_main_room_is_entered() {
    let ops = vec![
        (Breakout(5, Some(Owner), None), 220),
        (Reconnect, 0),
        (Slow(977), 0),
        (LoseReplies(1), 1192),
        (Set(Person(5), 5, Affiliation::Admin), 0),
    ];
    let mut run = case(true, &[], ops);
    run.policy.protect_hosts = false;
    run.ends_well();
}

/// The engine was wrong: somebody who had left as a host set themselves to owner, which they
/// were, and were promoted by that. They kept it without their token.
#[test]
fn b3_nobody_promotes_themselves() {
    let ops = vec![
        (Breakout(4, Some(Owner), None), 20),
        (Reconnect, 0),
        (Slow(514), 0),
        (LoseReplies(1), 0),
        (LeaveBreakout(4), 729),
        (Set(Person(4), 4, Affiliation::Owner), 0),
        (Breakout(4, Some(Member), None), 0),
    ];
    case(true, &[], ops).ends_well();
}

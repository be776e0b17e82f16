//! Parts of the policy that meet: the gift of one ends with it, whatever the others say,
//! and nobody is thrown out over it.

use crate::sim::{Choice, FOCUS, Kind, Ticket, World, breakout, room};
use gavel::muc::{Affiliation, Role, RoomJid};
use gavel::policy::{Fallback, Grants, Guests, Policy, Preset};
use gavel::stanza::{Outbound, Request};

const T: &str = "t@meet.jitsi/1";
const T2: &str = "t@meet.jitsi/2";
const G: &str = "g@meet.jitsi/1";

fn teacher() -> Option<Ticket> {
    Some(Ticket::new(Kind::Owner, 1))
}

fn ignoring() -> Policy {
    Policy {
        guests: Guests::Ignore,
        ..Policy::default()
    }
}

#[test]
fn b7_a_tokens_gift_goes_with_its_bearer_whatever_guests_may() {
    let (mut world, r) = World::under(ignoring());
    world.join(T, &r, "t", teacher());
    world.join(T2, &r, "t2", None);
    world.run(100);
    assert_eq!(world.has(&r, T), Affiliation::Owner);
    world.leave(T, &r);
    world.run(100);
    assert_eq!(world.has(&r, T), Affiliation::None);
    // Gifts of others to guests are theirs to keep.
    world.set(Some(FOCUS), &r, T2, Affiliation::Owner).unwrap();
    world.run(100);
    assert_eq!(world.has(&r, T), Affiliation::Owner);
    world.check_quiet();
}

#[test]
fn claims_that_are_gone_entitle_to_nothing_whatever_guests_may() {
    let (mut world, r) = World::under(ignoring());
    world.join(T, &r, "t", teacher());
    world.run(100);
    world.join(T, &r, "t", None);
    world.run(100);
    assert_eq!(world.has(&r, T), Affiliation::None);
    assert_eq!(world.role_of(&r, "t"), Role::Participant);
    world.check_quiet();
}

#[test]
fn claims_that_went_while_gavel_was_away_entitle_to_nothing_whatever_guests_may() {
    let (mut world, r) = World::under(ignoring());
    world.join(T, &r, "t", teacher());
    world.run(100);
    world.restart();
    world.join(T, &r, "t", None);
    world.run(2_000);
    assert_eq!(world.has(&r, T), Affiliation::None);
    world.check_quiet();
}

#[test]
fn b3_a_kick_ends_a_grant_whatever_guests_may() {
    let (mut world, r) = World::under(ignoring());
    world.join(T, &r, "t", teacher());
    world.join(G, &r, "g", None);
    world.run(100);
    world.set(Some(T), &r, G, Affiliation::Owner).unwrap();
    world.run(100);
    world.role(Some(T), &r, "g", Role::None).unwrap();
    world.run(100);
    assert_eq!(world.has(&r, G), Affiliation::None);
    world.join(G, &r, "g", None);
    world.run(100);
    assert_eq!(world.has(&r, G), Affiliation::None);
    world.check_quiet();
}

#[test]
fn an_election_ends_with_a_configuration_without_it_also_in_rooms_read_late() {
    let (mut world, r) = World::under(Policy {
        fallback: Fallback::First,
        ..Policy::default()
    });
    world.join(G, &r, "g", None);
    world.run(100);
    assert_eq!(world.has(&r, G), Affiliation::Owner);
    world.choice.policy = Policy::default();
    world.restart();
    world.lose_replies = 3;
    world.run(60_000);
    assert_eq!(world.has(&r, G), Affiliation::None);
    world.check_quiet();
}

#[test]
fn nobody_is_thrown_out_of_a_room_that_has_become_members_only() {
    // Jitsi's lobby makes everybody present a member as it is switched on.
    let (mut world, r) = World::under(Policy::default());
    world.join(T, &r, "t", teacher());
    world.join(G, &r, "g", None);
    world.run(100);
    world.set(Some(T), &r, T, Affiliation::None).unwrap();
    world.set_override(&r, G, Some((Affiliation::None, None)));
    world.run(100);
    world.server.rooms.get_mut(&r).unwrap().members_only = true;
    let user = gavel::stanza::MucUser {
        status: vec![104],
        ..Default::default()
    };
    let kind = gavel::stanza::MessageKind::Groupchat;
    world.server.room_message(&r, user, kind);
    world.flush();
    world.run(100);
    for who in [T, G] {
        let _ = world.set(None, &r, who, Affiliation::Member);
    }
    world.run(1_000);
    for who in ["t", "g"] {
        assert_eq!(world.role_of(&r, who), Role::Participant, "{who}");
    }
    // More than that is not theirs.
    for who in [T, G] {
        world.set(None, &r, who, Affiliation::Owner).unwrap();
    }
    world.run(1_000);
    for who in ["t", "g"] {
        assert_eq!(world.role_of(&r, who), Role::Participant, "{who}");
    }
}

#[test]
fn a_policy_that_entitles_no_more_takes_the_old_ones_gift_whatever_guests_may() {
    let (mut world, r) = World::under(ignoring());
    world.join(T, &r, "t", teacher());
    world.run(100);
    let none = Policy {
        preset: Preset::None,
        ..ignoring()
    };
    world.reconfigure(none);
    assert_eq!(world.has(&r, T), Affiliation::None);
}

/// Somebody's sessions are found in the order of their nicks.
#[test]
fn b5_the_person_who_came_first_with_any_session_is_elected() {
    let (mut world, r) = World::under(Policy {
        fallback: Fallback::First,
        ..Policy::default()
    });
    world.join(T, &r, "t", teacher());
    world.leave(T, &r);
    world.run(15_100);
    world.lose_replies = 1;
    world.join("b@meet.jitsi/1", &r, "b2", None);
    world.run(12);
    world.join("a@meet.jitsi/1", &r, "a", None);
    world.run(12);
    world.join("b@meet.jitsi/2", &r, "b1", None);
    world.run(60_000);
    assert_eq!(world.has(&r, "b@meet.jitsi"), Affiliation::Owner);
    assert_eq!(world.has(&r, "a@meet.jitsi"), Affiliation::None);
    world.check_quiet();
}

/// Everybody there may go to a breakout room.
fn with_breakout(module: bool, policy: Policy) -> (World, RoomJid, RoomJid) {
    let mut world = World::new(Choice {
        module,
        policy,
        ..Choice::default()
    });
    let (r, b) = (room("r"), breakout("b"));
    world.server.numbers_meetings = true;
    world.server.breakouts.insert(b.clone(), r.clone());
    world.open_room(&r);
    (world, r, b)
}

fn into_breakout(world: &mut World, who: &str, b: &RoomJid, ticket: Option<Ticket>) {
    world.join(who, b, "in breakout", ticket);
    if !world.choice.module {
        world.server.invite(b);
        world.flush();
    }
}

/// A host is banned as gavel is about to make it owner, and comes back with a
/// lesser token; that the ban is undone gavel does not hear.
#[test]
fn b4_an_undone_ban_gives_nobody_more_than_their_last_token_after_a_restart() {
    for module in [true, false] {
        let (mut world, r, b) = with_breakout(module, Policy::default());
        world.join("host@meet.jitsi/1", &r, "host", teacher());
        world.run(100);
        world.join(G, &r, "g", Some(Ticket::new(Kind::Owner, 2)));
        let banned = world.set(Some(FOCUS), &r, G, Affiliation::Outcast);
        banned.unwrap();
        world.lose_replies = 1;
        world.run(12);
        let member = Some(Ticket::new(Kind::Member, 3));
        into_breakout(&mut world, G, &b, member);
        world.run(30);
        world.restart();
        // The oracle finds everybody who is promoted unentitled.
        world.check_quiet();
        assert_eq!(world.has(&r, G), Affiliation::Member, "module: {module}");
    }
}

/// One user, two devices, one of them in a breakout room that gavel first reads
/// after a reconnect, before it sees the other again.
#[test]
fn b3_a_grant_stays_with_both_devices_over_a_reconnect() {
    for module in [true, false] {
        let policy = Policy {
            grants: Grants::Admin,
            ..Policy::default()
        };
        let (mut world, r, b) = with_breakout(module, policy);
        let user = |kind, serial| Some(Ticket::new(kind, serial).user("u"));
        world.join(T, &r, "t", teacher());
        world.join(G, &r, "g", user(Kind::Member, 2));
        world.run(100);
        world.set(Some(T), &r, G, Affiliation::Owner).unwrap();
        into_breakout(&mut world, "h@meet.jitsi/1", &b, user(Kind::Owner, 3));
        world.run(5);
        world.disconnect();
        world.check_quiet();
        assert_eq!(world.has(&r, G), Affiliation::Admin, "module: {module}");
    }
}

/// A token's gift in a breakout room goes when its bearer leaves that (B7), also if gavel
/// then loses sight of them and they never come back.
#[test]
fn b7_an_absent_person_does_not_keep_the_right_of_a_breakout_room_they_left() {
    for module in [true, false] {
        let (mut world, r, b) = with_breakout(module, Policy::default());
        world.join(T, &r, "t", teacher());
        world.join(G, &r, "g", Some(Ticket::new(Kind::Member, 2)));
        into_breakout(&mut world, G, &b, Some(Ticket::new(Kind::Owner, 3)));
        world.run(100);
        assert_eq!(world.has(&r, G), Affiliation::Owner, "module: {module}");
        world.leave(G, &b);
        world.run(100);
        assert_eq!(world.has(&r, G), Affiliation::Member, "module: {module}");
        world.disconnect();
        world.leave(G, &r);
        world.run(10_000);
        let raised = world.set(Some(FOCUS), &r, G, Affiliation::Owner);
        raised.unwrap();
        world.run(10_000);
        assert!(world.has(&r, G) < Affiliation::Admin, "module: {module}");
        world.check_quiet();
    }
}

/// Moderators' grants give no more than the configuration now allows.
#[test]
fn b3_grants_end_with_a_configuration_that_takes_promotions_back() {
    for guests in [Guests::Strip, Guests::Ignore] {
        let policy = |grants| Policy {
            grants,
            guests,
            ..Policy::default()
        };
        let (mut world, r) = World::under(policy(Grants::Owner));
        world.join(T, &r, "t", teacher());
        world.join(G, &r, "g", None);
        world.join("away@meet.jitsi/1", &r, "away", None);
        world.run(100);
        for who in [G, "away@meet.jitsi/1"] {
            world.set(Some(T), &r, who, Affiliation::Owner).unwrap();
        }
        world.leave("away@meet.jitsi/1", &r);
        world.run(100);
        for (grants, left) in [
            (Grants::Admin, Affiliation::Admin),
            // A grant that has become less is not more again.
            (Grants::Owner, Affiliation::Admin),
            (Grants::None, Affiliation::None),
            (Grants::Owner, Affiliation::None),
        ] {
            world.reconfigure(policy(grants));
            for who in [G, "away@meet.jitsi"] {
                assert_eq!(world.has(&r, who), left, "{who} {grants:?} {guests:?}");
            }
        }
        world.check_quiet();
    }
}

/// The same if the configuration changes while gavel does not run.
#[test]
fn b3_grants_end_with_a_restart_that_takes_promotions_back() {
    let (mut world, r) = World::under(Policy::default());
    world.join(T, &r, "t", teacher());
    world.join(G, &r, "g", None);
    world.run(100);
    world.set(Some(T), &r, G, Affiliation::Owner).unwrap();
    world.run(100);
    world.choice.policy.grants = Grants::None;
    world.restart();
    world.run(2_000);
    assert_eq!(world.has(&r, G), Affiliation::None);
    world.check_quiet();
}

/// How often gavel asked Prosody for an affiliation.
fn asked(world: &World) -> usize {
    let sent = world.sent.iter();
    let asked = sent.filter(|(_, stanza)| {
        let Outbound::Iq { request, .. } = stanza else {
            return false;
        };
        matches!(request, Request::SetAffiliation { .. })
    });
    asked.count()
}

/// B1: an admin's ban holds for people who are away, too, also if somebody lifts it while
/// gavel is not connected. A ban that stands is not set again.
#[test]
fn b1_an_admin_bans_people_who_are_away() {
    for module in [false, true] {
        for met in [false, true] {
            let mut world = World::new(Choice {
                module,
                ..Choice::default()
            });
            let r = room("r");
            world.open_room(&r);
            world.join(T, &r, "t", teacher());
            if met {
                world.join(G, &r, "g", None);
            }
            world.run(1_000);
            let case = format!("module: {module}, met: {met}");
            let outcast = Some((Affiliation::Outcast, None));
            world.set_override(&r, "g@meet.jitsi", outcast);
            world.run(100);
            assert_eq!(world.has(&r, G), Affiliation::Outcast, "{case}");
            let before = asked(&world);
            world.disconnect();
            world.run(10_000);
            assert_eq!(asked(&world), before, "{case}: it stood");
            world.disconnect();
            world.set(Some(T), &r, G, Affiliation::None).unwrap();
            assert_eq!(world.has(&r, G), Affiliation::None);
            world.run(10_000);
            assert_eq!(world.has(&r, G), Affiliation::Outcast, "{case}");
            world.restart();
            world.set(Some(T), &r, G, Affiliation::None).unwrap();
            world.run(10_000);
            assert_eq!(world.has(&r, G), Affiliation::Outcast, "{case}, restarted");
            world.check_quiet();
            world.set_override(&r, "g@meet.jitsi", None);
            world.run(100);
            assert_eq!(world.has(&r, G), Affiliation::None, "{case}, cleared");
            world.check_quiet();
        }
    }
}

/// A ban that an admin takes back while it is on its way leaves nothing behind, nor does
/// one whose replacement is over before the ban is gone.
#[test]
fn b1_a_ban_that_an_admin_takes_back_at_once_is_lifted() {
    for wait in 0..20 {
        for then in [None, Some(Affiliation::Member)] {
            let (mut world, r) = World::under(Policy::default());
            world.join(G, &r, "g", None);
            world.run(1_000);
            let outcast = Some((Affiliation::Outcast, None));
            world.set_override(&r, "g@meet.jitsi", outcast);
            world.run(wait);
            let until = Some(world.unix_ms() + 1);
            let then = then.map(|then| (then, until));
            world.set_override(&r, "g@meet.jitsi", then);
            world.run(10_000);
            let has = world.has(&r, G);
            assert_eq!(has, Affiliation::None, "after {wait} ms, then {then:?}");
            world.check_quiet();
        }
    }
}

//! Rooms that gavel knows only half of: configurations and lists that come late,
//! breakout rooms read before their main room.

use crate::sim::room::bare;
use crate::sim::{Choice, FOCUS, Kind, Spoil, Ticket, World, breakout, room};
use gavel::muc::{Affiliation, Role, RoomJid};
use gavel::policy::{Fallback, Guests, Policy};
use gavel::stanza::Outbound;

const T: &str = "t@meet.jitsi/1";
const G: &str = "g@meet.jitsi/1";
const H: &str = "h@meet.jitsi/1";

fn ticket(kind: Kind, serial: u32) -> Option<Ticket> {
    Some(Ticket::new(kind, serial))
}

fn ignoring(fallback: Fallback) -> Policy {
    Policy {
        guests: Guests::Ignore,
        fallback,
        ..Policy::default()
    }
}

/// A host is in the main room; there is a breakout room to go to.
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
    world.join(T, &r, "t", ticket(Kind::Owner, 1));
    world.run(100);
    (world, r, b)
}

fn into_breakout(world: &mut World, who: &str, nick: &str, b: &RoomJid, ticket: Option<Ticket>) {
    world.join(who, b, nick, ticket);
    if !world.choice.module {
        world.server.invite(b);
        world.flush();
    }
}

/// The focus promotes somebody who goes to a breakout room, which gavel reads
/// late, and meanwhile lowers them in the main room as somebody absent.
#[test]
fn b15_the_news_of_a_breakout_room_is_old_once_the_main_room_says_otherwise() {
    for module in [true, false] {
        let (mut world, r, b) = with_breakout(module, Policy::default());
        world.disconnect();
        world.set(Some(FOCUS), &r, G, Affiliation::Owner).unwrap();
        into_breakout(&mut world, G, "g", &b, ticket(Kind::Member, 2));
        // The breakout room's configuration is lost, the other is not.
        world.run(if module { 217 } else { 222 });
        world.lose_replies = 1;
        world.run(60_000);
        assert_eq!(world.has(&r, G), Affiliation::Member, "module: {module}");
        world.check_quiet();
    }
}

/// A breakout room's roles do not change with the main room's affiliations.
#[test]
fn b15_a_rights_gift_goes_from_roles_in_breakout_rooms_whatever_guests_may() {
    for module in [true, false] {
        let (mut world, r, b) = with_breakout(module, ignoring(Fallback::None));
        into_breakout(&mut world, G, "g", &b, ticket(Kind::Owner, 2));
        world.run(100);
        assert_eq!(world.role_of(&b, "g"), Role::Moderator);
        world.join(G, &b, "g", None);
        world.run(1_000);
        assert_eq!(world.has(&r, G), Affiliation::None, "module: {module}");
        assert_eq!(
            world.role_of(&b, "g"),
            Role::Participant,
            "module: {module}"
        );
        world.check_quiet();
    }
}

/// A person who has come with a lesser token since, and left before it was looked at, keeps
/// nothing of the earlier one's gift.
#[test]
fn b1_a_person_who_left_before_they_were_judged_keeps_nothing() {
    for module in [true, false] {
        let (mut world, r, _) = with_breakout(module, Policy::default());
        world.join(G, &r, "g", ticket(Kind::Owner, 2));
        world.run(100);
        world.disconnect();
        world.join(G, &r, "g", ticket(Kind::Member, 3));
        // The configuration's reply is lost, among others.
        world.run(212);
        world.lose_replies = 10;
        world.run(1_000);
        world.lose_replies = 0;
        world.leave(G, &r);
        world.run(60_000);
        assert!(world.has(&r, G) < Affiliation::Admin, "module: {module}");
        world.check_quiet();
    }
}

/// A guest whose token made them owner before gavel lost sight of them is found in a
/// breakout room; only the main room's lists tell their affiliation.
#[test]
fn b1_a_rights_gift_is_taken_once_the_lists_tell_of_it_whatever_guests_may() {
    for module in [true, false] {
        let (mut world, r, b) = with_breakout(module, ignoring(Fallback::None));
        world.join(G, &r, "g", ticket(Kind::Owner, 2));
        into_breakout(&mut world, G, "g", &b, None);
        world.run(100);
        assert_eq!(world.has(&r, G), Affiliation::Owner);
        world.disconnect();
        world.leave(G, &r);
        world.run(60_000);
        assert_eq!(world.has(&r, G), Affiliation::None, "module: {module}");
        world.check_quiet();
    }
}

/// Somebody left alone moderates from a breakout room; as gavel comes back to the
/// main room, only its lists tell.
#[test]
fn b5_nobody_is_elected_before_the_lists_name_the_moderators() {
    let (mut world, r, b) = with_breakout(false, ignoring(Fallback::First));
    into_breakout(&mut world, G, "g", &b, None);
    world.run(100);
    world.set(Some(FOCUS), &r, G, Affiliation::Owner).unwrap();
    world.join(H, &r, "h", ticket(Kind::Member, 2));
    world.run(1_000);
    world.leave(T, &r);
    world.run(1_000);
    assert_eq!(world.has(&r, H), Affiliation::Member);
    let gavel = world.nick_of(&r, &world.server.gavel_full()).unwrap();
    world.role(None, &r, &gavel, Role::None).unwrap();
    world.run(10_000);
    assert_eq!(world.has(&r, G), Affiliation::Owner);
    assert_eq!(world.has(&r, H), Affiliation::Member);
    world.check_quiet();
}

/// Only the second question about the room's configuration is answered.
#[test]
fn b5_a_room_that_is_members_only_no_more_is_open_however_late_gavel_hears() {
    let (mut world, r, _) = with_breakout(true, Policy::default());
    world.set(Some(T), &r, T, Affiliation::None).unwrap();
    world.run(100);
    members_only(&mut world, &r, true);
    let _ = world.set(None, &r, T, Affiliation::Member);
    world.run(100);
    assert_eq!(world.has(&r, T), Affiliation::Member);
    world.lose_replies = 1;
    members_only(&mut world, &r, false);
    world.run(60_000);
    assert_eq!(world.has(&r, T), Affiliation::None);
    world.check_quiet();
}

fn members_only(world: &mut World, r: &RoomJid, on: bool) {
    world.server.rooms.get_mut(r).unwrap().members_only = on;
    let user = gavel::stanza::MucUser {
        status: vec![104],
        ..Default::default()
    };
    let kind = gavel::stanza::MessageKind::Groupchat;
    world.server.room_message(r, user, kind);
    world.flush();
    world.run(100);
}

/// One user with two devices is found again, the newer one first: the step-down of one is
/// not the other's.
#[test]
fn b3_a_step_down_stays_with_its_jid_over_a_restart() {
    let policy = Policy {
        fallback: Fallback::First,
        protect_hosts: false,
        ..Policy::default()
    };
    let mut world = World::new(Choice {
        policy,
        ..Choice::default()
    });
    let r = room("r");
    world.open_room(&r);
    let user = |serial| Some(Ticket::new(Kind::Owner, serial).user("u"));
    let (old, new) = ("old@meet.jitsi/1", "a-new@meet.jitsi/1");
    world.join(old, &r, "old", user(1));
    world.run(10);
    world.join(new, &r, "a-new", user(2));
    world.run(100);
    let lowered = world.set(Some(new), &r, old, Affiliation::Member);
    lowered.unwrap();
    world.join(old, &r, "old", None);
    world.run(10);
    world.join(G, &r, "g", ticket(Kind::Member, 3));
    world.run(100);
    world.restart();
    world.run(2_000);
    assert_eq!(world.has(&r, new), Affiliation::Owner);
    assert_eq!(world.has(&r, old), Affiliation::Member);
    assert_eq!(world.has(&r, G), Affiliation::Member);
    world.check_quiet();
}

/// A module lowers somebody in a breakout room, and the main room's announcement does
/// not reach gavel. No list names members: only the breakout room shows it.
#[test]
fn b20_a_roll_call_of_a_breakout_room_tells_the_unheard_news_of_the_main_room() {
    for module in [true, false] {
        let (mut world, r, b) = with_breakout(module, Policy::default());
        into_breakout(&mut world, G, "g", &b, ticket(Kind::Member, 2));
        world.run(1_000);
        assert_eq!(world.has(&r, G), Affiliation::Member);
        world.spoil = vec![(world.delivered + 1, Spoil::Lost)];
        world.set(None, &r, G, Affiliation::None).unwrap();
        world.run(5_000);
        assert_eq!(world.has(&r, G), Affiliation::Member, "module: {module}");
        world.check_quiet();
    }
}

/// gavel comes back to a room in which somebody has a grant, and is kept from reading its
/// configuration for a while.
fn with_late_configuration() -> (World, RoomJid) {
    let mut world = World::new(Choice {
        module: false,
        ..Choice::default()
    });
    let r = room("r");
    world.open_room(&r);
    world.join(T, &r, "t", ticket(Kind::Owner, 1));
    world.join(G, &r, "g", None);
    world.join(H, &r, "h", ticket(Kind::Owner, 2));
    world.run(100);
    world.set(Some(T), &r, G, Affiliation::Owner).unwrap();
    world.leave(H, &r);
    world.run(100);
    world.disconnect();
    let from = world.now;
    let joins = |world: &World| {
        let mut sent = world.sent.iter().rev();
        sent.any(|(at, stanza)| *at >= from && matches!(stanza, Outbound::Join { .. }))
    };
    while !joins(&world) {
        world.run(1);
    }
    // Two others come before it.
    world.lose_replies = 3;
    world.run(100);
    let known = world.engine.rooms().find(|room| room.jid == r).unwrap();
    assert!(known.is_in() && !known.is_ready());
    (world, r)
}

/// A grant ends with a kick, whenever that comes (B3).
#[test]
fn b3_a_kick_that_comes_before_the_configuration_ends_a_grant() {
    let (mut world, r) = with_late_configuration();
    world.role(None, &r, "g", Role::None).unwrap();
    world.run(60_000);
    world.join(G, &r, "g", None);
    world.run(1_000);
    assert_eq!(world.has(&r, G), Affiliation::None);
    world.check_quiet();
}

/// However many are banned before it is known whose meeting a room is: gavel knows of all
/// of them, by the room's list.
#[test]
fn b20_a_ban_among_thousands_that_come_before_the_configuration_is_known() {
    let (mut world, r) = with_late_configuration();
    for n in 0..1_100 {
        let jid = format!("x{n}@meet.jitsi");
        world.set(None, &r, &jid, Affiliation::Outcast).unwrap();
    }
    world.set(None, &r, H, Affiliation::Outcast).unwrap();
    world.run(60_000);
    let people = &world.engine.meeting(&r).unwrap().people;
    let host = people.iter().find(|(jid, _)| jid.as_str() == bare(H));
    let shown = host.and_then(|(_, person)| person.rights.shown());
    assert_eq!(shown, Some(Affiliation::Outcast));
    world.check_quiet();
}

/// The only presence that a room shows gavel, or the host's, cannot be read as gavel comes
/// back; `nth` is the stanza that cannot.
fn comes_back_half_blind(world: &mut World, nth: usize, how: Spoil) {
    world.run(100);
    world.disconnect();
    world.spoil = vec![(world.delivered + nth, how)];
    world.run(20_000);
}

/// gavel does not leave a room, nor forget the meeting, before it knows that nobody is in it
/// whom it could not see.
#[test]
fn b9_a_room_is_not_taken_for_empty_while_somebody_may_be_unseen() {
    for (module, nth) in [true, false]
        .into_iter()
        .flat_map(|m| (1..=16).map(move |n| (m, n)))
    {
        let mut world = World::new(Choice {
            module,
            ..Choice::default()
        });
        let r = room("r");
        if !module {
            world.open_room(&r);
        }
        world.join(T, &r, "t", ticket(Kind::Owner, 1));
        world.join(G, &r, "g", ticket(Kind::Member, 2));
        world.run(100);
        world.set(Some(T), &r, G, Affiliation::Owner).unwrap();
        world.leave(T, &r);
        comes_back_half_blind(&mut world, nth, Spoil::Lost);
        let left = |(_, stanza): &(u64, Outbound)| matches!(stanza, Outbound::Leave { .. });
        assert!(!world.sent.iter().any(left), "module: {module}, {nth}");
        assert_eq!(
            world.has(&r, G),
            Affiliation::Owner,
            "module: {module}, {nth}"
        );
        world.check_quiet();
    }
}

/// Nobody is elected while a host may be there unseen.
#[test]
fn b5_nobody_is_elected_while_a_host_may_be_unseen() {
    let ways = [Spoil::Lost, Spoil::Garbled, Spoil::Unread];
    let cases = ways
        .into_iter()
        .flat_map(|how| (1..=20).map(move |nth| (how, nth)));
    let cases = cases.flat_map(|case| [true, false].map(|module| (module, case)));
    for (module, (how, nth)) in cases {
        let mut world = World::new(Choice {
            module,
            policy: Policy {
                fallback: Fallback::First,
                ..Policy::default()
            },
            ..Choice::default()
        });
        let r = room("r");
        world.open_room(&r);
        world.join(T, &r, "t", ticket(Kind::Owner, 1));
        world.join(G, &r, "g", ticket(Kind::Member, 2));
        comes_back_half_blind(&mut world, nth, how);
        let gave = |(_, stanza): &(u64, Outbound)| {
            let given = format!("{stanza:?}");
            given.contains("Owner") && given.contains(&bare(G)) && given.contains("SetAffiliation")
        };
        let case = format!("module: {module}, {nth} {how:?}");
        assert!(!world.sent.iter().any(gave), "{case}");
        assert_eq!(world.has(&r, T), Affiliation::Owner, "{case}");
        world.check_quiet();
    }
}

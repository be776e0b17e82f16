//! B5: nobody is thrown out of a room that becomes members-only, whatever gavel hears of
//! first.

use crate::sim::{Choice, FOCUS, Kind, Ticket, World, room};
use gavel::muc::{Affiliation, RoomJid};
use gavel::policy::{Clause, Entitlement, Policy, Rules};
use gavel::stanza::{MessageKind, MucUser, Outbound, Request};

const T: &str = "t@meet.jitsi/1";
const N: &str = "n@meet.jitsi/1";
const G: &str = "g@meet.jitsi/1";

/// A meeting with a host, somebody whom a rule gives affiliation none, and a guest.
fn meeting(module: bool) -> (World, RoomJid) {
    let when = "claims.context.user.id == \"n\"";
    let none = Entitlement::Affiliation(Affiliation::None);
    let rule = Clause::new("none", when, none).unwrap();
    let policy = Policy {
        rules: Rules::own(vec![rule]),
        ..Policy::default()
    };
    let mut world = World::new(Choice {
        module,
        policy,
        ..Choice::default()
    });
    let r = room("r");
    world.open_room(&r);
    world.join(T, &r, "t", Some(Ticket::new(Kind::Owner, 1)));
    let ticket = Ticket::new(Kind::Member, 2).user("n");
    world.join(N, &r, "n", Some(ticket));
    world.join(G, &r, "g", None);
    world.run(100);
    (world, r)
}

fn assert_all_in(world: &World, r: &RoomJid) {
    for (nick, full) in [("t", T), ("n", N), ("g", G)] {
        assert_eq!(world.nick_of(r, full).as_deref(), Some(nick));
    }
}

/// So often was the configuration asked for since.
fn readings(world: &World, since: u64) -> usize {
    let sent = world.sent.iter().filter(|(at, _)| *at >= since);
    let read = sent.filter(|(_, stanza)| {
        matches!(
            stanza,
            Outbound::Iq {
                request: Request::Configuration,
                ..
            }
        )
    });
    read.count()
}

/// A groupchat message with 104, which a client may write, too.
fn pretend_change(world: &mut World, r: &RoomJid) {
    let user = MucUser {
        status: vec![104],
        ..MucUser::default()
    };
    world.server.room_message(r, user, MessageKind::Groupchat);
    world.flush();
}

/// Nor while the configuration is being read for an older change.
#[test]
fn b5_lists_read_before_a_lobby_count_no_more() {
    for module in [true, false] {
        // However far the question has come when the lobby is switched on.
        for later in 0..15 {
            let (mut world, r) = meeting(module);
            pretend_change(&mut world, &r);
            world.run(later);
            world.lobby_by_module(&r);
            world.run(60_000);
            assert_all_in(&world, &r);
            assert_eq!(world.has(&r, N), Affiliation::Member, "{module} {later}");
        }
    }
}

/// A moderator's client makes members first, and only then reads the form.
#[test]
fn b5_a_lobby_by_a_client_throws_nobody_out() {
    for module in [true, false] {
        for later in [0, 7, 20, 500, 3_000] {
            let (mut world, r) = meeting(module);
            world.members_by_client(T, &r);
            world.run(later);
            world.members_only(&r, true);
            world.run(60_000);
            assert_all_in(&world, &r);
            assert_eq!(world.has(&r, N), Affiliation::Member, "{module} {later}");
        }
    }
}

/// If no lobby comes, the rule has the last word, and soon.
#[test]
fn b5_a_member_in_a_room_that_stays_open_is_lowered() {
    for module in [true, false] {
        let (mut world, r) = meeting(module);
        let start = world.now;
        for actor in [None, Some(FOCUS)] {
            world.set(actor, &r, N, Affiliation::Member).unwrap();
            // Two round trips, and the room's news.
            world.run(30);
            assert_eq!(world.has(&r, N), Affiliation::None, "module: {module}");
        }
        assert_eq!(readings(&world, start), 2, "module: {module}");
        world.set(Some(T), &r, N, Affiliation::Member).unwrap();
        world.run(11_000);
        assert_eq!(world.has(&r, N), Affiliation::None, "module: {module}");
        assert_eq!(readings(&world, start), 3, "module: {module}");
    }
}

/// Nobody puts that off by changing the configuration over and over.
#[test]
fn b5_a_configuration_that_always_changes_keeps_nobody_member() {
    for module in [true, false] {
        let (mut world, r) = meeting(module);
        for _ in 0..50 {
            pretend_change(&mut world, &r);
            world.run(2);
        }
        world.set(None, &r, N, Affiliation::Member).unwrap();
        for _ in 0..50 {
            pretend_change(&mut world, &r);
            world.run(2);
        }
        assert_eq!(world.has(&r, N), Affiliation::None, "module: {module}");
    }
}

/// Nor does it take an answer, if none comes.
#[test]
fn b5_a_configuration_that_is_not_told_keeps_nobody_member_for_ever() {
    let (mut world, r) = meeting(true);
    world.lose_replies = 1;
    world.set(None, &r, N, Affiliation::Member).unwrap();
    world.run(60_000);
    assert_eq!(world.has(&r, N), Affiliation::None);
}

//! B8: names, if the module does not pin them.

use crate::sim::room::Written;
use crate::sim::{Choice, Kind, Ticket, World, room};
use gavel::engine::settings::Freeze;
use gavel::engine::{Report, Warning};
use gavel::muc::RoomJid;
use gavel::stanza::{DisplayName, Outbound, Request};

const T: &str = "t@meet.jitsi/1";

fn written(name: &str, payload: u32) -> Written {
    Written {
        machine: false,
        name: DisplayName::Plain(name.into()),
        ticket: Some(Ticket::new(Kind::Member, 1).named("Ada")),
        payload,
        id: None,
    }
}

/// A room with somebody whose token calls her Ada.
fn with_ada(freeze: Freeze) -> (World, RoomJid) {
    let mut world = World::new(Choice {
        module: false,
        freeze,
        ..Choice::default()
    });
    let r = room("r");
    world.open_room(&r);
    world.write(T, &r, "t", written("Ada", 0));
    world.run(100);
    (world, r)
}

fn shown(world: &World, r: &RoomJid, nick: &str) -> (String, u32) {
    let presence = &world.server.rooms[r].occupants[nick].presence;
    let name = presence.name.shown().unwrap_or_default().to_owned();
    (name, presence.payload)
}

fn reverts(world: &World) -> Vec<u64> {
    let sent = world.sent.iter();
    sent.filter(|(_, stanza)| matches!(stanza, Outbound::Revert { .. }))
        .map(|(at, _)| *at)
        .collect()
}

#[test]
fn b8_another_name_is_turned_back_with_everything_else_kept() {
    let (mut world, r) = with_ada(Freeze::Revert);
    world.write(T, &r, "t", written("Eve", 7));
    world.run(15);
    assert_eq!(shown(&world, &r, "t"), ("Ada".to_owned(), 7));
    for name in ["Ada", " Ada ", "Ada"] {
        world.write(T, &r, "t", written(name, 8));
        world.run(15);
    }
    world.check_quiet();
    assert_eq!(reverts(&world).len(), 1);
}

#[test]
fn b8_a_name_that_was_changed_before_gavel_came_is_turned_back() {
    let (mut world, r) = with_ada(Freeze::Revert);
    world.disconnect();
    world.write(T, &r, "t", written("Eve", 7));
    world.run(2_000);
    world.server.invite(&r);
    world.flush();
    world.run(2_000);
    assert_eq!(shown(&world, &r, "t"), ("Ada".to_owned(), 7));
}

#[test]
fn b8_a_nick_is_turned_back_once_per_change() {
    let (mut world, r) = with_ada(Freeze::Revert);
    for nick in ["x", "y"] {
        world.write(T, &r, nick, written("Ada", 3));
        world.run(100);
        assert_eq!(world.nick_of(&r, T).as_deref(), Some("t"), "{nick}");
    }
    assert_eq!(reverts(&world).len(), 2);
    world.check_quiet();
}

/// The module keeps the name of the person with the nick, and answers `item-not-found` if
/// nobody has it any more.
#[test]
fn b8_a_person_who_changes_their_nick_as_their_name_is_being_kept_has_it_kept() {
    let (mut world, r) = World::opened(Choice::default());
    world.write(T, &r, "t", written("Ada", 0));
    world.run(8);
    world.write(T, &r, "u", written("Ada", 1));
    world.run(1_000);
    let pinned = world.sent.iter().filter_map(|(_, stanza)| match stanza {
        Outbound::Iq {
            request: Request::Pin { nick, .. },
            ..
        } => Some(nick.as_str()),
        _ => None,
    });
    assert_eq!(pinned.collect::<Vec<_>>(), ["t", "u"]);
}

#[test]
fn b8_with_notify_the_occupant_is_told_once_a_minute_at_most() {
    let (mut world, r) = with_ada(Freeze::Notify);
    for n in 0..100 {
        world.write(T, &r, "t", written("Eve", n));
        world.run(1_000);
    }
    assert_eq!(world.server.notices, 2);
    assert!(reverts(&world).is_empty());
}

#[test]
fn b8_a_refused_notice_is_not_repeated() {
    let (mut world, r) = with_ada(Freeze::Notify);
    world.server.refuses_notices = true;
    for n in 0..200 {
        world.write(T, &r, "t", written("Eve", n));
        world.run(1_000);
    }
    assert_eq!(world.server.notices, 1);
}

#[test]
fn b8_where_the_server_refuses_gavel_falls_back_to_telling() {
    let (mut world, r) = with_ada(Freeze::Revert);
    world.server.validates = true;
    world.write(T, &r, "t", written("Eve", 1));
    world.run(2_000);
    world.server.invite(&r);
    world.flush();
    world.run(60_000);
    world.write(T, &r, "t", written("Mallory", 1));
    world.check_quiet();
    assert_eq!(reverts(&world).len(), 1);
    assert!(world.server.notices >= 1);
    let told = world
        .reports
        .iter()
        .filter(|report| matches!(report, Report::Warning(Warning::NoImpersonation { .. })));
    assert_eq!(told.count(), 1);
}

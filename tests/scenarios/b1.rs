//! B1, B2: level-triggered.

use crate::sim::choice::MUC;
use crate::sim::{Choice, FOCUS, Kind, Ticket, World, room};
use gavel::muc::{Affiliation, Role};
use gavel::stanza::{Outbound, Request};

#[test]
fn b1_lists_and_configuration_whose_replies_are_lost_are_read_again() {
    for lost in 1..=4 {
        let mut world = World::new(Choice::default());
        // From here on gavel knows that the module is there, and joins at once.
        world.open_room(&room("other"));
        let r = room("r");
        world.server.create(&r);
        let state = world.server.rooms.get_mut(&r).unwrap();
        let gone = ["gone@meet.jitsi", "left@meet.jitsi"];
        state
            .affiliations
            .insert(gone[0].into(), Affiliation::Owner);
        state
            .affiliations
            .insert(gone[1].into(), Affiliation::Admin);
        world.lose_replies = lost;
        world.join("g@meet.jitsi/1", &r, "g", None);
        world.run(1_000);
        world.check_quiet();
        for jid in gone {
            // If nobody knows whether the room is members-only, not to none.
            assert!(world.has(&r, jid) <= Affiliation::Member, "{lost} lost");
        }
    }
}

#[test]
fn b1_lists_refused_to_somebody_who_is_no_owner_are_read_once_it_is() {
    let mut world = World::new(Choice {
        module: false,
        ..Choice::default()
    });
    world.server.admins_own = false;
    let r = room("r");
    world.server.create(&r);
    let state = world.server.rooms.get_mut(&r).unwrap();
    state.persistent = true;
    state
        .affiliations
        .insert("gone@meet.jitsi".into(), Affiliation::Owner);
    world.join(FOCUS, &r, "focus", None);
    world.server.invite(&r);
    world.server.admins.clear();
    world.flush();
    world.run(500);
    let gavel = world.server.gavel_bare();
    world.server.admins.insert(gavel);
    world.join("g@meet.jitsi/1", &r, "g", None);
    world.run(20_000);
    world
        .set(None, &r, "gavel@gavel.meet.jitsi", Affiliation::Member)
        .unwrap();
    world.check_quiet();
    assert_eq!(world.has(&r, "gone@meet.jitsi"), Affiliation::None);
}

fn teacher() -> Option<Ticket> {
    Some(Ticket::new(Kind::Owner, 1))
}

#[test]
fn b1_a_change_without_effect_is_repeated_three_times_and_given_up() {
    let (mut world, r) = World::opened(Choice::default());
    world.server.rooms.get_mut(&r).unwrap().ineffective = true;
    let start = world.now;
    world.join("t@meet.jitsi/1", &r, "t", teacher());
    world.run(60_000);
    assert_eq!(world.changes_since(start).len(), 4);
    // Another wish is another matter.
    world.server.rooms.get_mut(&r).unwrap().ineffective = false;
    let later = world.now;
    world.join(
        "t@meet.jitsi/1",
        &r,
        "t",
        Some(Ticket::new(Kind::Member, 2)),
    );
    world.run(100);
    assert_eq!(world.changes_since(later).len(), 1);
    assert_eq!(world.has(&r, "t@meet.jitsi"), Affiliation::Member);
    world.check_quiet();
}

#[test]
fn b1_a_role_that_cannot_be_taken_is_given_up() {
    let (mut world, r) = World::opened(Choice::default());
    world.join("t@meet.jitsi/1", &r, "t", teacher());
    world.join("g@meet.jitsi/1", &r, "g", None);
    world.join("s@meet.jitsi/1", &r, "s", None);
    world.run(100);
    let _ = world.set(Some(FOCUS), &r, "s@meet.jitsi", Affiliation::Owner);
    world
        .role(Some("s@meet.jitsi/1"), &r, "g", Role::Moderator)
        .unwrap();
    world.server.rooms.get_mut(&r).unwrap().ineffective = true;
    let start = world.now;
    world.run(120_000);
    let roles = world
        .changes_since(start)
        .into_iter()
        .filter(|(_, stanza)| {
            matches!(
                stanza,
                Outbound::Iq {
                    request: Request::SetRole { .. },
                    ..
                }
            )
        });
    assert_eq!(roles.count(), 4);
}

#[test]
fn b1_after_a_lost_reply_gavel_compares_again() {
    let (mut world, r) = World::opened(Choice::default());
    world.lose_replies = 1;
    world.join("g@meet.jitsi/1", &r, "g", None);
    world.run(50);
    world
        .set(Some(FOCUS), &r, "g@meet.jitsi", Affiliation::Owner)
        .unwrap();
    world.run(50);
    assert_eq!(world.has(&r, "g@meet.jitsi"), Affiliation::None);
    world
        .set(Some(FOCUS), &r, "g@meet.jitsi", Affiliation::Owner)
        .unwrap();
    world.run(16_000);
    assert_eq!(world.has(&r, "g@meet.jitsi"), Affiliation::None);
    world.check_quiet();
}

#[test]
fn b1_refused_is_tried_by_command_once_and_then_with_pauses() {
    let (mut world, r) = World::opened(Choice {
        module: false,
        ..Choice::default()
    });
    world.join("g@meet.jitsi/1", &r, "g", None);
    world.run(50);
    world
        .set(Some(FOCUS), &r, "g@meet.jitsi", Affiliation::Owner)
        .unwrap();
    world.server.admins.clear();
    let start = world.now;
    world.run(20_000);
    let tries = world.changes_since(start);
    let to_service = |stanza: &Outbound| matches!(stanza, Outbound::Iq { to, .. } if to == MUC);
    let of_g = |stanza: &Outbound| format!("{stanza:?}").contains("g@meet.jitsi");
    let of_g: Vec<_> = tries.iter().filter(|(_, stanza)| of_g(stanza)).collect();
    let commands = of_g.iter().filter(|(_, stanza)| to_service(stanza)).count();
    assert!((4..=8).contains(&commands), "{of_g:?}");
    assert!((8..=16).contains(&of_g.len()), "{of_g:?}");
    let gavel = world.server.gavel_bare();
    world.server.admins.insert(gavel);
    world.run(6_000);
    assert_eq!(world.has(&r, "g@meet.jitsi"), Affiliation::None);
    world.check_quiet();
}

#[test]
fn b1_an_announcement_before_a_kick_raises_nobody() {
    let (mut world, r) = World::opened(Choice::default());
    world.server.meeting_ids = true;
    world.join("t@meet.jitsi/1", &r, "t", teacher());
    world.run(50);
    let start = world.now;
    world.role(Some(FOCUS), &r, "t", Role::None).unwrap();
    world.check_quiet();
    assert!(world.changes_since(start).is_empty());
    assert_eq!(world.has(&r, "t@meet.jitsi"), Affiliation::None);
}

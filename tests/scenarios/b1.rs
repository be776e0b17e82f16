//! B1, B2: level-triggered.

use crate::sim::{Choice, FOCUS, Kind, Ticket, World, room};
use gavel::muc::Affiliation;

#[test]
fn b2_an_owners_token_makes_owner_within_a_round_trip() {
    for module in [true, false] {
        let mut world = World::new(Choice {
            module,
            ..Choice::default()
        });
        let r = room("r");
        world.open_room(&r);
        let joined = world.now;
        world.join("t@meet.jitsi/1", &r, "t", Some(Ticket::new(Kind::Owner, 1)));
        world.run(15);
        assert_eq!(
            world.has(&r, "t@meet.jitsi"),
            Affiliation::Owner,
            "module: {module}"
        );
        assert_eq!(world.changes_since(joined).len(), 1);
        world.join("t@meet.jitsi/1", &r, "t", Some(Ticket::new(Kind::Owner, 1)));
        world.check_quiet();
        assert_eq!(world.changes_since(joined).len(), 1);
    }
}

#[test]
fn b1_whoever_the_focus_promotes_is_lowered() {
    let mut world = World::new(Choice::default());
    let r = room("r");
    world.open_room(&r);
    world.join("g@meet.jitsi/1", &r, "g", None);
    world.run(50);
    world
        .set(Some(FOCUS), &r, "g@meet.jitsi", Affiliation::Owner)
        .unwrap();
    world.run(50);
    assert_eq!(world.has(&r, "g@meet.jitsi"), Affiliation::None);
    world.check_quiet();
}

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
            assert_eq!(world.has(&r, jid), Affiliation::None, "{lost} lost");
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

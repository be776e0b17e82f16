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

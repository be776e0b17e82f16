//! Finding rooms, and saying what stands in the way.

use crate::sim::{Choice, World};
use gavel::engine::{Report, Warning};

/// Services whose rooms gavel is said not to be able to list, once it has been refused
/// for a while, and no room has ever been open.
fn not_listable(module: bool) -> Vec<String> {
    let mut world = World::new(Choice {
        module,
        ..Choice::default()
    });
    world.server.admins.clear();
    world.run(300_000);
    let reports = world.reports.iter().filter_map(|report| match report {
        Report::Warning(Warning::NotListable { service, .. }) => Some(service.clone()),
        _ => None,
    });
    reports.collect()
}

#[test]
fn lists_are_missed_only_where_the_module_does_not_serve() {
    assert!(not_listable(true).is_empty());
    let missed = not_listable(false);
    assert_eq!(missed, ["muc.meet.jitsi", "breakout.meet.jitsi"]);
}

//! Finding rooms, and naming the obstacles.

use crate::sim::{Choice, World, room};
use gavel::engine::{Module, Report, Warning};

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

/// The state of the module on each service, without any room.
fn known(world: &World) -> Vec<Module> {
    let modules = world.engine.modules();
    modules.map(|(_, module)| module.clone()).collect()
}

fn without() -> Choice {
    Choice {
        module: false,
        ..Choice::default()
    }
}

#[test]
fn each_service_is_asked_for_its_module_as_the_stream_begins() {
    let world = World::new(Choice::default());
    let known = known(&world);
    assert_eq!(known.len(), 2);
    assert!(known.iter().all(Module::serves), "{known:?}");
}

#[test]
fn a_service_without_the_module_is_known_for_it() {
    let mut world = World::new(without());
    assert_eq!(known(&world), [Module::Absent, Module::Absent]);
    world.disconnect();
    assert_eq!(known(&world), [Module::Unknown, Module::Unknown]);
}

#[test]
fn a_module_that_does_not_answer_is_unknown_and_asked_again() {
    let mut world = World::new(without());
    world.disconnect();
    world.mute = true;
    world.run(10_000);
    assert_eq!(known(&world), [Module::Unknown, Module::Unknown]);
    world.mute = false;
    world.run(60_000);
    assert_eq!(known(&world), [Module::Absent, Module::Absent]);
}

#[test]
fn a_module_of_another_release_is_told_once() {
    let mut world = World::new(Choice::default());
    let told = |world: &World| {
        let of_release = |report: &&Report| {
            let warning = |warning: &Warning| matches!(warning, Warning::OtherRelease { .. });
            matches!(report, Report::Warning(this) if warning(this))
        };
        world.reports.iter().filter(of_release).count()
    };
    assert_eq!(told(&world), 0);
    "0.1.9".clone_into(&mut world.server.release);
    for _ in 0..2 {
        world.disconnect();
        world.run(10_000);
        assert_eq!(told(&world), 2, "once a service");
    }
    let versions = known(&world);
    let versions = versions
        .iter()
        .filter_map(|module| Some(&module.said()?.version));
    assert_eq!(versions.collect::<Vec<_>>(), ["0.1.9", "0.1.9"]);
}

/// gavel says that it has found everything when it is in all rooms, and not before.
#[test]
fn b11_everything_is_found_when_all_rooms_are_joined() {
    for module in [true, false] {
        let (mut world, _) = World::opened(Choice {
            module,
            ..Choice::default()
        });
        (0..40).for_each(|n| world.open_room(&room(&format!("x{n}"))));
        world.reports.clear();
        world.disconnect();
        world.run(5_000);
        let told = world.reports.iter().filter_map(|report| match report {
            Report::Resynchronised { rooms } => Some(*rooms),
            _ => None,
        });
        assert_eq!(told.collect::<Vec<_>>(), [41], "module: {module}");
    }
}

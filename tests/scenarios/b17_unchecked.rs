//! B17: permissions that nobody enforces are told of, once.

use super::b17::{ADA, MUC, list, member};
use crate::sim::permissions::set;
use crate::sim::{Choice, World, room};
use gavel::engine::Warning;
use gavel::policy::{Holders, Permission};
use gavel::stanza::Login;

#[test]
fn b17_an_older_module_is_told_once_and_a_warning_tells_it() {
    let mut world = World::new(Choice {
        policy: set(&[(Permission::Recording, Holders::Nobody)]),
        ..Choice::default()
    });
    world.server.permissions.refuses = true;
    world.disconnect();
    world.run(60_000);
    let before = world.now;
    let r = room("r");
    world.open_room(&r);
    world.join(ADA, &r, "ada", Some(member().feature("recording", true)));
    world.check_quiet();
    assert_eq!(world.permits_since(before).len(), 0);
    let about = |warning: &Warning| {
        matches!(warning, Warning::NoPermissions { service, error: Some(error) }
            if service == MUC && error == "service-unavailable")
    };
    assert_eq!(world.warnings(about), 1);
    let unpermitted = world.engine.survey(&[]).unpermitted;
    assert!(
        unpermitted.iter().any(|(service, _)| service == MUC),
        "{unpermitted:?}"
    );
    // Once it is updated, and the configuration read again, all is as it should be.
    world.server.permissions.refuses = false;
    let policy = world.choice.policy.clone();
    world.reconfigure(policy);
    world.check_quiet();
    assert_eq!(
        world.server.permitted(ADA, &r),
        list(&[("recording", "everyone")])
    );
}

#[test]
fn b17_without_the_module_it_is_said_that_nobody_enforces_them() {
    let mut world = World::new(Choice {
        policy: set(&[(Permission::Recording, Holders::Nobody)]),
        module: false,
        ..Choice::default()
    });
    let r = room("r");
    world.open_room(&r);
    world.join(ADA, &r, "ada", Some(member()));
    world.check_quiet();
    assert_eq!(world.permits_since(0).len(), 0);
    let about = |warning: &Warning| matches!(warning, Warning::NoPermissions { service, error: None } if service == MUC);
    assert_eq!(world.warnings(about), 1);
}

/// The permissions that Jitsi has to check and does not, since its module is not loaded.
#[test]
fn b17_an_unchecked_permission_is_said_once() {
    let settings = [
        (Permission::Recording, Holders::Nobody),
        (Permission::OutboundCall, Holders::Owners),
        (Permission::SendGroupchat, Holders::Token),
    ];
    let (mut world, _) = World::under(set(&settings));
    let host = |name: &str, checks: &[&str]| Login {
        host: name.to_owned(),
        checks: Some(checks.iter().map(|name| (*name).to_owned()).collect()),
        ..Login::default()
    };
    world.server.logins = Some(vec![
        host("meet.jitsi", &["filter_iq_rayo"]),
        host("guest.meet.jitsi", &["filter_iq_jibri", "filter_iq_rayo"]),
        host("auth.meet.jitsi", &[]),
    ]);
    world.disconnect();
    world.check_quiet();
    world.disconnect();
    world.check_quiet();
    let about = |warning: &Warning| matches!(warning, Warning::Unchecked(_));
    assert_eq!(world.warnings(about), 1);
    let unchecked = world.engine.survey(&[]).unchecked;
    let told: Vec<_> = unchecked
        .iter()
        .map(|it| (it.host.as_str(), it.module.as_str(), it.names.as_str()))
        .collect();
    assert_eq!(told, [("meet.jitsi", "filter_iq_jibri", "recording")]);
    // An older module does not tell.
    world.server.logins = Some(vec![Login {
        checks: None,
        ..host("meet.jitsi", &[])
    }]);
    world.disconnect();
    world.check_quiet();
    assert!(world.engine.survey(&[]).unchecked.is_empty());
}

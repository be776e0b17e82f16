//! Random interleavings: after quiet everyone has the policy's affiliation, nobody
//! unentitled was ever promoted by gavel, requests are bounded.

mod found;
mod op;
mod own_doing;
mod parts;
mod policies;
mod spoilt;
mod steered;

use crate::sim::{Choice, World};
use gavel::engine::settings::{AbsentHost, GuestNames};
use op::{Play, Script};
use policies::{Plan, plans, ruled_plans};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// How many cases each property is tried with; `PROPTEST_CASES` says otherwise.
const CASES: u32 = 300;

/// The seed of the cases, so that a run tells the same every time; `PROPTEST_RNG_SEED`
/// replaces it.
const SEED: u64 = 1;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

fn config() -> ProptestConfig {
    let cases = number("PROPTEST_CASES").and_then(|cases| cases.try_into().ok());
    ProptestConfig {
        cases: cases.unwrap_or(CASES),
        rng_seed: RngSeed::Fixed(number("PROPTEST_RNG_SEED").unwrap_or(SEED)),
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..ProptestConfig::default()
    }
}

fn host_absent() -> impl Strategy<Value = AbsentHost> {
    prop_oneof![
        4 => Just(AbsentHost::None),
        1 => Just(AbsentHost::Lock),
        1 => Just(AbsentHost::End),
    ]
}

/// Writes gavel's stanzas and reports into the folder `GAVEL_TRACES`, if that is set: with
/// the same seed the same cases come, so that two builds can be compared (`diff -r`).
fn write_trace(world: &World) {
    static CASES: [AtomicUsize; 2] = [AtomicUsize::new(0), AtomicUsize::new(0)];
    let Ok(folder) = std::env::var("GAVEL_TRACES") else {
        return;
    };
    let module = world.choice.module;
    let case = CASES[usize::from(module)].fetch_add(1, Ordering::Relaxed);
    let name = |kind: &str| format!("{folder}/{kind}-{module}-{case:04}");
    let lines = |all: Vec<String>| all.join("\n") + "\n";
    let sent = world.sent.iter().map(|sent| format!("{sent:?}")).collect();
    let told = world
        .reports
        .iter()
        .map(|told| format!("{told:?}"))
        .collect();
    std::fs::write(name("sent"), lines(sent)).unwrap();
    std::fs::write(name("told"), lines(told)).unwrap();
}

fn play(module: bool, plan: Plan, host_absent: AbsentHost, Script(ops): &Script) {
    let guests = match ops.len() % 2 {
        0 => GuestNames::Free,
        _ => GuestNames::Distinct,
    };
    let world = World::new(Choice {
        module,
        policy: plan.policy(),
        guests,
        host_absent,
        host_absent_after: Duration::from_secs(20),
        ..Choice::default()
    });
    let mut play = Play::new(world);
    // gavel asks more if the module is an older one.
    play.world.server.tells_facts = ops.len() % 3 != 0;
    for (op, pause) in ops {
        play.act(op);
        play.world.run(*pause);
    }
    play.world.check_quiet();
    write_trace(&play.world);
    let changes = play.world.changes_since(0).len();
    let events = ops.len() + play.restored;
    // Each event concerns at most all sessions; the pauses of lost replies and
    // quarrels add a few for each.
    assert!(
        changes <= 12 * events + 20,
        "{changes} requests for {events} events"
    );
    let permits = play.world.permits_since(0).len();
    assert!(
        permits <= 4 * events + 20,
        "{permits} requests about permissions for {events} events"
    );
    let sizes = play.world.engine.sizes();
    // A room that has ended keeps a timer for a while.
    let rooms = play.world.server.rooms.len().max(2);
    // Pings and lists may be under way.
    assert!(
        sizes.waiting == 0 && sizes.requests <= 2 + 2 * rooms,
        "{sizes:?}"
    );
    assert!(sizes.timers <= 8 + 3 * rooms, "{sizes:?}");
    let left_over = play.world.engine.left_over();
    assert!(
        left_over.is_empty(),
        "is gone, not forgotten: {left_over:?}"
    );
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn b1_everybody_gets_the_policys_affiliation_with_the_module(
        plan in plans(), ops in op::ops(60)
    ) {
        play(true, plan, AbsentHost::None, &ops);
    }

    #[test]
    fn b1_everybody_gets_the_policys_affiliation_as_an_ordinary_occupant(
        plan in plans(), ops in op::ops(60)
    ) {
        play(false, plan, AbsentHost::None, &ops);
    }

    #[test]
    fn b1_everybody_gets_the_affiliation_of_rules_and_admins(
        module in any::<bool>(),
        plan in ruled_plans(),
        host_absent in host_absent(),
        ops in op::admins_ops(60),
    ) {
        play(module, plan, host_absent, &ops);
    }
}

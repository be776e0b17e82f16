//! Random interleavings: after quiet everyone has what the policy says, nobody
//! unentitled was ever promoted by gavel, requests are bounded.

mod op;

use crate::sim::{Choice, World};
use gavel::policy::{Grants, Guests, Policy};
use op::{Play, Script};
use proptest::prelude::*;

/// How many cases each property is tried with; `PROPTEST_CASES` says otherwise.
const CASES: u32 = 300;

fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok();
    ProptestConfig {
        cases: cases.and_then(|cases| cases.parse().ok()).unwrap_or(CASES),
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..ProptestConfig::default()
    }
}

fn policies() -> impl Strategy<Value = Policy> {
    let grants = prop_oneof![
        3 => Just(Grants::Owner),
        1 => Just(Grants::None),
        1 => Just(Grants::Admin),
    ];
    let guests = prop_oneof![4 => Just(Guests::Strip), 1 => Just(Guests::Ignore)];
    (grants, guests, prop::bool::weighted(0.8)).prop_map(|(grants, guests, protect_hosts)| Policy {
        grants,
        guests,
        protect_hosts,
        ..Policy::default()
    })
}

fn play(module: bool, policy: Policy, Script(ops): &Script) {
    let world = World::new(Choice {
        module,
        policy,
        ..Choice::default()
    });
    let mut play = Play::new(world);
    for (op, pause) in ops {
        play.act(op);
        play.world.run(*pause);
    }
    play.world.check_quiet();
    let changes = play.world.changes_since(0).len();
    let events = ops.len() + play.restored;
    // Each event concerns at most all sessions; the pauses of lost replies and
    // quarrels add a few for each.
    assert!(
        changes <= 12 * events + 20,
        "{changes} requests for {events} events"
    );
    let load = play.world.engine.load();
    let rooms = play.world.server.rooms.len();
    // Pings and lists may be under way.
    assert!(
        load.waiting == 0 && load.requests <= 2 + 2 * rooms,
        "{load:?}"
    );
    assert!(load.timers <= 8 + 3 * rooms, "{load:?}");
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn b1_everybody_gets_what_the_policy_says_with_the_module(
        policy in policies(), ops in op::ops(60)
    ) {
        play(true, policy, &ops);
    }

    #[test]
    fn b1_everybody_gets_what_the_policy_says_as_an_ordinary_occupant(
        policy in policies(), ops in op::ops(60)
    ) {
        play(false, policy, &ops);
    }
}

//! Each stanza of a run in turn reaches gavel unreadable, garbled or inflated: in the end
//! everybody has the rights they should have (SPEC B20).

use super::op::{self, Op, Play, Script};
use crate::sim::{Choice, Spoil, World};
use gavel::policy::{Fallback, Guests, Policy};
use proptest::prelude::Rng;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// So many runs; `SPOILT_RUNS` says otherwise.
const RUNS: u64 = 8;

fn play(
    module: bool,
    policy: &Policy,
    Script(ops): &Script,
    spoil: Option<(usize, Spoil)>,
) -> usize {
    let mut world = World::new(Choice {
        module,
        policy: policy.clone(),
        ..Choice::default()
    });
    world.spoil = spoil.into_iter().collect();
    let mut play = Play::new(world);
    for (op, pause) in ops {
        play.act(op);
        play.world.run(*pause);
    }
    let delivered = play.world.delivered;
    play.world.check_quiet();
    delivered
}

/// A run that is the same every time.
fn script(number: u64) -> Script {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&number.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut script = op::ops(30).new_tree(&mut runner).unwrap().current();
    // Other losses are another test's.
    script.0.retain(|(op, _)| !matches!(op, Op::LoseReplies(_)));
    script
}

/// The configurations of a run: the guard on and off, each with and without elections, each
/// with guests lowered and left alone.
fn policy(run: u64) -> Policy {
    Policy {
        guard: run.is_multiple_of(2),
        fallback: match run / 2 % 2 {
            0 => Fallback::None,
            _ => Fallback::First,
        },
        guests: match run / 4 % 2 {
            0 => Guests::Strip,
            _ => Guests::Ignore,
        },
        ..Policy::default()
    }
}

fn number(variable: &str, otherwise: u64) -> u64 {
    let set = std::env::var(variable).ok();
    set.and_then(|set| set.parse().ok()).unwrap_or(otherwise)
}

fn every_stanza(module: bool) {
    let mut tried = 0;
    let mut wrong = Vec::new();
    let first = number("SPOILT_FIRST", 0);
    for run in first..first + number("SPOILT_RUNS", RUNS) {
        let policy = policy(run);
        let script = script(run);
        let all = play(module, &policy, &script, None);
        for (nth, how) in (1..=all).flat_map(|n| Spoil::ALL.map(|how| (n, how))) {
            tried += 1;
            let played = || play(module, &policy, &script, Some((nth, how)));
            if catch_unwind(AssertUnwindSafe(played)).is_err() {
                wrong.push((run, nth, how));
            }
        }
    }
    println!("{tried} stanzas spoilt, module: {module}");
    assert!(
        wrong.is_empty(),
        "{} of {tried} wrong: {wrong:?}",
        wrong.len()
    );
}

#[test]
fn b20_no_stanza_is_needed_with_the_module() {
    every_stanza(true);
}

#[test]
fn b20_no_stanza_is_needed_as_an_ordinary_occupant() {
    every_stanza(false);
}

/// Four stanzas of each run, by chance: `PARTS_RUNS` says how many runs.
#[test]
fn b20_no_four_stanzas_are_needed() {
    let first = number("PARTS_FIRST", 0);
    let runs = number("PARTS_RUNS", 30);
    let mut wrong = Vec::new();
    for run in first..first + runs {
        let bytes = bytes(run);
        let played = || super::parts::play(&bytes);
        if catch_unwind(AssertUnwindSafe(played)).is_err() {
            wrong.push(run);
        }
    }
    println!("{runs} runs, {} wrong", wrong.len());
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// Bytes that are the same every time.
fn bytes(number: u64) -> Vec<u8> {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&number.to_le_bytes());
    let mut rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let mut bytes = vec![0; 41];
    rng.fill_bytes(&mut bytes);
    bytes
}

/// One stanza of one run, to look into: `SPOILT=run,number,how,module`, or `none`
/// instead of `module`.
#[test]
fn b20_the_one_that_is_looked_into() {
    let Ok(which) = std::env::var("SPOILT") else {
        return;
    };
    let parts: Vec<&str> = which.split(',').collect();
    let (run, nth) = (parts[0].parse().unwrap(), parts[1].parse().unwrap());
    let how = Spoil::ALL
        .into_iter()
        .find(|how| format!("{how:?}") == parts[2]);
    let policy = policy(run);
    let script = script(run);
    eprintln!("{script:?}");
    let mut world = World::new(Choice {
        module: parts[3] == "module",
        policy,
        ..Choice::default()
    });
    world.spoil = how.map(|how| (nth, how)).into_iter().collect();
    let mut play = Play::new(world);
    let done = catch_unwind(AssertUnwindSafe(|| {
        for (op, pause) in &script.0 {
            let now = play.world.now;
            play.world.trace.push(format!("{now} ** {op:?}"));
            play.act(op);
            play.world.run(*pause);
        }
        play.world.check_quiet();
    }));
    for line in &play.world.trace {
        eprintln!("{line}");
    }
    assert!(done.is_ok());
}

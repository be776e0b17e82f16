//! Several stanzas of a run reach gavel unreadable, or with parts missing: in the
//! end everybody has what they should have (SPEC B20). What happens is made from
//! bytes.

use super::op::{self, Play, Script};
use crate::sim::{Choice, Spoil, World};
use gavel::policy::{Fallback, Guests, Policy};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// So many stanzas are spoilt.
const SPOILT: usize = 4;
/// One of so many first ones each.
const AMONG: u8 = 120;

/// Plays what these bytes say.
pub fn play(data: &[u8]) {
    let (head, script) = data.split_at(data.len().min(1 + 2 * SPOILT));
    let [how, spoilt @ ..] = head else {
        return;
    };
    let is = |bit: u8| how & bit != 0;
    let policy = Policy {
        guard: is(2),
        fallback: if is(4) {
            Fallback::First
        } else {
            Fallback::None
        },
        guests: if is(8) { Guests::Ignore } else { Guests::Strip },
        ..Policy::default()
    };
    let mut world = World::new(Choice {
        module: is(1),
        policy,
        ..Choice::default()
    });
    let pairs = spoilt.as_chunks::<2>().0.iter();
    let spoils = pairs.map(|[nth, kind]| {
        let kind = Spoil::ALL[usize::from(*kind) % Spoil::ALL.len()];
        (1 + usize::from(nth % AMONG), kind)
    });
    world.spoil = spoils.collect();
    let mut play = Play::new(world);
    for (op, pause) in &happenings(script).0 {
        play.act(op);
        play.world.run(*pause);
    }
    play.world.check_quiet();
}

fn happenings(data: &[u8]) -> Script {
    let mut seed = [0; 32];
    for (n, byte) in data.iter().enumerate() {
        seed[n % 32] ^= byte;
    }
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    match op::ops(30).new_tree(&mut runner) {
        Ok(tree) => tree.current(),
        Err(_) => Script(Vec::new()),
    }
}

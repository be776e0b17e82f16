//! Several stanzas of a run reach gavel unreadable, or with parts missing: in the end
//! everybody has the affiliation they should have (SPEC B20). The events are made from
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

/// A run: the configuration, the stanzas that are spoilt, and the events.
#[derive(Debug, Clone)]
pub struct Case {
    pub module: bool,
    pub policy: Policy,
    pub spoilt: Vec<(usize, Spoil)>,
    pub script: Script,
}

impl Case {
    /// The run that these bytes stand for.
    pub fn from_bytes(data: &[u8]) -> Option<Self> {
        let (head, script) = data.split_at(data.len().min(1 + 2 * SPOILT));
        let (how, spoilt) = head.split_first()?;
        let is = |bit: u8| how & bit != 0;
        let pairs = spoilt.as_chunks::<2>().0.iter();
        let spoilt = pairs.map(|[nth, kind]| {
            let kind = Spoil::ALL[usize::from(*kind) % Spoil::ALL.len()];
            (1 + usize::from(nth % AMONG), kind)
        });
        Some(Self {
            module: is(1),
            policy: Policy {
                guard: is(2),
                fallback: match is(4) {
                    true => Fallback::First,
                    false => Fallback::None,
                },
                guests: match is(8) {
                    true => Guests::Ignore,
                    false => Guests::Strip,
                },
                ..Policy::default()
            },
            spoilt: spoilt.collect(),
            script: happenings(script),
        })
    }

    /// The world before anything has happened in it.
    pub fn start(&self) -> Play {
        let mut world = World::new(Choice {
            module: self.module,
            policy: self.policy.clone(),
            ..Choice::default()
        });
        world.spoil = self.spoilt.clone();
        Play::new(world)
    }

    pub fn run(&self, play: &mut Play) {
        for (op, pause) in &self.script.0 {
            let now = play.world.now;
            play.world.trace.push(format!("{now} ** {op:?}"));
            play.act(op);
            play.world.run(*pause);
        }
        play.world.check_quiet();
    }
}

/// Plays the events of these bytes.
pub fn play(data: &[u8]) {
    if let Some(case) = Case::from_bytes(data) {
        case.run(&mut case.start());
    }
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

//! The cost of gavel with its Prosody module for Prosody, and the time until people are
//! settled: Prosody alone, Prosody with a small module of its own that sets the same
//! affiliations, and Prosody with mod_gavel and gavel, with permissions for everybody and
//! without, under the same load, in turns, on Prosody 0.12 and 13.
//!
//! ```sh
//! cargo bench --bench module              # 8 rounds each, meetings of 20
//! cargo bench --bench module -- 20 10     # 20 rounds, meetings of 10
//! ```
//!
//! gavel's cost is about the same for each person, while Prosody's own work for a person
//! grows with the meeting: the smaller it is the more gavel counts.
//!
//! Run it as root, with everything installed that `tests/run` installs. Figures mean
//! something on a machine that does nothing else; it has two cores at least.
//!
//! The compared figure is the median of the rounds' ratios. Presences are counted in one
//! more round, whose cost is not.
//!
//! Goals: CPU time of Prosody at most 1.05 times the one with the module of its own; half
//! of all moderators settled within 1.2 ms.
#![allow(clippy::unwrap_used, missing_docs)]

mod client;
mod cost;
mod load;
mod relay;
#[path = "../../tests/support/mod.rs"]
mod support;

use load::{Crowd, Kind};
use relay::Relay;
use std::sync::atomic::Ordering;
use std::time::Duration;
use support::{Gavel, Options, Prosody, Version};

/// gavel's settings besides those of the tests: as it comes.
const SETTINGS: &str = r#"
[claims]
sources = ["bridge"]
[discovery]
poll = "auto"
interval = "30s"
"#;

/// People's permissions, as a school would have them.
const PERMISSIONS: &str = r#"
[policy.permissions]
breakout-enter = "nobody"
recording = "owners"
livestreaming = "nobody"
send-private-message = "moderators"
create-polls = "moderators"
"#;

/// One of the contenders.
struct Contender {
    name: &'static str,
    crowd: Crowd,
    gavel: Option<Gavel>,
    prosody: Prosody,
    /// Prosody's and gavel's, of each round.
    spent: Vec<[Duration; 2]>,
    waits: Vec<Duration>,
}

impl Contender {
    async fn new(
        (version, size): (Version, usize),
        name: &'static str,
        module: Option<&'static str>,
        ahead: bool,
        permissions: bool,
    ) -> Self {
        let options = Options {
            plain: true,
            gavel_is_admin: false,
            admins_own_rooms: false,
            validate_from: true,
            muc_modules: module.into_iter().collect(),
            ..Options::default()
        };
        let prosody = Prosody::start(version, options);
        let with_gavel = module == Some("gavel");
        let gavel = match with_gavel {
            true => {
                let quiet = [("RUST_LOG", "warn")];
                let more = if permissions { PERMISSIONS } else { "" };
                Some(Gavel::start_with(
                    &prosody,
                    &format!("{SETTINGS}{more}"),
                    &quiet,
                ))
            }
            false => None,
        };
        let kind = Kind {
            settles: module.is_some(),
            gavel: with_gavel,
            ahead,
        };
        let mut crowd = Crowd::gather(&prosody, size, kind).await;
        // Buffers, caches and the garbage collector get into their stride.
        crowd.round(&prosody).await;
        Self {
            name,
            crowd,
            gavel,
            prosody,
            spent: Vec::new(),
            waits: Vec::new(),
        }
    }

    fn cpu(&self) -> [Duration; 2] {
        let gavel = self.gavel.as_ref().map(|gavel| cost::cpu(gavel.pid()));
        [cost::cpu(self.prosody.pid()), gavel.unwrap_or_default()]
    }

    async fn round(&mut self) {
        let before = self.cpu();
        let waits = self.crowd.round(&self.prosody).await;
        let after = self.cpu();
        self.spent
            .push([after[0] - before[0], after[1] - before[1]]);
        self.waits.extend(waits);
    }

    /// Presence that people send in a round, and that gavel receives of it.
    async fn sparing(&mut self) -> [u64; 2] {
        self.gavel.take().unwrap().stop().await;
        let relay = Relay::to(self.prosody.component).await;
        let there = format!(
            "{SETTINGS}[component]\nserver = '127.0.0.1:{}'\n",
            relay.port
        );
        let quiet = [("RUST_LOG", "warn")];
        self.gavel = Some(Gavel::start_with(&self.prosody, &there, &quiet));
        let before = self.crowd.presences;
        self.crowd.round(&self.prosody).await;
        let sent = self.crowd.presences - before;
        [sent, relay.presences.load(Ordering::Relaxed)]
    }

    /// Seconds of CPU, of all rounds: Prosody's or gavel's.
    fn seconds(&self, whose: usize) -> f64 {
        let spent = self.spent.iter().map(|spent| spent[whose]);
        spent.sum::<Duration>().as_secs_f64()
    }

    /// Prosody's CPU in each round by another's in the same one: half of all rounds have
    /// less. Other work of the machine concerns some rounds, not all of them.
    fn compared_with(&self, yardstick: &[f64]) -> f64 {
        let spent = self.spent.iter().map(|spent| spent[0].as_secs_f64());
        let mut ratios: Vec<f64> = spent.zip(yardstick).map(|(own, by)| own / by).collect();
        ratios.sort_unstable_by(f64::total_cmp);
        (ratios[(ratios.len() - 1) / 2] + ratios[ratios.len() / 2]) / 2.0
    }

    /// How long a share of all moderators waited at most, in ms.
    fn wait(&mut self, share: f64) -> f64 {
        self.waits.sort_unstable();
        let last = self.waits.len() - 1;
        self.waits[(last as f64 * share).round() as usize].as_secs_f64() * 1000.0
    }
}

async fn compare(version: Version, rounds: usize, size: usize) {
    let kind = (version, size);
    let mut all = [
        Contender::new(kind, "alone", None, true, false).await,
        Contender::new(kind, "own module", Some("test_affiliation"), true, false).await,
        Contender::new(kind, "gavel", Some("gavel"), true, false).await,
        Contender::new(kind, "gavel, permissions", Some("gavel"), true, true).await,
        Contender::new(kind, "gavel, unasked", Some("gavel"), false, false).await,
    ];
    let load = cost::load();
    for round in 0..rounds {
        // The first contender finds another machine than the last one.
        for turn in 0..all.len() {
            let place = (round + turn) % all.len();
            all[place].round().await;
        }
    }
    println!(
        "\nProsody {version:?}, {rounds} rounds, meetings of {size}; load before: {load}, after: {}",
        cost::load()
    );
    println!(
        "                      CPU s  of own module's  settled ms: median    p90    p99    MB"
    );
    let yardstick = all[1].spent.iter().map(|spent| spent[0].as_secs_f64());
    let yardstick: Vec<f64> = yardstick.collect();
    for contender in &mut all {
        let cpu = contender.seconds(0);
        let memory = cost::memory(contender.prosody.pid());
        let compared = contender.compared_with(&yardstick);
        print!("{:<19}{cpu:>8.2}{compared:>17.3}", contender.name);
        match contender.waits.is_empty() {
            true => print!("{:>34}", "-"),
            false => print!(
                "{:>20.2}{:>7.2}{:>7.2}",
                contender.wait(0.5),
                contender.wait(0.9),
                contender.wait(0.99)
            ),
        }
        println!("{memory:>6.1}");
    }
    let [_, _, mut gavel, ..] = all;
    let pid = gavel.gavel.as_ref().map(Gavel::pid).unwrap();
    println!(
        "gavel itself: {:.2} s of CPU, {:.1} MB",
        gavel.seconds(1),
        cost::memory(pid)
    );
    let [sent, received] = gavel.sparing().await;
    println!("of {sent} presences that people sent in a round gavel received {received}");
}

fn main() {
    // Cargo passes --bench.
    let mut numbers = std::env::args().filter_map(|arg| arg.parse().ok());
    let rounds = numbers.next().unwrap_or(8);
    let size = numbers.next().unwrap_or(20);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    for version in [Version::V0_12, Version::V13] {
        runtime.block_on(compare(version, rounds, size));
    }
}

//! What gavel with its Prosody module costs Prosody, and how soon people are
//! settled: Prosody alone, Prosody with a small module of its own that sets the
//! same affiliations, and Prosody with mod_gavel and gavel, under the same load,
//! in turns, on Prosody 0.12 and 13.
//!
//! ```sh
//! cargo bench --bench module            # 8 rounds each, some minutes
//! cargo bench --bench module -- 20
//! ```
//!
//! As root, and with what `tests/run` installs. Figures mean something on a
//! machine that does nothing else; it has two cores at least.
//!
//! Goals: CPU time of Prosody at most 1.05 times what it is with the module of
//! its own; half of all moderators settled within 1.2 ms.
#![allow(clippy::unwrap_used, missing_docs)]

mod client;
mod cost;
mod load;
#[path = "../../tests/support/mod.rs"]
mod support;

use load::Crowd;
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

/// One of what is compared.
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
    async fn new(version: Version, name: &'static str, module: Option<&'static str>) -> Self {
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
                Some(Gavel::start_with(&prosody, SETTINGS, &quiet))
            }
            false => None,
        };
        let mut crowd = Crowd::gather(&prosody, module.is_some(), with_gavel).await;
        // Buffers, caches and the garbage collector get into their stride.
        crowd.round().await;
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
        let waits = self.crowd.round().await;
        let after = self.cpu();
        self.spent
            .push([after[0] - before[0], after[1] - before[1]]);
        self.waits.extend(waits);
    }

    /// Seconds of CPU, of all rounds: Prosody's or gavel's.
    fn seconds(&self, whose: usize) -> f64 {
        let spent = self.spent.iter().map(|spent| spent[whose]);
        spent.sum::<Duration>().as_secs_f64()
    }

    /// How long a share of all moderators waited at most, in ms.
    fn wait(&mut self, share: f64) -> f64 {
        self.waits.sort_unstable();
        let last = self.waits.len() - 1;
        self.waits[(last as f64 * share).round() as usize].as_secs_f64() * 1000.0
    }
}

async fn compare(version: Version, rounds: usize) {
    let mut all = [
        Contender::new(version, "alone", None).await,
        Contender::new(version, "own module", Some("test_affiliation")).await,
        Contender::new(version, "gavel", Some("gavel")).await,
    ];
    let load = cost::load();
    for round in 0..rounds {
        // Whoever comes first finds another machine than whoever comes last.
        for turn in 0..all.len() {
            let place = (round + turn) % all.len();
            all[place].round().await;
        }
    }
    println!(
        "\nProsody {version:?}, {rounds} rounds; load before: {load}, after: {}",
        cost::load()
    );
    println!("                 CPU s  of own module's  settled ms: median    p90    p99    MB");
    let yardstick = all[1].seconds(0);
    for contender in &mut all {
        let cpu = contender.seconds(0);
        let memory = cost::memory(contender.prosody.pid());
        print!("{:<14}{cpu:>8.2}{:>17.3}", contender.name, cpu / yardstick);
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
    let [_, _, gavel] = all;
    let pid = gavel.gavel.as_ref().map(Gavel::pid).unwrap();
    println!(
        "gavel itself: {:.2} s of CPU, {:.1} MB; clients sent {} stanzas in all",
        gavel.seconds(1),
        cost::memory(pid),
        gavel.crowd.sent()
    );
}

fn main() {
    // Cargo passes --bench.
    let rounds = std::env::args().skip(1).find_map(|arg| arg.parse().ok());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    for version in [Version::V0_12, Version::V13] {
        runtime.block_on(compare(version, rounds.unwrap_or(8)));
    }
}

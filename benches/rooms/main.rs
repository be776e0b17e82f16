//! The cost of many rooms that one client opens at once: Prosody's CPU time, the time until
//! gavel settles somebody in another room meanwhile, and the cost of all those rooms in the
//! next minute; with gavel and without, with a cache of rooms that holds them all and with
//! Prosody's own.
//!
//! ```sh
//! cargo bench --bench rooms               # 300 rooms on Prosody 0.12
//! cargo bench --bench rooms -- 800 13     # 800 rooms on Prosody 13
//! ```
//!
//! Run it as root, with everything installed that `tests/run` installs. Figures mean
//! something on a machine that does nothing else.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../../tests/support/mod.rs"]
mod support;

use std::fs;
use std::time::{Duration, Instant};
use support::{Client, Env, MUC, Options, Version};

/// Within this time all rooms are settled.
const DEADLINE: Duration = Duration::from_secs(200);
/// The cost of the rooms afterwards is measured over this time.
const AFTERWARDS: Duration = Duration::from_secs(65);
const CLASS: &str = "class@muc.meet.jitsi";

fn main() {
    let numbers = std::env::args().skip(1).filter_map(|arg| arg.parse().ok());
    let numbers: Vec<usize> = numbers.collect();
    let rooms = numbers.first().copied().unwrap_or(300);
    let version = match numbers.get(1) {
        Some(13) => Version::V13,
        _ => Version::V0_12,
    };
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    for cache in ["muc_room_cache_size = 10000", ""] {
        for gavel in [true, false] {
            let told = runtime.block_on(measure(version, rooms, cache, gavel));
            println!("{version:?}, {cache:?}, gavel {gavel}: {told}");
        }
    }
}

async fn measure(version: Version, rooms: usize, cache: &str, gavel: bool) -> String {
    let options = Options {
        plain: true,
        muc: cache.into(),
        ..Options::with_module()
    };
    let env = Env::with(version, options, "[claims]\nsources = [\"bridge\"]").await;
    let eve = env.client("eve").await;
    let bob = env.client("bob").await;
    // The module is known by then, as it is on a server that runs.
    env.connected().await;
    if !gavel {
        env.gavel.stop().await;
    }
    let pid = env.prosody.pid();
    let (before, start) = (cpu(pid), Instant::now());
    let room = |number| format!("flood-{number}@muc.meet.jitsi");
    for number in 0..rooms {
        let join = format!(
            "<presence to='{}/eve'><x xmlns='{MUC}'/></presence>",
            room(number)
        );
        eve.send(&join).await;
    }
    // A guest who creates a room is its owner, until gavel is there.
    bob.join(CLASS, "bob", "").await;
    until_settled(&bob, CLASS, "bob", gavel, start).await;
    let bobs = start.elapsed();
    for number in 0..rooms {
        until_settled(&eve, &room(number), "eve", gavel, start).await;
    }
    let all = start.elapsed();
    let flood = cpu(pid) - before;
    tokio::time::sleep(AFTERWARDS).await;
    let minute = cpu(pid) - before - flood;
    format!(
        "Prosody {flood:.1} s CPU until all are settled after {all:.1?}, somebody in another \
         room after {bobs:.1?}; {minute:.1} s CPU in the next {AFTERWARDS:?}"
    )
}

async fn until_settled(client: &Client, room: &str, nick: &str, gavel: bool, start: Instant) {
    let settled = || {
        let occupant = client.occupant(room, nick);
        occupant.is_some_and(|occupant| !gavel || occupant.affiliation == "none")
    };
    while !settled() {
        assert!(start.elapsed() < DEADLINE, "{room} is not settled");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Seconds of CPU that a process has used.
fn cpu(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields = stat.rsplit(')').next().unwrap().split_whitespace();
    let ticks = fields
        .skip(11)
        .take(2)
        .map(|ticks| ticks.parse::<f64>().unwrap());
    ticks.sum::<f64>() / 100.0
}

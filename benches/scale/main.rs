//! How the cost of one person grows with the number of people and rooms.
//!
//! The benchmark fills the rooms, then lets more people enter one of them,
//! update their presence and leave again. It prints gavel's CPU time for each
//! of the three, with every answer of the service that follows, and resident
//! memory for each occupant.
//!
//! ```sh
//! cargo bench --bench scale            # everything
//! cargo bench --bench scale -- 1000    # at most 1,000 people
//! GAVEL_PROGRAM=/usr/bin/gavel cargo bench --bench scale    # another program's figures
//! ```
//!
//! First the engine alone is driven through its public interface, under each policy. Then
//! the whole program is driven over a socket, with a stand-in for Prosody: first people act
//! one after the other, each after gavel has done with the one before; then 25 of them
//! together, as when a class begins. Each case runs in a process of its own (Linux only).
//! CPU time is gavel's alone, and that of the system for it. The stand-in pings gavel to
//! know when it is done, so the whole program's figures have two pings each in them if
//! people act one after the other.
//!
//! Everybody has claims of some 300 bytes and a frozen name. Every twentieth person is a
//! host, except under `fallback = "first"`, under which nobody is.
//!
//! Goals: a join costs at most 100 µs, and the same within a third from 100 to
//! 10,000 people; an occupant takes at most 1,000 bytes.
#![allow(clippy::unwrap_used, missing_docs)]

mod core;
mod people;
mod program;
#[path = "../rig/mod.rs"]
mod rig;
mod stand_in;

use self::core::Spent;
use gavel::muc::Affiliation;
use people::Person;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Rooms, and people in each.
const SIZES: [(usize, usize); 5] = [(1, 100), (1, 1_000), (1, 4_000), (1, 10_000), (10_000, 10)];
const POLICIES: [&str; 3] = ["default", "fallback", "host_absent"];
/// How many people come, change and go while CPU time is measured.
const NEWCOMERS: usize = 300;

/// So many do so in one write of the server's, if people act together.
const TOGETHER: usize = 25;

/// A case to measure.
pub struct Case {
    pub rooms: usize,
    pub people: usize,
    pub policy: String,
}

impl Case {
    fn person(&self, room: usize, number: usize) -> Person {
        let host = self.policy != "fallback" && is_host(number);
        Person { room, number, host }
    }

    /// The people in a room before anything is measured.
    pub fn people_of(&self, room: usize) -> Vec<Person> {
        let numbers = room * self.people..(room + 1) * self.people;
        numbers.map(|number| self.person(room, number)).collect()
    }

    /// The people who enter the first room then.
    pub fn newcomers(&self) -> Vec<Person> {
        let first = self.rooms * self.people;
        let numbers = first..first + NEWCOMERS.min(self.people);
        numbers.map(|number| self.person(0, number)).collect()
    }
}

/// Says whether a person's token makes them owner, if there are hosts at all.
pub fn is_host(number: usize) -> bool {
    number.is_multiple_of(20)
}

/// The affiliation that somebody has once they are settled.
pub fn given(person: Person) -> Affiliation {
    match person.host {
        true => Affiliation::Owner,
        false => Affiliation::Member,
    }
}

/// Resident memory of a process without its code and other files, in bytes.
pub fn resident(pid: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("RssAnon:"));
    let kib = line.unwrap().split_whitespace().nth(1).unwrap();
    kib.parse::<usize>().unwrap() * 1024
}

fn print(driven: &str, case: &Case, spent: &Spent) {
    let micros = |time: Duration| time.as_nanos() as f64 / 1e3;
    println!(
        "{driven:8} {:6} {:7} {:12} {:9.1} {:9.1} {:9.1} {:10}",
        case.rooms,
        case.people,
        case.policy,
        micros(spent.join),
        micros(spent.update),
        micros(spent.leave),
        spent.memory,
    );
}

/// Runs one case in a process of its own, so that memory is its own, too.
fn apart(driven: &str, (rooms, people): (usize, usize), policy: &str) {
    let program = std::env::current_exe().unwrap();
    let (rooms, people) = (rooms.to_string(), people.to_string());
    let mut child = Command::new(program);
    child.args(["case", driven, &rooms, &people, policy]);
    let status = child.stdin(Stdio::null()).status().unwrap();
    assert!(status.success());
}

fn main() {
    let args: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    if let ["case", driven, rooms, people, policy] = args.as_slice() {
        let (rooms, people) = (rooms.parse().unwrap(), people.parse().unwrap());
        let policy = (*policy).to_owned();
        let case = Case {
            rooms,
            people,
            policy,
        };
        let spent = match *driven {
            "engine" => core::measure(&case),
            "together" => program::measure(&case, TOGETHER),
            _ => program::measure(&case, 1),
        };
        return print(driven, &case, &spent);
    }
    let most = args
        .first()
        .map_or(usize::MAX, |most| most.parse().unwrap());
    println!(
        "{:8} {:>6} {:>7} {:12} {:>9} {:>9} {:>9} {:>10}",
        "driven", "rooms", "people", "policy", "join µs", "update µs", "leave µs", "bytes each"
    );
    let sizes = || {
        SIZES
            .into_iter()
            .filter(|(rooms, people)| rooms * people <= most)
    };
    for policy in POLICIES {
        sizes().for_each(|size| apart("engine", size, policy));
    }
    for driven in ["program", "together"] {
        for size in sizes().filter(|(rooms, _)| *rooms == 1) {
            apart(driven, size, "default");
        }
    }
}

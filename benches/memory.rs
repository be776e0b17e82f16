//! The memory of 100,000 occupants in 10,000 rooms: resident memory of this process, before
//! and after (Linux only).
//!
//! Goal: 100 MB in all, which is 1,000 bytes an occupant.
#![allow(clippy::unwrap_used, missing_docs)]

mod rig;

use gavel::muc::Affiliation;
use gavel::stanza::{Inbound, Outbound};
use rig::{Rig, answer, change, presence};

const ROOMS: usize = 10_000;
const EACH: usize = 10;

/// Resident memory in bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line
        .and_then(|line| line.split_whitespace().nth(1))
        .unwrap();
    kib.parse::<usize>().unwrap() * 1024
}

fn megabytes(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}

/// The presence of the person with this number.
fn person(room: &str, id: usize, affiliation: Affiliation) -> Inbound {
    let real = format!("{id:08x}-489c-4555-89c4-d4a8ac858677@meet.jitsi/ArFuijYxp8r6");
    let name = format!("Somebody Number {id}");
    let occupant = format!("{room}/{id:08x}");
    Inbound::Presence(Box::new(presence(&occupant, &real, affiliation, &name)))
}

/// As Prosody does, a room shows each change before it answers.
fn service(stanza: Outbound) -> Vec<Inbound> {
    let shown = change(&stanza).map(|(room, id, affiliation)| person(room, id, affiliation));
    shown.into_iter().chain(answer(stanza)).collect()
}

fn main() {
    let mut rig = Rig::with(service, |_| {});
    let before = resident();
    for room in 0..ROOMS {
        let jid = format!("meeting-of-group-{room:05}@muc.meet.jitsi");
        rig.enter(&jid);
        for number in 0..EACH {
            let id = room * EACH + number;
            rig.stanza(person(&jid, id, Affiliation::None));
        }
    }
    let people: usize = rig.engine.rooms().map(|room| room.people()).sum();
    assert_eq!(people, ROOMS * EACH);
    let after = resident();
    println!("occupants: {people} in {ROOMS} rooms, all with claims and a frozen name");
    println!("resident before: {:.1} MB", megabytes(before));
    println!("resident after:  {:.1} MB (goal: 100 MB)", megabytes(after));
    println!("per occupant:    {} bytes", (after - before) / people);
    println!("stanzas sent:    {}", rig.sent);
}

//! B21: what the machine under gavel does to it harms no meeting.

use crate::on_both;
use crate::support::{Client, Env, Version, student, teacher};
use std::fs;
use std::time::{Duration, Instant};

const ROOM: &str = "room@muc.meet.jitsi";

/// The disk takes nothing while the host takes a grant back. gavel ends, and is
/// started again: it must not give the grant back, whether the disk has recovered
/// before the end or not.
async fn b21_a_full_disk_brings_no_revoked_grant_back(version: Version) {
    for recovers in [true, false] {
        let mut env = Env::new(version).await;
        let focus = env.focus(ROOM).await;
        let alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
        let _bob = env.person(ROOM, "bob", Some(student("Bob"))).await;
        let _carol = env.person(ROOM, "carol", Some(student("Carol"))).await;
        alice.sees_affiliation(ROOM, "alice", "owner").await;
        focus.sees_affiliation(ROOM, "bob", "member").await;
        env.settle().await;
        set(&alice, "bob", "owner").await;
        until_file(&env, |text| text.contains("\"grant\"")).await;
        // A folder of that name cannot be opened as a file.
        let obstacle = env.gavel.state_file().with_extension("json.new");
        fs::create_dir(&obstacle).unwrap();
        set(&alice, "bob", "member").await;
        set(&alice, "carol", "owner").await;
        env.gavel.logs("cannot write the state file").await;
        env.settle().await;
        if recovers {
            tokio::time::sleep(Duration::from_millis(700)).await;
            fs::remove_dir(&obstacle).unwrap();
            env.gavel.logs("is written again").await;
        }
        env.gavel.stop().await;
        let _ = fs::remove_dir(&obstacle);
        env.gavel.restart();
        env.connected().await;
        env.gavel.logs_again("joined").await;
        env.settle().await;
        assert_eq!(focus.affiliation(ROOM, "bob"), "member", "{recovers}");
        let carol = if recovers { "owner" } else { "member" };
        assert_eq!(focus.affiliation(ROOM, "carol"), carol, "{recovers}");
        assert_eq!(focus.affiliation(ROOM, "alice"), "owner");
    }
}
on_both!(b21_a_full_disk_brings_no_revoked_grant_back);

async fn set(by: &Client, whom: &str, affiliation: &str) {
    let jid = format!("{whom}@meet.jitsi");
    by.affiliate(ROOM, &jid, affiliation).await.unwrap();
    by.sees_affiliation(ROOM, whom, affiliation).await;
}

async fn until_file(env: &Env, wanted: impl Fn(&str) -> bool) {
    let deadline = Instant::now() + crate::support::DEADLINE;
    while !fs::read_to_string(env.gavel.state_file()).is_ok_and(|text| wanted(&text)) {
        assert!(Instant::now() < deadline, "the state file is not as wanted");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Prosody crashes six times in a row. gavel is back within 5 s of its port.
async fn b11_quick_crashes_of_prosody_do_not_add_up(version: Version) {
    let mut env = Env::new(version).await;
    let mut longest = Duration::ZERO;
    for _ in 0..6 {
        env.prosody.restart();
        let start = Instant::now();
        env.watcher = Client::connect(&env.prosody, "watcher@auth.meet.jitsi").await;
        env.connected().await;
        longest = longest.max(start.elapsed());
    }
    println!("back after {longest:?} at most");
    assert!(longest < Duration::from_secs(6), "{longest:?}");
}
on_both!(b11_quick_crashes_of_prosody_do_not_add_up);

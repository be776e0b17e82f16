//! B21: mishaps of the machine under gavel harm no meeting.

use crate::on_both;
use crate::support::admin::ask_tcp;
use crate::support::{Client, Env, GAVEL, Options, Version, free_port, student, teacher};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const ROOM: &str = "room@muc.meet.jitsi";
/// The capacity of a pipe of Linux, in bytes.
const PIPE: usize = 64 * 1024;

/// The disk takes nothing while the host takes a grant back. gavel ends, and is
/// started again: it must not give the grant back, whether the disk has recovered
/// before the end or not.
async fn b21_a_full_disk_brings_no_revoked_grant_back(version: Version) {
    for recovers in [false, true] {
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
            // The outage lasts longer than the pause before the next try: it fails, too.
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

/// Nobody reads gavel's stderr, and the pipe is full: everybody is settled all the
/// same, the API answers, and SIGTERM ends gavel cleanly.
async fn b21_stderr_that_nobody_reads_holds_up_nothing(version: Version) {
    let env = Env::new(version).await;
    env.gavel.stop().await;
    let (_reader, writer) = std::io::pipe().unwrap();
    let mut filling = writer.try_clone().unwrap();
    let (wrote, written) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        // Waits with the bytes beyond that until the test ends.
        while filling.write_all(&[b'x'; 4096]).is_ok() {
            let _ = wrote.send(());
        }
    });
    for _ in 0..PIPE / 4096 {
        written.recv().unwrap();
    }
    let mut gavel = Command::new("setpriv")
        .args([
            "--pdeathsig",
            "KILL",
            env!("CARGO_BIN_EXE_gavel"),
            "run",
            "-c",
        ])
        .arg(env.gavel.config())
        .env("RUST_LOG", "gavel=debug,info")
        .stdin(Stdio::null())
        .stderr(writer)
        .spawn()
        .unwrap();
    let deadline = Instant::now() + crate::support::DEADLINE;
    while env
        .watcher
        .reaches(GAVEL, Duration::from_secs(1))
        .await
        .is_err()
    {
        assert!(Instant::now() < deadline, "gavel does not answer");
    }
    let focus = env.focus(ROOM).await;
    let alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    let _bob = env.person(ROOM, "bob", Some(student("Bob"))).await;
    alice.sees_affiliation(ROOM, "alice", "owner").await;
    focus.sees_affiliation(ROOM, "bob", "member").await;
    focus
        .affiliate(ROOM, "bob@meet.jitsi", "owner")
        .await
        .unwrap();
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "bob"), "member");
    assert_eq!(env.gavel.get("/v1/status").await.status, 200);
    crate::support::signal(gavel.id(), "-TERM");
    let start = Instant::now();
    let status = loop {
        if let Some(status) = gavel.try_wait().unwrap() {
            break status;
        }
        assert!(
            start.elapsed() < Duration::from_secs(8),
            "SIGTERM does not end it"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert!(status.success(), "{status}");
}
on_both!(b21_stderr_that_nobody_reads_holds_up_nothing);

/// Clients that connect and say nothing, and followers that never read, keep no
/// place from those who ask.
async fn b21_silent_clients_keep_no_place(version: Version) {
    let (health, page) = (free_port(), free_port());
    let listen = format!("listen = '127.0.0.1:{health}'\nweb = '127.0.0.1:{page}'");
    let env = Env::gavel(version, &format!("[admin]\n{listen}")).await;
    env.gavel.logs("the status page is served").await;
    env.gavel.logs("health and metrics are served").await;
    let connect = |port| TcpStream::connect(("127.0.0.1", port)).unwrap();
    let _silent: Vec<_> = (0..80).map(|_| connect(health)).collect();
    let _followers: Vec<_> = (0..300)
        .map(|_| {
            let mut follower = connect(page);
            let host = format!("127.0.0.1:{page}");
            let request = format!(
                "GET /v1/events HTTP/1.1\r\nhost: {host}\r\naccept: text/event-stream\r\n\r\n"
            );
            follower.write_all(request.as_bytes()).unwrap();
            follower
        })
        .collect();
    let start = Instant::now();
    let answer = ask_tcp(&format!("127.0.0.1:{health}"), "/healthz").await;
    assert_eq!(answer.status, 200);
    let after_health = start.elapsed();
    let mut page = connect(page);
    page.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    page.write_all(b"GET / HTTP/1.0\r\nhost: localhost\r\n\r\n")
        .unwrap();
    let mut text = String::new();
    page.read_to_string(&mut text).unwrap();
    assert!(text.contains("200 OK"), "{text}");
    println!(
        "health after {after_health:?}, the page after {:?}",
        start.elapsed()
    );
    assert!(after_health < Duration::from_secs(1), "{after_health:?}");
}
on_both!(b21_silent_clients_keep_no_place);

/// Each question about a room can bring it back from Prosody's disk: the module gives the
/// facts unasked, and gavel does its work all the same.
async fn b21_nothing_is_asked_of_a_room_with_the_module(version: Version) {
    let sources = "[claims]\nsources = [\"bridge\"]";
    let env = Env::with(version, Options::with_module(), sources).await;
    env.settle().await;
    let eve = env.person(ROOM, "eve", None).await;
    eve.sees_affiliation(ROOM, "eve", "none").await;
    env.settle().await;
    let sent = env.sent().await;
    assert!(sent.iter().any(|stanza| stanza.attr("type") == Some("set")));
    let asked = sent
        .iter()
        .filter(|stanza| stanza.attr("type") == Some("get"));
    assert_eq!(asked.count(), 0, "{sent:?}");
}
on_both!(b21_nothing_is_asked_of_a_room_with_the_module);

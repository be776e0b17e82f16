//! The cost of followers and of others who connect.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::shell::driver::EngineHandle;
use crate::shell::journal::Journal;
use crate::shell::journal::tests::event;
use crate::shell::metrics::Metrics;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// An API on a socket of its own, behind which no engine is.
struct Served {
    journal: Arc<Journal>,
    socket: PathBuf,
    /// A caller of the engine waits.
    _calls: crate::shell::driver::EngineCalls,
    _admin: Admin,
    _folder: tempfile::TempDir,
}

impl Served {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("admin.sock");
        let journal = Arc::new(Journal::new(0));
        let (handle, calls) = EngineHandle::new();
        let config = config::Admin {
            socket: socket.clone(),
            listen: None,
            web: None,
            web_token: None,
        };
        let shared = Shared::new(
            handle,
            journal.clone(),
            Arc::new(Metrics::new()),
            Arc::default(),
        );
        let served = Self {
            journal,
            _admin: Admin::start(config, shared),
            socket,
            _calls: calls,
            _folder: folder,
        };
        let deadline = Instant::now() + Duration::from_secs(10);
        while UnixStream::connect(&served.socket).is_err() {
            assert!(Instant::now() < deadline, "not served");
            thread::sleep(Duration::from_millis(1));
        }
        served
    }
}

/// Longest wait for the next piece of an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Follows, and reads no more than that it does.
fn follower(socket: &Path) -> UnixStream {
    let mut stream = UnixStream::connect(socket).unwrap();
    let request = "GET /v1/events HTTP/1.1\r\nhost: gavel\r\naccept: text/event-stream\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"following\n\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.extend_from_slice(&byte);
    }
    stream
}

/// Reads until the event `last` has come; how many were told lost.
fn read_until(mut stream: UnixStream, last: u64) -> u64 {
    let end = format!("\"id\":{last},");
    let (mut chunk, mut text, mut lost) = (vec![0; 64 * 1024], String::new(), 0);
    loop {
        let length = stream.read(&mut chunk).unwrap();
        assert!(length > 0, "the stream has ended");
        text.push_str(std::str::from_utf8(&chunk[..length]).unwrap());
        for told in text.split("data: {\"lost\":").skip(1) {
            let number = told.split('}').next().unwrap();
            lost += number.parse::<u64>().unwrap_or(0);
        }
        if text.contains(&end) {
            return lost;
        }
        // An event that was cut is looked at with the text that follows.
        let rest = text.rfind("\n\n").map_or(0, |at| at + 2);
        text.drain(..rest);
    }
}

/// Memory of this process, in MB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let size = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let size = size.and_then(|size| size.split_whitespace().next());
    size.unwrap().parse::<u64>().unwrap() / 1024
}

/// Runs `test`, whose name is `name`, in a process of its own: the measurement must not
/// include other tests that run at the same time.
fn alone(name: &str, test: impl FnOnce()) {
    const ALONE: &str = "TEST_IS_ALONE";
    if std::env::var_os(ALONE).is_some() {
        return test();
    }
    let mut itself = Command::new(std::env::current_exe().unwrap());
    let name = format!("{}::{name}", module_path!().split_once("::").unwrap().1);
    itself.args(["--exact", &name, "--nocapture"]);
    let ended = itself.env(ALONE, "").output().unwrap();
    let told = String::from_utf8_lossy(&ended.stdout);
    assert!(
        ended.status.success() && told.contains("1 passed"),
        "{ended:?}"
    );
}

/// 200 followers, of whom half never read; 50,000 events. The engine is not held up, memory
/// does not grow, and a follower who reads gets the last event.
#[test]
fn followers_who_never_read_hold_up_nobody_and_cost_nothing() {
    alone(
        "followers_who_never_read_hold_up_nobody_and_cost_nothing",
        follow_without_reading,
    );
}

fn follow_without_reading() {
    const EVENTS: u64 = 50_000;
    let served = Served::new();
    let idle: Vec<UnixStream> = (0..100).map(|_| follower(&served.socket)).collect();
    let last = *served.journal.newest().borrow() + EVENTS;
    let readers: Vec<_> = (0..100)
        .map(|_| {
            let stream = follower(&served.socket);
            thread::spawn(move || read_until(stream, last))
        })
        .collect();
    let (mut longest, mut settled) = (Duration::ZERO, 0);
    let start = Instant::now();
    for n in 0..EVENTS {
        let before = Instant::now();
        served.journal.append(event);
        longest = longest.max(before.elapsed());
        if n == EVENTS / 4 {
            settled = resident();
        }
    }
    let all = start.elapsed();
    let lost: u64 = readers
        .into_iter()
        .map(|reader| reader.join().unwrap())
        .sum();
    let after = resident();
    println!(
        "{EVENTS} events in {all:?}, one took {longest:?} at most; {lost} lost by 100 readers; \
         {settled} MB after a quarter, {after} MB at the end"
    );
    assert!(after < settled + 32, "{settled} MB have become {after} MB");
    // While the idle ones are there, the API answers others.
    let mut client = UnixStream::connect(&served.socket).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    let ask = format!("GET /v1/events?since={} HTTP/1.0\r\n\r\n", last - 1);
    client.write_all(ask.as_bytes()).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
    drop(idle);
}

#[test]
fn followers_have_an_end_and_others_are_still_served() {
    let served = Served::new();
    let all: Vec<UnixStream> = (0..limits::LOCAL.followers)
        .map(|_| follower(&served.socket))
        .collect();
    let ask = |request: &str| {
        let mut stream = UnixStream::connect(&served.socket).unwrap();
        let request = format!("GET /v1/events HTTP/1.1\r\nconnection: close\r\n{request}\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let one_more = ask("accept: text/event-stream\r\n");
    assert!(one_more.starts_with("HTTP/1.1 409"), "{one_more}");
    assert!(one_more.contains("256 followers"), "{one_more}");
    let list = ask("");
    assert!(
        list.starts_with("HTTP/1.1 200") && list.contains("\r\n[]\r\n"),
        "{list}"
    );
    // A follower that goes makes room.
    drop(all);
    let deadline = Instant::now() + Duration::from_secs(10);
    let follows = || {
        let mut stream = UnixStream::connect(&served.socket).unwrap();
        let request = "GET /v1/events HTTP/1.1\r\nhost: gavel\r\naccept: text/event-stream\r\n\r\n";
        stream.write_all(request.as_bytes()).unwrap();
        let mut head = [0; 12];
        stream.read_exact(&mut head).unwrap();
        &head == b"HTTP/1.1 200"
    };
    while !follows() {
        assert!(Instant::now() < deadline, "nobody has gone");
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_head_that_does_not_come_ends_the_connection() {
    let served = Served::new();
    let mut stream = UnixStream::connect(&served.socket).unwrap();
    stream.write_all(b"GET /v1/ev").unwrap();
    stream
        .set_read_timeout(Some(limits::HEAD + Duration::from_secs(5)))
        .unwrap();
    let mut answer = String::new();
    stream
        .read_to_string(&mut answer)
        .expect("the connection ends");
    assert!(!answer.contains("200"), "{answer}");
}

#[test]
fn a_file_that_is_no_socket_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gavel.toml");
    std::fs::write(&path, "[component]").unwrap();
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    let error = runtime.block_on(socket::bind(&path)).err().unwrap();
    assert!(error.to_string().contains("no socket"), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "[component]");
}

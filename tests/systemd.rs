//! gavel's news for the service manager (sd_notify) beside a real Prosody, and its journal;
//! and the unit that permits it.

#![allow(clippy::unwrap_used)]

mod support;

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use support::{Client, DEADLINE, Gavel, Options, Prosody, Version};
use tokio::net::UnixDatagram;
use tokio::time::timeout;

/// The service manager's end.
struct Manager {
    socket: UnixDatagram,
    path: String,
    _dir: tempfile::TempDir,
}

impl Manager {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify");
        Self {
            socket: UnixDatagram::bind(&path).unwrap(),
            path: path.to_str().unwrap().to_owned(),
            _dir: dir,
        }
    }

    /// Starts a gavel that is to give a sign of life within `watchdog`.
    fn start(&self, prosody: &Prosody, watchdog: Duration) -> Gavel {
        let watchdog = watchdog.as_micros().to_string();
        let variables = [
            ("NOTIFY_SOCKET", self.path.as_str()),
            ("WATCHDOG_USEC", &watchdog),
        ];
        Gavel::start_with(prosody, "", &variables)
    }

    /// The next message.
    async fn next(&self) -> String {
        let mut buffer = [0; 4096];
        let received = timeout(DEADLINE, self.socket.recv(&mut buffer)).await;
        let length = received.expect("gavel tells something").unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    }

    /// Waits for a message that has `text`; it, and those before it.
    async fn hears(&self, text: &str) -> Vec<String> {
        let mut all = Vec::new();
        loop {
            all.push(self.next().await);
            if all.last().unwrap().contains(text) {
                return all;
            }
        }
    }
}

const SHORT: Duration = Duration::from_millis(200);
const LONG: Duration = Duration::from_secs(60);

fn any(messages: &[String], text: &str) -> bool {
    messages.iter().any(|message| message.contains(text))
}

async fn ready_means_that_the_rooms_are_joined(version: Version) {
    let prosody = Prosody::start(version, Options::default());
    let alice = Client::connect(&prosody, "alice@meet.jitsi").await;
    alice.join("room@muc.meet.jitsi", "alice", "").await;
    let manager = Manager::new();
    let gavel = manager.start(&prosody, SHORT);
    let before = manager.hears("READY=1").await;
    let last = before.last().unwrap();
    assert_eq!(last, "READY=1\nSTATUS=connected; in 1 room\n");
    // The log is written beside, and may come a moment later.
    gavel.logs("joined").await;
    alice.join("other@muc.meet.jitsi", "alice", "").await;
    let then = manager.hears("STATUS=connected; in 2 rooms\n").await;
    assert!(any(&then, "WATCHDOG=1\n"), "{then:?}");
    assert!(!any(&then, "READY"), "{then:?}");
    gavel.stop().await;
    manager.hears("STOPPING=1\n").await;
}
on_both!(ready_means_that_the_rooms_are_joined);

async fn without_a_server_gavel_lives_and_is_not_ready(version: Version) {
    let mut prosody = Prosody::start(version, Options::default());
    prosody.kill();
    let manager = Manager::new();
    let _gavel = manager.start(&prosody, SHORT);
    let mut told = manager.hears("STATUS=not connected: cannot connect").await;
    for _ in 0..3 {
        told.extend(manager.hears("WATCHDOG=1\n").await);
    }
    assert!(!any(&told, "READY"), "{told:?}");
    prosody.restart();
    manager.hears("READY=1\nSTATUS=connected; in 0 rooms").await;
    prosody.kill();
    manager.hears("STATUS=not connected").await;
    prosody.restart();
    let again = manager.hears("STATUS=connected; in 0 rooms").await;
    assert!(!any(&again, "READY"), "{again:?}");
}
on_both!(without_a_server_gavel_lives_and_is_not_ready);

async fn a_reload_is_told_from_its_begin_to_its_end(version: Version) {
    let prosody = Prosody::start(version, Options::default());
    let manager = Manager::new();
    let gavel = manager.start(&prosody, LONG);
    manager.hears("READY=1").await;
    gavel.hang_up();
    manager.hears("RELOADING=1").await;
    let then = manager.hears("READY=1").await;
    assert!(!any(&then, "STATUS"), "it is as it was: {then:?}");
    gavel.logs("the configuration was read again").await;
}
on_both!(a_reload_is_told_from_its_begin_to_its_end);

async fn b12_a_standby_is_ready(version: Version) {
    let prosody = Prosody::start(version, Options::default());
    let (active, standby) = (Manager::new(), Manager::new());
    let first = active.start(&prosody, LONG);
    active.hears("READY=1").await;
    let _second = standby.start(&prosody, LONG);
    let told = standby.hears("READY=1").await;
    assert!(
        told.last().unwrap().contains("STATUS=standby: "),
        "{told:?}"
    );
    first.stop().await;
    standby.hears("STATUS=connected; in 0 rooms").await;
}
on_both!(b12_a_standby_is_ready);

async fn why_a_start_failed_stays_in_the_status(version: Version) {
    let mut prosody = Prosody::start(version, Options::default());
    prosody.kill();
    let manager = Manager::new();
    let gavel = manager.start(&prosody, LONG);
    manager.hears("STATUS=not connected: cannot connect").await;
    gavel.stop().await;
    let told = manager.hears("STOPPING=1\n").await;
    assert_eq!(told.last().unwrap(), "STOPPING=1\n", "{told:?}");
}
on_both!(why_a_start_failed_stays_in_the_status);

/// The log of a gavel that cannot start for long, up to the first line with `until`. Its
/// stderr is a socket, as systemd's is, and `journal` the value of JOURNAL_STREAM for it.
fn log(format: &str, until: &str, journal: impl Fn(u64, u64) -> String) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("gavel.toml");
    let text = "[component]\njid = 'gavel.meet.jitsi'\nserver = '127.0.0.1:1'\n\
                secret = 'hush'\n[[muc]]\nservice = 'muc.meet.jitsi'\n[state]\nfile = ''\n\
                [admin]\nsocket = 'SOCKET'\nlisten = ''\n[log]\nformat = 'FORMAT'\n";
    let socket = folder.path().join("admin.sock");
    let text = text.replace("SOCKET", socket.to_str().unwrap());
    std::fs::write(&config, text.replace("FORMAT", format)).unwrap();
    let (ours, theirs) = UnixStream::pair().unwrap();
    ours.set_read_timeout(Some(DEADLINE)).unwrap();
    let theirs = OwnedFd::from(theirs);
    let file = File::from(theirs.try_clone().unwrap()).metadata().unwrap();
    let mut gavel = Command::new(env!("CARGO_BIN_EXE_gavel"))
        .args(["run", "-c"])
        .arg(&config)
        .env_clear()
        .env("JOURNAL_STREAM", journal(file.dev(), file.ino()))
        .stderr(Stdio::from(theirs))
        .spawn()
        .unwrap();
    let mut lines = Vec::new();
    for line in BufReader::new(ours).lines() {
        lines.push(line.unwrap());
        if lines.last().unwrap().contains(until) {
            break;
        }
    }
    gavel.kill().unwrap();
    gavel.wait().unwrap();
    lines
}

#[test]
fn the_journal_is_told_priorities_and_no_time() {
    let named = |device, inode| format!("{device}:{inode}");
    let lines = log("text", "cannot connect", named);
    let first = lines.first().unwrap();
    assert!(
        first.starts_with("<6> INFO gavel::cli::run: starting"),
        "{first}"
    );
    let last = lines.last().unwrap();
    assert!(
        last.starts_with("<4> WARN gavel::shell: cannot connect"),
        "{last}"
    );
    let lines = log("json", "cannot connect", named);
    let object = lines.last().unwrap().strip_prefix("<4>").unwrap();
    let object: serde_json::Value = serde_json::from_str(object).unwrap();
    assert_eq!(object["level"], "WARN");
}

#[test]
fn a_file_gets_times_and_no_priority() {
    let other: fn(u64, u64) -> String = |device, inode| format!("{device}:{}", inode + 1);
    let none: fn(u64, u64) -> String = |_, _| String::new();
    for journal in [other, none] {
        let lines = log("text", "starting", journal);
        let (time, _) = lines[0]
            .split_once("  INFO gavel::cli::run: starting")
            .unwrap();
        assert!(gavel::api::Time::parse(time).is_some(), "{lines:?}");
    }
}

/// The values that the unit gives a key.
fn unit(key: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/systemd/gavel.service");
    let text = std::fs::read_to_string(path).unwrap();
    let value = |line: &str| Some(line.strip_prefix(key)?.strip_prefix('=')?.to_owned());
    text.lines().filter_map(value).collect()
}

#[test]
fn the_units_umask_leaves_the_audit_file_to_the_group() {
    let umask = unit("UMask").concat();
    let umask = u32::from_str_radix(&umask, 8).unwrap();
    assert_eq!((0o640 & !umask, 0o666 & !umask & 0o027), (0o640, 0o000));
}

#[test]
fn the_units_reload_fails_with_a_wrong_configuration() {
    let reload = unit("ExecReload");
    let check = reload
        .first()
        .unwrap()
        .strip_prefix("/usr/bin/gavel ")
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("gavel.toml");
    let run = |text: &str| {
        std::fs::write(&config, text).unwrap();
        let mut gavel = Command::new(env!("CARGO_BIN_EXE_gavel"));
        gavel
            .args(check.split(' '))
            .env_clear()
            .env("GAVEL_CONFIG", &config);
        let ended = gavel.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (ended.status.code(), text(ended.stdout), text(ended.stderr))
    };
    let good = "[component]\njid = 'gavel.meet.jitsi'\nserver = '127.0.0.1:1'\nsecret = 'hush'\n\
                [[muc]]\nservice = 'muc.meet.jitsi'\n";
    // The journal is no place for eighty lines of configuration at each reload.
    assert_eq!(run(good), (Some(0), String::new(), String::new()));
    let (status, _, error) = run(&format!("{good}broken\n"));
    assert_eq!(status, Some(2), "{error}");
    assert!(error.contains("not valid TOML"), "{error}");
    assert_eq!(reload[1..], ["/bin/kill -HUP $MAINPID"]);
}

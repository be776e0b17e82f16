//! What gavel tells the service manager (sd_notify), beside a real Prosody.

#![allow(clippy::unwrap_used)]

mod support;

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
    assert!(gavel.log().contains("joined"), "{}", gavel.log());
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

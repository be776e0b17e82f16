//! The whole program, `gavel run`, over a socket.

use super::core::Spent;
use super::people::{FIRST, Person};
use super::stand_in::{StandIn, environment, invitation, presence};
use super::{Case, given, resident};
use gavel::muc::Affiliation;
use std::fs;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A running gavel; killed when dropped.
struct Gavel(Child);

impl Drop for Gavel {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// CPU time that all threads of a process have taken.
fn cpu(pid: u32) -> Duration {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let nanos = threads.map(|thread| {
        let path = thread.unwrap().path().join("schedstat");
        let text = fs::read_to_string(path).unwrap_or_default();
        let taken = text.split_whitespace().next().unwrap_or("0").parse::<u64>();
        taken.unwrap()
    });
    Duration::from_nanos(nanos.sum())
}

/// Fills the rooms, then has people come, change and go; so many at a time.
pub fn measure(case: &Case, together: usize) -> Spent {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("admin.sock");
    let program = std::env::var("GAVEL_PROGRAM");
    let program = program.unwrap_or_else(|_| env!("CARGO_BIN_EXE_gavel").to_owned());
    let child = Command::new(program)
        .args(["run", "-c", "/dev/null"])
        .envs(environment(port))
        .env("GAVEL_ADMIN__SOCKET", socket)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn();
    let gavel = Gavel(child.unwrap());
    let pid = gavel.0.id();
    let mut server = StandIn::accept(&listener);
    server.say("");
    // Everything that people share is there before: compiled rules, above all.
    server.say(&invitation(FIRST.room));
    act(&mut server, &[FIRST], come);
    let before = resident(pid);
    for number in 0..case.rooms {
        server.say(&invitation(number));
        for people in case.people_of(number).chunks(together) {
            act(&mut server, people, come);
        }
    }
    let memory = resident(pid).saturating_sub(before) / (case.rooms * case.people);
    let newcomers = case.newcomers();
    let mut time = |what: fn(Person) -> String| {
        let begun = cpu(pid);
        for people in newcomers.chunks(together) {
            act(&mut server, people, what);
        }
        (cpu(pid) - begun) / u32::try_from(newcomers.len()).unwrap()
    };
    Spent {
        join: time(come),
        update: time(update),
        leave: time(go),
        memory,
    }
}

/// The actions of these people, in one write.
fn act(server: &mut StandIn, people: &[Person], what: fn(Person) -> String) {
    let stanzas: String = people.iter().map(|person| what(*person)).collect();
    server.say(&stanzas);
}

fn come(person: Person) -> String {
    presence(person, Affiliation::None, "")
}

fn update(person: Person) -> String {
    presence(person, given(person), "")
}

fn go(person: Person) -> String {
    presence(person, given(person), " type='unavailable'")
}

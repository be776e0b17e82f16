//! A lesson with a teacher, a student, a guest and a focus that means too well,
//! played by real XMPP clients on a running Prosody with gavel beside it.
//!
//! `deploy/quickstart` starts both and then this. By hand, with gavel's log in JSON
//! (`log.format`) on standard input, its configuration and the port on which Prosody
//! listens for clients as arguments:
//!
//! ```sh
//! gavel run -c gavel.toml 2>&1 | cargo run --example classroom -- gavel.toml 5222
//! ```
//!
//! Ends with status 1 if anything goes another way than told here.

#[path = "classroom/lesson.rs"]
mod lesson;
#[path = "classroom/stage.rs"]
mod stage;

/// The clients are those of the tests.
#[path = "../tests/support"]
#[allow(dead_code, clippy::unwrap_used)]
mod support {
    pub mod client;
    pub mod negotiation;
    pub mod room;
    pub mod xml;

    pub const MUC: &str = "http://jabber.org/protocol/muc";
    pub const MUC_USER: &str = "http://jabber.org/protocol/muc#user";
    pub const MUC_ADMIN: &str = "http://jabber.org/protocol/muc#admin";
    /// Nobody logs in as a component here.
    pub const SECRET: &str = "";

    /// The Prosody that the clients connect to.
    pub struct Prosody {
        pub c2s: u16,
        pub component: u16,
    }

    impl Prosody {
        /// The throw-away server has no accounts: it lets everybody in.
        pub fn add_user(&self, _user: &str, _host: &str) {}
    }

    fn tail(text: &str, _lines: usize) -> &str {
        text
    }
}

use lesson::{Lesson, display_name};
use serde_json::json;
use stage::{Stage, gavel, room};
use std::process::exit;
use support::client::Client;

const USAGE: &str = "usage: gavel run -c CONFIG 2>&1 | classroom CONFIG CLIENT_PORT";

#[tokio::main(flavor = "current_thread")]
async fn main() {
    // The clients panic if something does not come; to a person who tries gavel out, the
    // sentence says more than a backtrace.
    std::panic::set_hook(Box::new(|panic| {
        let payload = panic.payload();
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or(payload.downcast_ref::<&str>().copied());
        eprintln!("\nclassroom: {}", text.unwrap_or("panicked"));
        exit(1);
    }));
    let mut args = std::env::args().skip(1);
    let (Some(config), Some(port), None) = (args.next(), args.next(), args.next()) else {
        eprintln!("{USAGE}");
        exit(2);
    };
    let port = port.parse().unwrap_or_else(|_| {
        eprintln!("classroom: {port} is no port\n{USAGE}");
        exit(2);
    });
    let lesson = Lesson::read(&config).unwrap_or_else(|problem| {
        eprintln!("classroom: {problem}");
        exit(2);
    });
    play(&lesson, port).await;
}

async fn play(lesson: &Lesson, port: u16) {
    let prosody = support::Prosody {
        c2s: port,
        component: 0,
    };
    let here = lesson.room.as_str();
    let person = |name: &str| format!("{name}@{}", lesson.host);

    // A token that names her and makes her moderator, one that names him and
    // says he is none (as text, as many systems write it), and no token at all.
    let ada = lesson.token(&json!({"name": "Ada Lovelace", "moderator": true}));
    let tim = lesson.token(&json!({"name": "Tim", "moderator": "false"}));

    let focus = Client::connect(&prosody, &lesson.focus).await;
    let mut stage = Stage::new(here, focus);
    stage.act("The focus creates the room; gavel finds it by itself.");
    stage.focus.join(here, "focus", "").await;
    stage
        .until(&[gavel("joins"), room("gavel is owner, moderator")])
        .await;

    stage.act(r#"A teacher joins. Her token says "moderator": true."#);
    let teacher = Client::connect(&prosody, &person("teacher")).await;
    let as_ada = display_name("Ada Lovelace") + &ada;
    teacher.join(here, "teacher", &as_ada).await;
    stage
        .until(&[
            room("teacher is none, participant"),
            room("teacher is owner, moderator"),
            gavel("teacher: none → owner"),
        ])
        .await;

    stage.act(r#"A student joins. His token says "moderator": "false"."#);
    let student = Client::connect(&prosody, &person("student")).await;
    let as_tim = display_name("Tim") + &tim;
    student.join(here, "student", &as_tim).await;
    stage
        .until(&[
            room("student is none, participant"),
            room("student is member, participant"),
            gavel("student: none → member"),
        ])
        .await;

    stage.act("A guest joins, without a token. Nothing is to be done.");
    let guest = Client::connect(&prosody, &person("guest")).await;
    guest.join(here, "guest", &display_name("Kim")).await;
    stage.until(&[room("guest is none, participant")]).await;

    stage.act("The focus promotes everybody who logged in, as Jicofo may do.");
    for client in [&student, &guest] {
        let promoted = stage.focus.affiliate(here, client.bare(), "owner").await;
        promoted.unwrap_or_else(|why| panic!("the focus could not promote: {why}"));
    }
    stage
        .until(&[
            room("student is owner, moderator"),
            room("student is member, participant"),
            gavel("student: owner → member"),
            room("guest is owner, moderator"),
            room("guest is none, participant"),
            gavel("guest: owner → none"),
        ])
        .await;

    stage.act("The teacher takes another name. Her token names her.");
    let as_other = display_name("Mickey Mouse") + &ada;
    teacher.presence(here, "teacher", &as_other).await;
    stage
        .until(&[
            room(r#"teacher is called "Mickey Mouse""#),
            gavel(r#"teacher: name "Mickey Mouse" → "Ada Lovelace""#),
            room(r#"teacher is called "Ada Lovelace""#),
        ])
        .await;

    let people = [
        ("teacher", "owner", "Ada Lovelace"),
        ("student", "member", "Tim"),
        ("guest", "none", "Kim"),
    ];
    let clients = [&teacher, &student, &guest];
    stage.curtain(&clients, &people).await;
}

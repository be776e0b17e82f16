//! Rooms as people write them, and people as people know them, in every command
//! that asks a running gavel.

use crate::on_both;
use crate::support::{Env, Version, jwt, nick, student, teacher, token};
use hyper::Method;
use serde_json::Value;

/// The room that Jitsi's clients make of the meeting `How Täst`.
const ROOM: &str = "how%20t%c3%a4st@muc.meet.jitsi";
const SHOWN: &str = "how täst@muc.meet.jitsi";

/// An anonymous teacher, whose nick and JID tell nothing, and her student.
async fn lesson(env: &Env) -> Vec<std::sync::Arc<crate::support::Client>> {
    let focus = env.focus(ROOM).await;
    let ada = env.person(ROOM, "ea3a8210", Some(teacher("Ada L"))).await;
    ada.sees_affiliation(ROOM, "ea3a8210", "owner").await;
    let tim = env.person(ROOM, "tim", Some(student("Tim"))).await;
    let seen = nick("Ada L");
    let room_nick = ada.jid.clone();
    assert!(room_nick.starts_with("ea3a8210@"), "{room_nick}");
    let update = jwt(&token(teacher("Ada L"))) + &seen;
    ada.presence(ROOM, "ea3a8210", &update).await;
    env.settle().await;
    vec![focus, ada, tim]
}

async fn a_room_is_named_as_people_write_it_and_shown_readably(version: Version) {
    let env = Env::new(version).await;
    let people = lesson(&env).await;
    for room in [
        "How Täst",
        "how%20t%C3%A4st",
        ROOM,
        SHOWN,
        "https://meet.example/How%20T%C3%A4st?jwt=SECRET",
        "https://meet.example/jitsi/How Täst#config.x=1",
    ] {
        let show = env.gavel.run(&["room", "show", room]);
        assert_eq!((show.status, show.err.as_str()), (0, ""), "{room}");
        assert!(show.out.starts_with(&format!("{SHOWN}\n")), "{}", show.out);
        let events = env.gavel.run(&["events", "--room", room]);
        assert!(events.out.contains(SHOWN), "{room}: {}", events.out);
        let set = env.gavel.run(&["room", "set", room, "Ada L", "admin"]);
        assert_eq!((set.status, set.err.as_str()), (0, ""), "{room}");
        let unset = env.gavel.run(&["room", "unset", room, "Ada L"]);
        assert_eq!((unset.status, unset.err.as_str()), (0, ""), "{room}");
    }
    people[0].sees_affiliation(ROOM, "ea3a8210", "owner").await;
    let list = env.gavel.run(&["room", "list"]);
    assert!(list.out.contains(&format!("\n{SHOWN} ")), "{}", list.out);
    // Programs read the name as it is on the wire.
    let json = env.gavel.run(&["room", "list", "--json"]).json();
    assert_eq!(json[0]["room"], ROOM);
    for path in [
        "/v1/rooms/How%20T%C3%A4st",
        "/v1/rooms/how%2520t%25c3%25a4st",
    ] {
        assert_eq!(env.gavel.get(path).await.json()["room"], ROOM, "{path}");
    }
    // A token in a pasted URL is repeated nowhere (B14).
    let other = "https://meet.example/other?jwt=SECRET";
    for arguments in [
        &["room", "show", other] as &[&str],
        &["room", "set", other, "ada", "owner"],
        &[
            "explain",
            "--guest",
            "--room",
            "https://meet.example/?jwt=SECRET",
        ],
    ] {
        let ended = env.gavel.run(arguments);
        assert_eq!(ended.status, 1, "{ended:?}");
        assert!(!ended.err.contains("SECRET"), "{ended:?}");
    }
    let path = "/v1/rooms/https%3A%2F%2Fmeet.example%2Fother%3Fjwt%3DSECRET";
    let answer = env.gavel.get(path).await;
    assert_eq!(answer.status, 404);
    assert!(!answer.text.contains("SECRET"), "{}", answer.text);
    assert!(!env.gavel.log().contains("SECRET"));
}
on_both!(a_room_is_named_as_people_write_it_and_shown_readably);

async fn names_are_told_afterwards(version: Version) {
    let env = Env::new(version).await;
    let people = lesson(&env).await;
    let focus = &people[0];
    let body = r#"{"affiliation": "admin"}"#;
    let path = "/v1/rooms/how%20t%C3%A4st/overrides/Ada%20L";
    let answer = env.gavel.ask(Method::PUT, path, body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    focus.sees_affiliation(ROOM, "ea3a8210", "admin").await;
    let is_set = |events: &Value| {
        let mut events = events.as_array().unwrap().iter();
        events.any(|e| e["kind"] == "affiliation" && e["to"] == "admin")
    };
    let events = env.gavel.tells(&["events", "--json"], is_set).await;
    let about = |kind: &str| {
        let all = events.as_array().unwrap().iter();
        let mut all = all.filter(|e| e["kind"] == kind && e["nick"] == "ea3a8210");
        all.next_back().cloned().unwrap_or(Value::Null)
    };
    // The person who sets something is named as the system names them.
    let user = std::process::Command::new("id")
        .arg("-un")
        .output()
        .unwrap();
    let user = String::from_utf8(user.stdout).unwrap();
    let set = about("override");
    assert_eq!(set["display_name"], "Ada L", "{set}");
    assert_eq!(set["token_name"], "Ada L", "{set}");
    let words = format!("(set by {})", user.trim());
    assert!(set["reason"].as_str().unwrap().ends_with(&words), "{set}");
    let affiliation = about("affiliation");
    assert_eq!(affiliation["display_name"], "Ada L", "{affiliation}");
    let lines = env.gavel.run(&["events"]).out;
    let line = "Ada L (ea3a8210, ea3a8210@meet.jitsi)";
    assert!(lines.contains(line), "{lines}");
    // The log says the same, in values that are read as one.
    let log = env.gavel.log();
    for words in [
        "display_name=\"Ada L\" token_name=\"Ada L\"".to_owned(),
        format!("actor=\"{}\"", user.trim()),
        "reason=\"context.user.moderator is true\"".to_owned(),
    ] {
        assert!(log.contains(&words), "{words}: {log}");
    }
}
on_both!(names_are_told_afterwards);

async fn a_shell_completes_existing_names(version: Version) {
    let env = Env::new(version).await;
    let people = lesson(&env).await;
    let complete = |typed: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_gavel"));
        command.args(["--", "gavel"]).args(typed);
        command.env("_GAVEL_COMPLETE", "fish");
        let ended = command.env("GAVEL_CONFIG", env.gavel.config()).output();
        let ended = ended.unwrap();
        assert_eq!((ended.status.code(), ended.stderr.len()), (Some(0), 0));
        String::from_utf8(ended.stdout).unwrap()
    };
    // A name that a shell would split is given as it is on the wire.
    let room = "how%20t%c3%a4st";
    let rooms = complete(&["room", "show", "how"]);
    assert_eq!(rooms, format!("{room}\t2 people\n"));
    let who = complete(&["room", "set", room, ""]);
    assert!(who.contains("ea3a8210\tAda L\n"), "{who}");
    assert!(
        who.contains("tim\tTim\n") && !who.contains("focus"),
        "{who}"
    );
    // A name leads to the nick.
    assert_eq!(
        complete(&["room", "unset", room, "ada"]),
        "ea3a8210\tAda L\n"
    );
    assert_eq!(complete(&["room", "unset", "elsewhere", "ada"]), "");
    drop(people);
}
on_both!(a_shell_completes_existing_names);

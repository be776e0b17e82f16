//! The commands that ask a running gavel: `room` and `events`, in text and as
//! JSON, in pipes and on terminals.

use crate::on_both;
use crate::support::command::{Running, on_terminal, run};
use crate::support::{Env, Version, nick, student, teacher};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

const ROOM: &str = "lesson@muc.meet.jitsi";
/// A change is seen within half a second; a machine with much to do takes longer.
const SOON: Duration = Duration::from_secs(5);

/// Ada, who teaches; Tim, whom the focus has promoted in vain; and two guests with one
/// name, the first of them promoted by Ada.
async fn lesson(env: &Env) -> Vec<std::sync::Arc<crate::support::Client>> {
    let focus = env.focus(ROOM).await;
    let ada = env.person(ROOM, "ada", Some(teacher("Ada"))).await;
    ada.sees_affiliation(ROOM, "ada", "owner").await;
    let tim = env.person(ROOM, "tim", Some(student("Tim"))).await;
    let mut people = vec![focus, ada, tim];
    for guest in ["kim", "kai"] {
        let client = env.client(guest).await;
        client.join(ROOM, guest, &nick("金\u{202e} 🎓")).await;
        people.push(client);
    }
    env.settle().await;
    let [focus, ada, ..] = &people[..] else {
        unreachable!()
    };
    focus
        .affiliate(ROOM, "tim@meet.jitsi", "owner")
        .await
        .unwrap();
    focus.sees_affiliation(ROOM, "tim", "member").await;
    ada.affiliate(ROOM, "kim@meet.jitsi", "owner")
        .await
        .unwrap();
    env.settle().await;
    people
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

fn words(text: &str) -> BTreeSet<&str> {
    text.split(' ').collect()
}

/// The fields that an occupant must have, and those that it may have.
const OCCUPANT: &str = "nick jid display_name affiliation role desired settled source rule reason \
                        token_name frozen granted_by override expires_at joined_at";
const OCCUPANT_MORE: &str = "expires_at infrastructure permissions stepped_down rejected unread_claims corrections hindrance";

fn find<'a>(room: &'a Value, nick: &str) -> &'a Value {
    let people = room["occupants"].as_array().unwrap();
    people.iter().find(|person| person["nick"] == nick).unwrap()
}

async fn rooms_are_listed_and_shown(version: Version) {
    let env = Env::new(version).await;
    let _people = lesson(&env).await;
    let json = env.gavel.run(&["room", "list", "--json"]).json();
    let rooms = json.as_array().unwrap();
    assert_eq!(rooms.len(), 1);
    let expected = words("room service occupants moderators pending joined_at");
    assert_eq!(keys(&rooms[0]), expected);
    assert_eq!(rooms[0]["occupants"], 4);
    let list = env.gavel.run(&["room", "list"]);
    assert_eq!((list.status, list.err.as_str()), (0, ""));
    let lines: Vec<Vec<&str>> = list
        .out
        .lines()
        .map(|l| l.split_whitespace().collect())
        .collect();
    assert_eq!(
        lines[0],
        ["ROOM", "PEOPLE", "MODERATORS", "PENDING", "SINCE"]
    );
    assert_eq!(lines[1][..4], [ROOM, "4", "2", "0"]);

    let json = env.gavel.run(&["room", "show", "--json", "lesson"]).json();
    let expected = words("room service moderators pending joined_at occupants overrides");
    assert_eq!(keys(&json), expected);
    for person in json["occupants"].as_array().unwrap() {
        let (must, more) = (words(OCCUPANT), words(OCCUPANT_MORE));
        let found = keys(person);
        assert!(must.is_subset(&found), "{person}");
        assert!(
            found.difference(&must).all(|key| more.contains(key)),
            "{person}"
        );
    }
    assert_eq!(find(&json, "kim")["granted_by"]["nick"], "ada");
    assert_eq!(find(&json, "tim")["desired"], "member");
    assert_eq!(find(&json, "focus")["desired"], json!(null));

    for room in ["lesson", "LESSON", ROOM] {
        let show = env.gavel.run(&["room", "show", room]);
        assert_eq!((show.status, show.err.as_str()), (0, ""));
        assert!(
            show.out
                .starts_with(&format!("{ROOM}\n4 people, 2 moderators, all settled; "))
        );
        for words in [
            "token: context.user.moderator is true → owner (preset jitsi)",
            "token: context.user.moderator is \"false\" → member (preset jitsi); changed by focus",
            "granted by ada (ada@meet.jitsi) at ",
            "金\\u{202e} 🎓  kim ",
        ] {
            assert!(show.out.contains(words), "{words}: {}", show.out);
        }
        assert!(!show.out.contains(['\u{1b}', '\u{202e}']), "{}", show.out);
    }
}
on_both!(rooms_are_listed_and_shown);

async fn a_name_of_nobody_or_several_is_answered_with_candidates(version: Version) {
    let services = "[[muc]]\nservice = 'muc.meet.jitsi'\n[[muc]]\nservice = 'breakout.meet.jitsi'";
    let env = Env::gavel(version, services).await;
    let people = lesson(&env).await;
    let other = "lesson@breakout.meet.jitsi";
    people[0].join(other, "focus", "").await;
    people[0].invite(other, "gavel@gavel.meet.jitsi").await;
    env.gavel_joins(&people[0], other).await;
    env.gavel
        .tells(&["room", "list", "--json"], |rooms| rooms[1].is_object())
        .await;
    let both = format!("\n  {other}\n  {ROOM}\n");
    // If two rooms have one name, the main service's is meant.
    let shown = env.gavel.run(&["room", "show", "lesson", "--json"]).json();
    assert_eq!(shown["room"], ROOM);
    for arguments in [
        &["room", "show", "leson"] as &[&str],
        &["room", "watch", "leson"],
        &["room", "unset", "leson", "tim"],
        &["room", "set", "leson@muc.meet.jitsi", "tim", "owner"],
    ] {
        let ended = env.gavel.run(arguments);
        assert_eq!((ended.status, ended.out.as_str()), (1, ""), "{ended:?}");
        assert!(ended.err.starts_with("error: "), "{ended:?}");
        assert!(ended.err.ends_with(&both), "{ended:?}");
    }
    for (command, who) in [("set", "金\u{202e} 🎓"), ("set", "nobody")] {
        let ended = env.gavel.run(&["room", command, ROOM, who, "member"]);
        assert_eq!((ended.status, ended.out.as_str()), (1, ""), "{ended:?}");
        for candidate in [
            "\n  kai (kai@meet.jitsi, \"金\\u{202e} 🎓\")",
            "\n  kim (kim@meet.jitsi, ",
        ] {
            assert!(ended.err.contains(candidate), "{ended:?}");
        }
        assert_eq!(
            ended.err.contains("\n  tim (tim@meet.jitsi)"),
            who == "nobody",
            "{ended:?}"
        );
    }
    let ended = env.gavel.run(&["room", "set", ROOM, "focus", "member"]);
    assert_eq!(ended.status, 1);
    assert!(ended.err.contains("infrastructure"), "{ended:?}");
}
on_both!(a_name_of_nobody_or_several_is_answered_with_candidates);

async fn an_admin_sets_an_affiliation_for_a_while(version: Version) {
    let env = Env::new(version).await;
    let people = lesson(&env).await;
    let focus = &people[0];
    let set = env
        .gavel
        .run(&["room", "set", "lesson", "tim", "owner", "--for", "4s"]);
    assert_eq!((set.status, set.err.as_str()), (0, ""));
    assert!(
        set.out.starts_with("tim (tim@meet.jitsi): owner until 20"),
        "{}",
        set.out
    );
    focus.sees_affiliation(ROOM, "tim", "owner").await;
    let show = env.gavel.run(&["room", "show", "lesson"]);
    assert!(show.out.contains("override: owner until "), "{}", show.out);
    let override_ = env.gavel.run(&["room", "show", "lesson", "--json"]).json();
    let override_ = &find(&override_, "tim")["override"];
    assert_eq!(keys(override_), words("affiliation until"));
    // It ends by itself.
    focus.sees_affiliation(ROOM, "tim", "member").await;

    let json = ["room", "set", ROOM, "ada@meet.jitsi", "member", "--json"];
    let json = env.gavel.run(&json).json();
    assert_eq!(json["jid"], "ada@meet.jitsi");
    assert_eq!(json["affiliation"], "member");
    assert_eq!(json["until"], json!(null));
    focus.sees_affiliation(ROOM, "ada", "member").await;
    let unset = env.gavel.run(&["room", "unset", "lesson", "ada"]);
    assert_eq!((unset.status, unset.err.as_str()), (0, ""));
    let expected = "ada (ada@meet.jitsi): member is no longer set, gavel decides again\n";
    assert_eq!(unset.out, expected);
    focus.sees_affiliation(ROOM, "ada", "owner").await;
    let unset = env.gavel.run(&["room", "unset", "lesson", "ada"]);
    assert_eq!(unset.status, 1);
    assert!(
        unset.err.contains("ada@meet.jitsi has no override"),
        "{unset:?}"
    );
    let events = env.gavel.run(&["events", "--json"]).json();
    let events = events.as_array().unwrap().iter();
    assert_eq!(
        events.filter(|event| event["kind"] == "override").count(),
        4
    );
    let text = env.gavel.run(&["events"]).out;
    assert!(text.contains("override set: owner"), "{text}");
    assert!(text.contains("override ended: owner"), "{text}");
}
on_both!(an_admin_sets_an_affiliation_for_a_while);

async fn decisions_are_printed(version: Version) {
    let env = Env::new(version).await;
    let _people = lesson(&env).await;
    let json = env.gavel.run(&["events", "--json"]).json();
    let events = json.as_array().unwrap();
    let expected = words(
        "id kind at room nick display_name token_name jid from to cause rule reason source actor outcome",
    );
    for event in events {
        assert_eq!(keys(event), expected);
    }
    let causes: Vec<_> = events
        .iter()
        .map(|event| event["cause"].as_str().unwrap())
        .collect();
    assert_eq!(causes, ["join", "join", "correction", "grant"]);
    assert_eq!(
        keys(&events[2]["actor"]),
        words("kind nick display_name jid")
    );

    let text = env.gavel.run(&["events"]);
    assert_eq!((text.status, text.err.as_str()), (0, ""));
    let lines: Vec<&str> = text.out.lines().collect();
    assert_eq!(lines.len(), 5);
    let titles: Vec<_> = lines[0].split_whitespace().collect();
    assert_eq!(titles, ["TIME", "ROOM", "WHO", "CHANGE", "CAUSE", "WHY"]);
    for words in [
        "Tim (tim, tim@meet.jitsi)",
        "owner → member",
        "correction",
        "changed by focus",
    ] {
        assert!(lines[3].contains(words), "{}", lines[3]);
    }
    let id = events[1]["id"].to_string();
    let at = events[2]["at"].as_str().unwrap();
    for (arguments, count) in [
        (&["--since", &id] as &[&str], 2),
        (&["--since", at], 2),
        (&["--since", "1h"], 4),
        (&["--last", "3"], 3),
        (&["-n", "0"], 0),
        (&["--room", "lesson"], 4),
        (&["--room", "other"], 0),
    ] {
        let arguments = [&["events", "--json"], arguments].concat();
        let found = env.gavel.run(&arguments).json();
        assert_eq!(found.as_array().unwrap().len(), count, "{arguments:?}");
    }
    let none = env.gavel.run(&["events", "--room", "other"]);
    assert_eq!(none.out, "no decision has been taken\n");
    let wrong = env.gavel.run(&["events", "--since", "soon"]);
    assert_eq!((wrong.status, wrong.out.as_str()), (2, ""));
}
on_both!(decisions_are_printed);

async fn decisions_are_followed_over_a_restart(version: Version) {
    let mut env = Env::new(version).await;
    let people = lesson(&env).await;
    let arguments = ["events", "--follow", "--json", "--last", "1"];
    let mut json = Running::start(&mut env.gavel.command(&arguments));
    let mut text = Running::start(&mut env.gavel.command(&["events", "-f", "--room", "lesson"]));
    let (line, _) = json.says("").await;
    let grant: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(
        (&grant["cause"], &grant["nick"]),
        (&json!("grant"), &json!("kim"))
    );
    text.says("TIME ").await;
    text.says("grant").await;
    let promote = async || {
        people[0]
            .affiliate(ROOM, "tim@meet.jitsi", "owner")
            .await
            .unwrap();
    };
    promote().await;
    // The next one: nothing is told twice.
    let (line, took) = json.says("").await;
    let correction: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(correction["cause"], "correction");
    assert_eq!(
        correction["id"].as_u64(),
        grant["id"].as_u64().map(|id| id + 1)
    );
    assert!(took < SOON, "{took:?}: {line}");
    let (line, took) = text.says("").await;
    assert!(
        line.contains("  correction  ") && took < SOON,
        "{took:?}: {line}"
    );
    env.gavel.restart();
    for command in [&mut json, &mut text] {
        command
            .says("! note: the connection to gavel has ended; waiting for it")
            .await;
        command.says("! note: gavel answers again").await;
    }
    people[0].sees_affiliation(ROOM, "gavel", "owner").await;
    env.gavel
        .tells(&["room", "list", "--json"], |rooms| {
            rooms[0]["pending"] == 0
        })
        .await;
    promote().await;
    for command in [&mut json, &mut text] {
        let anew = "! note: gavel was restarted here";
        command.says_all(&[anew, "correction"]).await;
    }
    assert_eq!(json.end("-INT").await.0, 0);
    assert_eq!(text.end("-TERM").await.0, 0);
}
on_both!(decisions_are_followed_over_a_restart);

async fn a_room_is_watched_as_lines(version: Version) {
    let mut env = Env::new(version).await;
    let people = lesson(&env).await;
    let mut room = Running::start(&mut env.gavel.command(&["room", "watch", "lesson"]));
    let mut json = Running::start(&mut env.gavel.command(&["room", "watch", ROOM, "--json"]));
    let mut rooms = Running::start(&mut env.gavel.command(&["room", "watch"]));
    room.says("tim  is member, participant  token: ").await;
    json.says("\"change\":\"present\"").await;
    rooms.says("4 people, 2 moderators, all settled").await;
    let bob = env.person(ROOM, "bob", Some(teacher("Bob"))).await;
    let seen = [
        room.says("bob  joined as ").await,
        json.says("\"change\":\"joined\"").await,
        rooms.says("5 people, 3 moderators").await,
    ];
    for (line, took) in &seen {
        assert!(*took < SOON, "{took:?}: {line}");
    }
    let object: Value = serde_json::from_str(&seen[1].0).unwrap();
    assert_eq!(object["occupant"]["nick"], "bob");
    // Between two looks somebody may become owner and step down.
    if !seen[0].0.contains("joined as owner") {
        room.says("bob  affiliation none → owner").await;
    }
    let bob_steps_down = bob.affiliate(ROOM, "bob@meet.jitsi", "member").await;
    bob_steps_down.unwrap();
    room.says("bob  affiliation owner → member").await;
    // A change that is corrected before anybody could look shows by its reason.
    let promoted = people[0].affiliate(ROOM, "tim@meet.jitsi", "owner").await;
    promoted.unwrap();
    room.says(" 2 times, corrected").await;

    env.gavel.kill();
    for command in [&mut room, &mut rooms] {
        let (line, took) = command.says("! note: ").await;
        // The machine decides which of the two is seen first.
        let ends = ["no gavel is running", "the connection to gavel has ended"];
        let told = ends.map(|end| format!("{end}; waiting for it"));
        assert!(told.iter().any(|told| line.contains(told)), "{line}");
        assert!(took < SOON, "{took:?}");
    }
    env.gavel.restart();
    for command in [&mut room, &mut rooms] {
        command.says("! note: gavel answers again").await;
    }
    bob.leave(ROOM, "bob").await;
    let (_, took) = room.says("bob  left").await;
    assert!(took < SOON, "{took:?}");
    assert_eq!(room.end("-INT").await.0, 0);
    assert_eq!(json.end("-HUP").await.0, 0);
    assert_eq!(rooms.end("-TERM").await.0, 0);
}
on_both!(a_room_is_watched_as_lines);

async fn on_a_terminal_lines_fit_and_no_color_holds(version: Version) {
    let env = Env::new(version).await;
    let _people = lesson(&env).await;
    for (arguments, words) in [
        (&["room", "show", "lesson"] as &[&str], "金"),
        (&["room", "list"], "lesson@"),
        (&["events"], "lesson"),
    ] {
        let command = env.gavel.command(arguments);
        let coloured = run(&mut on_terminal(&command, 100, 30)).out;
        assert!(coloured.contains("\u{1b}[1m"), "{coloured:?}");
        let mut plain = on_terminal(&command, 100, 30);
        let plain = run(plain.env("NO_COLOR", "1")).out;
        assert!(!plain.contains('\u{1b}'), "{plain:?}");
        assert!(plain.contains(words), "{plain}");
        for line in plain.lines() {
            // None of these characters is wider than two columns.
            let wide = line.chars().filter(|c| "金🎓".contains(*c)).count();
            assert!(line.chars().count() + wide <= 101, "{line:?}");
        }
    }
}
on_both!(on_a_terminal_lines_fit_and_no_color_holds);

async fn a_watched_page_is_drawn_again_and_the_terminal_restored(version: Version) {
    let env = Env::new(version).await;
    let _people = lesson(&env).await;
    let command = env.gavel.command(&["room", "watch", "lesson"]);
    let mut page = Running::start(&mut on_terminal(&command, 100, 40));
    page.says("\u{1b}[?1049h").await;
    page.says("kim").await;
    let _bob = env.person(ROOM, "bob", Some(teacher("Bob"))).await;
    let (_, took) = page.says("bob").await;
    assert!(took < SOON, "{took:?}");
    env.gavel.kill();
    page.says("NOT CURRENT: no gavel is running; waiting for it")
        .await;
    // `script` passes on the keys that are typed; its child is the command.
    let children = format!("/proc/{0}/task/{0}/children", page.pid());
    let children = std::fs::read_to_string(children).unwrap();
    crate::support::signal(children.trim().parse().unwrap(), "-INT");
    let (status, last) = page.ended().await;
    assert_eq!(status, 0, "{last:?}");
    let last = last.concat();
    assert!(last.contains("\u{1b}[?1049l"), "{last:?}");
    assert!(
        last.contains("\u{1b}[?25h") && last.contains("\u{1b}[?7h"),
        "{last:?}"
    );
}
on_both!(a_watched_page_is_drawn_again_and_the_terminal_restored);

async fn a_gavel_that_is_not_connected_is_said_to_be(version: Version) {
    let mut env = Env::new(version).await;
    let _people = lesson(&env).await;
    let mut room = Running::start(&mut env.gavel.command(&["room", "watch", "lesson"]));
    let mut rooms = Running::start(&mut env.gavel.command(&["room", "watch", "--json"]));
    room.says("kim").await;
    rooms.says("present").await;
    env.prosody.kill();
    for command in [&mut room, &mut rooms] {
        let (line, _) = command.says("! note: gavel is not connected: ").await;
        assert!(line.contains("waiting for it"), "{line}");
    }
    let list = env.gavel.run(&["room", "list"]);
    assert!(
        list.out.starts_with("gavel is in no room: not connected: "),
        "{list:?}"
    );
    assert_eq!(env.gavel.run(&["room", "list", "--json"]).json(), json!([]));
    let show = env.gavel.run(&["room", "show", "lesson"]);
    assert_eq!(show.status, 1);
    assert!(show.err.contains("since it is not connected: "), "{show:?}");
    env.prosody.restart();
    // The rooms have gone with it.
    for command in [&mut room, &mut rooms] {
        command
            .says_all(&["! note: gavel answers again", "ended"])
            .await;
    }
}
on_both!(a_gavel_that_is_not_connected_is_said_to_be);

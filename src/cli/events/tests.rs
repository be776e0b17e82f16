//! Decisions as people see them.
#![allow(clippy::unwrap_used)]

use super::kept::is_asked_for;
use super::*;
use crate::api::Event;
use crate::cli::tests::Memory;
use serde_json::{Value, json};

fn event(over: &Value) -> Event {
    let mut event = json!({
        "id": 7, "kind": "affiliation", "at": "2026-11-24T10:02:03.004Z",
        "room": "lesson@muc.meet.example", "nick": "tim", "jid": "tim@meet.example",
        "from": "owner", "to": "member", "cause": "correction", "rule": "jitsi:member",
        "reason": "changed by focus; no claims", "source": null,
        "actor": {"kind": "infrastructure", "nick": "focus", "jid": null}, "outcome": "applied",
    });
    for (key, value) in over.as_object().unwrap() {
        event[key] = value.clone();
    }
    serde_json::from_value(event).unwrap()
}

#[test]
fn decisions_are_a_table_that_lines_up() {
    let memory = Memory::default();
    let mut output = Output::to(memory.clone());
    let mut lines = Lines::default();
    lines.print(&[event(&json!({}))], &mut output).unwrap();
    let name = json!({
        "kind": "name", "nick": null, "jid": "a\u{1b}@x", "from": null, "to": "Ada\u{202e}",
        "actor": {"kind": "none", "nick": null, "jid": null}, "outcome": "refused",
    });
    lines.print(&[event(&name)], &mut output).unwrap();
    let expected = "\
TIME                      ROOM                     WHO                     CHANGE          CAUSE       WHY
2026-11-24T10:02:03.004Z  lesson@muc.meet.example  tim (tim@meet.example)  owner → member  correction  changed by focus; no claims
2026-11-24T10:02:03.004Z  lesson@muc.meet.example  a\\u{1b}@x               name - → \"Ada\\u{202e}\"  correction: refused  changed by focus; no claims (by a server module)
";
    assert_eq!(memory.text(), expected);
}

#[test]
fn without_room_for_the_reason_it_stands_below() {
    let lines = |columns| Lines::default().lines(&[event(&json!({}))], Some(columns), false);
    let expected = [
        "TIME                      ROOM                     WHO                     CHANGE          CAUSE       WHY",
        "2026-11-24T10:02:03.004Z  lesson@muc.meet.example  tim (tim@meet.example)  owner → member  correction",
        "    changed by focus; no claims",
    ];
    assert_eq!(lines(120), expected);
    // Before the room's name is cut, the service that all have goes.
    let expected = [
        "TIME                  ROOM    WHO                     CHANGE          CAUSE       WHY",
        "2026-11-24T10:02:03Z  lesson  tim (tim@meet.example)  owner → member  correction",
        "    changed by focus; no claims",
    ];
    assert_eq!(lines(90), expected);
    let other = json!({"room": "t%c3%a4st@breakout.meet.example"});
    let events = [event(&json!({})), event(&json!({})), event(&other)];
    let lines_of = Lines::default().lines(&events, Some(90), false);
    assert!(lines_of[1].contains("  lesson  "), "{lines_of:?}");
    assert!(lines_of[5].contains("  täst@breakout.m"), "{lines_of:?}");
    assert!(
        lines(40)
            .iter()
            .any(|line| line.ends_with("changed by focus; no claims"))
    );
    assert_eq!(lines(200).len(), 2);
}

#[test]
fn people_are_named_as_they_and_their_tokens_say() {
    for (over, expected) in [
        (json!({}), "tim (tim@meet.example)"),
        (
            json!({"display_name": "Tim", "token_name": "Tim"}),
            "Tim (tim, tim@meet.example)",
        ),
        (
            json!({"display_name": "Mickey", "token_name": "Tim"}),
            "Mickey (token: Tim, tim, tim@meet.example)",
        ),
        (json!({"token_name": "Tim"}), "Tim (tim, tim@meet.example)"),
        (
            json!({"nick": null, "display_name": "Tim"}),
            "tim@meet.example",
        ),
    ] {
        let lines = Lines::default().lines(&[event(&over)], None, false);
        assert!(lines[1].contains(&format!("  {expected}  ")), "{lines:?}");
    }
    let actor = json!({"actor": {"kind": "occupant", "nick": "ea3a8210", "display_name": "Ann", "jid": "x@y"}});
    let lines = Lines::default().lines(&[event(&actor)], None, false);
    assert!(lines[1].ends_with("(by Ann)"), "{lines:?}");
}

#[test]
fn rooms_are_asked_for_by_jid_or_local_part() {
    let args = |room: Option<&str>| EventsArgs {
        follow: false,
        since: None,
        room: room.map(str::to_owned),
        last: None,
        json: false,
    };
    for (room, asked_for) in [
        (None, true),
        (Some("lesson"), true),
        (Some("Lesson@muc.meet.example"), true),
        (Some("less"), false),
        (Some("lesson@muc.other"), false),
        (Some("https://meet.example/Lesson?jwt=e.y.J"), true),
        (Some("https://meet.example/jitsi/lesson"), true),
    ] {
        assert_eq!(is_asked_for(&event(&json!({})), &args(room)), asked_for);
    }
}

#[test]
fn since_is_an_id_a_time_or_how_long_ago() {
    for text in ["17", "2026-11-24T10:02:00Z", "2026-11-24T11:02:00.5+01:00"] {
        assert_eq!(since(text).unwrap(), text);
    }
    let now = clock().unix_ms();
    let ago = Time::parse(&since("10m").unwrap()).unwrap().unix_ms();
    assert!((599_000..602_000).contains(&(now - ago)));
    for text in ["yesterday", "", "-5", "10"] {
        let found = since(text);
        assert_eq!(found.is_ok(), text == "10", "{text}: {found:?}");
    }
}

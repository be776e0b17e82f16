//! Rooms as people see them, from the daemon's answers.
#![allow(clippy::unwrap_used)]

use super::change::{self, Change, Kind};
use super::overrides::unknown_person;
use super::page;
use crate::api::{Occupant, RoomDetail, RoomSummary, Time};
use crate::cli::text::width;
use serde_json::{Value, json};

fn person(nick: &str, over: &Value) -> Value {
    let mut person = json!({
        "nick": nick, "jid": format!("{nick}@meet.example/x1"), "display_name": null,
        "affiliation": "none", "role": "participant", "desired": "none", "settled": true,
        "source": null, "rule": "guest", "reason": "no claims", "token_name": null,
        "frozen": false, "granted_by": null, "override": null,
        "joined_at": "2026-11-24T10:01:30.000Z", "infrastructure": false,
        "stepped_down": false, "corrections": [],
    });
    for (key, value) in over.as_object().unwrap() {
        person[key] = value.clone();
    }
    person
}

fn lesson() -> RoomDetail {
    let people = [
        person(
            "tim",
            &json!({
                "display_name": "Tim", "affiliation": "member", "desired": "member",
                "source": "bridge", "rule": "jitsi:member",
                "reason": "token: context.user.moderator is \"false\" → member (preset jitsi); \
                           changed by focus 3 times, corrected",
                "token_name": "Timothy", "frozen": true,
            }),
        ),
        person(
            "focus",
            &json!({
                "jid": "focus@auth.meet.example/f", "affiliation": "owner", "role": "moderator",
                "desired": null, "infrastructure": true, "reason": "infrastructure, never managed",
            }),
        ),
        person(
            "a3f0",
            &json!({
                "display_name": "山田\u{202e}太郎 👩‍🏫", "affiliation": "owner", "role": "moderator",
                "desired": "owner", "joined_at": "2026-11-24T10:02:00.000Z",
                "reason": "token: context.user.moderator is true → owner (preset jitsi)",
            }),
        ),
        person(
            "kim",
            &json!({
                "jid": null, "settled": false, "affiliation": "owner", "role": "moderator",
                "joined_at": "2026-11-24T10:03:00.000Z", "hindrance": "server_admin",
            }),
        ),
    ];
    let room = json!({
        "room": "lesson@muc.meet.example", "service": "muc.meet.example", "moderators": 2,
        "pending": 1, "joined_at": "2026-11-24T10:01:12.345Z", "occupants": people,
        "overrides": [
            {"jid": "bob@meet.example", "nick": "bob", "display_name": "Bob", "present": false,
             "affiliation": "member", "until": "2026-11-24T10:32:00.000Z"},
            {"jid": "tim@meet.example", "nick": "tim", "display_name": "Tim", "present": true,
             "affiliation": "member", "until": null},
        ],
    });
    serde_json::from_value(room).unwrap()
}

#[test]
fn a_room_in_a_pipe_is_told_in_full() {
    let expected = "\
lesson@muc.meet.example
3 people, 2 moderators, 1 pending; gavel came in at 2026-11-24T10:01:12Z

NAME                 NICK   JID                        AFFILIATION  ROLE         WANTED  STATE
山田\\u{202e}太郎 👩‍🏫  a3f0   a3f0@meet.example/x1       owner        moderator    owner   settled
    token: context.user.moderator is true → owner (preset jitsi)
-                    kim    -                          owner        moderator    none    pending
    no claims
    an admin of the server, whom nobody can lower: see `admins` in Prosody
Tim                  tim    tim@meet.example/x1        member       participant  member  settled
    token: context.user.moderator is \"false\" → member (preset jitsi); changed by focus 3 times, corrected
    name: the token says \"Timothy\", kept
-                    focus  focus@auth.meet.example/f  owner        moderator    -       -
    infrastructure, never managed

set for people who are not here:
    bob@meet.example (Bob): member until 2026-11-24T10:32:00Z
";
    let lines = page::room(&lesson(), None, false);
    assert_eq!(lines.join("\n") + "\n", expected);
}

#[test]
fn a_room_on_a_narrow_terminal_fits() {
    let lines = page::room(&lesson(), Some(80), false);
    for line in &lines {
        assert!(width(line) <= 80, "{line}");
    }
    let expected = "\
lesson@muc.meet.example
3 people, 2 moderators, 1 pending; gavel came in at 2026-11-24T10:01:12Z

NAME                 NICK   AFFILIATION  ROLE         WANTED  STATE
山田\\u{202e}太郎 👩‍🏫  a3f0   owner        moderator    owner   settled
    a3f0@meet.example/x1
    token: context.user.moderator is true → owner (preset jitsi)
-                    kim    owner        moderator    none    pending
    no claims
    an admin of the server, whom nobody can lower: see `admins` in Prosody
Tim                  tim    member       participant  member  settled
    tim@meet.example/x1
    token: context.user.moderator is \"false\" → member (preset jitsi); changed by
    focus 3 times, corrected";
    assert_eq!(lines[..14].join("\n"), expected);
    let narrower = page::room(&lesson(), Some(60), false);
    assert!(narrower[4].starts_with("山田\\u{20… "), "{}", narrower[4]);
    // Narrower than its words a terminal breaks lines by itself.
    assert!(!page::room(&lesson(), Some(10), false).is_empty());
}

#[test]
fn colour_marks_moderators_and_pending_people() {
    let text = page::room(&lesson(), None, true).join("\n");
    assert!(
        text.contains("\u{1b}[1m\u{1b}[32mmoderator\u{1b}[0m"),
        "{text:?}"
    );
    assert!(text.contains("\u{1b}[33mpending\u{1b}[0m"), "{text:?}");
    assert!(!text.contains('\u{202e}'));
    let plain = page::room(&lesson(), None, false).join("\n");
    assert!(!plain.contains('\u{1b}'), "{plain:?}");
}

fn summary(room: &str, occupants: usize) -> RoomSummary {
    let summary = json!({
        "room": room, "service": "muc.meet.example", "occupants": occupants, "moderators": 1,
        "pending": 0, "joined_at": "2026-11-24T10:01:12.345Z",
    });
    serde_json::from_value(summary).unwrap()
}

#[test]
fn rooms_are_a_table() {
    let rooms = [
        summary("[school]a@muc.x", 12),
        summary("lesson@muc.meet.example", 1),
    ];
    let expected = [
        "ROOM                     PEOPLE  MODERATORS  PENDING  SINCE",
        "[school]a@muc.x              12           1        0  2026-11-24T10:01:12Z",
        "lesson@muc.meet.example       1           1        0  2026-11-24T10:01:12Z",
    ];
    assert_eq!(page::rooms(&rooms, None, false), expected);
    assert_eq!(page::rooms(&[], None, false), ["gavel is in no room"]);
}

fn at() -> Time {
    Time::from_unix_ms(0)
}

fn kinds(changes: &[Change]) -> Vec<Kind> {
    changes.iter().map(|change| change.change).collect()
}

fn lines(changes: &[Change]) -> Vec<String> {
    let text = |change| change::line(change).replace("1970-01-01T00:00:00Z  ", "");
    changes.iter().map(text).collect()
}

#[test]
fn each_change_in_a_room_is_a_line() {
    let before = lesson();
    let name = before.room.clone();
    let first = change::in_room(&name, None, Some(&before), at(), true);
    assert_eq!(kinds(&first), [Kind::Present; 4]);
    assert_eq!(
        lines(&first)[3],
        "Tim (tim)  is member, participant  token: context.user.moderator is \"false\" → member \
         (preset jitsi); changed by focus 3 times, corrected"
    );
    assert_eq!(
        lines(&first)[2],
        "kim  is owner, moderator, pending  no claims"
    );
    let mut after = before.clone();
    let gone = after.occupants.remove(2);
    let kim: &mut Occupant = after.occupants.last_mut().unwrap();
    kim.display_name = Some("Kim\u{1b}".to_owned());
    kim.settled = true;
    kim.affiliation = crate::muc::Affiliation::None;
    kim.role = crate::muc::Role::Participant;
    let changes = change::in_room(&name, Some(&before), Some(&after), at(), false);
    assert_eq!(
        lines(&changes),
        [
            "山田\\u{202e}太郎 👩‍🏫 (a3f0)  left",
            "Kim\\u{1b} (kim)  name - → \"Kim\\u{1b}\"",
            "Kim\\u{1b} (kim)  affiliation owner → none  no claims",
            "Kim\\u{1b} (kim)  role moderator → participant  no claims",
            "Kim\\u{1b} (kim)  state pending → settled  no claims",
        ]
    );
    assert!(change::in_room(&name, Some(&after), Some(&after), at(), false).is_empty());
    let mut corrected = after.clone();
    corrected.occupants[0].reason = "changed by focus once, corrected".to_owned();
    let changes = change::in_room(&name, Some(&after), Some(&corrected), at(), false);
    let expected = "Tim (tim)  is still member, participant  changed by focus once, corrected";
    assert_eq!(lines(&changes), [expected]);
    after.occupants.push(gone);
    let changes = change::in_room(&name, Some(&before), None, at(), false);
    assert_eq!(kinds(&changes)[3..], [Kind::Left, Kind::Ended]);
    let changes = change::in_room(&name, None, Some(&after), at(), false);
    assert_eq!(kinds(&changes)[..2], [Kind::Opened, Kind::Joined]);
}

#[test]
fn a_change_is_one_object() {
    let room = lesson();
    let all = change::in_room("r@x", None, Some(&room), at(), true);
    let object = serde_json::to_value(&all[0]).unwrap();
    let keys: Vec<_> = object.as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["at", "room", "change", "occupant"]);
    assert_eq!(object["change"], "present");
    assert_eq!(object["occupant"]["nick"], "a3f0");
    let list = change::in_list(Some(&[]), &[summary("a@x", 1)], at());
    let object = serde_json::to_value(&list[0]).unwrap();
    assert_eq!(object["change"], "opened");
    assert_eq!(object["summary"]["occupants"], 1);
}

#[test]
fn each_change_in_the_list_is_a_line() {
    let before = [summary("a@x", 1), summary("b@x", 2)];
    let after = [summary("b@x", 3), summary("c@x", 1)];
    let first = change::in_list(None, &before, at());
    assert_eq!(lines(&first)[0], "a@x  1 person, 1 moderator, all settled");
    let changes = change::in_list(Some(&before), &after, at());
    assert_eq!(
        lines(&changes),
        [
            "a@x  has ended",
            "b@x  3 people, 1 moderator, all settled",
            "c@x  opened: 1 person, 1 moderator, all settled",
        ]
    );
}

#[test]
fn an_unknown_name_is_told_with_the_names_there_are() {
    let room = lesson();
    for who in ["tim", "Tim ", "tim@meet.example", "tim@meet.example/x1"] {
        assert!(unknown_person(&room, who).is_none(), "{who}");
    }
    let error = unknown_person(&room, "focus").unwrap();
    let expected = "nobody in lesson@muc.meet.example is called \"focus\"; there are
  tim (tim@meet.example, \"Tim\")
  a3f0 (a3f0@meet.example, \"山田\\u{202e}太郎 👩\\u{200d}🏫\")
  kim (real JID unknown)";
    assert_eq!(error.to_string(), expected);
}

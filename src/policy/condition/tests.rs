//! Things that conditions can say, and the faults of those that cannot be used.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::claims::Claims;
use crate::muc::RoomJid;
use serde_json::{Value, json};

/// Says whether `source` holds of `claims`, or why that cannot be told.
pub(super) fn holds(source: &str, claims: &Value) -> Result<bool, String> {
    let claims = Claims::from_json(&claims.to_string()).unwrap();
    let room = RoomJid::parse("[school]math@muc.meet.jitsi").unwrap();
    let facts = Facts::of(Subject {
        claims: Some(&claims),
        room: Some(&room),
        jid: Some("ada@meet.jitsi"),
        nick: Some("ada1"),
        login: false,
    });
    let condition = Condition::compile(source).unwrap_or_else(|flaw| panic!("{source}: {flaw}"));
    let held = condition.holds(&facts.scope());
    held.map_err(|fault| fault.to_string())
}

fn somebody() -> Value {
    json!({
        "roles": ["teacher", "staff"], "scope": "openid room:admin", "group": "7B",
        "level": 3, "minus": -1, "big": u64::MAX, "half": 0.5, "name": "Ädà", "none": null,
        "context": {"user": {"moderator": "false"}},
        "access": {"jitsi-meet": {"roles": ["host"]}},
        "teams": [{"id": 1, "lead": true}, {"id": 2, "lead": false}],
    })
}

#[test]
fn conditions_that_hold() {
    for source in [
        r#""teacher" in claims.roles"#,
        r#"claims.roles.exists(r, r.startsWith("st"))"#,
        r#"claims.roles.all(r, size(r) > 4) && claims.roles.exists_one(r, r == "staff")"#,
        r#"claims.roles.map(r, r + "!") == ["teacher!", "staff!"]"#,
        r#"claims.roles.filter(r, r.contains("af"))[0] == "staff""#,
        r#"claims.teams.exists(t, t.lead && t.id == 1)"#,
        r#"claims.teams.map(t, t.lead, t.id) == [1]"#,
        r#""host" in claims.access["jitsi-meet"].roles"#,
        r#""room:admin" in claims.scope.split(" ")"#,
        r#"claims.group.lowerAscii() == "7b" && "x".upperAscii() == "X" && " x ".trim() == "x""#,
        r#"claims.exists(key, key == "level") && "level" in claims && size(claims) == 12"#,
        // As JSON has it.
        r#"type(claims.level) == int && type(claims.big) == uint && type(claims.half) == double"#,
        r#"claims.big == 18446744073709551615u && claims.minus < 0 && claims.level == 3.0"#,
        r#"claims.context.user.moderator == "false" && claims.context.user.moderator != false"#,
        r#"type(claims.none) == null_type && claims.none == null && has(claims.none)"#,
        r#"claims.name == "Ädà" && size(claims.name) == 3"#,
        r#"has(claims.level) && !has(claims.role)"#,
        // Room and occupant.
        r#"room.tenant == "school" && room.name == "math" && room.service == "muc.meet.jitsi""#,
        r#"room.jid == "[school]math@muc.meet.jitsi" && room["name"] == room.name"#,
        r#"occupant.jid == "ada@meet.jitsi" && occupant.domain == "meet.jitsi""#,
        r#"occupant.nick == "ada1""#,
        r#"room.name.matches("^m[a-z]+$") && matches(room.name, "at")"#,
        r#"room.name.matches("^\\w+(-\\d+)?$") && !room.name.matches("[\\W\\s]")"#,
        r#"{"math": ["ada@meet.jitsi"]}[room.name].exists(jid, jid == occupant.jid)"#,
        r#"claims.level > 2 ? claims.half < 1.0 : false"#,
        r#"int("3") == claims.level && string(claims.level) == "3" && double("0.5") == claims.half"#,
        // A part that decides hides another that does not fit.
        r#"claims.nothing == 1 || claims.level == 3"#,
        r#"claims.roles.exists(r, r == 1 || r == "staff")"#,
    ] {
        assert_eq!(holds(source, &somebody()), Ok(true), "{source}");
    }
}

#[test]
fn conditions_that_do_not_fit_say_why() {
    for (source, why) in [
        (r#""x" in claims.role"#, "no such key: role"),
        ("claims.context.user.name == \"x\"", "no such key: name"),
        ("claims.roles", "is a list, not true or false"),
        ("claims.level", "is an int, not true or false"),
        (
            "claims.level + \"x\" == 4",
            "+ cannot be applied to an int and a string",
        ),
        (
            "claims.level in claims.name",
            "in cannot be applied to an int and a string",
        ),
        (
            "claims.level.startsWith(\"x\")",
            "startsWith cannot be applied to an int and a string",
        ),
        (
            "claims.level < claims.name",
            "< cannot be applied to an int and a string",
        ),
        (
            "claims.level.x == 1",
            "a key cannot be applied to an int and a string",
        ),
        ("claims.roles[5] == \"x\"", "no such element"),
        ("claims.level > 2 / 0", "division by zero"),
        (
            "9223372036854775807 + claims.level > 0",
            "a number too large",
        ),
        (
            "-(claims.minus * 9223372036854775807 - 1) > 0",
            "a number too large",
        ),
        (
            "claims.name.matches(\"x\") || claims.none.matches(\"x\")",
            "matches cannot be applied to null",
        ),
        (
            "int(claims.name) == 1",
            "int: string parse error: invalid digit found in string",
        ),
    ] {
        assert_eq!(holds(source, &somebody()), Err(why.to_owned()), "{source}");
    }
}

#[test]
fn unknown_facts_are_named() {
    let facts = Facts::of(Subject::default());
    let holds = |source| Condition::compile(source).unwrap().holds(&facts.scope());
    assert_eq!(holds("claims == null"), Ok(true));
    for (source, path) in [
        ("room.name == \"x\"", "room.name"),
        ("claims == null && occupant.nick == \"x\"", "occupant.nick"),
        ("occupant.domain in [\"x\"]", "occupant.domain"),
    ] {
        let fault = holds(source).unwrap_err();
        assert_eq!(
            fault.to_string(),
            format!("{path} is not known"),
            "{source}"
        );
    }
    assert_eq!(holds("claims == null || occupant.nick == \"x\""), Ok(true));
}

/// Problem, line and column.
#[test]
fn flaws_have_a_place() {
    let long = format!("claims.x in [{}]", "\"somebody@example.org\", ".repeat(700));
    let deep = format!("{}true{}", "(".repeat(30), ")".repeat(30));
    let many = vec!["claims.x"; 200].join(" && ");
    let chain = vec!["claims.x"; 40].join(" + ");
    for (source, problem, line, column) in [
        ("", "is empty", 1, 1),
        ("room.nmae == \"x\"", "room has no nmae", 1, 1),
        ("room[\"nmae\"] == \"x\"", "room has no nmae", 1, 5),
        ("room == null", "room alone says nothing", 1, 1),
        ("\"ä\" == \"ä\" && claim.x", "unknown variable claim", 1, 15),
        ("true &&\n  foo(1)", "unknown function foo", 2, 3),
        ("claims.x.foo()", "unknown function foo", 1, 10),
        (
            "claims.x.size(1)",
            "size is not called like this, or with other arguments",
            1,
            10,
        ),
        (
            "claims.x.exists(y)",
            "exists is not called like this",
            1,
            10,
        ),
        (
            "claims.x.exists(room, true)",
            "room is a name already",
            1,
            10,
        ),
        (
            "claims.x.exists(y, 1)",
            "is an int, not true or false",
            1,
            20,
        ),
        (
            "claims.x.filter(y, \"a\") == []",
            "is a string, not true or false",
            1,
            20,
        ),
        ("true && (", "ends too early", 1, 10),
        ("\"ä\" == \"ä\" && &", "unexpected '&'", 1, 15),
        ("claims", "is a map, not true or false", 1, 1),
        ("claims.x ? 1 : true", "is an int, not true or false", 1, 12),
        ("!(1 + 1)", "is an int, not true or false", 1, 5),
        ("\"teacher\"", "is a string, not true or false", 1, 1),
        ("room.name", "is a string, not true or false", 1, 1),
        ("b\"x\" == b\"y\"", "claims hold no bytes", 1, 1),
        ("Foo{a: 1} == 1", "there are no messages here", 1, 4),
        ("claims.?x == 1", "unsupported syntax '.?'", 1, 7),
        ("optional.none() == 1", "unknown function none", 1, 10),
        ("timestamp(\"x\") == 1", "unknown function timestamp", 1, 1),
        ("@meter == 1", "unexpected '@'", 1, 1),
        (
            "room.name.matches(claims.x)",
            "the pattern of matches is not written out",
            1,
            19,
        ),
        (
            "room.name.matches(\"a[\")",
            "the pattern is no regular expression: unclosed character class",
            1,
            19,
        ),
        (
            "room.name.matches(\"(a{1000}){1000}\")",
            "the pattern is too large",
            1,
            19,
        ),
        (long.as_str(), "is longer than 16384 bytes", 1, 1),
        (deep.as_str(), "is nested deeper than 8 levels", 1, 9),
        (many.as_str(), "has more than 300 operators", 1, 1207),
        (
            chain.as_str(),
            "has more than 20 operators in a row",
            1,
            117,
        ),
    ] {
        let flaw = Condition::compile(source).map(|_| ()).unwrap_err();
        let found = (flaw.problem.as_str(), flaw.line, flaw.column);
        assert_eq!(found, (problem, line, column), "{source}");
    }
}

/// Text inside of quotes is text, however much it looks like operators.
#[test]
fn long_lists_of_addresses_are_no_operators() {
    let list = "\"a.b-c+d@(mail).example.org\", ".repeat(300);
    let source = format!("claims.email in [{list}'it\\'s [me]']");
    let claims = json!({"email": "it's [me]"});
    assert_eq!(holds(&source, &claims), Ok(true));
}

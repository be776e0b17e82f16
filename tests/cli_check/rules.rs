//! `docs/rules.md`: its recipes do as it says, taken from its very text, and `gavel
//! explain` agrees.

use super::{Folder, LEAST, ended, gavel};
use serde_json::{Value, json};

const DOCUMENT: &str = include_str!("../../docs/rules.md");

/// The settings below a heading.
fn settings(heading: &str) -> &'static str {
    let (_, rest) = DOCUMENT
        .split_once(&format!("{heading}\n"))
        .unwrap_or_else(|| panic!("no heading {heading}"));
    let (_, rest) = rest.split_once("```toml\n").unwrap();
    rest.split("```").next().unwrap()
}

/// The output of `gavel explain` about claims; about none, `null`, as if they were refused.
fn explain(settings: &str, claims: &Value, options: &[&str]) -> Value {
    let folder = Folder::with(&format!("{LEAST}{settings}"));
    let claims = match claims {
        // For another room, so they do not count.
        Value::Null => json!({"room": "elsewhere"}),
        claims => claims.clone(),
    };
    std::fs::write(folder.0.path().join("claims.json"), claims.to_string()).unwrap();
    let mut arguments = vec![
        "explain",
        "-c",
        "gavel.toml",
        "--claims",
        "claims.json",
        "--json",
    ];
    arguments.extend(options);
    let (status, out, err) = ended(folder.gavel(&arguments).output().unwrap());
    assert_eq!((status, err.as_str()), (0, ""), "{out}");
    serde_json::from_str(&out).unwrap()
}

/// Affiliation and rule.
fn given(settings: &str, claims: &Value, room: &str) -> (String, String) {
    let told = explain(settings, claims, &["--room", room]);
    let text = |key: &str| told[key].as_str().unwrap().to_owned();
    (text("affiliation"), text("rule"))
}

#[test]
fn every_recipe_does_as_it_says() {
    let recipe = |title: &str| settings(&format!("### {title}"));
    let keycloak = recipe("Realm roles of Keycloak");
    let list = recipe("A list of moderators per room");
    let own = recipe("A room's own teacher");
    let tenants = recipe("Tenants");
    let guests = recipe("Guests never more than member");
    let exams = recipe("An exam: only people whose token says so");
    let roles = |roles: &[&str]| json!({ "roles": roles });
    for (settings, claims, room, affiliation, rule) in [
        (
            keycloak,
            json!({"realm_access": {"roles": ["offline_access", "moderator"]}}),
            "a",
            "owner",
            "realm-moderators",
        ),
        (
            keycloak,
            json!({"realm_access": {"roles": ["moderators"]}}),
            "a",
            "member",
            "jitsi:member",
        ),
        (
            keycloak,
            json!({"realm_access": {}}),
            "a",
            "member",
            "jitsi:member",
        ),
        (
            list,
            json!({"email": "ada@example.org"}),
            "math",
            "owner",
            "listed",
        ),
        (
            list,
            json!({"email": "lise@example.org"}),
            "physics",
            "owner",
            "listed",
        ),
        (
            list,
            json!({"email": "lise@example.org"}),
            "math",
            "member",
            "jitsi:member",
        ),
        (
            list,
            json!({"email": "ada@example.org"}),
            "lobby",
            "member",
            "jitsi:member",
        ),
        (list, Value::Null, "math", "none", "guest"),
        (
            own,
            json!({"roles": ["teacher"], "context": {"group": "7B"}}),
            "7b-math",
            "owner",
            "own-teacher",
        ),
        (
            own,
            json!({"roles": ["teacher"], "context": {"group": "7b"}}),
            "7c-math",
            "member",
            "other-teachers",
        ),
        (
            own,
            roles(&["teacher"]),
            "7b-math",
            "member",
            "other-teachers",
        ),
        (
            own,
            json!({"roles": ["pupil"], "context": {"group": "7b"}}),
            "7b-math",
            "member",
            "jitsi:member",
        ),
        (
            tenants,
            json!({"admin_of": ["school"]}),
            "[school]math@muc.meet.jitsi",
            "owner",
            "tenant-admins",
        ),
        (
            tenants,
            json!({"admin_of": ["school"]}),
            "[other]math@muc.meet.jitsi",
            "member",
            "jitsi:member",
        ),
        (
            tenants,
            json!({"admin_of": ["", "school"]}),
            "math",
            "member",
            "jitsi:member",
        ),
        (guests, Value::Null, "a", "member", "guests"),
        (
            guests,
            json!({"context": {"user": {"moderator": true}}}),
            "a",
            "owner",
            "jitsi:moderator",
        ),
        (exams, roles(&["examiner"]), "exam-12", "owner", "examiners"),
        (
            exams,
            roles(&["candidate"]),
            "exam-12",
            "member",
            "candidates",
        ),
        (
            exams,
            roles(&["teacher"]),
            "exam-12",
            "outcast",
            "exam-closed",
        ),
        (
            exams,
            json!({"context": {"user": {"moderator": true}}}),
            "exam-12",
            "outcast",
            "exam-closed",
        ),
        (exams, Value::Null, "exam-12", "outcast", "exam-closed"),
        (
            exams,
            roles(&["examiner"]),
            "exam-12b",
            "member",
            "jitsi:member",
        ),
        (exams, Value::Null, "lesson", "none", "guest"),
    ] {
        let found = given(settings, &claims, room);
        assert_eq!(
            found,
            (affiliation.into(), rule.into()),
            "{claims} in {room}\n{settings}"
        );
    }
    let client = "\"host\" in claims.resource_access[\"jitsi-meet\"].roles";
    assert!(DOCUMENT.contains(client));
    let rule = format!("[[policy.rule]]\nname = 'x'\nwhen = '{client}'\naffiliation = 'owner'\n");
    let claims = json!({"resource_access": {"jitsi-meet": {"roles": ["host"]}}});
    assert_eq!(given(&rule, &claims, "a").0, "owner");
}

#[test]
fn the_document_names_every_affiliation_function_and_limit() {
    for word in ["owner", "admin", "member", "none", "outcast", "keep"] {
        assert!(DOCUMENT.contains(&format!("| `{word}` |")), "{word}");
    }
    assert!(DOCUMENT.contains("at most 16 KiB, 8 levels of brackets, and 300 operators"));
    let long = format!("true{}", " && true".repeat(200));
    for (when, status) in [("true", 0), (long.as_str(), 2)] {
        let rule = format!("[[policy.rule]]\nname = 'x'\nwhen = '{when}'\naffiliation = 'owner'\n");
        let text = format!("{LEAST}{rule}");
        assert_eq!(gavel(&text, &["check", "-c", "gavel.toml"], &[]).0, status);
    }
}

/// Each rule with its expression, verdict and reason; a missing fact is named with the
/// option that tells it.
#[test]
fn explain_prints_each_rule_and_its_needs() {
    let rules = "[[policy.rule]]\nname = 'chair'\naffiliation = 'admin'\n\
                 when = '''\noccupant.nick ==\n  \"chair\"'''\n\
                 [[policy.rule]]\nname = 'staff'\naffiliation = 'owner'\n\
                 when = 'occupant.domain == \"example.org\" && room.name != \"x\"'\n";
    let claims = json!({"context": {"user": {"moderator": true}}});
    let told = explain(rules, &claims, &[]);
    assert_eq!(
        told["tried"][0],
        json!({
            "rule": "chair", "when": "occupant.nick ==\n  \"chair\"", "gives": "admin",
            "matched": false, "affiliation": null,
            "reason": "when fails: occupant.nick is not known",
        })
    );
    assert_eq!(told["affiliation"], "owner");
    assert_eq!(
        told["notes"],
        json!([
            "rule chair needs occupant.nick: give --nick",
            "rule staff needs occupant.domain: give --jid",
        ])
    );
    let options = [
        "--nick",
        "chair",
        "--jid",
        "ada@example.org/x",
        "--room",
        "a",
    ];
    let told = explain(rules, &claims, &options);
    assert_eq!(told["rule"], "chair");
    assert_eq!(told["jid"], "ada@example.org");
    assert_eq!(told["notes"], json!([]));

    let folder = Folder::with(&format!("{LEAST}{rules}"));
    std::fs::write(folder.0.path().join("c.json"), claims.to_string()).unwrap();
    let arguments = [
        "explain",
        "-c",
        "gavel.toml",
        "--claims",
        "c.json",
        "--nick",
        "ada",
    ];
    let (_, out, _) = ended(folder.gavel(&arguments).output().unwrap());
    let lines: Vec<&str> = out
        .lines()
        .skip_while(|line| *line != "rules tried")
        .collect();
    assert_eq!(
        lines[1..],
        [
            "  chair              does not match  when is false: occupant.nick is \"ada\"     occupant.nick == \"chair\" → admin",
            "  staff              does not match  when fails: occupant.domain is not known  occupant.domain == \"example.org\" && room.name != \"x\" → owner",
            "  jitsi:affiliation  does not match  context.user.affiliation is absent        claims.context.user.affiliation in [\"owner\", \"moderator\", \"teacher\"] → owner",
            "  jitsi:moderator    matches: owner  context.user.moderator is true            claims.context.user.moderator in [true, \"true\"] → owner",
            "note: rule staff needs occupant.domain: give --jid",
        ]
    );
}

/// A token's gifts besides the affiliation, for participants and moderators if they differ,
/// and the reasons.
#[test]
fn b17_explain_prints_permissions() {
    let settings = "[policy.permissions]\nrecording = 'moderators'\nflip = 'token'\n\
                    [[policy.rule]]\nname = 'staff'\nwhen = 'true'\naffiliation = 'member'\n\
                    permissions = { livestreaming = true, send-groupchat = false }\n";
    let claims = json!({"context": {"user": {}, "features": {"create-polls": "false"}}});
    let told = explain(settings, &claims, &[]);
    let all = told["permissions"].as_array().unwrap();
    let recording = all.iter().find(|item| item["name"] == "recording").unwrap();
    assert_eq!(
        *recording,
        json!({
            "name": "recording", "for": "moderators", "participant": false, "moderator": true,
            "owner": true, "because": "policy.permissions: moderators",
        })
    );
    let folder = Folder::with(&format!("{LEAST}{settings}"));
    std::fs::write(folder.0.path().join("c.json"), claims.to_string()).unwrap();
    for (who, expected) in [
        (
            &["--claims", "c.json"][..],
            [
                "breakout-enter|yes|default: everyone",
                "create-polls|no|the token's context.features",
                "flip|yes|policy.permissions: token",
                "livestreaming|yes|rule staff",
                "lobby-bypass|as owner yes, else no|default: owners",
                "recording|as moderator yes, as participant no|policy.permissions: moderators",
                "send-groupchat|no|rule staff",
            ]
            .as_slice(),
        ),
        (
            &["--guest"],
            &[
                "breakout-enter|yes|default: everyone",
                "flip|no|policy.permissions: token",
                "livestreaming|left to Jitsi|rule staff allows it only with a token",
                "lobby-bypass|as owner yes, else no|default: owners",
                "recording|as moderator yes, as participant no|policy.permissions: moderators",
                "send-groupchat|no|rule staff",
            ],
        ),
    ] {
        let arguments = [&["explain", "-c", "gavel.toml"][..], who].concat();
        let (_, out, _) = ended(folder.gavel(&arguments).output().unwrap());
        let (_, rest) = out
            .split_once("permissions (any other is left to Jitsi)\n")
            .unwrap();
        let lines = rest.lines().take_while(|line| *line != "rules tried");
        let cells = |line: &str| {
            let cells = line
                .split("  ")
                .map(str::trim)
                .filter(|cell| !cell.is_empty());
            cells.collect::<Vec<_>>().join("|")
        };
        let lines: Vec<_> = lines.map(cells).collect();
        assert_eq!(lines, expected, "{out}");
    }
}

/// The effective configuration shows the rules as they were written.
#[test]
fn check_prints_rules_that_can_be_read_again() {
    let rules = settings("# Rules of your own").to_owned() + settings("### A room's own teacher");
    let (status, out, err) = gavel(
        &format!("{LEAST}{rules}"),
        &["check", "-c", "gavel.toml"],
        &[],
    );
    assert_eq!((status, err.as_str()), (0, ""));
    let printed = out.replace("secret = \"***\"", "secret = 'hush'");
    let (status, again, err) = gavel(&printed, &["check", "-c", "gavel.toml"], &[]);
    assert_eq!((status, err.as_str()), (0, ""), "{printed}");
    assert_eq!(again, out);
    assert_eq!(out.matches("[[policy.rule]]").count(), 3);
    assert!(
        out.contains("room.name.startsWith(claims.context.group.lowerAscii()"),
        "{out}"
    );
}

#[test]
fn a_rule_in_the_environment_is_told_where_it_belongs() {
    let environment = [("GAVEL_POLICY__RULE", "x")];
    let (status, _, err) = gavel(LEAST, &["check", "-c", "gavel.toml"], &environment);
    assert_eq!(status, 0);
    assert!(
        err.contains("GAVEL_POLICY__RULE: unknown variable; rules stand in the file"),
        "{err}"
    );
}

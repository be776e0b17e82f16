//! `explain` and `token`, as they are called.
#![allow(clippy::unwrap_used)]

use super::*;
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

const BASE: &str = "[component]\njid = 'gavel.meet.jitsi'\nserver = '127.0.0.1:5347'\n\
                    secret = 'hush'\n[[muc]]\nservice = 'muc.meet.jitsi'\ntenants = true\n";
const JWT: &str = "[claims]\nsources = ['jwt']\n[claims.jwt]\nsecret = 'for tests only'\n";

/// The output of a command.
#[derive(Clone, Default)]
pub(super) struct Memory(Arc<Mutex<Vec<u8>>>);

impl Memory {
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A folder with a configuration and the files that a command is given.
struct Bench(tempfile::TempDir);

impl Bench {
    fn new(config: &str) -> Self {
        let bench = Self(tempfile::tempdir().unwrap());
        bench.file("gavel.toml", &format!("{BASE}{config}"));
        bench
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Runs a command; its arguments beginning with `@` are files here.
    fn run(&self, command: &str) -> (Result<Status, Error>, String) {
        let path = |name: &str| self.0.path().join(name).display().to_string();
        let mut args = vec!["gavel".to_owned(), "-c".into(), path("gavel.toml")];
        args.extend(command.split(' ').map(|arg| match arg.strip_prefix('@') {
            Some(name) => path(name),
            None => arg.to_owned(),
        }));
        let cli = Cli::try_parse_from(args).unwrap();
        let memory = Memory::default();
        let mut output = Output::to(memory.clone());
        let result = dispatch(cli.command, cli.config.as_deref(), &mut output);
        (result, memory.text())
    }

    /// The output of a command that succeeds.
    fn text(&self, command: &str) -> String {
        let (result, text) = self.run(command);
        assert!(
            matches!(result, Ok(Status::Done)),
            "{command}: {result:?}\n{text}"
        );
        text
    }

    fn json(&self, command: &str) -> Value {
        serde_json::from_str(&self.text(&format!("{command} --json"))).unwrap()
    }

    /// Signs `claims` into the file `token`.
    fn sign(&self, claims: &Value, options: &str) {
        self.file("claims.json", &claims.to_string());
        let token = self.text(format!("token sign --claims @claims.json {options}").trim_end());
        self.file("token", &token);
    }
}

fn claims(changes: Value) -> Value {
    let mut claims = json!({
        "iss": "jitsi", "aud": "jitsi", "room": "class",
        "context": {"user": {"name": "Ada", "moderator": true}},
    });
    for (key, value) in changes.as_object().unwrap() {
        claims[key] = value.clone();
    }
    claims
}

#[test]
fn a_signed_token_verifies_and_is_explained() {
    let bench = Bench::new(JWT);
    bench.sign(&claims(json!({})), "--exp 1h");
    let verified = bench.json("token verify --room class @token");
    assert_eq!(verified["valid"], true);
    assert_eq!(verified["claims"]["context"], claims(json!({}))["context"]);
    assert!(
        verified["checks"]
            .as_array()
            .unwrap()
            .iter()
            .all(|c| c["result"] == "ok")
    );

    let explained = bench.json("explain --jwt @token --room class@muc.meet.jitsi");
    for (key, value) in [
        ("evidence", json!("jwt")),
        ("room", json!("class@muc.meet.jitsi")),
        ("verified", json!(true)),
        ("accepted", json!(true)),
        ("rejected", json!(null)),
        ("affiliation", json!("owner")),
        ("guest", json!(false)),
        ("rule", json!("jitsi:moderator")),
        ("reason", json!("context.user.moderator is true")),
        ("token_name", json!("Ada")),
        ("name", json!("Ada")),
        ("frozen", json!(true)),
        ("notes", json!([])),
    ] {
        assert_eq!(explained[key], value, "{key}");
    }
    assert_eq!(explained["tried"][0]["rule"], "jitsi:affiliation");
    assert_eq!(explained["tried"][0]["matched"], false);
    assert_eq!(
        explained["tried"][0]["reason"],
        "context.user.affiliation is absent"
    );
    assert_eq!(explained["tried"][1]["affiliation"], "owner");
}

#[test]
fn the_fault_of_a_token_is_told_with_its_remedy() {
    let rows = [
        (claims(json!({"exp": 5})), "expired", "get a new one"),
        (
            claims(json!({"nbf": 99_999_999_999_u64})),
            "not_yet",
            "check both clocks",
        ),
        (claims(json!({"iss": "x"})), "issuer", "claims.jwt.issuers"),
        (
            claims(json!({"aud": "x"})),
            "audience",
            "claims.jwt.audiences",
        ),
        (
            claims(json!({"room": "exam"})),
            "room",
            "let the issuer set room",
        ),
        (
            claims(json!({"room": "%b()", "context": {"room": {"regex": true}}})),
            "room_pattern",
            "a simpler one",
        ),
    ];
    let bench = Bench::new(JWT);
    for (claims, reason, words) in rows {
        bench.sign(&claims, "");
        let (result, text) = bench.run("token verify --room class @token");
        assert!(matches!(result, Ok(Status::Failed)), "{reason}: {result:?}");
        assert!(
            text.starts_with(&format!("not valid: {reason}\n")),
            "{text}"
        );
        assert!(text.contains(words), "{text}");
        let explained = bench.json("explain --jwt @token --room class");
        assert_eq!(explained["rejected"], reason);
        assert_eq!(explained["affiliation"], "none");
        assert_eq!(explained["guest"], true);
        assert_eq!(explained["claims"], Value::Null);
        assert_ne!(explained["if_accepted"], Value::Null);
        let text = bench.text("explain --jwt @token --room class");
        assert!(text.contains(&format!("refused: {reason}\n")), "{text}");
    }
}

#[test]
fn forged_tokens_are_refused() {
    let bench = Bench::new(JWT);
    let unreadable = [
        ("malformed", "a.b".to_owned()),
        ("too_large", "x".repeat(100_000)),
    ];
    for (reason, text) in unreadable {
        bench.file("token", &text);
        let explained = bench.json("explain --jwt @token");
        assert_eq!(explained["rejected"], reason);
        assert_eq!(explained["if_accepted"], Value::Null);
        assert!(matches!(
            bench.run("token verify @token").0,
            Ok(Status::Failed)
        ));
        assert!(matches!(
            bench.run("token decode @token").0,
            Err(Error::Failed(_))
        ));
    }
    bench.sign(&claims(json!({})), "--alg HS512");
    assert_eq!(bench.json("explain --jwt @token")["rejected"], "algorithm");
    bench.sign(&claims(json!({})), "");
    bench.file(
        "gavel.toml",
        &format!("{BASE}{}", JWT.replace("for tests", "other")),
    );
    let explained = bench.json("explain --jwt @token");
    assert_eq!(explained["rejected"], "bad_signature");
    assert_eq!(explained["if_accepted"]["affiliation"], "owner");
}

/// In Jitsi it is Prosody that verifies; the question is the same.
#[test]
fn without_keys_a_token_is_taken_as_prosody_hands_it_over() {
    let bench = Bench::new(JWT);
    bench.sign(&claims(json!({"exp": 5})), "");
    bench.file("gavel.toml", BASE);
    let explained = bench.json("explain --jwt @token --room class");
    assert_eq!(explained["affiliation"], "owner");
    assert_eq!(explained["verified"], false);
    assert!(
        explained["notes"][0]
            .as_str()
            .unwrap()
            .contains("mod_gavel")
    );
    let explained = bench.json("explain --jwt @token --room exam");
    assert_eq!(explained["rejected"], "room");
    let text = bench.text("explain --jwt @token");
    assert!(text.contains("taken as verified"), "{text}");
    for command in ["token verify @token", "token sign --claims @claims.json"] {
        let (result, _) = bench.run(command);
        assert!(
            matches!(&result, Err(Error::Usage(words)) if words.contains("[claims.jwt]")),
            "{result:?}"
        );
    }
}

#[test]
fn claims_are_explained_as_the_policy_judges_them() {
    let user = |user: Value| json!({"context": {"user": user}});
    let features = json!({"context": {"features": {"recording": true}}});
    let ignore = "[policy]\nguests = 'ignore'\n";
    let none = "[policy]\npreset = 'none'\n";
    for (config, claims, affiliation, rule) in [
        (
            "",
            user(json!({"affiliation": "teacher"})),
            "owner",
            "jitsi:affiliation",
        ),
        (
            "",
            user(json!({"moderator": "true"})),
            "owner",
            "jitsi:moderator",
        ),
        (
            "",
            user(json!({"moderator": "false"})),
            "member",
            "jitsi:member",
        ),
        ("", json!({}), "member", "jitsi:member"),
        ("", features.clone(), "none", "guest"),
        (ignore, features, "keep", "guest"),
        (none, user(json!({"moderator": true})), "none", "unmatched"),
    ] {
        let bench = Bench::new(config);
        bench.file("claims.json", &claims.to_string());
        let explained = bench.json("explain --claims @claims.json");
        assert_eq!(explained["affiliation"], affiliation, "{claims}");
        assert_eq!(explained["rule"], rule, "{claims}");
        let text = bench.text("explain --claims @claims.json");
        assert!(
            text.contains(&format!("affiliation  {affiliation}")),
            "{text}"
        );
        assert!(text.contains(&format!("by rule      {rule}: ")), "{text}");
    }
}

#[test]
fn names_are_explained() {
    let long = "x".repeat(60);
    for (config, name, form, frozen, words) in [
        (
            "",
            json!(" Ada "),
            json!("Ada"),
            true,
            "\"Ada\", frozen (names.freeze is \"revert\")",
        ),
        ("", json!(long), json!("x".repeat(50)), true, "frozen"),
        (
            "",
            json!("a\u{8}"),
            json!(null),
            false,
            "not frozen: context.user.name has a character",
        ),
        ("", json!(" "), json!(null), false, "any name may be shown"),
        (
            "",
            json!("\u{202e}X"),
            json!("\u{202e}X"),
            true,
            "\"\\u{202e}X\", frozen",
        ),
        (
            "[names]\nfreeze = 'off'\n",
            json!("Ada"),
            json!("Ada"),
            false,
            "not frozen (names.freeze is \"off\")",
        ),
    ] {
        let bench = Bench::new(config);
        bench.file(
            "claims.json",
            &json!({"context": {"user": {"name": name}}}).to_string(),
        );
        let explained = bench.json("explain --claims @claims.json");
        assert_eq!(
            (&explained["name"], &explained["frozen"]),
            (&form, &json!(frozen)),
            "{name}"
        );
        let text = bench.text("explain --claims @claims.json");
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn a_token_is_shown_unverified_and_marked_so() {
    let bench = Bench::new("");
    let token = "eyJhbGciOiJub25lIn0.eyJuYW1lIjoiXHUyMDJlXHUwMDliIn0.";
    bench.file("token", token);
    let text = bench.text("token decode @token");
    assert!(text.starts_with("NOT VERIFIED"), "{text}");
    assert!(text.contains("\"alg\": \"none\""), "{text}");
    assert!(text.contains(r#""name": "\u{202e}\u{9b}""#), "{text}");
    let decoded = bench.json("token decode @token");
    assert_eq!(decoded["verified"], false);
    assert_eq!(decoded["payload"]["name"], "\u{202e}\u{9b}");
}

#[test]
fn unusable_input_is_named() {
    let bench = Bench::new(JWT);
    bench.file("claims.json", "[]");
    bench.file("empty.json", "\n");
    bench.file("text.json", "moderator");
    bench.file("good.json", "{}");
    for (command, status, words) in [
        (
            "explain --claims @claims.json",
            1,
            "holds no claims (it is a list, no object)",
        ),
        (
            "explain --claims @empty.json",
            1,
            "holds no claims (it is empty)",
        ),
        (
            "token sign --claims @text.json",
            1,
            "holds no claims (it cannot be read as JSON: expected value",
        ),
        ("explain --claims @missing.json", 1, "missing.json"),
        (
            "explain --claims @good.json --room a@other.example",
            1,
            "muc.meet.jitsi",
        ),
        ("token sign --claims @claims.json", 1, "holds no claims"),
        (
            "token sign --claims @good.json --alg ES256",
            2,
            "--alg HS256",
        ),
    ] {
        let (result, _) = bench.run(command);
        let status_found = match &result {
            Err(Error::Failed(_)) => 1,
            Err(Error::Usage(_)) => 2,
            other => panic!("{command}: {other:?}"),
        };
        let message = result.unwrap_err().to_string();
        assert_eq!(status_found, status, "{command}: {message}");
        assert!(message.contains(words), "{command}: {message}");
    }
}

#[test]
fn check_refuses_keys_that_cannot_be_used() {
    let bench = Bench::new("");
    let key = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys/rsa1024.pub.pem");
    let jwt = format!("[claims.jwt]\npublic_key_file = '{key}'\nalgorithms = ['RS256']\n");
    bench.file("gavel.toml", &format!("{BASE}{jwt}"));
    for command in [
        "check",
        "explain --claims @gavel.toml",
        "token verify @gavel.toml",
    ] {
        let (result, _) = bench.run(command);
        assert!(
            matches!(&result, Err(Error::Usage(words)) if words.contains("1024 bits") && words.contains("gavel.toml")),
            "{command}: {result:?}"
        );
    }
}

/// B14: an invalid token is described, never repeated.
#[test]
fn b14_the_token_and_the_secret_are_not_repeated() {
    let bench = Bench::new(JWT);
    bench.sign(&claims(json!({"exp": 5})), "");
    let token = std::fs::read_to_string(bench.0.path().join("token")).unwrap();
    for command in [
        "explain --jwt @token",
        "explain --jwt @token --json",
        "token verify @token",
        "token verify @token --json",
        "token decode @token",
        "token decode @token --json",
    ] {
        let (_, text) = bench.run(command);
        for part in token.trim().split('.').chain(["for tests only"]) {
            assert!(!text.contains(part), "{command}: {text}");
        }
    }
}

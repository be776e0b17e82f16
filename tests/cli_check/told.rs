//! Mistakes in claims and tokens, each told with its remedy.

use super::{CHECK, Folder, LEAST, answering, ended, gavel, http, teachers_token};
use serde_json::{Value, json};

const HS256: &str = "[claims.jwt]\nsecret = 'hush'\nissuers = ['school']\naudiences = ['jitsi']\n";

/// Asks for the reasons of these claims' gifts.
const EXPLAIN: [&str; 5] = ["explain", "-c", "gavel.toml", "--claims", "claims.json"];

/// The output of `gavel` about `claims` in a file beside its configuration.
fn of_claims(settings: &str, claims: &Value, arguments: &[&str]) -> (i32, String, String) {
    let folder = Folder::with(&format!("{LEAST}{settings}"));
    std::fs::write(folder.0.path().join("claims.json"), claims.to_string()).unwrap();
    ended(folder.gavel(arguments).output().unwrap())
}

#[test]
fn explain_tells_the_probable_meaning() {
    let regex =
        |room: &str| json!({"room": room, "context": {"user": {}, "room": {"regex": true}}});
    for (claims, room, told) in [
        (
            json!({"moderator": true}),
            "lesson",
            "note: the token says moderator is true, which no rule reads. This one would: [[policy.rule]] with name = \"moderators\", when = 'claims.moderator == true', affiliation = \"owner\"",
        ),
        (
            json!({"context": {"features": {"moderator": true}}}),
            "lesson",
            "has context.features without context.user, so it gives no affiliation: let the issuer write context.user.moderator = true",
        ),
        (
            regex("[0-9]{3}"),
            "123",
            "context.room.regex is true, so room is read as a Lua pattern, as Jitsi does: as a Lua pattern this is \"[0-9][0-9][0-9]\"",
        ),
        (regex("class-\\d+"), "class-7", "this is \"class%-%d+\""),
        (
            regex("(math|art)-1"),
            "art-1",
            "Lua patterns have no | between words",
        ),
        (
            regex("[0-9]+"),
            "lesson",
            "is read as a Lua pattern, as Jitsi does\n",
        ),
        (
            json!({"room": "Täst"}),
            "täst",
            "the room's name is \"t%c3%a4st\": let the issuer set room to that name, encoded as Jitsi's clients do, or",
        ),
        (
            json!({"exp": 1_795_000_000_000_u64, "context": {"user": {"moderator": true}}}),
            "lesson",
            "note: exp is 1795000000000, which looks like milliseconds; it is read as seconds, so the token practically never expires: let the issuer write 1795000000",
        ),
        (
            json!({"context": {"user": {"name": 7}}}),
            "lesson",
            "context.user.name is no text, so any name may be shown",
        ),
        (
            json!({"context": {"user": {}}}),
            "lesson",
            "there is no context.user.name",
        ),
    ] {
        let explain = [&EXPLAIN[..], &["--room", room]].concat();
        let (status, out, err) = of_claims("", &claims, &explain);
        assert_eq!((status, err.as_str()), (0, ""), "{claims}: {out}");
        let out = out.split_whitespace().collect::<Vec<_>>().join(" ") + "\n";
        assert!(out.contains(told.trim_end()), "{claims}:\n{out}");
        let is_name = told.contains("context.user.name");
        assert!(is_name || !out.contains("is no text"), "{out}");
    }
    // If a rule of one's own has decided, or they moderate, nothing is missing.
    let own =
        "[[policy.rule]]\nname = 'm'\nwhen = 'claims.moderator == true'\naffiliation = 'member'\n";
    for (settings, claims) in [
        (own, json!({"moderator": true})),
        (
            "",
            json!({"moderator": true, "context": {"user": {"moderator": true}}}),
        ),
    ] {
        let (_, out, _) = of_claims(settings, &claims, &EXPLAIN);
        assert!(!out.contains("which no rule reads"), "{out}");
    }
}

#[test]
fn rooms_are_given_as_people_write_them_without_a_daemon() {
    let services = "[[muc]]\nservice = 'breakout.meet.jitsi'\n";
    for (room, wire, shown) in [
        ("lesson", "lesson@muc.meet.jitsi", "lesson@muc.meet.jitsi"),
        (
            "How Täst",
            "how%20t%c3%a4st@muc.meet.jitsi",
            "how täst@muc.meet.jitsi",
        ),
        (
            "https://meet.example/School/Lesson?jwt=e.y.J",
            "[school]lesson@muc.meet.jitsi",
            "[school]lesson@muc.meet.jitsi",
        ),
        (
            "a@breakout.meet.jitsi",
            "a@breakout.meet.jitsi",
            "a@breakout.meet.jitsi",
        ),
    ] {
        let explain = [&EXPLAIN[..], &["--room", room]].concat();
        let (status, out, err) = of_claims(services, &json!({}), &explain);
        assert_eq!((status, err.as_str()), (0, ""), "{room}");
        assert!(out.starts_with(&format!("room         {shown}\n")), "{out}");
        let (_, out, _) = of_claims(services, &json!({}), &[&explain[..], &["--json"]].concat());
        let told: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(told["room"], wire);
    }
}

#[test]
fn token_sign_fills_the_claims_that_the_configuration_asks_for() {
    let sign = [
        "token",
        "sign",
        "-c",
        "gavel.toml",
        "--claims",
        "claims.json",
    ];
    let payload = |settings: &str, claims: &Value| -> Value {
        let (status, token, err) = of_claims(settings, claims, &sign);
        assert_eq!((status, err.as_str()), (0, ""));
        let folder = Folder::with(LEAST);
        std::fs::write(folder.0.path().join("token"), token).unwrap();
        let decode = folder
            .gavel(&["token", "decode", "--json", "token"])
            .output();
        let (_, out, _) = ended(decode.unwrap());
        let decoded: Value = serde_json::from_str(&out).unwrap();
        decoded["payload"].clone()
    };
    let filled = payload(HS256, &json!({"room": "*"}));
    assert_eq!(
        filled,
        json!({"room": "*", "iss": "school", "aud": "jitsi"})
    );
    let own = json!({"iss": "mine", "aud": ["x"]});
    assert_eq!(payload(HS256, &own), own);
    let any = "[claims.jwt]\nsecret = 'hush'\nissuers = ['*']\naudiences = ['*']\n";
    assert_eq!(payload(any, &json!({"room": "*"})), json!({"room": "*"}));
}

#[test]
fn token_verify_names_a_missing_claim_and_not_to_add_nothing() {
    let folder = Folder::with(&format!("{LEAST}{HS256}"));
    let key = jsonwebtoken::EncodingKey::from_secret(b"hush");
    let claims = json!({"aud": "other", "exp": 1_795_000_000_000_u64});
    let token = jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).unwrap();
    std::fs::write(folder.0.path().join("token"), token).unwrap();
    let verify = folder
        .gavel(&["token", "verify", "-c", "gavel.toml", "token"])
        .output();
    let (status, out, _) = ended(verify.unwrap());
    assert_eq!(status, 1);
    for words in [
        "the token has no iss; expected \"school\" (claims.jwt.issuers): let the issuer set it",
        "aud is \"other\", and claims.jwt.audiences has only \"jitsi\": add \"other\" there, or",
        "note: exp is 1795000000000, which looks like milliseconds",
    ] {
        assert!(out.contains(words), "{words}: {out}");
    }
}

#[test]
fn a_token_where_the_secret_belongs_is_refused() {
    let key = jsonwebtoken::EncodingKey::from_secret(b"hush");
    let claims = json!({"sub": "meet.jitsi"});
    let token = jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).unwrap();
    let inline = format!("{LEAST}[claims.jwt]\nsecret = '{token}'\n");
    let file = format!("{LEAST}[claims.jwt]\nsecret_file = 'secret'\n");
    for text in [inline, file] {
        let folder = Folder::with(&text);
        std::fs::write(folder.0.path().join("secret"), format!("{token}\n")).unwrap();
        let (status, _, err) = ended(folder.gavel(&CHECK).output().unwrap());
        assert_eq!(status, 2);
        let words = "is a whole token (JWT), not the secret that tokens are signed with";
        assert!(err.contains(words), "{err}");
        assert!(!err.contains(&token), "{err}");
    }
    let (status, _, err) = gavel(
        &format!("{LEAST}[claims.jwt]\nsecret = 'a.b.c'\n"),
        &CHECK,
        &[],
    );
    assert_eq!((status, err.as_str()), (0, ""));
}

#[test]
fn a_key_that_an_asap_server_does_not_have_is_told_with_its_address() {
    let token = teachers_token();
    let token = token.path().to_str().unwrap();
    let port = answering(http("404 Not Found", ""));
    let config = format!(
        "{LEAST}[claims]\nsources = ['jwt']\n[claims.jwt]\nalgorithms = ['ES256']\nasap_key_server = 'http://hush:hush@127.0.0.1:{port}/keys/'\n"
    );
    let verify = ["token", "verify", "-c", "gavel.toml", token];
    let (status, out, _) = gavel(&config, &verify, &[]);
    assert_eq!(status, 1);
    // The SHA-256 of the token's kid, which is k.
    let file = "8254c329a92850f6d539dd376f4816ee2764517da5e0235514af433164480d7a.pem";
    let words = format!("http://127.0.0.1:{port}/keys/{file} is not there (404 Not Found)");
    assert!(out.contains(&words), "{out}");
    assert!(!out.contains("hush"), "{out}");
}

/// Only Prosody knows how people log in on a domain, so `explain`, which asks nobody, names
/// the condition of its answer.
#[test]
fn explain_says_when_a_login_may_not_count() {
    let settings = "[policy]\ntrusted_logins = ['meet.jitsi']\n";
    let guest = |more: &[&str]| {
        let arguments = [&["explain", "-c", "gavel.toml", "--guest"], more].concat();
        let (status, out, err) = of_claims(settings, &json!({}), &arguments);
        assert_eq!(status, 0, "{err}");
        out
    };
    let told = guest(&["--jid", "ada@meet.jitsi"]);
    assert!(told.contains("affiliation  owner"), "{told}");
    for words in [
        "note: a login on meet.jitsi counts only if nobody gets in there without an account",
        "lets anybody make an account, this person is a guest",
    ] {
        assert!(told.contains(words), "{told}");
    }
    let told = guest(&["--jid", "ada@elsewhere.jitsi"]);
    assert!(!told.contains("note:"), "{told}");
    let told = guest(&[]);
    assert!(told.contains("give --jid NAME@meet.jitsi"), "{told}");
}

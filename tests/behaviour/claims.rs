//! Section 3: evidence that counts as claims, and evidence that does not.

use crate::on_both;
use crate::support::{
    Client, Env, JWT_SECRET, Options, Version, complete, escape, jwt, nick, sign, sign_with,
    student, teacher, token,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use std::sync::Arc;

const ROOM: &str = "room@muc.meet.jitsi";

/// Claims of a teacher with other members.
fn with(members: Value) -> Value {
    let mut claims = complete(teacher("Teacher"));
    let object = claims.as_object_mut().unwrap();
    object.extend(members.as_object().unwrap().clone());
    claims
}

/// Seconds since 1970, moved.
fn now(offset: i64) -> i64 {
    let now = std::time::SystemTime::now();
    let now = now.duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap() + offset
}

/// A token of these parts as they are, with this signature.
fn compact(header: &Value, claims: &Value, signature: &str) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{signature}", part(header), part(claims))
}

async fn claims_jwt_only_good_tokens_count(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let good = sign(&with(json!({})));
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (header, _) = signed.split_once('.').unwrap();
    let other_payload = URL_SAFE_NO_PAD.encode(with(json!({ "x": 1 })).to_string());
    let none = json!({ "alg": "none", "typ": "JWT" });
    let hs256 = json!({ "alg": "HS256", "typ": "JWT" });
    let regex = |pattern: &str| {
        let mut claims = with(json!({ "room": pattern }));
        claims["context"]["room"] = json!({ "regex": true });
        sign(&claims)
    };
    let key = JWT_SECRET.as_bytes();
    let bad = [
        (
            "other_key",
            sign_with(
                &with(json!({})),
                Algorithm::HS256,
                b"some other key of 32 bytes.....!",
            ),
        ),
        (
            "other_claims",
            format!("{header}.{other_payload}.{signature}"),
        ),
        ("cut_signature", good[..good.len() - 4].to_string()),
        ("no_signature", format!("{signed}.")),
        ("two_parts", signed.to_string()),
        ("alg_none", compact(&none, &with(json!({})), "")),
        (
            "alg_none_signed",
            compact(&none, &with(json!({})), signature),
        ),
        (
            "alg_nOnE",
            compact(&json!({ "alg": "nOnE" }), &with(json!({})), ""),
        ),
        ("hs384", sign_with(&with(json!({})), Algorithm::HS384, key)),
        ("hs512", sign_with(&with(json!({})), Algorithm::HS512, key)),
        (
            "no_alg",
            compact(&json!({ "typ": "JWT" }), &with(json!({})), signature),
        ),
        ("hs256_empty", compact(&hs256, &with(json!({})), "")),
        ("expired", sign(&with(json!({ "exp": now(-40) })))),
        ("exp_text", sign(&with(json!({ "exp": "tomorrow" })))),
        ("not_yet", sign(&with(json!({ "nbf": now(60) })))),
        ("issuer", sign(&with(json!({ "iss": "somebody" })))),
        ("no_issuer", sign(&with(json!({ "iss": null })))),
        ("audience", sign(&with(json!({ "aud": "somewhere" })))),
        ("foreign_room", sign(&with(json!({ "room": "hall" })))),
        ("no_room", sign(&with(json!({ "room": null })))),
        ("room_prefix", sign(&with(json!({ "room": "roo" })))),
        ("regex_other", regex("^hall")),
        ("regex_part", regex("roo")),
        ("regex_wild", regex("%b()%f[%a]")),
        ("large", sign(&with(json!({ "fill": "x".repeat(100_000) })))),
        ("garbage", "e30.e30.e30".to_string()),
        ("empty", String::new()),
        ("array", compact(&hs256, &json!([1]), signature)),
        ("padded", format!("{good}==")),
    ];
    let mut clients: Vec<Arc<Client>> = Vec::new();
    for (name, token) in &bad {
        let client = env.client(name).await;
        client.join(ROOM, name, &jwt(token)).await;
        clients.push(client);
    }
    env.settle().await;
    for (name, _) in &bad {
        assert_eq!(focus.affiliation(ROOM, name), "none", "{name}");
    }
    assert_eq!(env.requests().await, [], "a bad token moved gavel");
    let fine = [
        ("plain", good.clone()),
        ("leeway", sign(&with(json!({ "exp": now(-5) })))),
        ("soon", sign(&with(json!({ "nbf": now(5) })))),
        (
            "later",
            sign(&with(json!({ "exp": now(3600), "nbf": now(-3600) }))),
        ),
        ("room", sign(&with(json!({ "room": "room" })))),
        ("room_case", sign(&with(json!({ "room": "RoOm" })))),
        (
            "audiences",
            sign(&with(json!({ "aud": ["other", "jitsi"] }))),
        ),
        ("regex_whole", regex("^r.*m$")),
        ("regex_class", regex("%a+")),
        ("surrounded", format!("\n  {}  \n", sign(&with(json!({}))))),
    ];
    for (name, token) in &fine {
        let client = env.client(name).await;
        client.join(ROOM, name, &jwt(token)).await;
        focus.sees_affiliation(ROOM, name, "owner").await;
        clients.push(client);
    }
}
on_both!(claims_jwt_only_good_tokens_count);

/// Presence is seen by everybody in the room, so a token can be copied: it
/// counts for the first JID that shows it.
async fn claims_jwt_a_copied_token_yields_nothing(version: Version) {
    let mut env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let alice_token = jwt(&token(teacher("Alice")));
    let alice = env.client("alice").await;
    alice.join(ROOM, "alice", &alice_token).await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    let copied = focus.occupant(ROOM, "alice").unwrap().presence;
    let copied = copied
        .named("jwt")
        .expect("everybody sees the token")
        .text
        .clone();
    assert_eq!(jwt(&copied), alice_token);
    let mallory = env.client("mallory").await;
    mallory.join(ROOM, "mallory", &alice_token).await;
    env.settle().await;
    assert_eq!(
        focus.affiliation(ROOM, "mallory"),
        "none",
        "while its bearer is there"
    );
    alice.leave(ROOM, "alice").await;
    mallory.presence(ROOM, "mallory", &alice_token).await;
    env.settle().await;
    assert_eq!(
        focus.affiliation(ROOM, "mallory"),
        "none",
        "after its bearer left"
    );
    mallory.leave(ROOM, "mallory").await;
    mallory.join("other@muc.meet.jitsi", "mallory", "").await;
    mallory
        .invite("other@muc.meet.jitsi", "gavel@gavel.meet.jitsi")
        .await;
    env.settle().await;
    env.gavel.stop().await;
    env.gavel.restart();
    env.connected().await;
    env.gavel.logs_again("joined").await;
    mallory.join(ROOM, "mallory", &alice_token).await;
    env.settle().await;
    assert_eq!(
        focus.affiliation(ROOM, "mallory"),
        "none",
        "after a restart"
    );
    alice.join(ROOM, "alice", &alice_token).await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "mallory"), "none");
    env.gavel.logs("replayed").await;
}
on_both!(claims_jwt_a_copied_token_yields_nothing);

/// If two bearers are found at once, neither gets anything: nobody can tell who copied.
async fn claims_jwt_of_two_bearers_found_at_once_neither_counts(version: Version) {
    let env = Env::gavel(version, "[discovery]\npoll = \"off\"").await;
    let focus = env.client("focus@auth.meet.jitsi").await;
    focus.join(ROOM, "focus", "").await;
    let child = jwt(&token(teacher("Alice")));
    let _one = {
        let one = env.client("one").await;
        one.join(ROOM, "one", &child).await;
        one
    };
    let two = env.client("two").await;
    two.join(ROOM, "two", &child).await;
    focus.invite(ROOM, "gavel@gavel.meet.jitsi").await;
    env.gavel_joins(&focus, ROOM).await;
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "one"), "none");
    assert_eq!(focus.affiliation(ROOM, "two"), "none");
    two.presence(ROOM, "two", &child).await;
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "two"), "none");
}
on_both!(claims_jwt_of_two_bearers_found_at_once_neither_counts);

/// An ECDSA signature has a second form for the same signed part.
async fn claims_jwt_a_malleated_signature_is_the_same_token(version: Version) {
    use p256::pkcs8::{EncodePrivateKey, EncodePublicKey, LineEnding};
    let key = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
    let secret = p256::SecretKey::from(&key);
    let private = secret.to_pkcs8_pem(LineEnding::LF).unwrap();
    let public = secret
        .public_key()
        .to_public_key_pem(LineEnding::LF)
        .unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), public).unwrap();
    let settings = format!(
        "[claims]\njwt = {{ algorithms = [\"ES256\"], public_key_file = {:?} }}",
        file.path()
    );
    let env = Env::gavel(version, &settings).await;
    let focus = env.focus(ROOM).await;
    let signing = EncodingKey::from_ec_pem(private.as_bytes()).unwrap();
    let token = encode(
        &Header::new(Algorithm::ES256),
        &complete(teacher("Alice")),
        &signing,
    )
    .unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let signature = p256::ecdsa::Signature::from_slice(&bytes).unwrap();
    let (r, s) = signature.split_scalars();
    let other = p256::ecdsa::Signature::from_scalars(r.to_bytes(), (-s).to_bytes()).unwrap();
    let malleated = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(other.to_bytes()));
    assert_ne!(token, malleated);
    let alice = env.client("alice").await;
    alice.join(ROOM, "alice", &jwt(&token)).await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    let mallory = env.client("mallory").await;
    mallory.join(ROOM, "mallory", &jwt(&malleated)).await;
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "mallory"), "none");
    // A key is no secret of HMAC either.
    let confused = sign_with(
        &complete(teacher("Eve")),
        Algorithm::HS256,
        &std::fs::read(file.path()).unwrap(),
    );
    let eve = env.client("eve").await;
    eve.join(ROOM, "eve", &jwt(&confused)).await;
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "eve"), "none");
    assert_eq!(focus.affiliation(ROOM, "alice"), "owner");
}
on_both!(claims_jwt_a_malleated_signature_is_the_same_token);

/// A token names its elements: others are not looked into.
async fn claims_jwt_elements_and_namespaces(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let good = || token(teacher("T"));
    let cases = [
        ("jwt", format!("<jwt>{}</jwt>", good()), "owner"),
        (
            "token",
            format!("<token xmlns='urn:x'>{}</token>", good()),
            "owner",
        ),
        (
            "participant",
            format!("<jitsi_participant_jwt>{}</jitsi_participant_jwt>", good()),
            "owner",
        ),
        (
            "prefixed",
            format!("<p:jwt xmlns:p='urn:x'>{}</p:jwt>", good()),
            "owner",
        ),
        (
            "second",
            format!("{}{}", jwt("e30.e30.e30"), jwt(&good())),
            "owner",
        ),
        ("other", format!("<bearer>{}</bearer>", good()), "none"),
        (
            "inside",
            format!("<x xmlns='urn:x'>{}</x>", jwt(&good())),
            "none",
        ),
    ];
    let mut clients = Vec::new();
    for (name, child, affiliation) in cases {
        let client = env.client(name).await;
        client.join(ROOM, name, &child).await;
        if affiliation == "owner" {
            focus.sees_affiliation(ROOM, name, "owner").await;
        }
        env.settle().await;
        assert_eq!(focus.affiliation(ROOM, name), affiliation, "{name}");
        clients.push(client);
    }
}
on_both!(claims_jwt_elements_and_namespaces);

/// An `<identity/>` is unsigned: it counts only from a trusted domain, where Prosody's
/// module writes it, and only if the source is listed.
async fn claims_identity_only_from_trusted_domains(version: Version) {
    let options = Options {
        host_modules: vec!["test_identity"],
        ..Options::default()
    };
    let env = Env::with(version, options, "[claims]\nsources = [\"identity\"]").await;
    let focus = env.focus(ROOM).await;
    let forged = "<identity><user><name>Eve</name><affiliation>owner</affiliation>\
        <moderator>true</moderator></user></identity>";
    let stranger = env.client("guest.meet.jitsi").await;
    stranger.join(ROOM, "stranger", forged).await;
    let cases = [
        (
            "alice",
            json!({ "name": "Alice", "moderator": "true" }),
            "owner",
        ),
        (
            "carol",
            json!({ "name": "Carol", "affiliation": "teacher" }),
            "owner",
        ),
        (
            "bob",
            json!({ "name": "Bob", "moderator": "false" }),
            "member",
        ),
    ];
    let mut clients = Vec::new();
    for (name, user, affiliation) in cases {
        let client = env.client(name).await;
        client
            .set_session(&json!({ "jitsi_meet_context_user": user }))
            .await;
        // Their own word is replaced by the module's.
        client.join(ROOM, name, forged).await;
        focus.sees_affiliation(ROOM, name, affiliation).await;
        clients.push(client);
    }
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "bob"), "member");
    assert_eq!(focus.affiliation(ROOM, "stranger"), "none");
    clients[2]
        .presence(ROOM, "bob", &format!("{forged}{}", nick("Eve")))
        .await;
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "bob"), "member");
    focus.sees_name(ROOM, "bob", "Bob").await;
}
on_both!(claims_identity_only_from_trusted_domains);

/// By default gavel believes only claims that our Prosody module signed.
async fn claims_that_clients_write_themselves_are_not_believed(version: Version) {
    for sources in ["[\"bridge\"]", "[\"bridge\", \"jwt\"]", "[\"jwt\"]"] {
        let settings = format!("[claims]\nsources = {sources}");
        let env = Env::gavel(version, &settings).await;
        let focus = env.focus(ROOM).await;
        let json = escape(&complete(teacher("Eve")).to_string());
        let identity = "<identity><user><moderator>true</moderator></user></identity>";
        let mac = "a".repeat(64);
        let claims =
            |mac: &str| format!("<claims xmlns='urn:gavel:claims:0' mac='{mac}'>{json}</claims>");
        let cases = [
            ("no_mac", claims("")),
            ("a_mac", claims(&mac)),
            (
                "missing",
                format!("<claims xmlns='urn:gavel:claims:0'>{json}</claims>"),
            ),
            ("twice", format!("{}{}", claims(&mac), claims(&mac))),
            ("identity", identity.to_string()),
            (
                "module",
                "<module xmlns='urn:gavel:module:0' version='1'/>".to_string(),
            ),
        ];
        let mut clients = Vec::new();
        for (name, child) in cases {
            let client = env.client(name).await;
            client.join(ROOM, name, &child).await;
            clients.push((name, client));
        }
        env.settle().await;
        for (name, _) in &clients {
            assert_eq!(
                focus.affiliation(ROOM, name),
                "none",
                "{name} with {sources}"
            );
        }
        assert_eq!(env.requests().await, []);
        // Nor does a token count if that source is not listed.
        let _bob = env.person(ROOM, "bob", Some(student("Bob"))).await;
        env.settle().await;
        let expected = if sources.contains("jwt") {
            "member"
        } else {
            "none"
        };
        assert_eq!(focus.affiliation(ROOM, "bob"), expected, "{sources}");
    }
}
on_both!(claims_that_clients_write_themselves_are_not_believed);

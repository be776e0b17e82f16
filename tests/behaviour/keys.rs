//! Section 3: keys from servers (`jwks_url`, `asap_key_server`).

mod invented;
mod tls;

use crate::on_both;
use crate::support::{
    Answer, Client, Env, Issuer, KeyServer, Version, complete, jwt, nick, sign_with, student,
    teacher,
};
use jsonwebtoken::Algorithm;
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};

const ROOM: &str = "room@muc.meet.jitsi";

/// Somebody comes with a token.
async fn comes(env: &Env, name: &str, token: &str) -> Arc<Client> {
    let client = env.client(name).await;
    client.join(ROOM, name, token).await;
    client
}

/// A server that has one set of keys, gavel which trusts it, and the focus.
async fn with_set(version: Version, issuer: &Issuer) -> (KeyServer, Env, Arc<Client>) {
    let server = KeyServer::start().await;
    server.answer("/keys", Answer::set(&[issuer]));
    let env = Env::gavel(version, &server.jwks()).await;
    let focus = env.focus(ROOM).await;
    (server, env, focus)
}

/// How often gavel has told that it did not believe claims.
fn rejections(env: &Env) -> usize {
    env.gavel.log().matches("claims rejected").count()
}

async fn keys_a_person_is_judged_when_the_key_arrives_and_nobody_else_waits(version: Version) {
    let (old, new) = (Issuer::new("old", 1), Issuer::new("new", 2));
    let server = KeyServer::start().await;
    server.publish(&old);
    server.answer(&new.asap_path(), Answer::Held(new.pem()));
    let env = Env::gavel(version, &server.asap()).await;
    let focus = env.focus(ROOM).await;
    let alice = env.client("alice").await;
    let token = format!("{}{}", new.token(teacher("Alice")), nick("Somebody else"));
    alice.join(ROOM, "alice", &token).await;
    // Nothing will change but his name, so the room publishes him no more.
    focus
        .affiliate(ROOM, "tim@meet.jitsi", "member")
        .await
        .unwrap();
    let tim = env.client("tim").await;
    let token = format!("{}{}", new.token(student("Tim")), nick("Somebody else"));
    tim.join(ROOM, "tim", &token).await;
    server.asked(&new.asap_path()).await;
    // Meanwhile everything else goes on.
    let _bob = comes(&env, "bob", &old.token(teacher("Bob"))).await;
    focus.sees_affiliation(ROOM, "bob", "owner").await;
    focus
        .affiliate(ROOM, "alice@meet.jitsi", "owner")
        .await
        .unwrap();
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "alice"), "none", "a guest so far");
    assert_eq!(rejections(&env), 0, "nothing is decided");
    server.release();
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    focus.sees_name(ROOM, "alice", "Alice").await;
    focus.sees_name(ROOM, "tim", "Tim").await;
    assert_eq!(rejections(&env), 0);
    assert_eq!(server.requests().len(), 2, "each key once");
}
on_both!(keys_a_person_is_judged_when_the_key_arrives_and_nobody_else_waits);

/// Only the newest evidence of somebody who waits counts.
async fn keys_the_newest_evidence_counts(version: Version) {
    let issuer = Issuer::new("k", 1);
    let server = KeyServer::start().await;
    server.answer("/keys", Answer::Held(set(&[&issuer])));
    let env = Env::gavel(version, &server.jwks()).await;
    let focus = env.focus(ROOM).await;
    server.asked("/keys").await;
    let clients = [
        env.client("alice").await,
        env.client("bob").await,
        env.client("carol").await,
    ];
    let [alice, bob, carol] = &clients;
    alice.join(ROOM, "alice", &issuer.token(teacher("A"))).await;
    bob.join(ROOM, "bob", &issuer.token(teacher("B"))).await;
    carol.join(ROOM, "carol", &issuer.token(teacher("C"))).await;
    bob.presence(ROOM, "bob", &issuer.token(student("B"))).await;
    carol.presence(ROOM, "carol", "").await;
    env.settle().await;
    server.release();
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    focus.sees_affiliation(ROOM, "bob", "member").await;
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "carol"), "none");
    assert_eq!(rejections(&env), 0);
}
on_both!(keys_the_newest_evidence_counts);

fn set(issuers: &[&Issuer]) -> String {
    match Answer::set(issuers) {
        Answer::Text(text) => text,
        _ => unreachable!("a set is text"),
    }
}

async fn keys_rotate_without_a_restart(version: Version) {
    let (old, new) = (Issuer::new("old", 1), Issuer::new("new", 2));
    let (server, env, focus) = with_set(version, &old).await;
    let alice = comes(&env, "alice", &old.token(teacher("Alice"))).await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    server.answer("/keys", Answer::set(&[&new]));
    let _bob = comes(&env, "bob", &new.token(teacher("Bob"))).await;
    focus.sees_affiliation(ROOM, "bob", "owner").await;
    // The old key is gone, the right that it gave is not.
    let _late = comes(&env, "late", &old.token(teacher("Late"))).await;
    alice.presence(ROOM, "alice", "<x xmlns='urn:test'/>").await;
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "late"), "none");
    assert_eq!(focus.affiliation(ROOM, "bob"), "owner");
    assert_eq!(server.requests().len(), 2, "at most once a minute");
}
on_both!(keys_rotate_without_a_restart);

async fn keys_a_server_that_comes_late_is_waited_for(version: Version) {
    let issuer = Issuer::new("k", 1);
    let mut server = KeyServer::down().await;
    server.answer("/keys", Answer::set(&[&issuer]));
    let env = Env::gavel(version, &server.jwks()).await;
    let focus = env.focus(ROOM).await;
    let _alice = comes(&env, "alice", &issuer.token(teacher("Alice"))).await;
    let line = env.gavel.logs("its key could not be had").await;
    assert!(
        line.contains("bad_signature") && line.contains("refused"),
        "{line}"
    );
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "alice"), "none");
    server.up().await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    assert_eq!(rejections(&env), 1, "told once");
    assert_eq!(
        env.gavel.log().matches("keys cannot be fetched: ").count(),
        1
    );
}
on_both!(keys_a_server_that_comes_late_is_waited_for);

/// Neither the server's end nor gavel's own takes anything from anybody.
async fn keys_that_are_here_outlive_their_server(version: Version) {
    let issuer = Issuer::new("k", 1);
    let mut server = KeyServer::start().await;
    server.answer("/keys", Answer::set(&[&issuer]));
    let mut env = Env::gavel(version, &server.jwks()).await;
    let focus = env.focus(ROOM).await;
    let _alice = comes(&env, "alice", &issuer.token(teacher("Alice"))).await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    server.stop().await;
    let _bob = comes(&env, "bob", &issuer.token(teacher("Bob"))).await;
    focus.sees_affiliation(ROOM, "bob", "owner").await;
    let before = env.requests().await.len();
    env.gavel.stop().await;
    env.gavel.restart();
    env.connected().await;
    env.gavel.logs_again("keys cannot be fetched").await;
    env.gavel.logs_again("joined").await;
    let _carol = comes(&env, "carol", &issuer.token(teacher("Carol"))).await;
    env.gavel.logs_again("its key could not be had").await;
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "carol"), "none");
    assert_eq!(focus.affiliation(ROOM, "alice"), "owner");
    assert_eq!(focus.affiliation(ROOM, "bob"), "owner");
    let since = env.requests().await.split_off(before);
    assert!(
        since
            .iter()
            .all(|(jid, _)| !jid.starts_with("alice") && !jid.starts_with("bob")),
        "{since:?}"
    );
    server.up().await;
    focus.sees_affiliation(ROOM, "carol", "owner").await;
}
on_both!(keys_that_are_here_outlive_their_server);

async fn keys_wrong_answers_yield_nothing_and_are_told(version: Version) {
    let server = KeyServer::start().await;
    let elsewhere = KeyServer::start().await;
    let other = Issuer::new("other", 99);
    let redirect = |path: &str| Answer::Redirect(path.to_string());
    let to_other_host = format!("http://localhost:{}/asap/there.pem", elsewhere.port);
    let cases = [
        ("status", Answer::Status(500), "the server answered 500"),
        ("absent", Answer::Status(404), ".pem is not there (404"),
        (
            "html",
            Answer::Text("<html>keys</html>".into()),
            "no public key in PEM",
        ),
        ("empty", Answer::Text(String::new()), "no public key in PEM"),
        (
            "huge",
            Answer::Text("x".repeat(1 << 20)),
            "longer than 16384 bytes",
        ),
        (
            "private",
            Answer::Text("-----BEGIN PRIVATE KEY-----\nAA==\n".into()),
            "a private key",
        ),
        (
            "away",
            redirect(&to_other_host),
            "redirects to another host",
        ),
        (
            "round",
            redirect(&Issuer::new("round", 1).asap_path()),
            "redirects too often",
        ),
        ("wrong", Answer::Text(other.pem()), ""),
    ];
    let env = Env::gavel(version, &server.asap()).await;
    let focus = env.focus(ROOM).await;
    elsewhere.answer(
        "/asap/there.pem",
        Answer::Text(Issuer::new("away", 1).pem()),
    );
    let mut clients = Vec::new();
    for (kid, answer, _) in &cases {
        let issuer = Issuer::new(kid, 1);
        server.answer(&issuer.asap_path(), answer.clone());
        let client = env.client(kid).await;
        client.join(ROOM, kid, &issuer.token(teacher(kid))).await;
        clients.push(client);
    }
    for (kid, _, why) in &cases {
        let line = env
            .gavel
            .logs(&format!("nick={kid} jid={kid}@meet.jitsi"))
            .await;
        assert!(
            line.contains("bad_signature") && line.contains(why),
            "{line}"
        );
    }
    let near = Issuer::new("near", 3);
    server.answer(&near.asap_path(), redirect("/other"));
    server.answer("/other", Answer::Text(near.pem()));
    let _client = comes(&env, "near", &near.token(teacher("Near"))).await;
    focus.sees_affiliation(ROOM, "near", "owner").await;
    env.settle().await;
    for (kid, ..) in &cases {
        assert_eq!(focus.affiliation(ROOM, kid), "none", "{kid}");
    }
    assert_eq!(rejections(&env), cases.len());
    assert_eq!(elsewhere.requests(), [""; 0], "never asked");
}
on_both!(keys_wrong_answers_yield_nothing_and_are_told);

/// A set that is no set leaves the keys that are here; one that is decides.
async fn keys_a_set_is_replaced_only_by_a_set(version: Version) {
    let issuer = Issuer::new("k", 1);
    let (server, env, focus) = with_set(version, &issuer).await;
    server.asked("/keys").await;
    server.answer("/keys", Answer::Text("<html>maintenance</html>".into()));
    let stranger = env.client("stranger").await;
    let unknown = Issuer::new("unknown", 2);
    stranger
        .join(ROOM, "stranger", &unknown.token(teacher("S")))
        .await;
    env.gavel.logs("no JSON Web Key Set").await;
    let _alice = comes(&env, "alice", &issuer.token(teacher("Alice"))).await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    server.answer("/keys", Answer::Text(" ".repeat(300_000)));
    env.gavel.logs("longer than 262144 bytes").await;
    let _bob = comes(&env, "bob", &issuer.token(teacher("Bob"))).await;
    focus.sees_affiliation(ROOM, "bob", "owner").await;
    assert_eq!(focus.affiliation(ROOM, "stranger"), "none");
}
on_both!(keys_a_set_is_replaced_only_by_a_set);

/// A public key set must not let anybody sign.
async fn keys_of_a_set_are_used_for_their_purpose(version: Version) {
    let good = Issuer::new("good", 1);
    let mut encryption = Issuer::new("enc", 2).jwk();
    encryption["use"] = json!("enc");
    let mut other_alg = Issuer::new("es384", 3).jwk();
    other_alg["alg"] = json!("ES384");
    let secret = b"a secret that everybody can read";
    let oct = json!({"kty": "oct", "kid": "oct", "alg": "HS256", "k": base64url(secret)});
    let keys = json!({"keys": [encryption, other_alg, oct, "odd", good.jwk()]});
    let server = KeyServer::start().await;
    server.answer("/keys", Answer::Text(keys.to_string()));
    let env = Env::gavel(version, &server.jwks()).await;
    let focus = env.focus(ROOM).await;
    let claims = || complete(teacher("Eve"));
    let pem = good.pem();
    let cases = [
        ("enc", Issuer::new("enc", 2).token(teacher("E"))),
        ("es384", Issuer::new("es384", 3).token(teacher("E"))),
        ("oct", jwt(&sign_with(&claims(), Algorithm::HS256, secret))),
        (
            "pem",
            jwt(&sign_with(&claims(), Algorithm::HS256, pem.as_bytes())),
        ),
        ("other", Issuer::new("good", 9).token(teacher("E"))),
    ];
    let mut clients = Vec::new();
    for (name, token) in &cases {
        let client = env.client(name).await;
        client.join(ROOM, name, token).await;
        clients.push(client);
    }
    let _alice = comes(&env, "alice", &good.token(teacher("Alice"))).await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    // The second fetch is for the first unknown key; it has been looked for.
    for (name, reason) in [
        ("enc", "bad_signature"),
        ("oct", "algorithm"),
        ("pem", "algorithm"),
        ("other", "bad_signature"),
    ] {
        let line = env.gavel.logs(&format!("nick={name}")).await;
        assert!(line.contains(reason), "{line}");
    }
    env.settle().await;
    for (name, _) in &cases {
        assert_eq!(focus.affiliation(ROOM, name), "none", "{name}");
    }
}
on_both!(keys_of_a_set_are_used_for_their_purpose);

fn base64url(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

/// A token that waits is its first bearer's, even one who leaves meanwhile.
async fn keys_a_copied_token_yields_nothing_while_its_key_is_awaited(version: Version) {
    let issuer = Issuer::new("k", 1);
    let server = KeyServer::start().await;
    server.answer(&issuer.asap_path(), Answer::Held(issuer.pem()));
    let env = Env::gavel(version, &server.asap()).await;
    let focus = env.focus(ROOM).await;
    let tokens = [issuer.token(teacher("Alice")), issuer.token(teacher("Bob"))];
    let clients = [
        env.client("alice").await,
        env.client("bob").await,
        env.client("mallory").await,
        env.client("mel").await,
    ];
    let [alice, bob, mallory, mel] = &clients;
    alice.join(ROOM, "alice", &tokens[0]).await;
    bob.join(ROOM, "bob", &tokens[1]).await;
    mallory.join(ROOM, "mallory", &tokens[0]).await;
    bob.leave(ROOM, "bob").await;
    mel.join(ROOM, "mel", &tokens[1]).await;
    env.settle().await;
    server.release();
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    env.gavel.logs("nick=mel").await;
    env.settle().await;
    for copy in ["mallory", "mel"] {
        assert_eq!(focus.affiliation(ROOM, copy), "none", "{copy}");
        let line = env.gavel.logs(&format!("nick={copy}")).await;
        assert!(line.contains("replayed"), "{line}");
    }
    bob.join(ROOM, "bob", &tokens[1]).await;
    focus.sees_affiliation(ROOM, "bob", "owner").await;
}
on_both!(keys_a_copied_token_yields_nothing_while_its_key_is_awaited);

/// `exp` is judged when the token is shown, however long its key takes.
async fn keys_a_token_may_expire_while_its_key_is_awaited(version: Version) {
    let issuer = Issuer::new("k", 1);
    let server = KeyServer::start().await;
    server.answer(&issuer.asap_path(), Answer::Held(issuer.pem()));
    let settings = format!("{}leeway = \"0s\"\n", server.asap());
    let env = Env::gavel(version, &settings).await;
    let focus = env.focus(ROOM).await;
    let now = || {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        now.unwrap().as_secs()
    };
    let exp = now() + 3;
    let mut claims = teacher("Alice");
    claims["exp"] = json!(exp);
    let _alice = comes(&env, "alice", &issuer.token(claims.clone())).await;
    env.settle().await;
    while now() <= exp {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let _late = comes(&env, "late", &issuer.token(claims)).await;
    let line = env.gavel.logs("nick=late").await;
    assert!(line.contains("expired"), "{line}");
    server.release();
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "late"), "none");
}
on_both!(keys_a_token_may_expire_while_its_key_is_awaited);

/// URLs may hold credentials, which the server gets and nobody else.
async fn b14_keys_the_credentials_of_a_url_are_in_no_log(version: Version) {
    let issuer = Issuer::new("k", 1);
    let mut server = KeyServer::start().await;
    server.answer("/keys", Answer::set(&[&issuer]));
    let settings = server
        .jwks()
        .replace("//", "//marker:marker@")
        .replace("/keys", "/keys?marker");
    let mut env = Env::gavel(version, &settings).await;
    env.gavel.kill();
    env.gavel.restart_with_log("trace");
    env.connected().await;
    let focus = env.focus(ROOM).await;
    let _alice = comes(&env, "alice", &issuer.token(teacher("Alice"))).await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    server.stop().await;
    let eve = env.client("eve").await;
    eve.join(ROOM, "eve", &Issuer::new("other", 2).token(teacher("Eve")))
        .await;
    env.gavel.logs("keys cannot be fetched").await;
    let log = env.gavel.log();
    let line = log.lines().find(|line| line.contains("marker"));
    assert_eq!(line, None);
}
on_both!(b14_keys_the_credentials_of_a_url_are_in_no_log);

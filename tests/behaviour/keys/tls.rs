//! Keys that come over TLS.

use super::*;
use crate::support::{Gavel, TlsServer};

/// `text` as the whole answer of a server.
fn response(text: &str) -> String {
    let length = text.len();
    format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}")
}

/// The certificate counts, and the name in it.
async fn keys_come_over_tls_from_trusted_servers(version: Version) {
    let issuer = Issuer::new("k", 1);
    let server = TlsServer::start(response(&set(&[&issuer])));
    let settings = |host: &str| {
        let port = server.port;
        format!(
            "[claims.jwt]\nalgorithms = [\"ES256\"]\njwks_url = \"https://{host}:{port}/keys\"\n"
        )
    };
    let mut env = Env::gavel(version, &settings("localhost")).await;
    let focus = env.focus(ROOM).await;
    let _alice = comes(&env, "alice", &issuer.token(teacher("Alice"))).await;
    let line = env.gavel.logs("its key could not be had").await;
    assert!(line.contains("certificate"), "{line}");
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "alice"), "none", "an unknown CA");
    let ca = TlsServer::ca();
    let trusted = [("SSL_CERT_FILE", ca.to_str().unwrap())];
    env.gavel.kill();
    env.gavel = Gavel::start_with(&env.prosody, &settings("127.0.0.2"), &trusted);
    env.connected().await;
    env.gavel.logs("keys cannot be fetched").await;
    env.gavel.kill();
    env.gavel = Gavel::start_with(&env.prosody, &settings("localhost"), &trusted);
    focus.sees_affiliation(ROOM, "alice", "owner").await;
}
on_both!(keys_come_over_tls_from_trusted_servers);

/// A redirect must not take the way that the key comes by out of TLS.
async fn keys_are_not_fetched_without_tls_after_a_redirect_from_it(version: Version) {
    let issuer = Issuer::new("k", 1);
    let plain = KeyServer::start().await;
    plain.answer("/keys", Answer::set(&[&issuer]));
    let to = format!("http://localhost:{}/keys", plain.port);
    let redirect = format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
    let server = TlsServer::start(redirect);
    let ca = TlsServer::ca();
    let mut env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    env.gavel.kill();
    let settings = format!(
        "[claims.jwt]\nalgorithms = [\"ES256\"]\njwks_url = \"https://localhost:{}/keys\"\n",
        server.port
    );
    let trusted = [("SSL_CERT_FILE", ca.to_str().unwrap())];
    env.gavel = Gavel::start_with(&env.prosody, &settings, &trusted);
    env.connected().await;
    let _alice = comes(&env, "alice", &issuer.token(teacher("Alice"))).await;
    let line = env.gavel.logs("its key could not be had").await;
    assert!(line.contains("from https to http"), "{line}");
    assert_eq!(plain.requests(), [""; 0]);
    assert_eq!(focus.affiliation(ROOM, "alice"), "none");
}
on_both!(keys_are_not_fetched_without_tls_after_a_redirect_from_it);

//! B14: secrets and tokens appear nowhere.

use crate::on_both;
use crate::support::{
    Client, Env, JWT_SECRET, SECRET, Version, complete, jwt, nick, sign, sign_with, student,
    teacher,
};
use jsonwebtoken::Algorithm;

const ROOM: &str = "room@muc.meet.jitsi";

async fn b14_neither_logs_nor_state_hold_secrets_or_tokens(version: Version) {
    let mut env = Env::new(version).await;
    env.gavel.kill();
    env.gavel.restart_with_log("trace");
    env.connected().await;
    let focus = env.focus(ROOM).await;
    let good = sign(&complete(teacher("Alice")));
    let student_token = sign(&complete(student("Bob")));
    let forged = sign_with(
        &complete(teacher("Eve")),
        Algorithm::HS256,
        b"another key of 32 bytes or more..",
    );
    let other = sign_with(
        &complete(teacher("Eve")),
        Algorithm::HS512,
        JWT_SECRET.as_bytes(),
    );
    let mut clients: Vec<std::sync::Arc<Client>> = Vec::new();
    for (name, token) in [
        ("alice", &good),
        ("copy", &good),
        ("bob", &student_token),
        ("eve", &forged),
        ("finn", &other),
    ] {
        let client = env.client(name).await;
        client
            .join(ROOM, name, &format!("{}{}", jwt(token), nick("Somebody")))
            .await;
        clients.push(client);
    }
    clients[0].sees_affiliation(ROOM, "alice", "owner").await;
    focus
        .affiliate(ROOM, "bob@meet.jitsi", "owner")
        .await
        .unwrap();
    focus.sees_affiliation(ROOM, "bob", "member").await;
    env.settle().await;
    env.gavel.stop().await;
    let state = std::fs::read_to_string(env.gavel.state_file()).unwrap();
    let log = env.gavel.log();
    assert!(log.len() > 1000 && !state.is_empty());
    for (what, secret) in [
        ("the component's secret", SECRET),
        ("the key of tokens", JWT_SECRET),
        ("a good token", &good),
        ("a student's token", &student_token),
        ("a forged token", &forged),
        ("a token of another algorithm", &other),
    ] {
        // A part would be as bad: header, payload and signature alike.
        let mut parts: Vec<&str> = secret.split('.').filter(|p| p.len() > 40).collect();
        parts.push(secret);
        for part in parts {
            // All tokens share the header, which is no secret.
            if part.len() < 45 && part.starts_with("eyJ") {
                continue;
            }
            assert!(!log.contains(part), "the log has {what}");
            assert!(!state.contains(part), "the state file has {what}");
        }
    }
}
on_both!(b14_neither_logs_nor_state_hold_secrets_or_tokens);

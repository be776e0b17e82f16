//! Keys that nobody has: their cost for the server, and the people that they keep waiting.

use super::*;

/// Somebody who invents key ids cannot make gavel hammer the server, and keeps no real key
/// from being fetched.
async fn keys_invented_ids_cost_little(version: Version) {
    let real = Issuer::new("real", 1);
    let server = KeyServer::start().await;
    server.publish(&real);
    let env = Env::gavel(version, &server.asap()).await;
    let focus = env.focus(ROOM).await;
    let start = Instant::now();
    let eves = [env.client("eve").await, env.client("eva").await];
    for (name, eve) in ["eve", "eva"].iter().zip(&eves) {
        eve.join(ROOM, name, "").await;
        for number in 0..200 {
            let invented = Issuer::new(&format!("{name} {number}"), 9);
            eve.presence(ROOM, name, &invented.token(teacher("Eve")))
                .await;
        }
    }
    env.settle().await;
    let _alice = comes(&env, "alice", &real.token(teacher("Alice"))).await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    let allowed = 44 + 14 * (start.elapsed().as_secs() as usize + 1) + 1;
    let asked = server.requests();
    assert!(asked.len() <= allowed, "{} of {allowed}", asked.len());
    // How many of hers were fetched depends on how fast she is: only her newest
    // is wanted.
    assert!(asked.len() > 4, "{asked:?}");
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "eve"), "none");
}
on_both!(keys_invented_ids_cost_little);

/// A crowd of guests, each with an invented id, keeps no teacher waiting.
async fn keys_a_crowd_with_invented_ids_keeps_no_teacher_waiting(version: Version) {
    let real = Issuer::new("real", 1);
    let server = KeyServer::start().await;
    server.publish(&real);
    let env = Env::gavel(version, &server.asap()).await;
    let focus = env.focus(ROOM).await;
    let mut crowd = Vec::new();
    for number in 0..60 {
        let name = format!("guest{number}");
        crowd.push((env.client(&name).await, name));
    }
    for (number, (client, name)) in crowd.iter().enumerate() {
        let invented = Issuer::new(&format!("invented {number}"), 9);
        comes_as(client, name, &invented.token(teacher("Eve"))).await;
    }
    let start = Instant::now();
    let _alice = comes(&env, "alice", &real.token(teacher("Alice"))).await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    let after = start.elapsed();
    println!("the teacher is owner after {after:?}");
    assert!(after < Duration::from_secs(2), "{after:?}");
    // Nobody of the crowd is forgotten either.
    let last = Issuer::new("invented 59", 9).asap_path();
    server.asked(&last).await;
}
on_both!(keys_a_crowd_with_invented_ids_keeps_no_teacher_waiting);

async fn comes_as(client: &crate::support::Client, name: &str, token: &str) {
    client.join(ROOM, name, token).await;
}

async fn keys_invented_ids_cost_a_set_one_fetch(version: Version) {
    let real = Issuer::new("real", 1);
    let (server, env, focus) = with_set(version, &real).await;
    server.asked("/keys").await;
    let eve = env.client("eve").await;
    eve.join(ROOM, "eve", "").await;
    for number in 0..100 {
        let invented = Issuer::new(&format!("k {number}"), 9);
        eve.presence(ROOM, "eve", &invented.token(teacher("Eve")))
            .await;
    }
    let _alice = comes(&env, "alice", &real.token(teacher("Alice"))).await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    env.settle().await;
    assert_eq!(server.requests(), ["/keys", "/keys"]);
    assert_eq!(focus.affiliation(ROOM, "eve"), "none");
}
on_both!(keys_invented_ids_cost_a_set_one_fetch);

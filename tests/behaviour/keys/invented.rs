//! Keys that nobody has: what they cost the server, and whom they keep waiting.

use super::*;

/// Whoever invents key ids cannot make gavel hammer the server, and keeps no
/// real key from being fetched.
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
    let allowed = 20 + 2 * (start.elapsed().as_secs() as usize + 1) + 1;
    let asked = server.requests();
    assert!(asked.len() <= allowed, "{} of {allowed}", asked.len());
    // How many of hers were fetched depends on how fast she is: only her newest
    // is wanted.
    assert!(asked.len() > 4, "{asked:?}");
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "eve"), "none");
}
on_both!(keys_invented_ids_cost_little);

/// Everybody has one place in the queue for keys, in the order in which they came.
async fn keys_are_fetched_in_the_order_in_which_people_came(version: Version) {
    let real = Issuer::new("real", 1);
    let server = KeyServer::start().await;
    server.publish(&real);
    let env = Env::gavel(version, &server.asap()).await;
    let focus = env.focus(ROOM).await;
    let mut clients = Vec::new();
    let invented = |name: &str, number: u32| Issuer::new(&format!("{name} {number}"), 9);
    for name in ["a", "b", "c", "alice", "x", "y", "z"] {
        let client = env.client(name).await;
        client.join(ROOM, name, "").await;
        clients.push((name, client));
    }
    // What may be asked for at once is used up by the first, and more than that
    // wanted by the second.
    for number in 0..40 {
        let (name, client) = &clients[number % 2];
        let token = invented(name, number as u32).token(teacher("Eve"));
        client.presence(ROOM, name, &token).await;
        env.settle().await;
    }
    for (name, client) in &clients[2..] {
        let issuer = match *name {
            "alice" => Issuer::new("real", 1),
            name => invented(name, 0),
        };
        client
            .presence(ROOM, name, &issuer.token(teacher(name)))
            .await;
    }
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    let last = invented("z", 0).asap_path();
    server.asked(&last).await;
    let asked = server.requests();
    let turn = |path: String| asked.iter().position(|asked| *asked == path);
    let turns = [
        turn(invented("c", 0).asap_path()),
        turn(real.asap_path()),
        turn(invented("x", 0).asap_path()),
        turn(invented("y", 0).asap_path()),
        turn(last),
    ];
    assert!(turns[0].is_some() && turns.is_sorted(), "{turns:?}");
}
on_both!(keys_are_fetched_in_the_order_in_which_people_came);

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

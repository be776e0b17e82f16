//! B16: a tenant's room has one address on the wire from Prosody and another to
//! it.

use crate::on_both;
use crate::support::{Env, Options, Version, complete, jwt, nick, sign, student, teacher, token};
use serde_json::{Value, json};

/// As clients and gavel see it.
const ROOM: &str = "room@muc.school.meet.jitsi";
/// As Prosody stores it.
const STORED: &str = "[school]room@muc.meet.jitsi";

async fn scene(version: Version) -> Env {
    let options = Options {
        host_modules: vec!["test_tenants"],
        ..Options::default()
    };
    let services = "muc = [{ service = \"muc.meet.jitsi\", tenants = true }]";
    Env::with(version, options, services).await
}

async fn b16_a_tenants_room_is_kept(version: Version) {
    let env = scene(version).await;
    let focus = env.focus(ROOM).await;
    let alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    let bob = env.client("bob").await;
    let own = jwt(&token(student("Bob")));
    bob.join(ROOM, "bob", &format!("{own}{}", nick("Bob")))
        .await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    focus.sees_affiliation(ROOM, "bob", "member").await;
    focus
        .affiliate(ROOM, "bob@meet.jitsi", "owner")
        .await
        .unwrap();
    focus.sees_affiliation(ROOM, "bob", "member").await;
    bob.presence(ROOM, "bob", &format!("{own}{}", nick("The Teacher")))
        .await;
    env.settle().await;
    focus.sees_name(ROOM, "bob", "Bob").await;
    bob.presence(ROOM, "teacher", &format!("{own}{}", nick("Bob")))
        .await;
    env.settle().await;
    assert!(focus.occupant(ROOM, "teacher").is_none());
    alice
        .affiliate(ROOM, "bob@meet.jitsi", "owner")
        .await
        .unwrap();
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "bob"), "owner");
    let log = env.gavel.log();
    assert!(
        log.contains(STORED),
        "logs use the name that Prosody stores"
    );
    assert!(!log.contains("muc.school.meet.jitsi"), "{log}");
    // An untenanted room of the same name is another one.
    let plain = "room@muc.meet.jitsi";
    let carol = env.person(plain, "carol", Some(student("Carol"))).await;
    env.gavel_joins(&carol, plain).await;
    assert!(carol.occupant(plain, "alice").is_none());
}
on_both!(b16_a_tenants_room_is_kept);

/// In `[tenant]room` the token's `sub` must be the tenant or `*`.
async fn b16_a_token_of_another_tenant_yields_nothing(version: Version) {
    let env = scene(version).await;
    let focus = env.focus(ROOM).await;
    let with = |claims: Value, more: Value| {
        let (mut claims, more) = (complete(claims), more);
        let members = claims.as_object_mut().unwrap();
        members.extend(more.as_object().unwrap().clone());
        jwt(&sign(&claims))
    };
    let cases = [
        ("own", json!({ "sub": "school" }), "owner"),
        ("any", json!({ "sub": "*" }), "owner"),
        ("other", json!({ "sub": "university" }), "none"),
        ("base", json!({ "sub": "meet.jitsi" }), "none"),
        ("room", json!({ "sub": "school", "room": "room" }), "owner"),
        (
            "foreign",
            json!({ "sub": "school", "room": "hall" }),
            "none",
        ),
    ];
    let mut clients = Vec::new();
    for (name, more, affiliation) in cases {
        let client = env.client(name).await;
        client.join(ROOM, name, &with(teacher(name), more)).await;
        focus.sees_affiliation(ROOM, name, affiliation).await;
        clients.push(client);
        env.settle().await;
        assert_eq!(focus.affiliation(ROOM, name), affiliation, "{name}");
    }
}
on_both!(b16_a_token_of_another_tenant_yields_nothing);

/// The same holds for the module's claims, whatever Prosody itself checks.
async fn b16_claims_by_the_module_are_for_one_tenant(version: Version) {
    let cases = [
        ("own", json!({ "sub": "school" }), "owner"),
        ("any", json!({ "sub": "*" }), "owner"),
        ("other", json!({ "sub": "university" }), "none"),
        ("base", json!({ "sub": "meet.jitsi" }), "none"),
    ];
    for checked in [true, false] {
        let mut options = Options::with_module();
        options.host_modules = vec!["test_tenants"];
        let services = "muc = [{ service = \"muc.meet.jitsi\", tenants = true }]";
        let settings = format!(
            "{services}\n[claims]\nsources = [\"bridge\"]\n[claims.jwt]\nverify_tenant = {checked}"
        );
        let env = Env::with(version, options, &settings).await;
        let focus = env.focus_with_module(ROOM).await;
        for (name, more, affiliation) in cases.clone() {
            let client = env.client(name).await;
            let mut claims = complete(teacher(name));
            let members = claims.as_object_mut().unwrap();
            members.extend(more.as_object().unwrap().clone());
            client.verified(&sign(&claims)).await;
            client.join(ROOM, name, "").await;
            env.settle().await;
            let expected = if checked { affiliation } else { "owner" };
            assert_eq!(focus.affiliation(ROOM, name), expected, "{name} {checked}");
        }
    }
}
on_both!(b16_claims_by_the_module_are_for_one_tenant);

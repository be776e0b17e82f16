//! Rooms that gavel has made members-only, because nobody is there to host them.

use crate::on_both;
use crate::scene::{ROOM, Scene};
use crate::support::Version;
use serde_json::json;

/// A room that gavel has locked lets in people whose token is for it, whether or not
/// Jitsi's token_verification is loaded.
async fn module_lets_only_people_with_a_token_for_it_into_a_locked_room(version: Version) {
    let scene = Scene::new(version).await;
    let (plain, tenants) = (ROOM, "[acme]lesson@muc.meet.jitsi");
    let alice = scene.client("alice").await;
    for room in [plain, tenants] {
        alice.join(room, "alice", "").await;
        scene.follow(room).await;
        let members_only = [("muc#roomconfig_membersonly", "1")];
        scene.gavel.configure(room, &members_only).await.unwrap();
    }
    let pattern = |room: &str| json!({ "room": room, "context": { "room": { "regex": true } } });
    let mut failed = Vec::new();
    for (room, claims, admitted) in [
        (plain, json!({}), true),
        (plain, json!({ "room": "*" }), true),
        (plain, json!({ "room": "Room" }), true),
        (plain, json!({ "room": "other" }), false),
        (plain, json!({ "room": "roo" }), false),
        (plain, json!({ "room": "r.*" }), false),
        (plain, json!({ "room": 1 }), false),
        (plain, pattern("r.*"), true),
        (plain, pattern("roo"), false),
        (plain, pattern("[r"), false),
        (tenants, json!({ "room": "*", "sub": "*" }), true),
        (tenants, json!({ "room": "lesson", "sub": "Acme" }), true),
        (
            tenants,
            json!({ "room": "[acme]lesson", "sub": "acme" }),
            true,
        ),
        (tenants, json!({ "room": "*", "sub": "other" }), false),
        (tenants, json!({ "room": "other", "sub": "acme" }), false),
    ] {
        let host = scene.client("host").await;
        let token = crate::support::token(claims.clone());
        let verified = format!("auth_token = '{token}', jitsi_meet_domain = '*'");
        scene.session(&host, &verified).await;
        let entered = host.try_join(room, "host", "").await;
        let expected = match admitted {
            true => Ok(()),
            false => Err("registration-required".to_owned()),
        };
        if entered.map(|_| ()) != expected {
            failed.push((room, claims));
        }
        let removed = format!("room('{room}'):set_affiliation(true, 'host@meet.jitsi', nil)");
        scene.eval(&removed).await;
    }
    assert!(failed.is_empty(), "{failed:?}");
}
on_both!(module_lets_only_people_with_a_token_for_it_into_a_locked_room);

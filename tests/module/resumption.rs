//! A connection breaks and another one goes on with the session (XEP-0198): the module keeps its
//! record of it.

use crate::breakout::{ONE, connected};
use crate::features::{map, told};
use crate::on_both;
use crate::permissions::{defaults, says_of};
use crate::scene::{ROOM, Scene, claims, options, verified};
use crate::support::{Client, El, Options, Version, nick, sign};
use serde_json::json;

/// A scene in which clients can take up their sessions again.
async fn scene(version: Version) -> Scene {
    let mut options = Options {
        muc_modules: vec!["test_permissions", "gavel", "test_eval"],
        global: r#"muc_mapper_domain_base = "meet.jitsi" muc_mapper_domain_prefix = "muc""#.into(),
        ..options()
    };
    options.host_modules.push("smacks");
    Scene::with(version, options).await
}

/// The connection of a session breaks; Prosody has noticed.
async fn break_of(scene: &Scene, client: Client, fields: Option<&str>) -> Client {
    let lost = client.breaks();
    let hibernates = format!("return session('{}').hibernating and 1 or 0", lost.jid);
    while scene.eval(&hibernates).await != "1" {}
    lost.resumes(&scene.prosody, fields).await
}

async fn since(scene: &Scene, client: &Client) -> String {
    let code = format!("return session('{}').gavel.seats['{ROOM}']", client.jid);
    scene.eval(&code).await
}

async fn module_keeps_its_record_of_a_resumed_session(version: Version) {
    let scene = scene(version).await;
    let bob = scene.client("bob").await;
    bob.resumable().await;
    scene.session(&bob, &verified("Bob")).await;
    bob.join(ROOM, "bob", &nick("Bob")).await;
    let carol = scene.person("carol").await;
    scene.follow(ROOM).await;
    let pin = format!(
        "<pin xmlns='urn:gavel:names:0' nick='bob' jid='{}'>Bob</pin>",
        bob.jid
    );
    scene.gavel.iq("set", ROOM, &pin).await.unwrap();
    says_of(&scene, ROOM, &bob, &[("send-groupchat", "nobody")])
        .await
        .unwrap();
    let (began, place) = (since(&scene, &bob).await, format!("{ROOM}/bob"));
    let before = claims(&scene.gavel, &scene.latest("bob").await, &place);
    assert!(
        before.as_ref().is_some_and(|json| json.contains("Bob")),
        "{before:?}"
    );
    let bob = break_of(&scene, bob, None).await;
    bob.presence(ROOM, "bob", &(nick("Mallory") + "<hand xmlns='urn:x'/>"))
        .await;
    carol
        .sees(ROOM, "bob", "after it", |o| {
            o.presence.named("hand").is_some()
        })
        .await;
    assert_eq!(carol.name(ROOM, "bob").as_deref(), Some("Bob"));
    let denied = bob.says(ROOM, "groupchat", "<body>denied</body>").await;
    assert_eq!(denied.map(|why| why.0).as_deref(), Some("not-allowed"));
    assert_eq!(since(&scene, &bob).await, began);
    // gavel is shown them as before: also when it has come again.
    scene.gavel.join(ROOM, "gavel", "").await;
    assert_eq!(
        claims(&scene.gavel, &scene.latest("bob").await, &place),
        before
    );
    let left = |s: &El| s.attr("type") == Some("unavailable") && s.attr("from") == Some(&*place);
    assert_eq!((carol.count(left), scene.gavel.count(left)), (0, 0));
}
on_both!(module_keeps_its_record_of_a_resumed_session);

/// A new connection hears the news that Jitsi's modules tell a client, too.
async fn module_knows_the_features_that_a_resumed_client_was_told(version: Version) {
    let scene = scene(version).await;
    let alice = scene.person("alice").await;
    scene.follow(ROOM).await;
    defaults(&scene, &[("recording", "everyone")]).await;
    let bob = scene.client("bob").await;
    bob.resumable().await;
    bob.join(ROOM, "bob", "").await;
    defaults(&scene, &[]).await;
    bob.ping("meet.jitsi").await.unwrap();
    assert_eq!(told(&bob), map(&[("recording", "false")]));
    let bob = break_of(&scene, bob, None).await;
    let features = "jitsi_meet_context_features = { recording = true }";
    scene.session(&alice, features).await;
    alice.affiliate(ROOM, bob.bare(), "owner").await.unwrap();
    bob.sees_affiliation(ROOM, "bob", "owner").await;
    assert_eq!(told(&bob), map(&[("recording", "true")]), "by Jitsi");
    defaults(&scene, &[("recording", "nobody")]).await;
    bob.ping("meet.jitsi").await.unwrap();
    assert_eq!(told(&bob).unwrap()["recording"], "false", "by the module");
}
on_both!(module_knows_the_features_that_a_resumed_client_was_told);

/// A session that goes on may do so by the token of another user id.
async fn module_reads_the_user_id_of_a_new_token(version: Version) {
    let scene = scene(version).await;
    let bob = Client::connect_with(
        &scene.prosody,
        "bob@meet.jitsi/bob",
        Some(&connected("old").to_string()),
    )
    .await;
    bob.resumable().await;
    bob.join(ROOM, "bob", "").await;
    let id = format!(
        "local part = prosody.hosts['muc.meet.jitsi'].modules.gavel.module.part('returns')
         part.restore({{ ['{ONE}'] = {{ ['id:new'] = math.huge }} }})
         return part.may_return({{ jid = '{ONE}', each_occupant = function () return function () end end }}, session('{}'), 'x@y')",
        bob.jid
    );
    assert_eq!(scene.eval(&id).await, "false");
    let bob = break_of(&scene, bob, None).await;
    // As token authentication does on Prosody 13 with the token of the new connection.
    let token = sign(&json!({ "context": { "user": { "id": "new" } } }));
    scene
        .session(&bob, &format!("auth_token = '{token}'"))
        .await;
    assert_eq!(scene.eval(&id).await, "true");
}
on_both!(module_reads_the_user_id_of_a_new_token);

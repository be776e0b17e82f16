//! B17: the permissions that gavel gives people, and how long they hold.

use crate::arrival::{connects, question, session, with};
use crate::on_both;
use crate::scene::{ROOM, SERVICE, Scene};
use crate::support::{Client, El, GAVEL, Version, nick};
use sha2::{Digest, Sha256};

const PERMISSIONS: &str = "urn:gavel:permissions:0";

/// A list as gavel writes it.
pub fn list(names: &[(&str, &str)], attributes: &str) -> String {
    let names: String = names
        .iter()
        .map(|(name, whom)| format!("<p name='{name}' for='{whom}'/>"))
        .collect();
    format!("<permissions xmlns='{PERMISSIONS}'{attributes}>{names}</permissions>")
}

/// Gives the list for people of a service.
pub async fn defaults_on(scene: &Scene, service: &str, names: &[(&str, &str)]) {
    let said = scene.gavel.iq("set", service, &list(names, "")).await;
    said.unwrap();
}

/// The same of the main service.
pub async fn defaults(scene: &Scene, names: &[(&str, &str)]) {
    defaults_on(scene, SERVICE, names).await;
}

/// Gives the list for somebody in a room.
pub async fn says_of(
    scene: &Scene,
    room: &str,
    client: &Client,
    names: &[(&str, &str)],
) -> Result<El, String> {
    let about = format!(" jid='{}'", client.jid);
    scene.gavel.iq("set", room, &list(names, &about)).await
}

fn digest(names: &[(&str, &str)]) -> String {
    let mut lines: Vec<String> = names.iter().map(|(n, w)| format!("{n}={w}\n")).collect();
    lines.sort();
    hex::encode(Sha256::digest(lines.concat()))[..16].to_owned()
}

/// The digest that the module holds, by gavel's newest copy of somebody's presence.
async fn shown(scene: &Scene, client: &Client, name: &str) -> Option<String> {
    // A copy is sent only if something has changed.
    let old = client.name(ROOM, name).unwrap_or_default();
    client.presence(ROOM, name, &nick(&format!("{old}x"))).await;
    client.ping("meet.jitsi").await.unwrap();
    let latest = scene.latest(name).await;
    let claims = latest.child("claims", "urn:gavel:claims:0").unwrap();
    claims.attr("permitted").map(str::to_owned)
}

/// Answers a question as gavel does, with a list.
pub async fn answers(scene: &Scene, question: &El, affiliation: &str, names: &[(&str, &str)]) {
    let id = question.attr("id").unwrap();
    let answer = format!(
        "<arrival xmlns='urn:gavel:arrival:0' affiliation='{affiliation}'>Alice{}</arrival>",
        list(names, "")
    );
    let iq = format!("<iq type='result' id='{id}' from='{GAVEL}' to='{SERVICE}'>{answer}</iq>");
    scene.gavel.send(&iq).await;
    scene.seen().await;
}

async fn module_keeps_somebodys_list(version: Version) {
    let mut scene = Scene::new(version).await;
    let alice = scene.person("alice").await;
    scene.follow(ROOM).await;
    assert_eq!(shown(&scene, &alice, "alice").await, None);
    let names = [("recording", "moderators"), ("breakout-enter", "nobody")];
    says_of(&scene, ROOM, &alice, &names).await.unwrap();
    assert_eq!(shown(&scene, &alice, "alice").await, Some(digest(&names)));
    // The list is kept over reloads, and while gavel is away.
    scene.eval("return manage('reload', 'gavel')").await;
    assert_eq!(shown(&scene, &alice, "alice").await, Some(digest(&names)));
    scene.reconnect().await;
    scene.follow(ROOM).await;
    assert_eq!(shown(&scene, &alice, "alice").await, Some(digest(&names)));
    // The next one takes its place; an empty one is a list, too.
    for next in [&names[..1], &[]] {
        says_of(&scene, ROOM, &alice, next).await.unwrap();
        assert_eq!(shown(&scene, &alice, "alice").await, Some(digest(next)));
    }
    let back = list(&[], &format!(" jid='{}' default='true'", alice.jid));
    scene.gavel.iq("set", ROOM, &back).await.unwrap();
    assert_eq!(shown(&scene, &alice, "alice").await, None);
    // It ends with the session, and another's is another.
    says_of(&scene, ROOM, &alice, &names).await.unwrap();
    let bob = scene.person("bob").await;
    assert_eq!(shown(&scene, &bob, "bob").await, None);
}
on_both!(module_keeps_somebodys_list);

/// The denials of somebody's last list stay where gavel says so; its allowances end.
async fn module_keeps_the_denials_of_a_list(version: Version) {
    let scene = Scene::new(version).await;
    let alice = scene.person("alice").await;
    scene.follow(ROOM).await;
    defaults(&scene, &[("recording", "owners")]).await;
    let names = [
        ("breakout-enter", "nobody"),
        ("livestreaming", "everyone"),
        ("recording", "everyone"),
    ];
    let kept = format!(" jid='{}' default='true' denied='kept'", alice.jid);
    let limited = [("recording", "owners"), ("breakout-enter", "nobody")];
    says_of(&scene, ROOM, &alice, &names).await.unwrap();
    for _ in 0..2 {
        scene
            .gavel
            .iq("set", ROOM, &list(&[], &kept))
            .await
            .unwrap();
        assert_eq!(shown(&scene, &alice, "alice").await, Some(digest(&limited)));
    }
    // The same beside a list.
    let kept = format!(" jid='{}' denied='kept'", alice.jid);
    let said = list(
        &[
            ("breakout-enter", "everyone"),
            ("outbound-call", "moderators"),
        ],
        &kept,
    );
    scene.gavel.iq("set", ROOM, &said).await.unwrap();
    let limited = [
        ("breakout-enter", "nobody"),
        ("outbound-call", "moderators"),
    ];
    assert_eq!(shown(&scene, &alice, "alice").await, Some(digest(&limited)));
    // If nothing was denied, nothing is.
    says_of(&scene, ROOM, &alice, &names[1..]).await.unwrap();
    let kept = format!(" jid='{}' default='true' denied='kept'", alice.jid);
    scene
        .gavel
        .iq("set", ROOM, &list(&[], &kept))
        .await
        .unwrap();
    assert_eq!(shown(&scene, &alice, "alice").await, None);
}
on_both!(module_keeps_the_denials_of_a_list);

async fn module_obeys_gavel_alone_about_permissions(version: Version) {
    let scene = Scene::new(version).await;
    let alice = scene.person("alice").await;
    scene.follow(ROOM).await;
    let names = [("recording", "everyone")];
    let about = format!(" jid='{}'", alice.jid);
    for to in [ROOM, SERVICE] {
        let refused = alice.iq("set", to, &list(&names, &about)).await;
        assert_eq!(refused.unwrap_err(), "forbidden", "{to}");
    }
    let absent = scene.client("absent").await;
    let unknown = says_of(&scene, ROOM, &absent, &names).await;
    assert_eq!(unknown.unwrap_err(), "item-not-found");
    let elsewhere = says_of(&scene, "none@muc.meet.jitsi", &alice, &names).await;
    assert_eq!(elsewhere.unwrap_err(), "item-not-found");
    let long = "n".repeat(65);
    let many: Vec<String> = (0..65).map(|n| format!("n{n}")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|n| (n.as_str(), "nobody")).collect();
    for odd in [
        &[("recording", "teachers")][..],
        &[("Recording", "nobody")],
        &[(&long, "nobody")],
        &many,
    ] {
        let refused = says_of(&scene, ROOM, &alice, odd).await;
        assert_eq!(refused.unwrap_err(), "bad-request", "{odd:?}");
    }
    // The list for the service's people is nobody's own.
    defaults(&scene, &names).await;
    assert_eq!(shown(&scene, &alice, "alice").await, None);
    says_of(&scene, ROOM, &alice, &many[..64]).await.unwrap();
    assert_eq!(
        shown(&scene, &alice, "alice").await,
        Some(digest(&many[..64]))
    );
}
on_both!(module_obeys_gavel_alone_about_permissions);

async fn module_knows_somebodys_permissions_ahead(version: Version) {
    let scene = with(version, |_| {}).await;
    let first = scene.person("first").await;
    scene.follow(ROOM).await;
    let names = [("create-polls", "nobody"), ("recording", "owners")];
    let alice = connects(&scene, "alice", &session("room", "")).await;
    let asked = question(&scene).await;
    answers(&scene, &asked, "member", &names).await;
    alice.join(ROOM, "alice", "").await;
    assert_eq!(first.name(ROOM, "alice").as_deref(), Some("Alice"));
    let latest = scene.latest("alice").await;
    let claims = latest.child("claims", "urn:gavel:claims:0").unwrap();
    assert_eq!(claims.attr("permitted"), Some(digest(&names).as_str()));
    assert_eq!(claims.attr("pinned"), Some("Alice"));
    // A list that gavel takes back before somebody enters does not count.
    let bob = connects(&scene, "bob", &session("room", "")).await;
    let asked = question(&scene).await;
    answers(&scene, &asked, "member", &names).await;
    let forget = "<forget xmlns='urn:gavel:arrival:0'/>";
    scene.gavel.iq("set", SERVICE, forget).await.unwrap();
    bob.join(ROOM, "bob", "").await;
    assert_eq!(shown(&scene, &bob, "bob").await, None);
    assert_eq!(
        claims.attr("permitted"),
        Some(digest(&names).as_str()),
        "alice has entered"
    );
}
on_both!(module_knows_somebodys_permissions_ahead);

/// The digest of a service's own list, as the module tells it with its release.
async fn of_service(scene: &Scene) -> Option<String> {
    let question = "<module xmlns='urn:gavel:module:0'/>";
    let reply = scene.gavel.iq("get", SERVICE, question).await.unwrap();
    let module = reply.child("module", "urn:gavel:module:0").unwrap();
    module.attr("permitted").map(str::to_owned)
}

async fn module_tells_the_list_of_a_service(version: Version) {
    let mut scene = Scene::new(version).await;
    assert_eq!(of_service(&scene).await, None);
    let names = [("recording", "moderators"), ("lobby-bypass", "nobody")];
    defaults(&scene, &names).await;
    assert_eq!(of_service(&scene).await, Some(digest(&names)));
    let _alice = scene.person("alice").await;
    scene.follow(ROOM).await;
    let own = scene.latest("gavel").await;
    let module = own.child("module", "urn:gavel:module:0").unwrap();
    assert_eq!(module.attr("permitted"), Some(digest(&names).as_str()));
    scene.eval("return manage('reload', 'gavel')").await;
    scene.reconnect().await;
    assert_eq!(of_service(&scene).await, Some(digest(&names)));
    defaults(&scene, &[]).await;
    assert_eq!(of_service(&scene).await, None);
    // A restart of Prosody forgets it.
    defaults(&scene, &names).await;
    scene.prosody.restart();
    scene = Scene {
        gavel: Client::component(&scene.prosody, GAVEL).await,
        ..scene
    };
    assert_eq!(of_service(&scene).await, None);
}
on_both!(module_tells_the_list_of_a_service);

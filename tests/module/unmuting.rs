//! People who may unmute while a moderator has muted all, in the lists of Jitsi's component.

use crate::arrival::{connects, expected, question, says, session, with};
use crate::on_both;
use crate::scene::{ROOM, Scene};
use crate::support::{Client, Options, Version};
use serde_json::Value;

const COMPONENT: &str = "Component \"av.meet.jitsi\" \"av_moderation_component\"
  muc_component = \"muc.meet.jitsi\"";

async fn scene(version: Version) -> Scene {
    with(version, |options: &mut Options| {
        options.more = COMPONENT.into();
        options.host_modules.push("test_tenants");
    })
    .await
}

async fn begin(scene: &Scene, room: &str) {
    let lists = "{ audio = {}, video = {} }";
    scene
        .eval(&format!("room('{room}').av_moderation = {lists}"))
        .await;
}

/// Both lists of a room, sorted.
async fn lists(scene: &Scene, room: &str) -> String {
    let code = format!(
        "local all = {{}}
         for media, list in pairs(room('{room}').av_moderation) do
             for _, address in ipairs(list) do table.insert(all, media..' '..address) end
         end
         table.sort(all) return table.concat(all, ', ')"
    );
    scene.eval(&code).await
}

fn both(addresses: &[&str]) -> String {
    let all = ["audio", "video"]
        .into_iter()
        .flat_map(|media| addresses.iter().map(move |a| format!("{media} {a}")));
    all.collect::<Vec<_>>().join(", ")
}

/// The newest list that a client was told.
async fn told(client: &Client, media: &str) -> Value {
    client.ping("meet.jitsi").await.unwrap();
    let received = client.received();
    let messages = received
        .iter()
        .rev()
        .filter_map(|s| s.named("json-message"));
    messages
        .map(|m| serde_json::from_str::<Value>(&m.text).unwrap())
        .find(|m| m["mediaType"] == media)
        .map_or(Value::Null, |m| m["whitelists"][media].clone())
}

/// Jicofo lets moderators unmute, and has the bridge mute those who are not listed.
async fn module_lists_moderators_who_enter_as_such(version: Version) {
    let scene = scene(version).await;
    let focus = Client::connect(&scene.prosody, "focus@auth.meet.jitsi/focus").await;
    focus.join(ROOM, "focus", "").await;
    scene.follow(ROOM).await;
    begin(&scene, ROOM).await;
    let bob = scene.person("bob").await;
    assert_eq!(lists(&scene, ROOM).await, "");
    let alice = expected(&scene).await;
    alice.join(ROOM, "alice", "").await;
    let (alices, bobs) = (format!("{ROOM}/alice"), format!("{ROOM}/bob"));
    assert_eq!(lists(&scene, ROOM).await, both(&[&alices]));
    for client in [&focus, &alice] {
        assert_eq!(told(client, "video").await, serde_json::json!([alices]));
    }
    // An admin, whom the component adds nowhere.
    let gavel = &scene.gavel;
    gavel.affiliate(ROOM, bob.bare(), "admin").await.unwrap();
    assert_eq!(lists(&scene, ROOM).await, both(&[&alices, &bobs]));
    assert_eq!(
        told(&focus, "audio").await,
        serde_json::json!([alices, bobs])
    );
    gavel.affiliate(ROOM, bob.bare(), "member").await.unwrap();
    assert_eq!(lists(&scene, ROOM).await, both(&[&alices]));
    // Once, however often they come or are made owner.
    gavel.affiliate(ROOM, alice.bare(), "admin").await.unwrap();
    assert_eq!(lists(&scene, ROOM).await, both(&[&alices]));
    // No person.
    let owner = "set_affiliation(true, 'other@auth.meet.jitsi', 'owner')";
    scene.eval(&format!("room('{ROOM}'):{owner}")).await;
    let other = Client::connect(&scene.prosody, "other@auth.meet.jitsi/other").await;
    other.join(ROOM, "other", "").await;
    assert_eq!(other.role(ROOM, "other"), "moderator");
    assert_eq!(lists(&scene, ROOM).await, both(&[&alices]));
}
on_both!(module_lists_moderators_who_enter_as_such);

/// Jicofo knows people of tenants' rooms by the address that clients know.
async fn module_lists_moderators_of_tenants_as_jicofo_knows_them(version: Version) {
    let scene = scene(version).await;
    let (stored, seen) = (
        "[school]lesson@muc.meet.jitsi",
        "lesson@muc.school.meet.jitsi",
    );
    let focus = Client::connect(&scene.prosody, "focus@auth.meet.jitsi/focus").await;
    focus.join(seen, "focus", "").await;
    begin(&scene, stored).await;
    let alice = connects(&scene, "alice", &session("lesson", "school")).await;
    let asked = question(&scene).await;
    says(&scene, &asked, "owner", "Alice").await;
    alice.join(seen, "alice", "").await;
    let alices = format!("{seen}/alice");
    assert_eq!(lists(&scene, stored).await, both(&[&alices]));
}
on_both!(module_lists_moderators_of_tenants_as_jicofo_knows_them);

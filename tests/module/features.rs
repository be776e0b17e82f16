//! B17: Jitsi's own checks read gavel's permissions, and the client's buttons agree.
//! Jitsi's modules are played by stand-ins that read a session as they do.

use crate::arrival::{connects, question, session, with};
use crate::on_both;
use crate::permissions::{answers, defaults, says_of};
use crate::scene::{ROOM, SERVICE, Scene};
use crate::support::{Client, El, Options, Version, nick};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// With modules that ask for features, and with these modules on the MUC service.
pub async fn scene(version: Version, muc_modules: &[&'static str]) -> Scene {
    asking(version, muc_modules, "").await
}

async fn asking(version: Version, muc_modules: &[&'static str], muc: &str) -> Scene {
    with(version, |options: &mut Options| {
        options.host_modules.push("test_features");
        options
            .muc_modules
            .splice(0..0, muc_modules.iter().copied());
        options.muc = muc.to_owned();
    })
    .await
}

/// The same with this on the MUC service.
pub async fn scene_with(version: Version, muc: &str) -> Scene {
    asking(version, &["test_permissions"], muc).await
}

/// Says whether Jitsi lets somebody do something; without features it asks for `without`.
pub async fn may(client: &Client, feature: &str, without: &str) -> bool {
    let question = format!(
        "<may xmlns='urn:gavel:test' feature='{feature}' room='{ROOM}' without='{without}'/>"
    );
    client.iq("get", "meet.jitsi", &question).await.is_ok()
}

/// The permissions that a client was told last.
pub fn told(client: &Client) -> Option<BTreeMap<String, String>> {
    let received = client.received();
    let newest = received.iter().rev().find_map(|s| s.named("permissions"))?;
    let field = |p: &El, name: &str| p.attr(name).unwrap_or_default().to_owned();
    let entries = newest.children.iter();
    Some(
        entries
            .map(|p| (field(p, "name"), field(p, "val")))
            .collect(),
    )
}

fn times_told(client: &Client) -> usize {
    client.count(|s| s.named("permissions").is_some())
}

pub fn map(pairs: &[(&str, &str)]) -> Option<BTreeMap<String, String>> {
    let owned = pairs
        .iter()
        .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
    Some(owned.collect())
}

/// The session's own table of features, as text.
async fn table(scene: &Scene, client: &Client) -> String {
    let code = format!(
        "local f, n = session('{}').jitsi_meet_context_features, {{}} if not f then return 'none' end
         for k, v in pairs(f) do table.insert(n, k..'='..tostring(v)) end table.sort(n) return table.concat(n, ' ')",
        client.jid
    );
    scene.eval(&code).await
}

/// A session whose verified token has these features.
fn with_features(features: Value) -> Value {
    let claims = json!({ "context": { "user": { "name": "Alice" }, "features": features } });
    let token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let mut fields = session("room", "");
    fields["auth_token"] = json!(token);
    fields["jitsi_meet_context_features"] = features;
    fields
}

async fn promote(scene: &Scene, client: &Client, affiliation: &str) {
    let given = scene.gavel.affiliate(ROOM, client.bare(), affiliation);
    given.await.unwrap();
    client.ping("meet.jitsi").await.unwrap();
}

async fn module_lets_jitsi_decide_as_gavel_says(version: Version) {
    let scene = scene(version, &[]).await;
    let alice = scene.person("alice").await;
    scene.follow(ROOM).await;
    let bob = scene.person("bob").await;
    // Without a word from gavel, role and affiliation decide.
    assert!(may(&alice, "recording", "moderator").await);
    assert!(!may(&bob, "recording", "moderator").await);
    assert_eq!((times_told(&alice), times_told(&bob)), (0, 0));
    let names = [
        ("recording", "nobody"),
        ("livestreaming", "everyone"),
        ("transcription", "moderators"),
        ("outbound-call", "owners"),
    ];
    defaults(&scene, &names).await;
    for (client, is_owner) in [(&alice, true), (&bob, false)] {
        assert!(!may(client, "recording", "moderator").await);
        assert!(may(client, "livestreaming", "moderator").await);
        assert_eq!(may(client, "transcription", "owner").await, is_owner);
        assert_eq!(may(client, "outbound-call", "owner").await, is_owner);
        // A feature that the list does not name is as Jitsi has it.
        assert_eq!(may(client, "file-upload", "owner").await, is_owner);
        assert_eq!(may(client, "live-translation", "moderator").await, is_owner);
    }
    // Their clients hear of it at once, and of the news alone.
    assert_eq!((times_told(&alice), times_told(&bob)), (1, 1));
    let bobs = [
        ("livestreaming", "true"),
        ("outbound-call", "false"),
        ("recording", "false"),
        ("transcription", "false"),
    ];
    assert_eq!(told(&bob), map(&bobs));
    assert_eq!(told(&alice).unwrap()["transcription"], "true");
    defaults(&scene, &names).await;
    bob.presence(ROOM, "bob", &nick("Bobby")).await;
    bob.ping("meet.jitsi").await.unwrap();
    assert_eq!(times_told(&bob), 1);
    // A role decides as it is at the moment.
    promote(&scene, &bob, "admin").await;
    assert!(may(&bob, "transcription", "owner").await);
    assert!(!may(&bob, "outbound-call", "owner").await);
    assert!(
        !may(&bob, "file-upload", "owner").await,
        "files are an owner's"
    );
    assert_eq!(told(&bob).unwrap()["transcription"], "true");
    promote(&scene, &bob, "owner").await;
    assert!(may(&bob, "outbound-call", "owner").await);
    assert!(may(&bob, "file-upload", "owner").await);
    promote(&scene, &bob, "none").await;
    for name in ["transcription", "outbound-call", "file-upload", "recording"] {
        assert!(!may(&bob, name, "owner").await, "{name}");
        assert_eq!(told(&bob).unwrap()[name], "false");
    }
    alice.set_role(ROOM, "bob", "moderator").await.unwrap();
    bob.ping("meet.jitsi").await.unwrap();
    assert_eq!(told(&bob).unwrap()["transcription"], "true");
    alice.set_role(ROOM, "bob", "participant").await.unwrap();
    bob.ping("meet.jitsi").await.unwrap();
    assert!(!may(&bob, "transcription", "owner").await);
    assert_eq!(told(&bob).unwrap()["transcription"], "false");
    // Some modules write a role and tell nobody.
    let write = |role: &str| {
        format!(
            "local r = room('{ROOM}') local o = r:get_occupant_by_nick('{ROOM}/bob')
             o.role = '{role}' r:save_occupant(o)"
        )
    };
    scene.eval(&write("moderator")).await;
    assert!(may(&bob, "transcription", "owner").await);
    scene.eval(&write("participant")).await;
    assert!(!may(&bob, "transcription", "owner").await);
    // Other gifts of a promotion go with it.
    promote(&scene, &bob, "owner").await;
    scene
        .session(&bob, "granted_jitsi_meet_context_user_id = 'alice'")
        .await;
    promote(&scene, &bob, "none").await;
    let granted = format!(
        "return tostring(session('{}').granted_jitsi_meet_context_user_id)",
        bob.jid
    );
    assert_eq!(scene.eval(&granted).await, "nil");
    // An empty list leaves all to Jitsi again.
    defaults(&scene, &[]).await;
    assert_eq!(table(&scene, &bob).await, "none");
    assert_eq!(told(&bob).unwrap()["livestreaming"], "false");
    assert!(may(&alice, "recording", "moderator").await);
    assert_eq!(told(&alice).unwrap()["recording"], "true");
}
on_both!(module_lets_jitsi_decide_as_gavel_says);

async fn module_lets_jitsi_decide_by_somebodys_own_list(version: Version) {
    let mut scene = scene(version, &[]).await;
    let alice = scene.person("alice").await;
    scene.follow(ROOM).await;
    defaults(&scene, &[("recording", "everyone")]).await;
    let own = [("recording", "nobody"), ("flip", "everyone")];
    says_of(&scene, ROOM, &alice, &own).await.unwrap();
    let bob = scene.person("bob").await;
    // The list outlives a reload, and gavel's absence; a person who comes then gets the list
    // for all.
    for step in ["at once", "after a reload", "without gavel"] {
        match step {
            "after a reload" => {
                scene.eval("return manage('reload', 'gavel')").await;
                alice.presence(ROOM, "alice", &nick("Alice")).await;
            }
            "without gavel" => {
                scene.gavel.send("</stream:stream>").await;
                scene.disconnected().await;
            }
            _ => {}
        }
        assert!(!may(&alice, "recording", "moderator").await, "{step}");
        assert!(may(&alice, "flip", "nobody").await, "{step}");
        assert!(may(&bob, "recording", "moderator").await, "{step}");
        assert!(!may(&bob, "flip", "nobody").await, "{step}");
        let other = format!("other{}", step.len());
        let other = scene.person(&other).await;
        assert!(may(&other, "recording", "moderator").await, "{step}");
    }
    scene.reconnect().await;
    scene.follow(ROOM).await;
    assert!(!may(&alice, "recording", "moderator").await);
    let back = format!(
        "<permissions xmlns='urn:gavel:permissions:0' jid='{}' default='true'/>",
        alice.jid
    );
    scene.gavel.iq("set", ROOM, &back).await.unwrap();
    assert!(may(&alice, "recording", "moderator").await);
    assert_eq!(told(&alice).unwrap()["recording"], "true");
    assert_eq!(told(&alice).unwrap()["flip"], "true", "she is moderator");
    // Without the module all is Jitsi's again.
    scene.eval("return manage('unload', 'gavel')").await;
    assert_eq!(table(&scene, &alice).await, "none");
    assert!(!may(&bob, "recording", "moderator").await);
}
on_both!(module_lets_jitsi_decide_by_somebodys_own_list);

/// The token's features are the ground that the list stands on.
async fn module_keeps_the_other_features_of_a_token(version: Version) {
    let scene = scene(version, &[]).await;
    let owner = scene.person("owner").await;
    scene.follow(ROOM).await;
    let features =
        json!({ "recording": true, "flip": "true", "custom": "x", "livestreaming": false });
    let alice = connects(&scene, "alice", &with_features(features)).await;
    let asked = question(&scene).await;
    let names = [("recording", "nobody"), ("livestreaming", "everyone")];
    answers(&scene, &asked, "member", &names).await;
    alice.join(ROOM, "alice", "").await;
    let expected = "custom=x flip=true livestreaming=true recording=false";
    assert_eq!(table(&scene, &alice).await, expected);
    // In her first own presence, since it differs from her token.
    let first = alice.received();
    let own = |s: &&El| s.name == "presence" && s.status().contains(&110);
    let first = first.iter().find(own).unwrap();
    assert!(first.named("permissions").is_some());
    assert_eq!(told(&alice).unwrap()["recording"], "false");
    assert_eq!(told(&alice).unwrap()["custom"], "x");
    let seen = owner.count(|s| s.named("permissions").is_some());
    assert_eq!(seen, 0, "it concerns nobody else");
    // Nothing to tell if the token says the same.
    let bob = connects(&scene, "bob", &with_features(json!({ "recording": false }))).await;
    let asked = question(&scene).await;
    answers(&scene, &asked, "member", &names[..1]).await;
    bob.join(ROOM, "bob", "").await;
    bob.ping("meet.jitsi").await.unwrap();
    assert_eq!(table(&scene, &bob).await, "recording=false");
    assert_eq!(times_told(&bob), 0);
}
on_both!(module_keeps_the_other_features_of_a_token);

/// Other modules read features before somebody is in.
async fn module_has_features_ready_before_the_first_presence(version: Version) {
    let scene = scene(version, &[]).await;
    let _owner = scene.person("owner").await;
    scene.follow(ROOM).await;
    scene
        .eval(
            "seen = {}
             module:hook('muc-occupant-pre-join', function (event)
                 local features = event.origin.jitsi_meet_context_features or {}
                 table.insert(seen, tostring(features.recording)..' '..tostring(features['outbound-call']))
             end)",
        )
        .await;
    defaults(&scene, &[("recording", "nobody")]).await;
    scene.person("guest").await;
    for (name, affiliation) in [("alice", "owner"), ("bob", "member")] {
        let client = connects(&scene, name, &session("room", "")).await;
        let asked = question(&scene).await;
        let names = [("recording", "everyone"), ("outbound-call", "owners")];
        answers(&scene, &asked, affiliation, &names).await;
        client.join(ROOM, name, "").await;
    }
    let seen = scene.eval("return table.concat(seen, ', ')").await;
    assert_eq!(seen, "false nil, true true, true false");
}
on_both!(module_has_features_ready_before_the_first_presence);

/// A moderator's promotion hands on that moderator's features.
async fn promotion(version: Version, shared: bool) {
    let muc = format!("test_permissions_shared = {shared}");
    let scene = asking(version, &["test_permissions"], &muc).await;
    let alice = scene.person("alice").await;
    let features =
        "jitsi_meet_context_features = { recording = true, livestreaming = true, custom = true }";
    scene.session(&alice, features).await;
    scene.follow(ROOM).await;
    let names = [("recording", "nobody"), ("flip", "moderators")];
    let bob = scene.person("bob").await;
    says_of(&scene, ROOM, &bob, &names).await.unwrap();
    assert_eq!(table(&scene, &bob).await, "flip=false recording=false");
    for by in ["gavel", "alice", "module"] {
        alice.affiliate(ROOM, bob.bare(), "owner").await.unwrap();
        bob.ping("meet.jitsi").await.unwrap();
        let expected = "custom=true flip=true livestreaming=true recording=false";
        assert_eq!(table(&scene, &bob).await, expected, "{shared}");
        let mut expected = told(&bob).unwrap();
        assert_eq!(expected.remove("recording").as_deref(), Some("false"));
        assert!(expected.values().all(|v| v == "true"), "{expected:?}");
        // Nothing of it was written into alice's own table.
        let alices = "custom=true livestreaming=true recording=true";
        assert_eq!(table(&scene, &alice).await, alices);
        match by {
            "gavel" => promote(&scene, &bob, "none").await,
            "alice" => alice.affiliate(ROOM, bob.bare(), "none").await.unwrap(),
            _ => {
                let lower = "set_affiliation(true, 'bob@meet.jitsi', 'none')";
                scene.eval(&format!("room('{ROOM}'):{lower}")).await;
            }
        }
        bob.ping("meet.jitsi").await.unwrap();
        assert_eq!(
            table(&scene, &bob).await,
            "flip=false recording=false",
            "{by}"
        );
        let told = told(&bob).unwrap();
        assert!(
            told.values().all(|value| value == "false"),
            "{by}: {told:?}"
        );
        assert_eq!(told.len(), 4, "{by}: {told:?}");
    }
    // If Jitsi forces an update, its defaults are not handed out.
    scene.session(&bob, "force_permissions_update = true").await;
    bob.presence(ROOM, "bob", &nick("Bobby")).await;
    bob.ping("meet.jitsi").await.unwrap();
    assert_eq!(table(&scene, &bob).await, "flip=false recording=false");
}

async fn module_lets_no_promotion_widen_a_denial(version: Version) {
    promotion(version, false).await;
}
on_both!(module_lets_no_promotion_widen_a_denial);

async fn module_lets_no_shared_promotion_widen_a_denial(version: Version) {
    promotion(version, true).await;
}
on_both!(module_lets_no_shared_promotion_widen_a_denial);

/// A permission in another room is nothing here.
async fn module_takes_the_lists_of_all_rooms_together(version: Version) {
    let scene = scene(version, &[]).await;
    let alice = scene.person("alice").await;
    scene.follow(ROOM).await;
    says_of(&scene, ROOM, &alice, &[("recording", "nobody")])
        .await
        .unwrap();
    let own = "own@muc.meet.jitsi";
    alice.join(own, "alice", "").await;
    scene.follow(own).await;
    let more = [("recording", "everyone"), ("flip", "everyone")];
    says_of(&scene, own, &alice, &more).await.unwrap();
    assert!(!may(&alice, "recording", "moderator").await);
    // For a feature that only one list names, the other room's view stands: she is
    // moderator in both.
    assert!(may(&alice, "flip", "nobody").await);
    promote(&scene, &alice, "none").await;
    assert!(!may(&alice, "flip", "nobody").await);
    alice.leave(ROOM, "alice").await;
    alice.presence(own, "alice", &nick("Alice")).await;
    assert!(may(&alice, "recording", "moderator").await);
    alice.join(ROOM, "alice", "").await;
    assert!(!may(&alice, "recording", "moderator").await);
}
on_both!(module_takes_the_lists_of_all_rooms_together);

/// Gavel's own names, and lists without any, leave sessions as they are.
async fn module_touches_nothing_where_no_list_names_jitsis(version: Version) {
    let scene = scene(version, &["test_flip"]).await;
    let alice = scene.person("alice").await;
    scene.follow(ROOM).await;
    let names = [("breakout-enter", "nobody"), ("lobby-bypass", "owners")];
    defaults(&scene, &names).await;
    says_of(&scene, ROOM, &alice, &names[..1]).await.unwrap();
    promote(&scene, &alice, "owner").await;
    promote(&scene, &alice, "admin").await;
    assert_eq!(table(&scene, &alice).await, "none");
    assert_eq!(times_told(&alice), 0);
    // A device switch by somebody without features is no error.
    let user = json!({ "jitsi_meet_context_user": { "id": "bob" } });
    let bob = connects(&scene, "bob", &user).await;
    bob.join(ROOM, "bob", "<flip_device/>").await;
    assert!(
        alice
            .occupant(ROOM, "bob")
            .unwrap()
            .presence
            .named("flip_device")
            .is_none()
    );
    assert_eq!(table(&scene, &bob).await, "none");
}
on_both!(module_touches_nothing_where_no_list_names_jitsis);

/// A connection that is taken up again brings its token's features along.
async fn module_keeps_to_the_list_when_a_connection_is_taken_up_again(version: Version) {
    let scene = scene(version, &[]).await;
    let alice = scene.person("alice").await;
    scene.follow(ROOM).await;
    scene
        .eval(
            "prosody.events.add_handler('c2s-session-updated', function (event)
                 event.session.jitsi_meet_context_features = event.from_session.jitsi_meet_context_features
             end, 1)",
        )
        .await;
    let names = [("recording", "nobody"), ("flip", "moderators")];
    says_of(&scene, ROOM, &alice, &names).await.unwrap();
    let before = times_told(&alice);
    let resume = format!(
        "prosody.events.fire_event('c2s-session-updated', {{ session = session('{}'),
             from_session = {{ jitsi_meet_context_features = {{ recording = true, custom = true }} }} }})",
        alice.jid
    );
    scene.eval(&resume).await;
    assert_eq!(
        table(&scene, &alice).await,
        "custom=true flip=true recording=false"
    );
    alice.ping("meet.jitsi").await.unwrap();
    assert_eq!(times_told(&alice), before + 1);
    assert_eq!(told(&alice).unwrap()["custom"], "true");
    scene.eval(&resume).await;
    alice.ping("meet.jitsi").await.unwrap();
    assert_eq!(times_told(&alice), before + 1, "nothing new");
}
on_both!(module_keeps_to_the_list_when_a_connection_is_taken_up_again);

/// A person whom the guard keeps down gets nothing of a moderator's.
async fn module_gives_a_moderators_features_to_people_whom_the_guard_lets_rise(version: Version) {
    let scene = scene_with(version, "").await;
    let lease = "<lease xmlns='urn:gavel:guard:0' seconds='9'><infrastructure jid='focus@auth.meet.jitsi'/></lease>";
    scene.gavel.iq("set", SERVICE, lease).await.unwrap();
    let focus = Client::connect(&scene.prosody, "focus@auth.meet.jitsi/focus").await;
    focus.join(ROOM, "focus", "").await;
    scene.follow(ROOM).await;
    let guard = "<guard xmlns='urn:gavel:guard:0' all='true'/>";
    scene.gavel.iq("set", ROOM, guard).await.unwrap();
    defaults(&scene, &[("recording", "moderators")]).await;
    let bob = scene.person("bob").await;
    focus
        .affiliate(ROOM, bob.bare(), "owner")
        .await
        .unwrap_err();
    let code = format!(
        "local r = room('{ROOM}') r:set_affiliation(true, '{}', 'owner')
         local o = r:get_occupant_by_nick('{ROOM}/bob') o.role = 'moderator' r:save_occupant(o)",
        bob.bare()
    );
    scene.eval(&code).await;
    bob.presence(ROOM, "bob", &nick("Bob")).await;
    assert!(!may(&bob, "recording", "moderator").await);
    assert_eq!(told(&bob).unwrap()["recording"], "false");
    promote(&scene, &bob, "owner").await;
    assert!(may(&bob, "recording", "moderator").await);
    assert_eq!(told(&bob).unwrap()["recording"], "true");
}
on_both!(module_gives_a_moderators_features_to_people_whom_the_guard_lets_rise);

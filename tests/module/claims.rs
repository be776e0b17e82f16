//! Verified claims, for gavel alone; and updates that it need not be told.

use crate::on_both;
use crate::scene::{ROOM, Scene, all, claims, item, items, mac, verified};
use crate::support::{Client, El, MUC, SECRET, Version, nick, sign, token};
use serde_json::{Value, json};

/// The claims that gavel was handed of an occupant of [`ROOM`].
async fn claimed(scene: &Scene, nick: &str) -> Value {
    let presence = scene.latest(nick).await;
    let text = claims(&scene.gavel, &presence, &format!("{ROOM}/{nick}"));
    let text = text.unwrap_or_else(|| panic!("no good mac: {presence:?}"));
    match text.as_str() {
        "" => Value::Null,
        text => serde_json::from_str(text).expect("JSON"),
    }
}

/// Connects, has its session say `fields` (Lua), and joins by its name.
async fn with_session(scene: &Scene, name: &str, fields: &str) -> Client {
    let client = scene.client(name).await;
    scene.session(&client, fields).await;
    client.join(ROOM, name, "").await;
    client
}

/// The fault of an occupant's claims, as the module names it.
async fn fault(scene: &Scene, nick: &str) -> Option<String> {
    let presence = scene.latest(nick).await;
    let claims = presence.child("claims", "urn:gavel:claims:0").unwrap();
    claims.attr("fault").map(str::to_owned)
}

async fn module_hands_over_verified_claims_only(version: Version) {
    let scene = Scene::new(version).await;
    let owner = json!({ "context": { "user": { "name": "A", "moderator": true } }, "exp": 4_102_444_800u64 });
    let token = sign(&owner);
    let _alice = with_session(
        &scene,
        "alice",
        &format!("auth_token = '{token}', jitsi_meet_domain = '*'"),
    )
    .await;
    scene.follow(ROOM).await;
    assert_eq!(claimed(&scene, "alice").await, owner);
    // ?token= of a host without token authentication: nobody has looked at it.
    let _mallory = with_session(&scene, "mallory", &format!("auth_token = '{token}'")).await;
    assert_eq!(claimed(&scene, "mallory").await, Value::Null);
    let _guest = scene.person("guest").await;
    assert_eq!(claimed(&scene, "guest").await, Value::Null);
    let no_user = sign(&json!({ "sub": "x", "room": "*" }));
    let _dave = with_session(
        &scene,
        "dave",
        &format!("auth_token = '{no_user}', jitsi_meet_domain = 'x'"),
    )
    .await;
    assert_eq!(
        claimed(&scene, "dave").await,
        json!({ "sub": "x", "room": "*" })
    );
}
on_both!(module_hands_over_verified_claims_only);

/// Prosody reads its configuration again while gavel is connected: another secret in
/// it is one that gavel does not have yet.
async fn module_signs_claims_with_the_secret_that_gavel_connected_with(version: Version) {
    let mut scene = Scene::new(version).await;
    let _alice = scene.person("alice").await;
    scene.follow(ROOM).await;
    let change = |secret| {
        format!(
            "local config = require 'core.configmanager'
             config.set('gavel.meet.jitsi', 'component_secret', '{secret}')
             prosody.events.fire_event('config-reloaded')"
        )
    };
    scene.eval(&change("another")).await;
    let _bob = with_session(&scene, "bob", &verified("Bob")).await;
    let bob = json!({ "context": { "user": { "name": "Bob" } } });
    assert_eq!(claimed(&scene, "bob").await, bob);
    scene.eval("return manage('reload', 'gavel')").await;
    let _carol = with_session(&scene, "carol", &verified("Bob")).await;
    assert_eq!(claimed(&scene, "carol").await, bob, "reloaded");
    // The next connection shows which one it has.
    scene.eval(&change(SECRET)).await;
    scene.reconnect().await;
    scene.follow(ROOM).await;
    assert_eq!(claimed(&scene, "bob").await, bob, "connected anew");
}
on_both!(module_signs_claims_with_the_secret_that_gavel_connected_with);

async fn module_takes_claims_up_when_they_change(version: Version) {
    let scene = Scene::new(version).await;
    let alice = scene.person("alice").await;
    scene.follow(ROOM).await;
    assert_eq!(claimed(&scene, "alice").await, Value::Null);
    for name in ["one", "two"] {
        let token = sign(&json!({ "sub": name }));
        scene
            .session(
                &alice,
                &format!("auth_token = '{token}', jitsi_meet_domain = '{name}'"),
            )
            .await;
        alice.presence(ROOM, "alice", "").await;
        alice.ping("meet.jitsi").await.unwrap();
        assert_eq!(claimed(&scene, "alice").await, json!({ "sub": name }));
    }
    scene
        .eval(&format!("session('{}').jitsi_meet_domain = nil", alice.jid))
        .await;
    alice.presence(ROOM, "alice", "").await;
    alice.ping("meet.jitsi").await.unwrap();
    assert_eq!(claimed(&scene, "alice").await, Value::Null);
}
on_both!(module_takes_claims_up_when_they_change);

async fn module_writes_claims_that_any_parser_can_read(version: Version) {
    let scene = Scene::new(version).await;
    let _alice = scene.person("alice").await;
    scene.follow(ROOM).await;
    let name = "\u{fffe}\u{ffff}<&>\"'\\\r\n\t\u{1}\u{7f}\u{85}\u{2028}Ä\u{1f600}";
    let odd =
        json!({ "context": { "user": { "name": name, "empty": [], "none": null, "n": 1.5 } } });
    let token = sign(&odd);
    let _bob = with_session(
        &scene,
        "bob",
        &format!("auth_token = '{token}', jitsi_meet_domain = '*'"),
    )
    .await;
    assert_eq!(claimed(&scene, "bob").await, odd);
    // XML 1.0 forbids these two, and gavel's parser may end the stream.
    let text = &all(&scene.latest("bob").await, "claims")[0].text.clone();
    assert!(!text.contains(['\u{fffe}', '\u{ffff}']), "{text}");
    // A bad token costs its claims, not the presence, and gavel hears of it.
    let lone = r#"{"context":{"user":{"name":"\ud800"}}}"#.as_bytes();
    let latin1 = b"{\"name\":\"\xe9\"}";
    let bad: [&[u8]; 7] = [lone, latin1, b"[1]", b"7", b"{", b"", b"\"\\u0000"];
    for (index, payload) in bad.iter().enumerate() {
        use base64::Engine;
        let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(payload);
        let name = format!("odd{index}");
        let fields = format!("auth_token = 'a.{payload}.b', jitsi_meet_domain = '*'");
        let _client = with_session(&scene, &name, &fields).await;
        assert_eq!(claimed(&scene, &name).await, Value::Null, "{name}");
        assert_eq!(fault(&scene, &name).await.as_deref(), Some("malformed"));
    }
    let _raw = with_session(
        &scene,
        "raw",
        "auth_token = 'nodots', jitsi_meet_domain = '*'",
    )
    .await;
    assert_eq!(claimed(&scene, "raw").await, Value::Null);
    assert_eq!(fault(&scene, "raw").await.as_deref(), Some("malformed"));
    assert_eq!(fault(&scene, "bob").await, None);
    assert_eq!(fault(&scene, "alice").await, None, "no token is no fault");
    let empty = sign(&json!({}));
    let fields = format!("auth_token = '{empty}', jitsi_meet_domain = '*'");
    let _empty = with_session(&scene, "empty", &fields).await;
    assert_eq!(fault(&scene, "empty").await, None, "nor are no claims");
    assert!(
        !scene.prosody.log().contains("muc-broadcast-presence:"),
        "a fault in the module"
    );
}
on_both!(module_writes_claims_that_any_parser_can_read);

/// Everything of gavel's, and tokens, that a client was shown.
fn leaks(client: &Client) -> Vec<El> {
    let mut received = client.received();
    received.retain(|stanza| {
        let told =
            |c: &El| c.ns.starts_with("urn:gavel:") || ["jwt", "token"].contains(&c.name.as_str());
        stanza.name == "presence" && stanza.children.iter().any(told)
    });
    received
}

async fn module_keeps_claims_and_tokens_from_others(version: Version) {
    let mut scene = Scene::new(version).await;
    let look = "saw = 0
        module:hook('presence/full', function (event)
            for _, tag in ipairs(event.stanza.tags) do
                if tag.name == 'jwt' or (tag.attr.xmlns or ''):find('urn:gavel') then saw = saw + 1; end
            end
        end, 5000)";
    scene.eval(look).await;
    let alice = with_session(&scene, "alice", &verified("A")).await;
    let bob = scene.client("bob").await;
    let forged = "<claims xmlns='urn:gavel:claims:0' mac='0'>{}</claims><module xmlns='urn:gavel:module:0'/>";
    bob.join(
        ROOM,
        "bob",
        &format!("<jwt xmlns='urn:x'>one</jwt><token>two</token>{forged}<kept xmlns='urn:y'/>"),
    )
    .await;
    scene.follow(ROOM).await;
    let tokens = |p: &El| {
        let tokens = p
            .children
            .iter()
            .filter(|c| c.name == "jwt" || c.name == "token");
        tokens.map(|t| t.text.clone()).collect::<Vec<_>>()
    };
    let shown = scene.latest("bob").await;
    assert_eq!(tokens(&shown), ["one", "two"]);
    assert_eq!(all(&shown, "claims").len(), 1);
    assert!(shown.named("module").is_none());
    assert_eq!(claimed(&scene, "bob").await, Value::Null);
    // Presence is state: with another token, then without.
    bob.presence(
        ROOM,
        "bob",
        &format!("<jitsi_participant_jwt>three</jitsi_participant_jwt>{forged}"),
    )
    .await;
    bob.ping("meet.jitsi").await.unwrap();
    let shown = scene.latest("bob").await;
    assert_eq!(shown.named("jitsi_participant_jwt").unwrap().text, "three");
    bob.presence(ROOM, "bob", &nick("Bob")).await;
    bob.ping("meet.jitsi").await.unwrap();
    assert!(
        scene
            .latest("bob")
            .await
            .named("jitsi_participant_jwt")
            .is_none()
    );
    bob.presence(ROOM, "bob", "<jwt>four</jwt>").await;
    bob.ping("meet.jitsi").await.unwrap();
    scene.reconnect().await;
    scene.follow(ROOM).await;
    assert_eq!(tokens(&scene.latest("bob").await), ["four"]);
    let carol = scene.person("carol").await;
    scene
        .gavel
        .affiliate(ROOM, bob.bare(), "owner")
        .await
        .unwrap();
    assert_eq!(
        tokens(&scene.latest("bob").await),
        ["four"],
        "whatever makes the room publish it"
    );
    for client in [&alice, &bob, &carol] {
        client.ping("meet.jitsi").await.unwrap();
        assert_eq!(leaks(client), [], "{}", client.jid);
    }
    assert!(
        carol
            .occupant(ROOM, "alice")
            .unwrap()
            .presence
            .named("claims")
            .is_none()
    );
    assert_eq!(
        scene.eval("return saw").await,
        "0",
        "before other modules see it"
    );
    // Nothing is kept of people who have gone, in any way.
    let kept = format!(
        "local s = prosody.hosts[module.host].modules.gavel.module.save().rooms['{ROOM}'];
         return tostring(next(s.tokens))..' '..tostring(s.shadow.seen['{ROOM}/bob'] ~= nil)"
    );
    scene.gavel.set_role(ROOM, "bob", "none").await.unwrap();
    assert_eq!(scene.eval(&kept).await, "nil false");
    bob.join(ROOM, "bob", "<jwt>five</jwt>").await;
    assert_ne!(scene.eval(&kept).await, "nil false");
    bob.leave(ROOM, "bob").await;
    assert_eq!(scene.eval(&kept).await, "nil false");
    bob.join(ROOM, "bob", "").await;
    assert_eq!(tokens(&scene.latest("bob").await), Vec::<String>::new());
    // Nor of one session of several that the room throws out for an error.
    let second = Client::connect(&scene.prosody, "bob@meet.jitsi/second").await;
    second.join(ROOM, "bob", "<jwt>six</jwt>").await;
    assert_ne!(scene.eval(&kept).await, "nil true");
    second
        .send(&format!(
            "<presence to='{ROOM}/bob' type='error'><error type='cancel'/></presence>"
        ))
        .await;
    second.ping("meet.jitsi").await.unwrap();
    assert_eq!(scene.eval(&kept).await, "nil true");
}
on_both!(module_keeps_claims_and_tokens_from_others);

async fn module_token_elements_are_an_option(version: Version) {
    let mut options = crate::scene::options();
    options.muc = "gavel_token_elements = { \"ticket\" }".into();
    let scene = Scene::with(version, options).await;
    let alice = scene.client("alice").await;
    alice
        .join(ROOM, "alice", "<ticket>a</ticket><jwt>b</jwt>")
        .await;
    scene.follow(ROOM).await;
    let own = alice.occupant(ROOM, "alice").unwrap().presence;
    assert!(own.named("ticket").is_none() && own.named("jwt").is_some());
    assert_eq!(
        scene.latest("alice").await.named("ticket").unwrap().text,
        "a"
    );
}
on_both!(module_token_elements_are_an_option);

async fn module_signs_for_one_holder_room_nick_and_stream(version: Version) {
    let mut scene = Scene::new(version).await;
    let alice = with_session(&scene, "alice", &verified("A")).await;
    scene.follow(ROOM).await;
    let signed = |presence: &El| {
        let claims = presence.child("claims", "urn:gavel:claims:0").unwrap();
        (claims.attr("mac").unwrap().to_string(), claims.text.clone())
    };
    let first = scene.latest("alice").await;
    let (first_mac, json) = signed(&first);
    let stream = scene.gavel.stream_id.clone();
    assert_eq!(
        first_mac,
        mac(&stream, &alice.jid, &format!("{ROOM}/alice"), &json)
    );
    // Her mac is of no use to others, though they write it down to the letter.
    let replay = format!("<claims xmlns='urn:gavel:claims:0' mac='{first_mac}'>{json}</claims>");
    let replay = replay.replace('"', "&quot;");
    let bob = scene.client("bob").await;
    bob.join(ROOM, "bob", &replay).await;
    assert_eq!(claimed(&scene, "bob").await, Value::Null);
    // Another nick, another room, the nick's next holder, the next stream.
    alice.presence(ROOM, "alicia", "").await;
    alice.ping("meet.jitsi").await.unwrap();
    let mut macs = vec![first_mac, signed(&scene.latest("alicia").await).0];
    let other = "other@muc.meet.jitsi";
    alice.join(other, "alice", "").await;
    scene.follow(other).await;
    let there = scene.shown(&format!("{other}/alice")).await;
    macs.push(signed(there.last().unwrap()).0);
    let holder = scene.client("holder").await;
    scene.session(&holder, &verified("A")).await;
    holder.join(ROOM, "alice", "").await;
    let (holders, text) = signed(&scene.latest("alice").await);
    assert_eq!(text, json);
    macs.push(holders);
    scene.reconnect().await;
    assert_ne!(scene.gavel.stream_id, stream);
    scene.follow(ROOM).await;
    macs.push(signed(&scene.latest("alice").await).0);
    let distinct: std::collections::BTreeSet<_> = macs.iter().collect();
    assert_eq!(distinct.len(), 5, "{macs:?}");
}
on_both!(module_signs_for_one_holder_room_nick_and_stream);

async fn module_shows_all_sessions_behind_a_nick(version: Version) {
    let scene = Scene::new(version).await;
    let one = Client::connect(&scene.prosody, "alice@meet.jitsi/one").await;
    one.join(ROOM, "alice", "").await;
    scene.follow(ROOM).await;
    let two = Client::connect(&scene.prosody, "alice@meet.jitsi/two").await;
    scene.session(&two, &verified("A")).await;
    two.join(ROOM, "alice", "").await;
    let shown = scene.latest("alice").await;
    let jids: Vec<_> = items(&shown)
        .iter()
        .map(|i| i.attr("jid").unwrap().to_string())
        .collect();
    assert_eq!(
        jids,
        [two.jid.clone(), one.jid.clone()],
        "the claims' session first"
    );
    assert_eq!(
        claimed(&scene, "alice").await,
        json!({ "context": { "user": { "name": "A" } } })
    );
    let three = Client::connect(&scene.prosody, "alice@meet.jitsi/three").await;
    three.join(ROOM, "alice", "").await;
    assert_eq!(items(&scene.latest("alice").await).len(), 3);
    for gone in [&three, &two] {
        gone.send(&format!("<presence type='unavailable' to='{ROOM}/alice'/>"))
            .await;
        gone.ping("meet.jitsi").await.unwrap();
    }
    let shown = scene.latest("alice").await;
    assert_eq!((shown.attr("type"), items(&shown).len()), (None, 1));
    assert_eq!(item(&shown).attr("jid"), Some(one.jid.as_str()));
    assert_eq!(claimed(&scene, "alice").await, Value::Null);
}
on_both!(module_shows_all_sessions_behind_a_nick);

async fn module_spares_gavel_updates_that_change_nothing(version: Version) {
    let scene = Scene::new(version).await;
    let alice = scene.client("alice").await;
    scene.session(&alice, &verified("A")).await;
    alice.join(ROOM, "alice", &nick("Alice")).await;
    scene.follow(ROOM).await;
    let bob = scene.person("bob").await;
    let occupant = format!("{ROOM}/alice");
    let count = async |scene: &Scene| {
        alice.ping("meet.jitsi").await.unwrap();
        scene.shown(&occupant).await.len()
    };
    assert_eq!(count(&scene).await, 1);
    let before = bob.count(|s| s.attr("from") == Some(&occupant));
    for muted in 0..50 {
        let toggles = format!(
            "<audiomuted>{}</audiomuted><e2ee.enabled/>{}",
            muted % 2,
            nick("Alice")
        );
        alice.presence(ROOM, "alice", &toggles).await;
    }
    assert_eq!(count(&scene).await, 1, "none of 50");
    bob.ping("meet.jitsi").await.unwrap();
    assert_eq!(
        bob.count(|s| s.attr("from") == Some(&occupant)),
        before + 50
    );
    // Updates that count pass: each of these is shown once.
    let changes = [
        nick("Alicia"),
        nick("Alicia") + &nick("Alicia"),
        String::new(),
        "<nick xmlns='urn:other'>Alicia</nick>".to_string(),
        "<identity><user><name>x</name></user></identity>".to_string(),
        "<identity><user><name>y</name></user></identity>".to_string(),
        "<identity><user><name>y</name><id>1</id></user></identity>".to_string(),
        "<identity><user><name>y<id>1</id></name></user></identity>".to_string(),
        format!("<jwt>{}</jwt>", token(json!({}))),
    ];
    for (index, change) in changes.iter().enumerate() {
        alice.presence(ROOM, "alice", change).await;
        alice
            .presence(ROOM, "alice", &format!("{change}<audiomuted/>"))
            .await;
        assert_eq!(count(&scene).await, index + 2, "{change}");
    }
    // Only the parts of them that concern gavel pass.
    let change = nick("Alice") + "<audiomuted/><identity><user/></identity>";
    alice.presence(ROOM, "alice", &change).await;
    count(&scene).await;
    let children = &scene.latest("alice").await.children;
    let children: Vec<&str> = children.iter().map(|child| child.name.as_str()).collect();
    assert_eq!(children, ["nick", "identity", "claims", "x"]);
    let so_far = count(&scene).await;
    bob.leave(ROOM, "bob").await;
    scene
        .gavel
        .affiliate(ROOM, alice.bare(), "admin")
        .await
        .unwrap();
    assert_eq!(count(&scene).await, so_far + 1);
    scene
        .gavel
        .affiliate(ROOM, alice.bare(), "admin")
        .await
        .unwrap();
    assert_eq!(count(&scene).await, so_far + 1, "no change");
    scene
        .gavel
        .set_role(ROOM, "alice", "participant")
        .await
        .unwrap();
    assert_eq!(count(&scene).await, so_far + 2);
    scene
        .session(&alice, "jitsi_meet_context_group = 'g'")
        .await;
    alice.presence(ROOM, "alice", &changes[6]).await;
    assert_eq!(count(&scene).await, so_far + 3);
    // The first after a join passes, though it be like the last before.
    let _carol = scene.person("carol").await;
    alice.leave(ROOM, "alice").await;
    alice
        .presence(ROOM, "alice", &format!("<x xmlns='{MUC}'/>{}", changes[6]))
        .await;
    assert_eq!(count(&scene).await, so_far + 5, "gone and back");
    scene.gavel.leave(ROOM, "gavel").await;
    scene.gavel.join(ROOM, "gavel", "").await;
    assert_eq!(count(&scene).await, so_far + 6);
}
on_both!(module_spares_gavel_updates_that_change_nothing);

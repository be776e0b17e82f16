//! Pinned names.

use crate::on_both;
use crate::scene::{ROOM, Scene, all, options};
use crate::support::{Client, El, MUC_USER, Version, escape, nick};

/// Asks for a pin; an empty name unpins.
async fn pin(scene: &Scene, nick: &str, jid: &str, name: &str) -> Result<(), String> {
    let name = escape(name);
    let pin = format!("<pin xmlns='urn:gavel:names:0' nick='{nick}' jid='{jid}'>{name}</pin>");
    scene.gavel.iq("set", ROOM, &pin).await.map(|_| ())
}

/// Asks for `Ada (guest)` in place of the name `Ada`.
async fn shows_as_guest(scene: &Scene, nick: &str, jid: &str) {
    let pin = format!(
        "<pin xmlns='urn:gavel:names:0' nick='{nick}' jid='{jid}' shown='Ada'>Ada (guest)</pin>"
    );
    scene.gavel.iq("set", ROOM, &pin).await.unwrap();
}

/// Names that `watcher` was ever shown of an occupant, in order.
fn names(watcher: &Client, nick: &str) -> Vec<String> {
    let from = format!("{ROOM}/{nick}");
    let received = watcher.received().into_iter();
    let of = received.filter(|s| s.name == "presence" && s.attr("from") == Some(&from));
    of.filter_map(|s| {
        s.children
            .iter()
            .rfind(|c| c.name == "nick")
            .map(|c| c.text.clone())
    })
    .collect()
}

/// The `nick` children of a presence.
fn shown(presence: &El) -> Vec<(String, String)> {
    let nicks = all(presence, "nick").into_iter();
    nicks.map(|n| (n.ns.clone(), n.text.clone())).collect()
}

fn just(name: &str) -> Vec<(String, String)> {
    vec![("http://jabber.org/protocol/nick".into(), name.into())]
}

async fn module_pins_names(version: Version) {
    let scene = Scene::new(version).await;
    let alice = scene.client("alice").await;
    alice.join(ROOM, "alice", &nick("Mallory")).await;
    let bob = scene.person("bob").await;
    scene.follow(ROOM).await;
    // Late: another name is out already, and is replaced at once.
    pin(&scene, "alice", &alice.jid, "Alice").await.unwrap();
    bob.sees_name(ROOM, "alice", "Alice").await;
    alice.sees_name(ROOM, "alice", "Alice").await;
    assert_eq!(shown(&scene.latest("alice").await), just("Alice"));
    // The same once more publishes nothing.
    bob.ping("meet.jitsi").await.unwrap();
    let before = names(&bob, "alice").len();
    pin(&scene, "alice", &alice.jid, "Alice").await.unwrap();
    bob.ping("meet.jitsi").await.unwrap();
    assert_eq!(names(&bob, "alice").len(), before);
    // No other name reaches anybody, however it is written.
    let tries = [
        nick("Mallory"),
        nick("Alice") + &nick("Mallory"),
        nick("Mallory") + &nick("Alice"),
        "<nick xmlns='urn:other'>Mallory</nick>".to_string(),
        "<nick>Mallory</nick>".to_string(),
        format!("{}<nick xmlns='urn:other'>Mallory</nick>", nick("Alice")),
        String::new(),
    ];
    for (index, children) in tries.iter().enumerate() {
        let to = if index % 2 == 0 {
            format!("{ROOM}/alice")
        } else {
            ROOM.to_string()
        };
        let mark = format!("<try xmlns='urn:x'>{index}</try>");
        alice
            .send(&format!("<presence to='{to}'>{children}{mark}</presence>"))
            .await;
        let seen = bob
            .sees(ROOM, "alice", "after this try", |o| {
                o.presence
                    .named("try")
                    .is_some_and(|t| t.text == index.to_string())
            })
            .await;
        assert_eq!(shown(&seen.presence), just("Alice"), "{children}");
    }
    let after = &names(&bob, "alice")[before..];
    assert!(after.iter().all(|name| name == "Alice"), "{after:?}");
    // Other people choose any name, in this room and elsewhere.
    bob.presence(ROOM, "bob", &nick("Bobby")).await;
    alice.sees_name(ROOM, "bob", "Bobby").await;
    let other = "other@muc.meet.jitsi";
    alice.join(other, "alice", &nick("Mallory")).await;
    assert_eq!(alice.name(other, "alice").as_deref(), Some("Mallory"));
    // The goodbye shows none either.
    alice
        .send(&format!(
            "<presence type='unavailable' to='{ROOM}/alice'>{}</presence>",
            nick("M")
        ))
        .await;
    bob.sees_gone(ROOM, "alice").await;
    assert!(names(&bob, "alice").iter().all(|name| name != "M"));
}
on_both!(module_pins_names);

async fn module_pins_long_and_odd_names(version: Version) {
    let scene = Scene::new(version).await;
    let alice = scene.person("alice").await;
    let bob = scene.person("bob").await;
    scene.follow(ROOM).await;
    let long = "Ä\u{1f600}<&>'\" ".repeat(500);
    for name in [long.as_str(), " padded ", "0"] {
        pin(&scene, "alice", &alice.jid, name).await.unwrap();
        bob.sees_name(ROOM, "alice", name).await;
        assert_eq!(shown(&scene.latest("alice").await), just(name));
    }
}
on_both!(module_pins_long_and_odd_names);

async fn module_pins_only_the_person_whom_gavel_means(version: Version) {
    let scene = Scene::new(version).await;
    let alice = scene.client("alice").await;
    alice.join(ROOM, "alice", &nick("A")).await;
    let bob = scene.person("bob").await;
    scene.follow(ROOM).await;
    let missing = Err("item-not-found".to_string());
    for (nick, jid) in [
        ("alice", bob.jid.as_str()),
        ("alice", alice.bare()),
        ("alice", "alice@meet.jitsi/other"),
        ("alice", ""),
        ("bob", alice.jid.as_str()),
        ("nobody", alice.jid.as_str()),
        ("", alice.jid.as_str()),
    ] {
        assert_eq!(pin(&scene, nick, jid, "X").await, missing, "{nick} {jid}");
    }
    let pin_of =
        |jid: &str| format!("<pin xmlns='urn:gavel:names:0' nick='alice' jid='{jid}'>X</pin>");
    let elsewhere = scene
        .gavel
        .iq("set", "none@muc.meet.jitsi", &pin_of(&alice.jid))
        .await;
    assert_eq!(elsewhere.map(|_| ()), missing);
    let incomplete = scene
        .gavel
        .iq("set", ROOM, "<pin xmlns='urn:gavel:names:0'>X</pin>")
        .await;
    assert_eq!(incomplete.map(|_| ()), missing);
    for person in [&alice, &bob] {
        let refused = person.iq("set", ROOM, &pin_of(&alice.jid)).await;
        assert_eq!(refused.map(|_| ()), Err("forbidden".into()));
        let unpin = "<unpin-all xmlns='urn:gavel:names:0'/>";
        let refused = person.iq("set", ROOM, unpin).await;
        assert_eq!(refused.map(|_| ()), Err("forbidden".into()));
    }
    bob.ping("meet.jitsi").await.unwrap();
    assert_eq!(names(&bob, "alice"), ["A"]);
}
on_both!(module_pins_only_the_person_whom_gavel_means);

async fn module_unpins(version: Version) {
    let scene = Scene::new(version).await;
    let alice = scene.person("alice").await;
    let bob = scene.person("bob").await;
    scene.follow(ROOM).await;
    pin(&scene, "alice", &alice.jid, "Alice").await.unwrap();
    pin(&scene, "bob", &bob.jid, "Bob").await.unwrap();
    pin(&scene, "alice", &alice.jid, "").await.unwrap();
    alice.presence(ROOM, "alice", &nick("Alicia")).await;
    bob.sees_name(ROOM, "alice", "Alicia").await;
    bob.presence(ROOM, "bob", &nick("Bobby")).await;
    bob.ping("meet.jitsi").await.unwrap();
    assert_eq!(bob.name(ROOM, "bob").as_deref(), Some("Bob"));
    pin(&scene, "alice", &alice.jid, "Alice").await.unwrap();
    let unpin = "<unpin-all xmlns='urn:gavel:names:0'/>";
    scene.gavel.iq("set", ROOM, unpin).await.unwrap();
    for (client, name) in [(&alice, "alice"), (&bob, "bob")] {
        client.presence(ROOM, name, &nick("free")).await;
        bob.sees_name(ROOM, name, "free").await;
    }
    let missing = scene.gavel.iq("set", "none@muc.meet.jitsi", unpin).await;
    assert_eq!(missing.map(|_| ()), Err("item-not-found".into()));
}
on_both!(module_unpins);

async fn module_keeps_the_nick_of_the_pinned(version: Version) {
    let scene = Scene::new(version).await;
    let alice = scene.person("alice").await;
    let bob = scene.person("bob").await;
    scene.follow(ROOM).await;
    pin(&scene, "alice", &alice.jid, "Alice").await.unwrap();
    alice.presence(ROOM, "alicia", "").await;
    let refusal = alice
        .expect("a refusal", |s| s.attr("type") == Some("error"))
        .await;
    assert_eq!(refusal.condition(), Some("not-acceptable"));
    assert!(bob.occupant(ROOM, "alicia").is_none());
    bob.presence(ROOM, "robert", "").await;
    alice.sees(ROOM, "robert", "there", |_| true).await;
    pin(&scene, "alice", &alice.jid, "").await.unwrap();
    alice.presence(ROOM, "alicia", "").await;
    alice.sees(ROOM, "alicia", "there", |_| true).await;
}
on_both!(module_keeps_the_nick_of_the_pinned);

async fn module_pins_end_with_the_occupant(version: Version) {
    let scene = Scene::new(version).await;
    let bob = scene.person("bob").await;
    scene.follow(ROOM).await;
    for how in ["leaves", "is kicked", "is banned", "disconnects"] {
        let alice = scene.person("alice").await;
        bob.sees(ROOM, "alice", "there", |_| true).await;
        pin(&scene, "alice", &alice.jid, "Alice").await.unwrap();
        match how {
            "leaves" => alice.leave(ROOM, "alice").await,
            "is kicked" => bob.set_role(ROOM, "alice", "none").await.unwrap(),
            "is banned" => bob.affiliate(ROOM, alice.bare(), "outcast").await.unwrap(),
            _ => alice.send("</stream:stream>").await,
        }
        bob.sees_gone(ROOM, "alice").await;
        bob.affiliate(ROOM, alice.bare(), "none").await.unwrap();
        // The same person again, and then somebody else, by the same nick.
        let again = Client::connect(&scene.prosody, "alice@meet.jitsi/again").await;
        again.join(ROOM, "alice", "").await;
        again.presence(ROOM, "alice", &nick("Alicia")).await;
        bob.sees_name(ROOM, "alice", "Alicia").await;
        again.leave(ROOM, "alice").await;
        let next = scene.client("next").await;
        next.join(ROOM, "alice", "").await;
        next.presence(ROOM, "alice", &nick("Next")).await;
        bob.sees_name(ROOM, "alice", "Next").await;
        next.leave(ROOM, "alice").await;
        bob.sees_gone(ROOM, "alice").await;
    }
}
on_both!(module_pins_end_with_the_occupant);

async fn module_pins_outlive_a_disconnect_of_gavel(version: Version) {
    let mut scene = Scene::new(version).await;
    let alice = scene.person("alice").await;
    let bob = scene.person("bob").await;
    scene.follow(ROOM).await;
    pin(&scene, "alice", &alice.jid, "Alice").await.unwrap();
    scene.gavel.send("</stream:stream>").await;
    scene.disconnected().await;
    alice.presence(ROOM, "alice", &nick("Mallory")).await;
    alice.ping("meet.jitsi").await.unwrap();
    scene.reconnect().await;
    scene.follow(ROOM).await;
    alice.presence(ROOM, "alice", &nick("Mallory")).await;
    alice.ping("meet.jitsi").await.unwrap();
    bob.ping("meet.jitsi").await.unwrap();
    let last = names(&bob, "alice").pop();
    assert_eq!(last.as_deref(), Some("Alice"));
    assert!(!names(&bob, "alice").contains(&"Mallory".to_string()));
}
on_both!(module_pins_outlive_a_disconnect_of_gavel);

async fn module_pins_in_semi_anonymous_rooms(version: Version) {
    let mut options = options();
    options.muc = "muc_room_default_public_jids = false".into();
    let scene = Scene::with(version, options).await;
    let bob = scene.person("bob").await;
    let alice = scene.person("alice").await;
    let carol = scene.person("carol").await;
    scene.follow(ROOM).await;
    pin(&scene, "alice", &alice.jid, "Alice").await.unwrap();
    bob.sees_name(ROOM, "alice", "Alice").await;
    let seen = carol
        .sees(ROOM, "alice", "named", |o| {
            o.name.as_deref() == Some("Alice")
        })
        .await;
    assert_eq!(seen.jid, None, "her JID stays hidden");
    let own = alice.occupant(ROOM, "alice").unwrap().presence;
    assert!(own.status().contains(&110) && own.child("x", MUC_USER).is_some());
}
on_both!(module_pins_in_semi_anonymous_rooms);

/// A name shown in place of another is shown for that one alone.
async fn module_pins_a_name_in_place_of_another(version: Version) {
    let scene = Scene::new(version).await;
    let alice = scene.client("alice").await;
    alice.join(ROOM, "alice", &nick("Ada\u{a0}& Co")).await;
    let bob = scene.person("bob").await;
    scene.follow(ROOM).await;
    let instead = |sent: &str, name: &str| {
        let (sent, jid) = (escape(sent), &alice.jid);
        format!(
            "<pin xmlns='urn:gavel:names:0' nick='alice' jid='{jid}' shown='{sent}'>{name}</pin>"
        )
    };
    let pin = instead("Ada\u{a0}& Co", "Ada (guest)");
    scene.gavel.iq("set", ROOM, &pin).await.unwrap();
    bob.sees_name(ROOM, "alice", "Ada (guest)").await;
    let known = scene.latest("alice").await;
    let known = known.named("claims").unwrap();
    assert_eq!(known.attr("pinned"), Some("Ada (guest)"));
    assert_eq!(known.attr("shown"), Some("Ada\u{a0}& Co"));
    // Each of these goes out as it is said here, the last child as the one shown.
    let tries = [
        (nick("Ada\u{a0}& Co"), Some("Ada (guest)")),
        (nick("Bob") + &nick("Ada\u{a0}& Co"), Some("Ada (guest)")),
        (
            "<nick xmlns='urn:x'>Ada\u{a0}&amp; Co</nick>".to_string(),
            Some("Ada (guest)"),
        ),
        // Jitsi's client shows the text around other elements.
        (
            "<nick>Ada\u{a0}<a>B</a>&amp; Co</nick>".to_string(),
            Some("Ada (guest)"),
        ),
        (nick("Alice"), Some("Alice")),
        (String::new(), None),
        (nick("Ada\u{a0}& Co"), Some("Ada (guest)")),
    ];
    for (index, (children, expected)) in tries.iter().enumerate() {
        let mark = format!("<try xmlns='urn:x'>{index}</try>");
        alice
            .presence(ROOM, "alice", &format!("{children}{mark}"))
            .await;
        let after = |o: &crate::support::Occupant| {
            o.presence
                .named("try")
                .is_some_and(|t| t.text == index.to_string())
        };
        let seen = bob.sees(ROOM, "alice", "after this try", after).await;
        let seen = shown(&seen.presence).last().map(|(_, name)| name.clone());
        assert_eq!(seen.as_deref(), *expected, "{children}");
    }
    // Another nick is theirs to take, and changes nothing.
    alice
        .presence(ROOM, "lovelace", &nick("Ada\u{a0}& Co"))
        .await;
    bob.sees_name(ROOM, "lovelace", "Ada (guest)").await;
    let unpin = instead("", "").replace("nick='alice'", "nick='lovelace'");
    scene.gavel.iq("set", ROOM, &unpin).await.unwrap();
    bob.sees_name(ROOM, "lovelace", "Ada\u{a0}& Co").await;
    // A person who comes by that name later is somebody else.
    scene
        .gavel
        .iq("set", ROOM, "<unpin-all xmlns='urn:gavel:names:0'/>")
        .await
        .unwrap();
    alice
        .presence(ROOM, "lovelace", &nick("Ada\u{a0}& Co"))
        .await;
    bob.sees_name(ROOM, "lovelace", "Ada\u{a0}& Co").await;
}
on_both!(module_pins_a_name_in_place_of_another);

/// A person shown as a guest takes neither the pin of another with them, nor loses their
/// own, by a nick that they do not get.
async fn module_moves_no_pin_by_a_refused_nick(version: Version) {
    let scene = Scene::new(version).await;
    let mallory = scene.client("mallory").await;
    mallory.join(ROOM, "mallory", &nick("Ada")).await;
    let ada = scene.person("ada").await;
    let bob = scene.person("bob").await;
    scene.follow(ROOM).await;
    pin(&scene, "ada", &ada.jid, "Ada").await.unwrap();
    shows_as_guest(&scene, "mallory", &mallory.jid).await;
    bob.sees_name(ROOM, "mallory", "Ada (guest)").await;
    mallory.presence(ROOM, "ada", &nick("Ada")).await;
    let refusal = mallory
        .expect("a refusal", |s| s.attr("type") == Some("error"))
        .await;
    assert_eq!(refusal.condition(), Some("conflict"));
    mallory.presence(ROOM, "mallory", &nick("Ada")).await;
    ada.presence(ROOM, "ada", &nick("Mallory")).await;
    for client in [&mallory, &ada, &bob] {
        client.ping("meet.jitsi").await.unwrap();
    }
    assert_eq!(bob.name(ROOM, "mallory").as_deref(), Some("Ada (guest)"));
    assert_eq!(bob.name(ROOM, "ada").as_deref(), Some("Ada"));
    assert!(!names(&bob, "ada").contains(&"Mallory".to_owned()));
}
on_both!(module_moves_no_pin_by_a_refused_nick);

/// Several sessions behind one nick are one occupant with one name.
async fn module_pins_the_name_of_every_session_behind_a_nick(version: Version) {
    let scene = Scene::new(version).await;
    let alice = scene.client("alice").await;
    alice.join(ROOM, "alice", &nick("Alice")).await;
    let bob = scene.person("bob").await;
    scene.follow(ROOM).await;
    pin(&scene, "alice", &alice.jid, "Alice").await.unwrap();
    let second = Client::connect(&scene.prosody, "alice@meet.jitsi/second").await;
    second.join(ROOM, "alice", &nick("Mallory")).await;
    // Everybody is shown the presence of the session that is left.
    let before = names(&bob, "alice").len();
    alice
        .send(&format!("<presence to='{ROOM}/alice' type='unavailable'/>"))
        .await;
    alice.ping("meet.jitsi").await.unwrap();
    bob.ping("meet.jitsi").await.unwrap();
    assert!(names(&bob, "alice").len() > before, "shown once more");
    assert_eq!(bob.name(ROOM, "alice").as_deref(), Some("Alice"));
    assert!(!names(&bob, "alice").contains(&"Mallory".to_owned()));
    // A person who is only like another keeps the other name with both nicks.
    shows_as_guest(&scene, "alice", &second.jid).await;
    let third = Client::connect(&scene.prosody, "alice@meet.jitsi/third").await;
    third.join(ROOM, "alice", &nick("Ada")).await;
    third.presence(ROOM, "third", &nick("Ada")).await;
    bob.sees_name(ROOM, "third", "Ada (guest)").await;
    second.presence(ROOM, "alice", &nick("Ada")).await;
    bob.sees_name(ROOM, "alice", "Ada (guest)").await;
    assert!(!names(&bob, "alice").contains(&"Ada".to_owned()));
}
on_both!(module_pins_the_name_of_every_session_behind_a_nick);

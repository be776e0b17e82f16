//! The harness itself: Prosody of both versions, clients, and the stand-in
//! modules, without gavel.

#![allow(clippy::unwrap_used)]

mod support;

use support::{Client, GAVEL, MUC_USER, Options, Prosody, Version};

const ROOM: &str = "room@muc.meet.jitsi";

async fn prosody_is_of_the_version_named(version: Version) {
    let prosody = Prosody::start(version, Options::default());
    let number = match version {
        Version::V0_12 => "0.12.",
        Version::V13 => "13.",
    };
    let welcome = format!("welcome to Prosody version {number}");
    assert!(prosody.log().contains(&welcome), "{}", prosody.log());
}
on_both!(prosody_is_of_the_version_named);

async fn clients_meet_and_promote(version: Version) {
    let prosody = Prosody::start(version, Options::default());
    let focus = Client::connect(&prosody, "focus@auth.meet.jitsi").await;
    focus.join(ROOM, "focus", "").await;
    assert_eq!(focus.affiliation(ROOM, "focus"), "owner");
    let alice = Client::connect(&prosody, "alice@meet.jitsi/phone").await;
    assert_eq!(alice.jid, "alice@meet.jitsi/phone");
    alice.join(ROOM, "alice", &support::nick("Älice <&>")).await;
    focus.sees_name(ROOM, "alice", "Älice <&>").await;
    assert_eq!(
        alice.affiliate(ROOM, alice.bare(), "owner").await,
        Err("not-allowed".into())
    );
    focus.affiliate(ROOM, alice.bare(), "owner").await.unwrap();
    alice.sees_affiliation(ROOM, "alice", "owner").await;
    assert_eq!(alice.role(ROOM, "alice"), "moderator");
    alice.leave(ROOM, "alice").await;
    focus.sees_gone(ROOM, "alice").await;
    let owners = focus.affiliated(ROOM, "owner").await.unwrap();
    assert!(
        owners.contains(&"alice@meet.jitsi".to_string()),
        "{owners:?}"
    );
}
on_both!(clients_meet_and_promote);

async fn anonymous_clients_get_a_jid(version: Version) {
    let options = Options {
        anonymous: true,
        ..Options::default()
    };
    let prosody = Prosody::start(version, options);
    let one = Client::connect(&prosody, "meet.jitsi").await;
    let two = Client::connect(&prosody, "guest.meet.jitsi").await;
    assert!(one.bare().ends_with("@meet.jitsi"), "{}", one.jid);
    assert!(two.bare().ends_with("@guest.meet.jitsi"), "{}", two.jid);
}
on_both!(anonymous_clients_get_a_jid);

async fn a_component_is_recorded(version: Version) {
    let prosody = Prosody::start(version, Options::default());
    let focus = Client::connect(&prosody, "focus@auth.meet.jitsi").await;
    focus.join(ROOM, "focus", "").await;
    let gavel = Client::component(&prosody, GAVEL).await;
    gavel.join(ROOM, "gavel", "").await;
    focus.sees_affiliation(ROOM, "gavel", "owner").await;
    gavel
        .affiliate(ROOM, "alice@meet.jitsi", "owner")
        .await
        .unwrap();
    let query = "<recorded xmlns='urn:gavel:test'/>";
    let reply = focus.iq("get", "muc.meet.jitsi", query).await.unwrap();
    let recorded = reply.named("recorded").unwrap();
    assert_eq!(recorded.attr("total"), Some("2"), "{recorded:?}");
    assert!(recorded.children[1].text.contains("alice@meet.jitsi"));
}
on_both!(a_component_is_recorded);

async fn a_server_module_promotes_without_actor(version: Version) {
    let prosody = Prosody::start(version, Options::default());
    let alice = Client::connect(&prosody, "alice@meet.jitsi").await;
    alice.join(ROOM, "alice", "").await;
    let bob = Client::connect(&prosody, "bob@meet.jitsi").await;
    bob.join(ROOM, "bob", "").await;
    let order = format!(
        "<promote xmlns='urn:gavel:test' room='{ROOM}' jid='bob@meet.jitsi' affiliation='owner'/>"
    );
    bob.iq("set", "muc.meet.jitsi", &order).await.unwrap();
    let bob = alice
        .sees(ROOM, "bob", "owner", |o| o.affiliation == "owner")
        .await;
    let item = bob
        .presence
        .child("x", MUC_USER)
        .unwrap()
        .named("item")
        .unwrap()
        .clone();
    assert!(item.named("actor").is_none(), "{item:?}");
    assert_eq!(
        item.attr("jid").unwrap().split('/').next(),
        Some("bob@meet.jitsi")
    );
}
on_both!(a_server_module_promotes_without_actor);

async fn tenants_are_rewritten(version: Version) {
    let options = Options {
        host_modules: vec!["test_tenants"],
        ..Options::default()
    };
    let prosody = Prosody::start(version, options);
    let alice = Client::connect(&prosody, "alice@meet.jitsi").await;
    alice.join("room@muc.school.meet.jitsi", "alice", "").await;
    let gavel = Client::component(&prosody, GAVEL).await;
    let stored = "[school]room@muc.meet.jitsi";
    gavel
        .presence(
            stored,
            "gavel",
            "<x xmlns='http://jabber.org/protocol/muc'/>",
        )
        .await;
    gavel
        .sees_affiliation("room@muc.school.meet.jitsi", "alice", "owner")
        .await;
    let reply = gavel.iq(
        "get",
        stored,
        "<query xmlns='http://jabber.org/protocol/disco#info'/>",
    );
    assert_eq!(reply.await.unwrap().attr("from"), Some(stored));
    alice
        .sees_affiliation("room@muc.school.meet.jitsi", "gavel", "owner")
        .await;
}
on_both!(tenants_are_rewritten);

async fn breakout_rooms_follow_their_main_room(version: Version) {
    let options = Options {
        breakout_modules: vec!["test_breakout"],
        ..Options::default()
    };
    let prosody = Prosody::start(version, options);
    let focus = Client::connect(&prosody, "focus@auth.meet.jitsi").await;
    focus.join(ROOM, "focus", "").await;
    let breakout = "room--1@breakout.meet.jitsi";
    focus.join(breakout, "focus", "").await;
    let bob = Client::connect(&prosody, "bob@meet.jitsi").await;
    bob.join(breakout, "bob", "").await;
    assert_eq!(bob.affiliation(breakout, "bob"), "none");
    focus
        .affiliate(breakout, bob.bare(), "owner")
        .await
        .unwrap();
    let shown = bob
        .sees(breakout, "bob", "moderator", |o| o.role == "moderator")
        .await;
    assert_eq!(shown.affiliation, "none");
    let info = "<query xmlns='http://jabber.org/protocol/disco#info'/>";
    let info = bob.iq("get", breakout, info).await.unwrap();
    assert!(
        format!("{info:?}").contains("muc#roominfo_breakout_main_room"),
        "{info:?}"
    );
    let form = "<query xmlns='http://jabber.org/protocol/muc#owner'/>";
    let form = focus.iq("get", breakout, form).await.unwrap();
    assert!(
        format!("{form:?}").contains("room@muc.meet.jitsi"),
        "{form:?}"
    );
    focus.affiliate(ROOM, bob.bare(), "owner").await.unwrap();
    bob.leave(breakout, "bob").await;
    bob.join(breakout, "bob", "").await;
    assert_eq!(bob.affiliation(breakout, "bob"), "owner");
}
on_both!(breakout_rooms_follow_their_main_room);

async fn identity_is_written_from_the_session(version: Version) {
    let options = Options {
        host_modules: vec!["test_identity"],
        ..Options::default()
    };
    let prosody = Prosody::start(version, options);
    let alice = Client::connect(&prosody, "alice@meet.jitsi").await;
    let json = r#"{"jitsi_meet_context_user":{"name":"Alice","moderator":"true"}}"#;
    let session = format!(
        "<session xmlns='urn:gavel:test'>{}</session>",
        support::escape(json)
    );
    alice.iq("set", "meet.jitsi", &session).await.unwrap();
    alice
        .join(
            ROOM,
            "alice",
            "<identity><user><name>forged</name></user></identity>",
        )
        .await;
    let presence = alice.occupant(ROOM, "alice").unwrap().presence;
    let identities: Vec<_> = presence
        .children
        .iter()
        .filter(|c| c.name == "identity")
        .collect();
    assert_eq!(identities.len(), 1, "{presence:?}");
    let user = identities[0].named("user").unwrap();
    assert_eq!(user.named("name").unwrap().text, "Alice");
    assert_eq!(user.named("moderator").unwrap().text, "true");
}
on_both!(identity_is_written_from_the_session);

async fn prosody_comes_back_on_the_same_ports(version: Version) {
    let mut prosody = Prosody::start(version, Options::default());
    let alice = Client::connect(&prosody, "alice@meet.jitsi").await;
    alice.join(ROOM, "alice", "").await;
    prosody.kill();
    alice.ended().await;
    prosody.restart();
    let alice = Client::connect(&prosody, "alice@meet.jitsi").await;
    alice.join(ROOM, "alice", "").await;
}
on_both!(prosody_comes_back_on_the_same_ports);

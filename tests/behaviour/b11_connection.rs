//! B11: gavel survives every fate of its connection.

use crate::on_both;
use crate::support::{Client, Env, GAVEL, Options, Version, jwt, student, teacher, token};
use std::time::Duration;

const ROOM: &str = "room@muc.meet.jitsi";

async fn b11_prosody_is_killed_and_comes_back(version: Version) {
    let mut env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    env.prosody.kill();
    alice.ended().await;
    env.prosody.restart();
    env.watcher = Client::connect(&env.prosody, "watcher@auth.meet.jitsi").await;
    env.connected().await;
    let focus = env.focus(ROOM).await;
    let _bob = env.person(ROOM, "bob", Some(student("Bob"))).await;
    let _alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    focus
        .affiliate(ROOM, "bob@meet.jitsi", "owner")
        .await
        .unwrap();
    focus.sees_affiliation(ROOM, "bob", "member").await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
}
on_both!(b11_prosody_is_killed_and_comes_back);

/// People's decisions live as long as the room, not as long as gavel, however that ends.
async fn b11_grants_and_step_downs_survive_a_kill(version: Version) {
    let mut env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    let dave = env.person(ROOM, "dave", Some(teacher("Dave"))).await;
    let _bob = env.person(ROOM, "bob", Some(student("Bob"))).await;
    let _guest = env.person(ROOM, "guest", None).await;
    let gone = env.person(ROOM, "gone", Some(student("Gone"))).await;
    alice.sees_affiliation(ROOM, "alice", "owner").await;
    dave.sees_affiliation(ROOM, "dave", "owner").await;
    env.settle().await;
    for (by, who, to) in [
        (&dave, "dave", "member"),
        (&alice, "bob", "owner"),
        (&alice, "gone", "owner"),
    ] {
        let jid = format!("{who}@meet.jitsi");
        by.affiliate(ROOM, &jid, to).await.unwrap();
    }
    gone.leave(ROOM, "gone").await;
    env.settle().await;
    until_saved(&env, &["bob@meet.jitsi", "gone@meet.jitsi"]).await;
    env.gavel.kill();
    // Nobody corrects this before gavel is back.
    let given = focus.affiliate(ROOM, "guest@meet.jitsi", "owner").await;
    given.unwrap();
    env.gavel.restart();
    env.connected().await;
    env.gavel.logs_again("joined").await;
    focus.sees_affiliation(ROOM, "guest", "none").await;
    env.settle().await;
    for (who, has) in [("bob", "owner"), ("dave", "member"), ("alice", "owner")] {
        assert_eq!(focus.affiliation(ROOM, who), has, "{who}");
    }
    let owners = focus.affiliated(ROOM, "owner").await.unwrap();
    assert!(owners.contains(&"gone@meet.jitsi".into()), "{owners:?}");
}
on_both!(b11_grants_and_step_downs_survive_a_kill);

/// Waits until the state file remembers these people. Writes are spaced, so the latest
/// events are not yet there.
async fn until_saved(env: &Env, people: &[&str]) {
    let deadline = std::time::Instant::now() + crate::support::DEADLINE;
    loop {
        let text = std::fs::read_to_string(env.gavel.state_file()).unwrap_or_default();
        let state: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        let saved = &state["meetings"][ROOM]["people"];
        let current = state["run"] == "alive";
        if current && people.iter().all(|jid| !saved[jid].is_null()) {
            return;
        }
        assert!(std::time::Instant::now() < deadline, "not saved: {text}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// No stanza from anybody ends the process or the stream.
async fn b11_hostile_stanzas_hurt_nobody(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    let mallory = env.person(ROOM, "mallory", Some(student("Mallory"))).await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    focus.sees_affiliation(ROOM, "mallory", "member").await;
    env.settle().await;
    let user = crate::support::MUC_USER;
    let deep = |levels: usize| format!("{}{}", "<a>".repeat(levels), "</a>".repeat(levels));
    let children = [
        String::new(),
        deep(63),
        deep(65),
        deep(1_000),
        deep(36_000),
        "x".repeat(250_000),
        "<a/>".repeat(60_000),
        format!("<x xmlns='{user}'/>"),
        format!("<x xmlns='{user}'><item/><item affiliation='god' role='' jid='@/'/></x>"),
        format!("<x xmlns='{user}'><status code='-1'/><status code='99999999'/><status/></x>"),
        format!("<x xmlns='{user}'><invite/><invite/></x>"),
        "<nick xmlns='http://jabber.org/protocol/nick'/><nick/><nick><nick/></nick>".into(),
        "<identity/><identity><user/><user/></identity>".into(),
        "<claims xmlns='urn:gavel:claims:0' mac=''>{</claims>".into(),
        "<module xmlns='urn:gavel:module:0' version='1'/>".into(),
        "<query xmlns='http://jabber.org/protocol/muc#admin'><item/></query>".into(),
        "<p:a xmlns:p='urn:p' p:b='c'>&#x202e;&quot;]]&gt;</p:a>".into(),
        format!("<jwt xmlns='urn:test'>{}</jwt>", "e".repeat(100_000)),
    ];
    let targets = [
        GAVEL,
        "gavel@gavel.meet.jitsi",
        "gavel.meet.jitsi",
        ROOM,
        "room@muc.meet.jitsi/gavel",
    ];
    for child in &children {
        let stanza = |kind: &str, attributes: &str, to: &str| {
            format!("<{kind} {attributes} to='{to}'>{child}</{kind}>")
        };
        // The heavy ones cost Prosody far more than gavel: few of them.
        let few = child.len() > 20_000;
        for to in if few { &targets[..1] } else { &targets[..] } {
            mallory.send(&stanza("message", "type='weird'", to)).await;
            if few {
                continue;
            }
            mallory.send(&stanza("message", "", to)).await;
            mallory
                .send(&stanza("message", "type='groupchat'", to))
                .await;
            mallory
                .send(&stanza("presence", "type='subscribe'", to))
                .await;
            mallory.send(&stanza("iq", "type='get' id='x'", to)).await;
            mallory.send(&stanza("iq", "type='set' id='x'", to)).await;
            mallory
                .send(&stanza("iq", "type='result' id='g1'", to))
                .await;
            mallory
                .send(&stanza("iq", "type='error' id='g1'", to))
                .await;
        }
        mallory.presence(ROOM, "mallory", child).await;
        let patience = Duration::from_secs(60);
        mallory.reaches("meet.jitsi", patience).await.unwrap();
    }
    env.settle().await;
    assert!(env.gavel.running());
    assert_eq!(env.prosody.connections(), 1, "the stream ended");
    // And it still does its work.
    assert_eq!(focus.affiliation(ROOM, "alice"), "owner");
    focus
        .affiliate(ROOM, "mallory@meet.jitsi", "owner")
        .await
        .unwrap();
    let lowered = |o: &crate::support::Occupant| o.role == "participant";
    focus.sees(ROOM, "mallory", "lowered", lowered).await;
    env.settle().await;
    assert_eq!(focus.role(ROOM, "mallory"), "participant");
    alice
        .affiliate(ROOM, "mallory@meet.jitsi", "owner")
        .await
        .unwrap();
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "mallory"), "owner");
}
on_both!(b11_hostile_stanzas_hurt_nobody);

async fn b11_a_wrong_secret_is_said_plainly(version: Version) {
    let prosody = crate::support::Prosody::start(version, Options::default());
    for (settings, said) in [
        ("[component]\nsecret = \"wrong-and-private\"", "secret"),
        (
            "[component]\njid = \"nobody.meet.jitsi\"",
            "nobody.meet.jitsi",
        ),
    ] {
        let gavel = crate::support::Gavel::start(&prosody, settings);
        let line = gavel.logs("30 s").await;
        assert!(line.contains(said), "{line}");
        let log = gavel.log();
        assert!(!log.contains("wrong-and-private"), "the secret was logged");
        assert!(gavel.running());
        gavel.stop().await;
    }
}
on_both!(b11_a_wrong_secret_is_said_plainly);

/// gavel may be there before Prosody.
async fn b11_gavel_waits_for_prosody(version: Version) {
    let mut env = Env::new(version).await;
    env.prosody.kill();
    env.gavel.restart();
    env.gavel.logs("refused").await;
    env.prosody.restart();
    env.watcher = Client::connect(&env.prosody, "watcher@auth.meet.jitsi").await;
    env.connected().await;
    let focus = env.focus(ROOM).await;
    let alice = env.client("alice").await;
    alice
        .join(ROOM, "alice", &jwt(&token(teacher("Alice"))))
        .await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
}
on_both!(b11_gavel_waits_for_prosody);

/// A peer that says nothing more is found dead within 60 s. Slow, so on one
/// version of Prosody only: it is gavel alone that must notice.
#[test]
fn b11_a_silent_peer_is_found_dead() {
    crate::support::run(async {
        let env = Env::new(Version::V13).await;
        env.prosody.freeze();
        let limit = Duration::from_secs(62);
        env.gavel.logs_within("trying again", limit).await;
        env.prosody.thaw();
        env.connected().await;
    });
}

/// A room that has forgotten gavel is found out within 60 s and entered again.
/// Slow, so on one version only.
#[test]
fn b11_a_room_that_forgot_gavel_is_entered_again() {
    crate::support::run(async {
        let options = Options {
            muc_modules: vec!["test_mischief"],
            ..Options::default()
        };
        let env = Env::with(Version::V0_12, options, "[discovery]\npoll = \"off\"").await;
        let focus = env.focus(ROOM).await;
        env.settle().await;
        let _bob = env.person(ROOM, "bob", Some(student("Bob"))).await;
        focus.sees_affiliation(ROOM, "bob", "member").await;
        let order = format!("<forget xmlns='urn:gavel:test' room='{ROOM}' nick='gavel'/>");
        env.watcher
            .iq("set", "muc.meet.jitsi", &order)
            .await
            .unwrap();
        // Nobody tells gavel of her.
        let _alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
        let entitled = |s: &crate::support::El| {
            let x = s.child("x", crate::support::MUC_USER);
            let item = x.and_then(|x| x.named("item"));
            s.attr("from") == Some("room@muc.meet.jitsi/alice")
                && item.and_then(|item| item.attr("affiliation")) == Some("owner")
        };
        let limit = Duration::from_secs(65);
        focus.expect_within("Alice as owner", limit, entitled).await;
    });
}

/// Many rooms at once: all are entered, in a bounded number of joins at a time.
async fn b11_many_rooms_are_found_again(version: Version) {
    let mut env = Env::new(version).await;
    let focus = env.client("focus@auth.meet.jitsi").await;
    let bob = env.client("bob").await;
    env.gavel.kill();
    let child = jwt(&token(student("Bob")));
    let rooms: Vec<String> = (0..100).map(|n| format!("r{n}@muc.meet.jitsi")).collect();
    for room in &rooms {
        focus.join(room, "focus", "").await;
        bob.join(room, "bob", &child).await;
        focus
            .affiliate(room, "bob@meet.jitsi", "owner")
            .await
            .unwrap();
    }
    env.gavel.restart();
    for room in &rooms {
        focus.sees_affiliation(room, "bob", "member").await;
    }
}
on_both!(b11_many_rooms_are_found_again);

//! People whose client names its room as it connects, as Jitsi's do: the module asks before
//! they enter, and they enter with the affiliation of their claims.

use crate::on_both;
use crate::support::{Client, Env, GAVEL, MUC_USER, Options, Version, nick};
use crate::support::{student, teacher, token};
use serde_json::{Value, json};
use std::sync::Arc;

const ROOM: &str = "room@muc.meet.jitsi";
const BRIDGE: &str = "[claims]\nsources = [\"bridge\"]";
/// The locks that keep people out of a room: the lobby and a password.
const LOCKS: [(&str, &str); 2] = [
    ("muc#roomconfig_membersonly", "1"),
    ("muc#roomconfig_roomsecret", "sesame"),
];

fn options() -> Options {
    Options {
        muc_modules: vec!["gavel", "test_eval"],
        ..Options::with_module()
    }
}

async fn scene(version: Version, more: &str) -> (Env, Arc<Client>) {
    let env = Env::with(version, options(), &format!("{BRIDGE}\n{more}")).await;
    let focus = env.client("focus@auth.meet.jitsi").await;
    focus.join(ROOM, "focus", "").await;
    env.gavel.logs("module=true").await;
    env.settle().await;
    (env, focus)
}

/// Logs in for `room`, as if Prosody had verified a token with these claims, and
/// waits until gavel has had its say.
async fn connects(env: &Env, name: &str, room: &str, claims: Value) -> Client {
    let fields = json!({
        "auth_token": token(claims), "jitsi_meet_domain": "*",
        "jitsi_web_query_room": room, "jitsi_web_query_prefix": "",
    });
    let jid = format!("{name}@meet.jitsi");
    let client = Client::connect_with(&env.prosody, &jid, Some(&fields.to_string())).await;
    client.ping(GAVEL).await.unwrap();
    client
}

/// Affiliation, role and name of each presence of `nick` that a client received.
fn shown(watcher: &Client, nick: &str) -> Vec<(String, String, String)> {
    let from = format!("{ROOM}/{nick}");
    let received = watcher.received().into_iter();
    let of = received.filter(|s| s.name == "presence" && s.attr("from") == Some(&from));
    of.map(|s| {
        let x = s.child("x", MUC_USER).expect("a muc#user x");
        let item = x.named("item").expect("an item");
        let text = |name| item.attr(name).unwrap_or_default().to_owned();
        let name = s.children.iter().rfind(|c| c.name == "nick");
        let name = name.map(|name| name.text.clone()).unwrap_or_default();
        (text("affiliation"), text("role"), name)
    })
    .collect()
}

fn once(affiliation: &str, role: &str, name: &str) -> Vec<(String, String, String)> {
    vec![(affiliation.into(), role.into(), name.into())]
}

/// Announcements of absent people's affiliations.
fn announcements(client: &Client) -> usize {
    client.count(|s| s.name == "message" && s.child("x", MUC_USER).is_some())
}

async fn b2_a_person_who_named_their_room_enters_with_their_affiliation(version: Version) {
    let (env, focus) = scene(version, "").await;
    let alice = connects(&env, "alice", "room", teacher("Alice Token")).await;
    let bob = connects(&env, "bob", "room", student("Bob Token")).await;
    alice.join(ROOM, "alice", &nick("Somebody Else")).await;
    bob.join(ROOM, "bob", &nick("Bob Token")).await;
    env.settle().await;
    let (owner, member) = (
        once("owner", "moderator", "Alice Token"),
        once("member", "participant", "Bob Token"),
    );
    for client in [&focus as &Client, &alice, &bob] {
        assert_eq!(shown(client, "alice"), owner, "{}", client.jid);
        assert_eq!(shown(client, "bob"), member, "{}", client.jid);
        assert_eq!(announcements(client), 0, "{}", client.jid);
    }
    let sent = env.sent().await;
    let sets = sent.iter().filter(|s| s.attr("type") == Some("set"));
    // The guard is told who is entitled.
    let sets = sets.filter(|s| s.named("guard").is_none());
    let sets: Vec<_> = sets.collect();
    assert!(sets.is_empty(), "there was nothing left to do: {sets:?}");
    // And it can be seen why.
    let events = env.gavel.get("/v1/events").await.json();
    let join = events
        .as_array()
        .unwrap()
        .iter()
        .find(|e| e["nick"] == "alice");
    let join = join.expect("an event of Alice");
    assert_eq!(join["from"], "none", "{join}");
    assert_eq!(
        (&join["to"], &join["cause"]),
        (&json!("owner"), &json!("join"))
    );
    assert_eq!(join["outcome"], "applied");
    // The name is kept from the first moment on.
    alice.presence(ROOM, "alice", &nick("Mallory")).await;
    alice.presence(ROOM, "alice", "<last xmlns='urn:x'/>").await;
    focus
        .sees(ROOM, "alice", "after a try", |o| {
            o.presence.named("last").is_some()
        })
        .await;
    assert!(
        shown(&focus, "alice")
            .iter()
            .all(|(_, _, name)| name == "Alice Token")
    );
}
on_both!(b2_a_person_who_named_their_room_enters_with_their_affiliation);

async fn b8_a_newcomer_keeps_a_name_that_no_claims_give(version: Version) {
    for (config, claims) in [
        ("[names]\nfreeze = \"off\"", teacher("Alice Token")),
        ("", json!({ "context": { "user": { "moderator": true } } })),
    ] {
        let (env, focus) = scene(version, config).await;
        let alice = connects(&env, "alice", "room", claims).await;
        alice.join(ROOM, "alice", &nick("Mine")).await;
        env.settle().await;
        assert_eq!(shown(&focus, "alice"), once("owner", "moderator", "Mine"));
        alice.presence(ROOM, "alice", &nick("Another")).await;
        focus.sees_name(ROOM, "alice", "Another").await;
    }
}
on_both!(b8_a_newcomer_keeps_a_name_that_no_claims_give);

/// A meeting of a host with these claims, named Alice.
async fn hosted(version: Version, claims: Value) -> (Env, Arc<Client>, Client) {
    let (env, focus) = scene(version, "[policy]\nguard = true").await;
    let alice = connects(&env, "alice", "room", claims).await;
    alice.join(ROOM, "alice", &nick("Alice")).await;
    (env, focus, alice)
}

/// Lobby and password are for others: also after a reload, which is a new JID, and if a
/// client names no room as it connects.
async fn b18_hosts_get_in(version: Version) {
    let with_id = |mut claims: Value| {
        claims["context"]["user"]["id"] = json!("teacher-1");
        claims
    };
    for setting in LOCKS {
        let (env, focus, alice) = hosted(version, with_id(teacher("Alice"))).await;
        env.settle().await;
        alice.configure(ROOM, &[setting]).await.unwrap();
        env.settle().await;
        for (name, room) in [("reloaded", "room"), ("unnamed", "")] {
            let again = connects(&env, name, room, with_id(teacher("Alice"))).await;
            again.join(ROOM, name, &nick("Alice")).await;
            env.settle().await;
            let expected = once("owner", "moderator", "Alice");
            assert_eq!(shown(&focus, name), expected, "{name} {setting:?}");
        }
        for (name, room) in [("bob", "room"), ("carol", "")] {
            let student = connects(&env, name, room, student(name)).await;
            let refused = student.try_join(ROOM, name, &nick(name)).await;
            assert!(refused.is_err(), "{name} {setting:?}");
        }
        let guest = env.client("guest").await;
        assert!(guest.try_join(ROOM, "guest", &nick("Guest")).await.is_err());
        env.settle().await;
        assert_eq!(announcements(&focus), 1, "the setting alone was announced");
    }
}
on_both!(b18_hosts_get_in);

/// The same JID comes again, as from a breakout room: the affiliation it left with hinders
/// nobody. A person who has stepped down is a host no more.
async fn b18_hosts_come_back_in(version: Version) {
    for setting in LOCKS {
        let (env, focus, alice) = hosted(version, teacher("Alice")).await;
        let bob = connects(&env, "bob", "room", student("Bob")).await;
        bob.join(ROOM, "bob", &nick("Bob")).await;
        env.settle().await;
        alice.configure(ROOM, &[setting]).await.unwrap();
        for _ in 0..2 {
            alice.leave(ROOM, "alice").await;
            focus.sees_gone(ROOM, "alice").await;
            env.settle().await;
            let back = alice.try_join(ROOM, "alice", &nick("Alice")).await;
            assert_eq!(back, Ok(()), "{setting:?}");
            env.settle().await;
            assert_eq!(focus.affiliation(ROOM, "alice"), "owner");
        }
        if setting.0 == "muc#roomconfig_roomsecret" {
            let down = alice.affiliate(ROOM, alice.bare(), "member").await;
            assert_eq!(down, Ok(()));
            env.settle().await;
            for client in [&alice, &bob] {
                let name = client.bare().split('@').next().unwrap().to_owned();
                client.leave(ROOM, &name).await;
                env.settle().await;
                let refused = client.try_join(ROOM, &name, &nick(&name)).await;
                assert_eq!(refused, Err("not-authorized".into()), "{name}");
            }
        }
    }
}
on_both!(b18_hosts_come_back_in);

/// A token for another room, a claim of one's own, a host's nick, a token that was
/// exchanged after gavel had answered: none of them lets anybody in.
async fn b18_nobody_gets_in_by_a_hosts_privilege(version: Version) {
    for setting in LOCKS {
        let (env, focus, alice) = hosted(version, teacher("Alice")).await;
        env.settle().await;
        alice.configure(ROOM, &[setting]).await.unwrap();
        env.settle().await;
        let mut elsewhere = teacher("Mallory");
        elsewhere["room"] = json!("other");
        for (user, asked, claims) in [
            ("other", "room", elsewhere.clone()),
            ("unasked", "", elsewhere.clone()),
            ("switched", "other", elsewhere),
            ("student", "room", student("Mallory")),
        ] {
            let mallory = connects(&env, user, asked, claims).await;
            let forged = "<claims xmlns='urn:gavel:claims:0' given='owner' mac='0'>{}</claims>\
                          <arrival xmlns='urn:gavel:arrival:0' affiliation='owner'/>";
            for (wanted, more) in [(user, forged), (user, ""), ("alice", forged)] {
                let children = format!("{}{more}", nick("Mallory"));
                let refused = mallory.try_join(ROOM, wanted, &children).await;
                assert!(refused.is_err(), "{user} as {wanted}: {setting:?}");
            }
        }
        // gavel has answered that this is a host; then the session has another token.
        let eve = connects(&env, "eve", "room", teacher("Eve")).await;
        eve.verified(&token(student("Eve"))).await;
        let refused = eve.try_join(ROOM, "eve", &nick("Eve")).await;
        assert!(refused.is_err(), "eve: {setting:?}");
        env.settle().await;
        assert_eq!(focus.affiliation(ROOM, "alice"), "owner");
        assert_eq!(focus.role(ROOM, "alice"), "moderator");
        let owners = focus.affiliated(ROOM, "owner").await.unwrap();
        assert!(
            owners
                .iter()
                .all(|o| !o.contains("eve") && !o.contains("other")),
            "{owners:?}"
        );
    }
}
on_both!(b18_nobody_gets_in_by_a_hosts_privilege);

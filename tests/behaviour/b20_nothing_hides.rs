//! B20: the parts that decide are read, whatever stands around them. Nobody becomes
//! invisible by a stanza, whether a participant, a moderator or a room's owner writes it.

use crate::on_both;
use crate::support::{
    Client, Env, Gavel, Options, Prosody, Version, admin, jwt, nick, student, teacher, token,
};
use std::sync::Arc;

const ROOM: &str = "room@muc.meet.jitsi";
const BRIDGE: &str = "[claims]\nsources = [\"bridge\"]";

/// Payloads that a client can write into a presence, and Prosody passes on.
fn odd_payloads() -> Vec<(&'static str, String)> {
    let deep = format!("{}{}", "<a>".repeat(70), "</a>".repeat(70));
    let attributes: String = (0..130).map(|n| format!(" a{n}='b'")).collect();
    let quotes = "\"".repeat(50_000);
    vec![
        (
            "deepnick",
            format!("<nick xmlns='http://jabber.org/protocol/nick'>N{deep}</nick>"),
        ),
        (
            "deepidentity",
            format!("<identity><user>{deep}</user></identity>"),
        ),
        ("deeptoken", format!("<token>{deep}</token>")),
        ("attributes", format!("<b xmlns='u:v'{attributes}/>")),
        ("quotes", format!("<b xmlns='u:v'>{quotes}</b>")),
        ("quoted", format!("<b xmlns='u:v' c='{quotes}'/>")),
        ("wide", "<b xmlns='u:v'/>".repeat(15_000)),
        (
            "lines",
            format!("<b xmlns='u:v'>{}</b>", "\n".repeat(200_000)),
        ),
    ]
}

async fn scene(version: Version, module: bool) -> (Env, Arc<Client>) {
    if module {
        let env = Env::unguarded(version, Options::with_module(), BRIDGE).await;
        let focus = env.focus_with_module(ROOM).await;
        return (env, focus);
    }
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    (env, focus)
}

/// Somebody who enters with `payload`.
async fn enters(env: &Env, module: bool, name: &str, verified: bool, payload: &str) -> Arc<Client> {
    let client = env.client(name).await;
    let token = token(student(name));
    let shown = match (module, verified) {
        (true, true) => {
            client.verified(&token).await;
            String::new()
        }
        (false, true) => jwt(&token),
        (_, false) => String::new(),
    };
    let join = "<x xmlns='http://jabber.org/protocol/muc'/>";
    client
        .presence(ROOM, name, &format!("{join}{shown}{payload}"))
        .await;
    push(&client).await;
    client.sees(ROOM, name, "inside", |_| true).await;
    client
}

/// Prosody's parser takes up a long tag only when as much again has come.
async fn push(client: &Client) {
    client.send(&" ".repeat(100_000)).await;
}

async fn promoted_with_odd_payloads(version: Version, module: bool) {
    let (env, focus) = scene(version, module).await;
    for (odd, payload) in odd_payloads() {
        let mut people = Vec::new();
        for (verified, expected) in [(false, "none"), (true, "member")] {
            let name = format!("{odd}{verified}");
            let client = enters(&env, module, &name, verified, &payload).await;
            let seen = |o: &serde_json::Value| o["jid"].is_string();
            env.gavel
                .shows_occupant(ROOM, &name, "is shown", seen)
                .await;
            focus.affiliate(ROOM, client.bare(), "owner").await.unwrap();
            people.push((client, name, expected));
        }
        for (_, name, expected) in &people {
            focus.sees_affiliation(ROOM, name, expected).await;
        }
        env.settle().await;
        for (client, name, expected) in &people {
            assert_eq!(focus.affiliation(ROOM, name), *expected, "{name}");
            assert_eq!(focus.role(ROOM, name), "participant", "{name}");
            client.leave(ROOM, name).await;
        }
    }
}

async fn b20_nobody_is_invisible(version: Version) {
    promoted_with_odd_payloads(version, false).await;
}
on_both!(b20_nobody_is_invisible);

async fn b20_nobody_is_invisible_with_the_module(version: Version) {
    promoted_with_odd_payloads(version, true).await;
}
on_both!(b20_nobody_is_invisible_with_the_module);

async fn changes_with_long_reasons(version: Version, module: bool) {
    let (options, overrides) = match module {
        true => (
            Options::with_module(),
            format!("{BRIDGE}\n[policy]\ngrants = \"none\""),
        ),
        false => (Options::default(), "[policy]\ngrants = \"none\"".into()),
    };
    let env = Env::unguarded(version, options, &overrides).await;
    let focus = match module {
        true => env.focus_with_module(ROOM).await,
        false => env.focus(ROOM).await,
    };
    let alice = env.client("alice").await;
    let shown = token(teacher("alice"));
    if module {
        alice.verified(&shown).await;
        alice.join(ROOM, "alice", &nick("alice")).await;
    } else {
        alice.join(ROOM, "alice", &jwt(&shown)).await;
    }
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    let bob = enters(&env, module, "bob", true, "").await;
    let _guest = enters(&env, module, "guest", false, "").await;
    focus.sees_affiliation(ROOM, "bob", "member").await;
    env.settle().await;
    let reason = format!("<reason>{}</reason>", "\"".repeat(50_000));
    let set = |jid: &str, to: &str| format!("<item jid='{jid}' affiliation='{to}'>{reason}</item>");
    for who in ["bob@meet.jitsi", "guest@meet.jitsi"] {
        alice.admin(ROOM, &set(who, "owner")).await.unwrap();
    }
    focus.sees_affiliation(ROOM, "bob", "member").await;
    focus.sees_affiliation(ROOM, "guest", "none").await;
    // A host who is lowered so gets it back.
    focus
        .admin(ROOM, &set("alice@meet.jitsi", "none"))
        .await
        .unwrap();
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "bob"), "member");
    assert_eq!(focus.affiliation(ROOM, "guest"), "none");
    assert_eq!(focus.affiliation(ROOM, "alice"), "owner");
    drop(bob);
}

async fn b20_no_change_is_invisible(version: Version) {
    changes_with_long_reasons(version, false).await;
}
on_both!(b20_no_change_is_invisible);

async fn b20_no_change_is_invisible_with_the_module(version: Version) {
    changes_with_long_reasons(version, true).await;
}
on_both!(b20_no_change_is_invisible_with_the_module);

/// A room whose configuration and lists are far longer than a stanza may be.
async fn unwieldy_room(version: Version, module: bool) {
    let options = match module {
        true => Options::with_module(),
        false => Options::default(),
    };
    let prosody = Prosody::start(version, options);
    let focus = Client::connect(&prosody, "focus@auth.meet.jitsi").await;
    focus.join(ROOM, "focus", "").await;
    let mallory = Client::connect(&prosody, "mallory@meet.jitsi").await;
    mallory.join(ROOM, "mallory", "").await;
    focus
        .affiliate(ROOM, mallory.bare(), "owner")
        .await
        .unwrap();
    let quotes = "\"".repeat(50_000);
    describe(&mallory, &quotes).await;
    let reason = format!("<reason>{}</reason>", "\"".repeat(20_000));
    for n in 0..12 {
        let item = format!("<item jid='x{n}@meet.jitsi' affiliation='owner'>{reason}</item>");
        mallory.admin(ROOM, &item).await.unwrap();
    }
    let overrides = Gavel::unguarded(if module { BRIDGE } else { "" });
    let env = Env::beside(prosody, &overrides).await;
    if module {
        env.gavel.logs("module=true").await;
    } else {
        focus.invite(ROOM, "gavel@gavel.meet.jitsi").await;
        env.gavel_joins(&focus, ROOM).await;
    }
    focus.sees_affiliation(ROOM, "mallory", "none").await;
    env.settle().await;
    let owners = focus.affiliated(ROOM, "owner").await.unwrap();
    let left: Vec<_> = owners.iter().filter(|o| o.starts_with('x')).collect();
    assert!(left.is_empty(), "still owners: {left:?}");
    focus
        .affiliate(ROOM, mallory.bare(), "owner")
        .await
        .unwrap();
    focus.sees_affiliation(ROOM, "mallory", "none").await;
}

/// Writes a room's description as a client may.
async fn describe(client: &Client, text: &str) {
    let query = format!(
        "<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'>\
         <field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value></field>\
         <field var='muc#roomconfig_roomdesc'><value>{text}</value></field></x></query>"
    );
    client.iq("set", ROOM, &query).await.unwrap();
}

async fn b20_no_room_is_unreadable(version: Version) {
    unwieldy_room(version, false).await;
}
on_both!(b20_no_room_is_unreadable);

async fn b20_no_room_is_unreadable_with_the_module(version: Version) {
    unwieldy_room(version, true).await;
}
on_both!(b20_no_room_is_unreadable_with_the_module);

async fn leaves_with_odd_payloads(version: Version, module: bool) {
    let (env, focus) = scene(version, module).await;
    for (odd, payload) in odd_payloads() {
        let client = enters(&env, module, odd, false, "").await;
        env.gavel
            .shows_occupant(ROOM, odd, "is shown", |_| true)
            .await;
        let (from, to) = (&client.jid, format!("{ROOM}/{odd}"));
        client
            .send(&format!(
                "<presence type='unavailable' from='{from}' to='{to}'>{payload}</presence>"
            ))
            .await;
        push(&client).await;
        focus.sees_gone(ROOM, odd).await;
        let path = format!("/v1/rooms/{ROOM}");
        env.gavel
            .shows(&path, &format!("without {odd}"), |detail| {
                admin::occupant(detail, odd).is_none()
            })
            .await;
    }
}

async fn b20_nobody_leaves_a_ghost(version: Version) {
    leaves_with_odd_payloads(version, false).await;
}
on_both!(b20_nobody_leaves_a_ghost);

async fn b20_nobody_leaves_a_ghost_with_the_module(version: Version) {
    leaves_with_odd_payloads(version, true).await;
}
on_both!(b20_nobody_leaves_a_ghost_with_the_module);

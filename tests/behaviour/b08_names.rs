//! B8: a person whose token has a name shows that name.

use crate::on_both;
use crate::support::{Client, El, Env, Occupant, Options, Version, jwt, nick, teacher, token};
use serde_json::{Value, json};
use std::sync::Arc;

const ROOM: &str = "room@muc.meet.jitsi";

/// Claims of a member called so.
fn named(name: &str) -> Value {
    json!({ "context": { "user": { "id": name, "name": name } } })
}

/// Everything that a client might put into presence besides its name.
const PAYLOAD: &str = "<show>dnd</show><status>a &lt;b&gt; &amp; 'c' \"d\"</status>\
    <priority>5</priority>\
    <c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='urn:n' ver='x+/='/>\
    <SourceInfo>{\"a-v0\":{\"muted\":true}}</SourceInfo>\
    <stats-id>Ä-ß-漢-🎓</stats-id>\
    <region xmlns='http://jitsi.org/jitsi-meet' id='x'><deep xmlns='urn:y'><nick>inner</nick></deep></region>\
    <raisedHand>1700000000000</raisedHand>";

/// Bob comes under the name of his token; the client, and the elements by which he shows it.
async fn bob_comes(env: &Env, focus: &Client) -> (Arc<Client>, String) {
    let bob = env.client("bob").await;
    let own = jwt(&token(named("Bob")));
    bob.join(ROOM, "bob", &format!("{own}{}", nick("Bob")))
        .await;
    focus.sees_affiliation(ROOM, "bob", "member").await;
    env.settle().await;
    (bob, own)
}

async fn b8_a_changed_name_is_reverted_and_all_else_kept(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let (bob, own) = bob_comes(&env, &focus).await;
    let before = bob.count(|s| s.name == "presence");
    bob.presence(
        ROOM,
        "bob",
        &format!("{PAYLOAD}{own}{}", nick("The Teacher")),
    )
    .await;
    let revised = |s: &El| shows(s, "bob", "Bob") && s.named("raisedHand").is_some();
    let reverted = focus
        .expect("Bob's own name with his new payload", revised)
        .await;
    env.settle().await;
    assert_eq!(focus.name(ROOM, "bob").as_deref(), Some("Bob"));
    let renamed = bob
        .expect("what Bob sent", |s| shows(s, "bob", "The Teacher"))
        .await;
    assert_eq!(payload(&reverted), payload(&renamed));
    assert!(payload(&reverted).len() >= 9, "{reverted:?}");
    assert_eq!(
        bob.count(|s| s.name == "presence") - before,
        2,
        "one revert"
    );
    assert_eq!(focus.affiliation(ROOM, "bob"), "member");
}
on_both!(b8_a_changed_name_is_reverted_and_all_else_kept);

/// The children that are the occupant's own, without the name.
fn payload(presence: &El) -> Vec<El> {
    let added = ["x", "nick", "occupant-id", "hats", "stanza-id", "delay"];
    let own = presence
        .children
        .iter()
        .filter(|c| !added.contains(&&*c.name));
    let mut own: Vec<El> = own.cloned().collect();
    own.sort_by(|a, b| a.name.cmp(&b.name));
    own
}

/// Says whether a stanza shows the occupant `who` under the display name `name`.
fn shows(stanza: &El, who: &str, name: &str) -> bool {
    let names: Vec<_> = stanza
        .children
        .iter()
        .filter(|c| c.name == "nick")
        .collect();
    stanza.name == "presence"
        && stanza.attr("from") == Some(&format!("{ROOM}/{who}"))
        && names.last().is_some_and(|n| n.text == name)
}

async fn b8_a_changed_nick_is_turned_back(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let bob = env.client("bob").await;
    let children = format!("{PAYLOAD}{}{}", jwt(&token(named("Bob"))), nick("Bob"));
    bob.join(ROOM, "bob", &children).await;
    focus.sees_affiliation(ROOM, "bob", "member").await;
    bob.presence(ROOM, "teacher", &children).await;
    let to = |from: &'static str, to: &'static str| {
        move |s: &El| {
            let x = s.child("x", crate::support::MUC_USER);
            let item = x.and_then(|x| x.named("item"));
            s.status().contains(&303)
                && s.attr("from") == Some(&format!("{ROOM}/{from}"))
                && item.and_then(|i| i.attr("nick")) == Some(to)
        }
    };
    focus.expect("the change", to("bob", "teacher")).await;
    focus.expect("the change back", to("teacher", "bob")).await;
    env.settle().await;
    assert!(focus.occupant(ROOM, "teacher").is_none());
    let bob_now = focus.occupant(ROOM, "bob").unwrap();
    assert_eq!(bob_now.name.as_deref(), Some("Bob"));
    assert_eq!(bob_now.affiliation, "member");
    let came = bob
        .expect("what Bob sent", |s| shows(s, "bob", "Bob"))
        .await;
    assert_eq!(payload(&bob_now.presence), payload(&came));
    let changes = focus.count(|s| s.status().contains(&303));
    assert_eq!(changes, 2, "turned back once per change");
    // Guests call themselves as they like.
    let guest = env.person(ROOM, "guest", None).await;
    guest.presence(ROOM, "visitor", &nick("Anything")).await;
    focus.sees_name(ROOM, "visitor", "Anything").await;
    env.settle().await;
    assert!(focus.occupant(ROOM, "guest").is_none());
}
on_both!(b8_a_changed_nick_is_turned_back);

async fn b8_names_that_are_equal_are_left(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let sixty = "äöü🎓".repeat(15);
    // 50 UTF-16 units: the pupil's cap counts for two.
    let cut = "äöü🎓".repeat(10);
    let fifty_one = format!("{}🎓tail", "x".repeat(49));
    let cases = [
        ("plain", "Bob", "Bob"),
        ("padded_token", "  Bob ", "Bob"),
        ("padded_shown", "Bob", " Bob\n"),
        ("cut", &sixty, &cut),
        ("whole", &sixty, &sixty),
        ("entities", "<B> & 'b'", "<B> & 'b'"),
    ];
    let mut clients = Vec::new();
    for (user, in_token, shown) in cases {
        let client = env.client(user).await;
        let children = format!("{}{}", jwt(&token(named(in_token))), nick(shown));
        client.join(ROOM, user, &children).await;
        focus.sees_affiliation(ROOM, user, "member").await;
        clients.push(client);
    }
    let absent = env.client("absent").await;
    absent
        .join(ROOM, "absent", &jwt(&token(named("Absent"))))
        .await;
    focus.sees_affiliation(ROOM, "absent", "member").await;
    env.settle().await;
    assert_eq!(reverts(&env).await, 0, "an equal name was reverted");
    assert_eq!(focus.name(ROOM, "absent"), None, "no name is no change");
    // The name that gavel sets if the shown one differs: the first 50 units, which never
    // leave half of a pair.
    for (user, in_token) in [("cut", &sixty), ("split", &fifty_one)] {
        let client = env.client(user).await;
        let own = jwt(&token(named(in_token)));
        client
            .join(
                ROOM,
                &format!("{user}2"),
                &format!("{own}{}", nick("Other")),
            )
            .await;
        let now = focus
            .sees(ROOM, &format!("{user}2"), "under the token's name", |o| {
                o.name.as_deref() != Some("Other")
            })
            .await;
        let name = now.name.unwrap();
        assert!(in_token.starts_with(&name), "{name:?}");
        let units = name.encode_utf16().count();
        assert!((49..=50).contains(&units), "{units} units in {name:?}");
    }
}
on_both!(b8_names_that_are_equal_are_left);

/// Clients show the last child named `nick`, of any namespace.
async fn b8_several_nick_children_hide_nothing(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let (bob, own) = bob_comes(&env, &focus).await;
    let other = "<nick xmlns='urn:other'>The Teacher</nick>";
    for names in [
        format!("{}{}", nick("Bob"), nick("The Teacher")),
        format!("{}{}", nick("The Teacher"), nick("Bob")),
        format!("{}{other}", nick("Bob")),
        other.to_string(),
    ] {
        bob.presence(ROOM, "bob", &format!("{own}{names}<seen/>"))
            .await;
        let one = |o: &Occupant| {
            let names: Vec<&El> = o
                .presence
                .children
                .iter()
                .filter(|c| c.name == "nick")
                .collect();
            o.presence.named("seen").is_some()
                && names.len() == 1
                && names[0].text == "Bob"
                && names[0].ns == "http://jabber.org/protocol/nick"
        };
        focus
            .sees(ROOM, "bob", &format!("as Bob alone after {names}"), one)
            .await;
        bob.presence(ROOM, "bob", &format!("{own}{}", nick("Bob")))
            .await;
        env.settle().await;
    }
}
on_both!(b8_several_nick_children_hide_nothing);

async fn b8_a_name_that_xml_cannot_carry_is_not_frozen(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    for (user, name) in [
        ("bell", "Bo\u{8}b"),
        ("nul", "Bo\0b"),
        ("none", "Bo\u{ffff}b"),
    ] {
        let bob = env.client(user).await;
        let own = jwt(&token(named(name)));
        bob.join(ROOM, user, &format!("{own}{}", nick("Somebody")))
            .await;
        focus.sees_affiliation(ROOM, user, "member").await;
        env.settle().await;
        assert_eq!(focus.name(ROOM, user).as_deref(), Some("Somebody"));
    }
    assert_eq!(reverts(&env).await, 0);
}
on_both!(b8_a_name_that_xml_cannot_carry_is_not_frozen);

/// How many presences gavel has sent in somebody else's name.
async fn reverts(env: &Env) -> u32 {
    let sent = env.sent().await;
    let foreign = sent.iter().filter(|s| {
        s.name == "presence"
            && s.attr("from")
                .is_some_and(|from| !from.starts_with("gavel@"))
    });
    u32::try_from(foreign.count()).unwrap()
}

/// Says whether a stanza is a message of gavel's.
fn from_gavel(stanza: &El) -> bool {
    stanza.name == "message"
        && stanza.named("body").is_some()
        && stanza
            .attr("from")
            .is_some_and(|from| from.contains("gavel"))
}

/// With `validate_from_addresses = true` Prosody ends the stream at the first
/// revert.
async fn b8_where_prosody_refuses_gavel_notifies(version: Version) {
    let options = Options {
        validate_from: true,
        ..Options::default()
    };
    let env = Env::with(version, options, "").await;
    let focus = env.focus(ROOM).await;
    let (bob, own) = bob_comes(&env, &focus).await;
    bob.presence(ROOM, "bob", &format!("{own}{}", nick("The Teacher")))
        .await;
    env.gavel.logs("validate_from_addresses").await;
    bob.expect("gavel's notice", from_gavel).await;
    env.connected().await;
    env.gavel_joins(&focus, ROOM).await;
    let alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    alice.sees_affiliation(ROOM, "alice", "owner").await;
    for count in 0..3 {
        let children = format!("{own}{}", nick(&format!("X{count}")));
        bob.presence(ROOM, "bob", &children).await;
    }
    env.settle().await;
    let refusals = env
        .prosody
        .log()
        .matches("missing or invalid 'from'")
        .count();
    assert_eq!(refusals, 1, "gavel tried again");
    let log = env.gavel.log();
    let warnings = log.lines().filter(|l| l.contains("names are not reverted"));
    assert_eq!(warnings.count(), 1, "it says so once");
    assert_eq!(bob.count(from_gavel), 1);
}
on_both!(b8_where_prosody_refuses_gavel_notifies);

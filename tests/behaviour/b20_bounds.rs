//! B20: gavel's stanzas are bounded, whatever others have it send.

use crate::on_both;
use crate::support::{
    Client, El, Env, GAVEL, MUC_ADMIN, Options, Version, escape, jwt, nick, student, teacher, token,
};
use std::sync::Arc;
use std::time::{Duration, Instant};

const ROOM: &str = "room@muc.meet.jitsi";
const BRIDGE: &str = "[claims]\nsources = [\"bridge\"]";
/// So long something may take that concerns thousands of people.
const LONG: Duration = Duration::from_secs(60);

/// Joins as if Prosody had verified a token with these claims.
async fn verified(env: &Env, name: &str, claims: serde_json::Value) -> Arc<Client> {
    let client = env.client(name).await;
    client.verified(&token(claims)).await;
    client.join(ROOM, name, &nick(name)).await;
    client
}

/// Somebody with a JID as long as it may be; the last is somebody who can log in.
fn past_host(n: usize) -> String {
    match n + 1 == ALL {
        true => "promoter".into(),
        false => format!("{}{n}", "x".repeat(1_000)),
    }
}

/// So many of them are more than fits into one stanza.
const ALL: usize = 700;

/// The guard is told of all of them, and again whenever gavel comes back.
async fn b20_more_moderators_than_fit_into_a_stanza_are_named_to_the_guard(version: Version) {
    let guard = format!("{BRIDGE}\n[policy]\nguard = true");
    let mut env = Env::with(version, Options::with_module(), &guard).await;
    let focus = env.focus_with_module(ROOM).await;
    let alice = verified(&env, "alice", teacher("alice")).await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    let sets: Vec<String> = (0..ALL).map(|n| promotion(&alice, &past_host(n))).collect();
    for sets in sets.chunks(100) {
        alice.send(&sets.concat()).await;
        alice.reaches("meet.jitsi", LONG).await.unwrap();
    }
    let last = format!("{}@meet.jitsi", past_host(ALL - 1));
    let told = |s: &El| {
        let item = s.named("x").and_then(|x| x.named("item"));
        s.name == "message" && item.is_some_and(|item| item.attr("jid") == Some(&last))
    };
    focus.expect_within("the last promotion", LONG, told).await;
    let connections = env.prosody.connections();
    env.watcher.reaches(GAVEL, LONG).await.unwrap();
    env.gavel.stop().await;
    env.gavel.restart();
    env.gavel.logs_again("module=true").await;
    env.watcher.reaches(GAVEL, LONG).await.unwrap();
    assert_eq!(env.prosody.connections(), connections + 1);
    // A person promoted by a host is one of those who may promote.
    let _bob = verified(&env, "bob", student("bob")).await;
    let promoter = env.client(&past_host(ALL - 1)).await;
    promoter.join(ROOM, "promoter", "").await;
    let by_them = promoter.affiliate(ROOM, "bob@meet.jitsi", "owner").await;
    by_them.unwrap();
    focus.sees_affiliation(ROOM, "bob", "owner").await;
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "bob"), "owner");
    assert_eq!(env.prosody.connections(), connections + 1);
}
on_both!(b20_more_moderators_than_fit_into_a_stanza_are_named_to_the_guard);

fn promotion(by: &Client, user: &str) -> String {
    format!(
        "<iq type='set' id='{}' to='{ROOM}'><query xmlns='{MUC_ADMIN}'>\
         <item jid='{user}@meet.jitsi' affiliation='owner'/></query></iq>",
        by.id()
    )
}

/// With the module and the guard on or off: a token element beyond every bound.
async fn b20_a_person_who_hides_behind_a_long_token_is_judged(version: Version) {
    for guard in [true, false] {
        let overrides = format!("{BRIDGE}\n[policy]\nguard = {guard}");
        let env = Env::with(version, Options::with_module(), &overrides).await;
        let focus = env.focus_with_module(ROOM).await;
        let _alice = verified(&env, "alice", teacher("alice")).await;
        focus.sees_affiliation(ROOM, "alice", "owner").await;
        let long = format!("<token>{}</token>", "x".repeat(240_000));
        for (name, claims, claimed) in [
            ("guest", None, "none"),
            ("bob", Some(student("bob")), "member"),
            ("carol", Some(teacher("carol")), "owner"),
        ] {
            let client = env.client(name).await;
            if let Some(claims) = claims {
                client.verified(&token(claims)).await;
            }
            // Without all of the evidence there are no claims.
            client
                .join(ROOM, name, &format!("{}{long}", nick(name)))
                .await;
            let _ = focus.affiliate(ROOM, client.bare(), "owner").await;
            focus.sees_affiliation(ROOM, name, "none").await;
            env.settle().await;
            assert_eq!(focus.affiliation(ROOM, name), "none", "guard: {guard}");
            client.presence(ROOM, name, &nick(name)).await;
            focus.sees_affiliation(ROOM, name, claimed).await;
            env.settle().await;
            assert_eq!(focus.affiliation(ROOM, name), claimed, "guard: {guard}");
        }
    }
}
on_both!(b20_a_person_who_hides_behind_a_long_token_is_judged);

/// Prosody reads less of a stanza than gavel knows: a stanza that ended the stream is not
/// sent again, and others' names are still kept.
async fn b20_a_stanza_that_ended_the_stream_is_not_sent_again(version: Version) {
    let options = Options {
        global: "component_stanza_size_limit = 10000".into(),
        ..Options::default()
    };
    let env = Env::with(version, options, "").await;
    let focus = env.focus(ROOM).await;
    let mut people = Vec::new();
    for name in ["bob", "carl"] {
        let client = env.client(name).await;
        let own = jwt(&token(student(name)));
        client
            .join(ROOM, name, &format!("{own}{}", nick(name)))
            .await;
        focus.sees_affiliation(ROOM, name, "member").await;
        people.push((client, own));
    }
    env.settle().await;
    let connections = env.prosody.connections();
    let (bob, own) = &people[0];
    let long = format!("<status>{}</status>", "x".repeat(12_000));
    let renamed = format!("{own}{}{long}", nick("The Teacher"));
    bob.presence(ROOM, "bob", &renamed).await;
    env.gavel.logs("ended the stream").await;
    env.connected().await;
    env.gavel_joins(&focus, ROOM).await;
    env.settle().await;
    // Again and again, and no stream ends any more.
    for _ in 0..3 {
        bob.presence(ROOM, "bob", &renamed).await;
        env.settle().await;
    }
    let (carl, own) = &people[1];
    carl.presence(ROOM, "carl", &format!("{own}{}", nick("The Teacher")))
        .await;
    focus.sees_name(ROOM, "carl", "carl").await;
    env.settle().await;
    assert_eq!(env.prosody.connections(), connections + 1);
}
on_both!(b20_a_stanza_that_ended_the_stream_is_not_sent_again);

/// An answer repeats it, each quote six times as long, and holds nothing up behind it.
async fn b20_an_id_too_long_to_be_repeated_ends_nothing(version: Version) {
    let env = Env::new(version).await;
    let connections = env.prosody.connections();
    let bob = env.client("bob").await;
    for length in [1_000, 40_000, 200_000] {
        let id = "\"".repeat(length);
        bob.send(&format!(
            "<iq type='get' id='{id}' to='{GAVEL}'><ping xmlns='urn:xmpp:ping'/></iq>"
        ))
        .await;
        // Prosody's parser takes up a long tag only when as much again has come.
        bob.send(&" ".repeat(2 * length)).await;
        bob.ping("meet.jitsi").await.unwrap();
        env.watcher.ping(GAVEL).await.unwrap();
    }
    assert_eq!(env.prosody.connections(), connections);
}
on_both!(b20_an_id_too_long_to_be_repeated_ends_nothing);

/// gavel enters with it if it can be sent.
async fn b20_a_password_too_long_to_be_sent_ends_nothing(version: Version) {
    let env = Env::gavel(version, "[discovery]\npoll = \"off\"").await;
    let connections = env.prosody.connections();
    let guest = env.client("guest").await;
    for (length, enters) in [(1_000, true), (38_000, false), (200_000, false)] {
        let room = format!("room{length}@muc.meet.jitsi");
        guest.join(&room, "guest", "").await;
        // Unescaped: a client may write one byte that becomes six.
        let set = format!(
            "<query xmlns='http://jabber.org/protocol/muc#owner'>\
             <x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'>\
             <value>http://jabber.org/protocol/muc#roomconfig</value></field>\
             <field var='muc#roomconfig_roomsecret'><value>{}</value></field></x></query>",
            "\"".repeat(length)
        );
        guest.iq("set", &room, &set).await.unwrap();
        guest.invite(&room, "gavel@gavel.meet.jitsi").await;
        if enters {
            env.gavel_joins(&guest, &room).await;
            let lowered = |o: &crate::support::Occupant| o.affiliation != "owner";
            guest.sees(&room, "guest", "as no owner", lowered).await;
        } else {
            let told = format!("cannot join {room} (not-authorized");
            env.gavel.logs(&told).await;
        }
    }
    env.settle().await;
    assert_eq!(env.prosody.connections(), connections);
    // Everybody else is looked after.
    let focus = env.focus(ROOM).await;
    let alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    drop(alice);
}
on_both!(b20_a_password_too_long_to_be_sent_ends_nothing);

/// So many are owners of a room that Prosody has kept, and nothing entitles them.
const KEPT: usize = 500;

/// How many of them still are.
async fn kept_owners(env: &Env) -> usize {
    let code = "local owners = 0
        for jid, has in room('kept@muc.meet.jitsi'):each_affiliation() do
            if jid:find('^leftover') and has == 'owner' then owners = owners + 1; end
        end
        return owners";
    eval(env, code).await.parse().unwrap()
}

async fn eval(env: &Env, code: &str) -> String {
    let eval = format!("<eval xmlns='urn:gavel:test'>{}</eval>", escape(code));
    let reply = env.watcher.iq("set", "muc.meet.jitsi", &eval).await;
    reply.unwrap().named("eval").unwrap().text.clone()
}

/// Prosody writes such a room to the disk for each change, and does nothing else then.
async fn b20_thousands_of_owners_who_are_absent_keep_nobody_waiting(version: Version) {
    let options = Options {
        muc_modules: vec!["gavel", "test_eval"],
        ..Options::with_module()
    };
    let env = Env::with(version, options, BRIDGE).await;
    let focus = env.focus_with_module(ROOM).await;
    let alice = env.client("alice").await;
    alice.verified(&token(teacher("alice"))).await;
    let code = format!(
        "local room = module:depends('muc').create_room('kept@muc.meet.jitsi')
         room:set_persistent(true)
         for n = 1, {KEPT} do room._affiliations['leftover'..n..'@meet.jitsi'] = 'owner'; end
         room:save(true)
         return 'done'"
    );
    eval(&env, &code).await;
    let somebody = env.client("somebody").await;
    somebody.join("kept@muc.meet.jitsi", "somebody", "").await;
    let deadline = Instant::now() + LONG;
    while kept_owners(&env).await == KEPT {
        assert!(Instant::now() < deadline, "gavel lowers nobody");
    }
    alice.join(ROOM, "alice", &nick("alice")).await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    let left = kept_owners(&env).await;
    assert!(left > 0, "alice has waited for all of them");
    while kept_owners(&env).await > 0 {
        assert!(Instant::now() < deadline, "some stay owners");
    }
    assert_eq!(env.prosody.connections(), 1);
}
on_both!(b20_thousands_of_owners_who_are_absent_keep_nobody_waiting);

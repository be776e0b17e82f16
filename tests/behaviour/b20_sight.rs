//! B20: nothing hides from gavel in a room, without the module.

use crate::on_both;
use crate::support::{Client, El, Env, Version, jwt, student, teacher, token};
use std::sync::Arc;
use std::time::Duration;

const ROOM: &str = "room@muc.meet.jitsi";
/// Rooms are found soon.
const QUICK: &str = "[discovery]\npoll = \"adhoc\"\ninterval = \"1s\"";
const BROADCAST: &str = "muc#roomconfig_presencebroadcast";

/// A guest opens a room, which makes them owner, and has it set up by `how` before
/// gavel knows of it.
async fn guests_room(env: &Env, how: &[(&str, &str)]) -> Arc<Client> {
    env.gavel.freeze();
    let guest = env.person(ROOM, "guest", None).await;
    guest.configure(ROOM, how).await.unwrap();
    env.gavel.thaw();
    guest
}

/// The guest is no owner, and a teacher who comes is.
async fn is_put_right(env: &Env, guest: &Client) {
    let lowered = |o: &crate::support::Occupant| o.affiliation != "owner";
    guest.sees(ROOM, "guest", "as no owner", lowered).await;
    let alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    alice.sees_affiliation(ROOM, "alice", "owner").await;
}

async fn b20_a_room_that_shows_nobody_is_seen_all_the_same(version: Version) {
    let env = Env::gavel(version, QUICK).await;
    let guest = guests_room(&env, &[(BROADCAST, "visitor")]).await;
    is_put_right(&env, &guest).await;
}
on_both!(b20_a_room_that_shows_nobody_is_seen_all_the_same);

async fn b20_a_room_that_hides_people_from_now_on_is_not_left(version: Version) {
    let env = Env::gavel(version, "[discovery]\npoll = \"off\"").await;
    let focus = env.focus(ROOM).await;
    let alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    let bob = env.person(ROOM, "bob", Some(student("Bob"))).await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    focus.sees_affiliation(ROOM, "bob", "member").await;
    alice
        .configure(ROOM, &[(BROADCAST, "visitor")])
        .await
        .unwrap();
    env.gavel.logs("was set to hide").await;
    // Everybody sees everybody again, gavel too.
    focus.sees_affiliation(ROOM, "bob", "member").await;
    focus.affiliate(ROOM, bob.bare(), "owner").await.unwrap();
    focus.sees_affiliation(ROOM, "bob", "member").await;
    focus.sees_affiliation(ROOM, "gavel", "owner").await;
}
on_both!(b20_a_room_that_hides_people_from_now_on_is_not_left);

async fn b20_an_owner_who_takes_gavels_role_does_not_blind_it(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    alice.sees_affiliation(ROOM, "alice", "owner").await;
    alice
        .configure(ROOM, &[("muc#roomconfig_whois", "moderators")])
        .await
        .unwrap();
    for role in ["visitor", "participant"] {
        alice.set_role(ROOM, "gavel", role).await.unwrap();
        let back = |o: &crate::support::Occupant| o.role == "moderator";
        alice.sees(ROOM, "gavel", "as moderator", back).await;
        let name = format!("bob-{role}");
        let bob = env.person(ROOM, &name, Some(student("Bob"))).await;
        alice.sees_affiliation(ROOM, &name, "member").await;
        focus.affiliate(ROOM, bob.bare(), "owner").await.unwrap();
        alice.sees_affiliation(ROOM, &name, "member").await;
    }
}
on_both!(b20_an_owner_who_takes_gavels_role_does_not_blind_it);

/// Owners of the time before, with JIDs of a thousand bytes.
const PAST: usize = 400;

async fn b20_past_owners_are_lowered_whose_list_is_longer_than_a_stanza(version: Version) {
    let mut env = Env::gavel(version, QUICK).await;
    let focus = env.focus(ROOM).await;
    let _alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    env.gavel.stop().await;
    let long = "x".repeat(1_000);
    let affiliations = (0..PAST).map(|n| format!("<item jid='past-owner-{n}-{long}@meet.jitsi'/>"));
    for item in affiliations.collect::<Vec<_>>().chunks(50) {
        many(&env, &item.concat()).await;
    }
    env.gavel.restart();
    env.gavel.logs_again("connected").await;
    let connections = env.prosody.connections();
    focus.sees_affiliation(ROOM, "gavel", "owner").await;
    let is_lowered = |stanza: &El| {
        let item = stanza.named("x").and_then(|x| x.named("item"));
        stanza.name == "message"
            && item.is_some_and(|item| {
                let jid = item.attr("jid").unwrap_or_default();
                jid.starts_with("past-owner") && item.attr("affiliation") == Some("none")
            })
    };
    let within = Duration::from_secs(60);
    focus
        .receives(PAST, "past owners lowered", within, is_lowered)
        .await;
    let owners = focus.affiliated(ROOM, "owner").await.unwrap();
    let past: Vec<_> = owners
        .iter()
        .filter(|jid| jid.starts_with("past-owner"))
        .collect();
    assert!(past.is_empty(), "{past:?}");
    let bob = env.person(ROOM, "bob", Some(student("Bob"))).await;
    focus.affiliate(ROOM, bob.bare(), "owner").await.unwrap();
    focus.sees_affiliation(ROOM, "bob", "member").await;
    env.settle().await;
    assert_eq!(env.prosody.connections(), connections);
}
on_both!(b20_past_owners_are_lowered_whose_list_is_longer_than_a_stanza);

/// Makes owners, as a server module does.
async fn many(env: &Env, items: &str) {
    let order = format!(
        "<promote xmlns='urn:gavel:test' room='{ROOM}' affiliation='owner'>{items}</promote>"
    );
    let done = env.watcher.iq("set", "muc.meet.jitsi", &order).await;
    done.expect("mod_test_promote does it");
}

async fn b20_a_name_change_too_long_to_be_sent_back_ends_nothing(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let bob = env.client("bob").await;
    let own = jwt(&token(student("Bob")));
    bob.join(
        ROOM,
        "bob",
        &format!("{own}{}", crate::support::nick("Bob")),
    )
    .await;
    focus.sees_affiliation(ROOM, "bob", "member").await;
    env.settle().await;
    let connections = env.prosody.connections();
    let other = crate::support::nick("The Teacher");
    // The first could be sent back, but is five times as long then; of the second
    // gavel does not keep all.
    for length in [60_000, 120_000] {
        let lines = "\n".repeat(length);
        bob.presence(
            ROOM,
            "bob",
            &format!("{own}{other}<status>{lines}</status>"),
        )
        .await;
        env.settle().await;
    }
    let told = |s: &crate::support::El| s.name == "message" && s.named("body").is_some();
    bob.expect("to be told", told).await;
    env.settle().await;
    assert_eq!(env.prosody.connections(), connections);
    // A presence that can be sent back still is.
    bob.presence(ROOM, "bob", &format!("{own}{other}")).await;
    focus.sees_name(ROOM, "bob", "Bob").await;
}
on_both!(b20_a_name_change_too_long_to_be_sent_back_ends_nothing);

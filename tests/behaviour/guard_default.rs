//! The guard is on by default. It changes nobody's final affiliation; it only keeps people
//! from being moderator in between: whoever opens the room, and with any other policy.
//! Server admins, lists that a room has kept, and hosts who are told apart by nothing but
//! their token are left as they are without it.

use crate::on_both;
use crate::support::{
    Client, Env, Gavel, Options, Prosody, Version, nick, student, teacher, token,
};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

const ROOM: &str = "room@muc.meet.jitsi";
const BRIDGE: &str = "[claims]\nsources = [\"bridge\"]";

/// Somebody's final affiliation and role.
type End = (String, String);

async fn joins(env: &Env, room: &str, name: &str, claims: Option<Value>) -> Arc<Client> {
    let client = env.client(name).await;
    if let Some(claims) = claims {
        client.verified(&token(claims)).await;
    }
    client.join(room, name, &nick(name)).await;
    client
}

/// Rooms opened by a guest, a student and a teacher, whom the others follow: the final
/// state of each of them.
async fn ends(version: Version, overrides: &str) -> BTreeMap<(String, String), End> {
    let env = Env::with(version, Options::with_module(), overrides).await;
    let people = ["guest", "student", "teacher"];
    let mut ends = BTreeMap::new();
    for opener in people {
        let room = format!("by-{opener}@muc.meet.jitsi");
        let mut clients = Vec::new();
        let others = people.into_iter().filter(|name| *name != opener);
        // The teacher last: until then nobody is entitled.
        for name in std::iter::once(opener).chain(others) {
            let claims = match name {
                "teacher" => Some(teacher(name)),
                "student" => Some(student(name)),
                _ => None,
            };
            clients.push(joins(&env, &room, name, claims).await);
            env.gavel
                .shows_occupant(&room, name, "is settled", |o| o["settled"] == true)
                .await;
            env.settle().await;
            for name in people {
                let seen = &clients[0];
                if clients
                    .iter()
                    .any(|c| c.bare() == format!("{name}@meet.jitsi"))
                {
                    let end = (seen.affiliation(&room, name), seen.role(&room, name));
                    ends.insert((room.clone(), format!("{name} of {}", clients.len())), end);
                }
            }
        }
    }
    ends
}

async fn guard_by_default_changes_no_end(version: Version) {
    for policy in [
        "",
        "guests = \"ignore\"",
        "fallback = \"first\"",
        "preset = \"none\"",
        "preset = \"none\"\nguests = \"ignore\"",
        "preset = \"authenticated\"",
    ] {
        let with = format!("{BRIDGE}\n[policy]\n{policy}");
        let guarded = ends(version, &with).await;
        let corrected = ends(version, &Gavel::unguarded(&with)).await;
        assert_eq!(guarded, corrected, "{policy}");
        let opener = &guarded[&("by-guest@muc.meet.jitsi".into(), "guest of 1".into())].0;
        let kept = policy.contains("ignore") || policy.contains("first");
        assert_eq!(opener == "owner", kept, "a guest opens a room: {policy}");
    }
}
on_both!(guard_by_default_changes_no_end);

/// With `guests = "ignore"` Prosody's gift to the person who opens a room is never taken.
async fn guard_by_default_lets_guests_own_the_rooms_they_open(version: Version) {
    let overrides = format!("{BRIDGE}\n[policy]\nguests = \"ignore\"");
    let env = Env::with(version, Options::with_module(), &overrides).await;
    let guest = joins(&env, ROOM, "guest", None).await;
    assert_eq!(guest.affiliation(ROOM, "guest"), "owner", "at once");
    let other = joins(&env, ROOM, "other", None).await;
    env.settle().await;
    // And may promote others.
    guest.affiliate(ROOM, other.bare(), "owner").await.unwrap();
    env.settle().await;
    for name in ["guest", "other"] {
        assert_eq!(guest.affiliation(ROOM, name), "owner", "{name}");
    }
}
on_both!(guard_by_default_lets_guests_own_the_rooms_they_open);

/// Prosody takes its admins for owners of every room, and nobody can lower them.
async fn guard_by_default_leaves_server_admins_alone(version: Version) {
    let options = Options {
        admins_own_rooms: true,
        muc: "admins = { \"boss@meet.jitsi\" }".into(),
        ..Options::with_module()
    };
    let env = Env::with(version, options, BRIDGE).await;
    let focus = env.focus_with_module(ROOM).await;
    let alice = joins(&env, ROOM, "alice", Some(teacher("alice"))).await;
    let boss = joins(&env, ROOM, "boss", None).await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    env.settle().await;
    assert_eq!(boss.affiliation(ROOM, "boss"), "owner");
    assert_eq!(boss.role(ROOM, "boss"), "moderator");
    // They may still make order, as far as no host is concerned.
    let noisy = joins(&env, ROOM, "noisy", None).await;
    env.settle().await;
    boss.set_role(ROOM, "noisy", "none").await.unwrap();
    alice.sees_gone(ROOM, "noisy").await;
    drop(noisy);
}
on_both!(guard_by_default_leaves_server_admins_alone);

/// A persistent room has kept an owner who has no claims: they get in, nobody hangs,
/// and gavel lowers them as ever.
async fn guard_by_default_lowers_owners_that_a_room_has_kept(version: Version) {
    let prosody = Prosody::start(version, Options::with_module());
    let focus = Client::connect(&prosody, "focus@auth.meet.jitsi").await;
    focus.join(ROOM, "focus", "").await;
    focus
        .configure(ROOM, &[("muc#roomconfig_persistentroom", "1")])
        .await
        .unwrap();
    for name in ["old", "alice"] {
        let jid = format!("{name}@meet.jitsi");
        focus.affiliate(ROOM, &jid, "owner").await.unwrap();
    }
    focus.leave(ROOM, "focus").await;
    let env = Env::beside(prosody, BRIDGE).await;
    let old = joins(&env, ROOM, "old", None).await;
    old.sees_affiliation(ROOM, "old", "none").await;
    let alice = joins(&env, ROOM, "alice", Some(teacher("alice"))).await;
    old.sees_affiliation(ROOM, "alice", "owner").await;
    env.settle().await;
    assert_eq!(alice.affiliation(ROOM, "old"), "none");
    assert_eq!(alice.role(ROOM, "old"), "participant");
    let owners = alice.affiliated(ROOM, "owner").await.unwrap();
    assert!(!owners.contains(&old.bare().to_string()), "{owners:?}");
}
on_both!(guard_by_default_lowers_owners_that_a_room_has_kept);

/// Jicofo promotes everybody it is told to; refused, it must still get everybody in and be
/// able to do the rest of its work.
async fn guard_by_default_leaves_the_focus_its_work(version: Version) {
    let env = Env::with(version, Options::with_module(), BRIDGE).await;
    let focus = env.focus_with_module(ROOM).await;
    assert_eq!(focus.affiliation(ROOM, "focus"), "owner");
    let bob = joins(&env, ROOM, "bob", Some(student("bob"))).await;
    focus.sees_affiliation(ROOM, "bob", "member").await;
    env.settle().await;
    let refused = focus.affiliate(ROOM, bob.bare(), "owner").await;
    assert_eq!(refused, Err("not-allowed".into()));
    focus
        .configure(ROOM, &[("muc#roomconfig_moderatedroom", "1")])
        .await
        .unwrap();
    focus
        .affiliate(ROOM, "jibri@auth.meet.jitsi", "owner")
        .await
        .unwrap();
    focus.set_role(ROOM, "bob", "none").await.unwrap();
    focus.sees_gone(ROOM, "bob").await;
}
on_both!(guard_by_default_leaves_the_focus_its_work);

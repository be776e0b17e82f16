//! `policy.guard`, from end to end: nobody who is not entitled is moderator, not even for one
//! round trip; grants of hosts pass; and nobody throws a host out. The refusals of the module
//! are in `tests/module/guard*.rs`, gavel's requests to it in `tests/scenarios/guard.rs`.

use crate::on_both;
use crate::support::{
    Client, El, Env, MUC_ADMIN, MUC_USER, Occupant, Options, Version, nick, student, teacher, token,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub const ROOM: &str = "room@muc.meet.jitsi";
pub const GUARD: &str = "[claims]\nsources = [\"bridge\"]\n[policy]\nguard = true";
pub const REFUSED: &str = "not-allowed";

pub fn options() -> Options {
    Options {
        breakout_modules: vec!["gavel"],
        ..Options::with_module()
    }
}

pub async fn scene(version: Version, more: &str) -> Env {
    Env::with(version, options(), &format!("{GUARD}\n{more}")).await
}

/// The focus makes the room; gavel follows it and has said who is entitled.
pub async fn focus(env: &Env) -> Arc<Client> {
    let focus = env.client("focus@auth.meet.jitsi").await;
    focus.join(ROOM, "focus", "").await;
    env.gavel.logs("module=true").await;
    env.settle().await;
    focus
}

/// Joins as if Prosody had verified a token with these claims.
pub async fn joins(env: &Env, room: &str, name: &str, claims: Option<Value>) -> Arc<Client> {
    let client = env.client(name).await;
    if let Some(claims) = claims {
        let fields = json!({ "auth_token": token(claims), "jitsi_meet_domain": "*" });
        let payload = format!("<session xmlns='urn:gavel:test'>{fields}</session>");
        client.iq("set", "meet.jitsi", &payload).await.unwrap();
    }
    client.join(room, name, &nick(name)).await;
    client
}

/// Everybody whom a client was ever shown as a moderator, or with the affiliation of one.
pub fn ever_moderated(client: &Client) -> BTreeSet<String> {
    let moderates = |item: &El| {
        item.attr("role") == Some("moderator")
            || matches!(item.attr("affiliation"), Some("owner" | "admin"))
    };
    let received = client.received().into_iter();
    let shown = received.filter(|s| {
        let x = s.child("x", MUC_USER);
        x.is_some_and(|x| x.children.iter().any(moderates))
    });
    shown
        .filter_map(|s| s.attr("from")?.split('/').nth(1).map(str::to_string))
        .collect()
}

pub fn names<const N: usize>(of: [&str; N]) -> BTreeSet<String> {
    of.map(str::to_string).into()
}

/// A server module's gift; an answer of any kind.
pub async fn module_gives(env: &Env, order: &str) -> Result<(), String> {
    let order = format!("<{order} xmlns='urn:gavel:test' room='{ROOM}'/>");
    let answer = env.watcher.iq("set", "muc.meet.jitsi", &order).await;
    answer.map(|_| ())
}

/// Focus and server modules promote everybody, at every occasion.
async fn guard_nobody_ever_sees_an_unentitled_moderator(version: Version) {
    let options = Options {
        muc: "test_promote_everyone = true\ntest_promote_early = true".into(),
        ..options()
    };
    let env = Env::with(version, options, GUARD).await;
    let focus = focus(&env).await;
    assert_eq!(
        focus.affiliation(ROOM, "focus"),
        "owner",
        "it creates rooms"
    );
    let people = [
        ("alice", Some(teacher("alice"))),
        ("bob", Some(student("bob"))),
        ("guest", None),
    ];
    let mut clients = Vec::new();
    for (name, claims) in people {
        let client = joins(&env, ROOM, name, claims).await;
        let jid = format!("{name}@meet.jitsi");
        let by_focus = focus.affiliate(ROOM, &jid, "owner").await;
        if name == "alice" {
            focus.sees_affiliation(ROOM, name, "owner").await;
        } else {
            assert_eq!(by_focus, Err(REFUSED.into()), "{name}");
        }
        clients.push(client);
    }
    env.settle().await;
    for name in ["bob", "guest"] {
        let jid = format!("{name}@meet.jitsi");
        for affiliation in ["owner", "admin"] {
            let by_focus = focus.affiliate(ROOM, &jid, affiliation).await;
            assert_eq!(by_focus, Err(REFUSED.into()));
            let order = format!("promote jid='{jid}' affiliation='{affiliation}'");
            let refused = module_gives(&env, &order).await;
            assert_eq!(refused, Err(REFUSED.into()));
        }
        let by_focus = focus.set_role(ROOM, name, "moderator").await;
        assert_eq!(by_focus, Err(REFUSED.into()));
        let order = format!("role nick='{name}' role='moderator'");
        assert_eq!(module_gives(&env, &order).await, Err(REFUSED.into()));
    }
    // The guard lets a change through that gives no power.
    focus
        .affiliate(ROOM, "bob@meet.jitsi", "none")
        .await
        .unwrap();
    focus.sees_affiliation(ROOM, "bob", "member").await;
    env.settle().await;
    for client in clients.iter().chain([&focus]) {
        assert_eq!(ever_moderated(client), names(["focus", "alice"]));
    }
    let owners = focus.affiliated(ROOM, "owner").await.unwrap();
    assert!(
        !owners.contains(&"bob@meet.jitsi".to_string()),
        "{owners:?}"
    );
}
on_both!(guard_nobody_ever_sees_an_unentitled_moderator);

async fn guard_lets_grants_of_hosts_pass(version: Version) {
    let env = scene(version, "").await;
    let focus = focus(&env).await;
    let alice = joins(&env, ROOM, "alice", Some(teacher("alice"))).await;
    let bob = joins(&env, ROOM, "bob", Some(student("bob"))).await;
    let guest = joins(&env, ROOM, "guest", None).await;
    let eve = joins(&env, ROOM, "eve", None).await;
    alice.sees_affiliation(ROOM, "alice", "owner").await;
    env.settle().await;
    // A grant to a token's bearer, one by a guest who has a grant, and a role alone.
    alice.affiliate(ROOM, bob.bare(), "owner").await.unwrap();
    env.settle().await;
    bob.affiliate(ROOM, guest.bare(), "owner").await.unwrap();
    alice.set_role(ROOM, "eve", "moderator").await.unwrap();
    env.settle().await;
    for name in ["bob", "guest", "eve"] {
        assert_eq!(focus.affiliation(ROOM, name), "owner", "{name}");
        assert_eq!(focus.role(ROOM, name), "moderator", "{name}");
    }
    // Taken back, it can be given by nobody but her.
    alice.affiliate(ROOM, bob.bare(), "member").await.unwrap();
    env.settle().await;
    let refused = focus.affiliate(ROOM, bob.bare(), "owner").await;
    assert_eq!(refused, Err(REFUSED.into()));
    assert_eq!(alice.affiliation(ROOM, "bob"), "member");
    // Back in the room, the guest has the granted affiliation.
    guest.leave(ROOM, "guest").await;
    guest.join(ROOM, "guest", "").await;
    env.settle().await;
    assert_eq!(focus.role(ROOM, "guest"), "moderator");
    drop(eve);
}
on_both!(guard_lets_grants_of_hosts_pass);

/// Tries to promote until it is let through; says how long that took.
pub async fn until_open(focus: &Client, jid: &str) -> Duration {
    let start = Instant::now();
    let nick = jid.split('@').next().expect("a local part");
    let is_owner = |occupant: &Occupant| occupant.affiliation == "owner";
    while let Err(why) = focus.affiliate(ROOM, jid, "owner").await {
        assert_eq!(why, REFUSED);
        let since = start.elapsed();
        assert!(since < Duration::from_secs(10), "shut for {since:?}");
        // A promotion that was refused may be given before the next try.
        let pace = Duration::from_millis(50);
        if focus.sees_within(ROOM, nick, pace, is_owner).await {
            break;
        }
    }
    start.elapsed()
}

/// Every way to throw somebody out; the person who tries is an owner.
pub async fn throws_out(actor: &Client, victim: &Client, name: &str) -> Vec<Result<(), String>> {
    let bare = victim.bare();
    let item = |item: String| format!("<query xmlns='{MUC_ADMIN}'>{item}</query>");
    let taken = item(format!(
        "<item jid='x@meet.jitsi' affiliation='member' nick='{name}'/>"
    ));
    let domain = item("<item jid='meet.jitsi' affiliation='outcast'/>".into());
    vec![
        actor.set_role(ROOM, name, "none").await,
        actor.affiliate(ROOM, bare, "outcast").await,
        actor.iq("set", ROOM, &taken).await.map(|_| ()),
        actor.iq("set", ROOM, &domain).await.map(|_| ()),
    ]
}

async fn guard_nobody_throws_a_host_out(version: Version) {
    let env = scene(version, "").await;
    let focus = focus(&env).await;
    let alice = joins(&env, ROOM, "alice", Some(teacher("alice"))).await;
    let carol = joins(&env, ROOM, "carol", Some(teacher("carol"))).await;
    let bob = joins(&env, ROOM, "bob", None).await;
    let guest = joins(&env, ROOM, "guest", None).await;
    alice.sees_affiliation(ROOM, "carol", "owner").await;
    alice.affiliate(ROOM, bob.bare(), "owner").await.unwrap();
    env.settle().await;
    for actor in [&bob, &focus, &carol] {
        for refused in throws_out(actor, &alice, "alice").await {
            assert_eq!(refused, Err(REFUSED.into()), "by {}", actor.jid);
        }
    }
    let members_only = [("muc#roomconfig_membersonly", "1")];
    carol.configure(ROOM, &members_only).await.unwrap();
    bob.affiliate(ROOM, guest.bare(), "member").await.ok();
    let refused = bob.affiliate(ROOM, alice.bare(), "none").await;
    assert_eq!(refused, Err(REFUSED.into()), "none would throw her out");
    carol
        .configure(ROOM, &[("muc#roomconfig_membersonly", "0")])
        .await
        .unwrap();
    env.settle().await;
    let gone = |s: &El| {
        s.attr("type") == Some("unavailable") && s.attr("from") == Some("room@muc.meet.jitsi/alice")
    };
    assert_eq!(focus.count(gone), 0, "she was in all the time");
    assert_eq!(alice.role(ROOM, "alice"), "moderator");
    // Others, and by herself, as ever; absent, too, she is not banned.
    let eve = joins(&env, ROOM, "eve", None).await;
    alice.set_role(ROOM, "eve", "none").await.unwrap();
    alice.sees_gone(ROOM, "eve").await;
    alice.affiliate(ROOM, eve.bare(), "outcast").await.unwrap();
    carol.leave(ROOM, "carol").await;
    env.settle().await;
    let refused = bob.affiliate(ROOM, carol.bare(), "outcast").await;
    assert_eq!(refused, Err(REFUSED.into()));
    alice.affiliate(ROOM, alice.bare(), "none").await.unwrap();
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "alice"), "none", "she stepped down");
    let refused = focus.affiliate(ROOM, alice.bare(), "owner").await;
    assert_eq!(refused, Err(REFUSED.into()), "and stays so");
    bob.set_role(ROOM, "alice", "none").await.unwrap();
    bob.sees_gone(ROOM, "alice").await;
}
on_both!(guard_nobody_throws_a_host_out);

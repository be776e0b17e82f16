//! B1: gavel acts on the present state, not on the events it has seen: on everybody who
//! holds power in a room, present or not, by affiliation or by role.

use crate::on_both;
use crate::support::{Client, Env, Options, Prosody, Version, student, teacher};

const ROOM: &str = "room@muc.meet.jitsi";

/// The lists are read after the join: nobody announces older changes.
async fn b1_a_person_promoted_before_gavel_came_is_lowered(version: Version) {
    let prosody = Prosody::start(version, Options::default());
    let focus = Client::connect(&prosody, "focus@auth.meet.jitsi").await;
    focus.join(ROOM, "focus", "").await;
    let bob = Client::connect(&prosody, "bob@meet.jitsi").await;
    bob.join(ROOM, "bob", "").await;
    focus
        .affiliate(ROOM, "x@meet.jitsi", "owner")
        .await
        .unwrap();
    focus
        .affiliate(ROOM, "y@meet.jitsi", "admin")
        .await
        .unwrap();
    focus
        .affiliate(ROOM, "bob@meet.jitsi", "owner")
        .await
        .unwrap();
    let env = Env::beside(prosody, "").await;
    env.gavel_joins(&focus, ROOM).await;
    focus.sees_affiliation(ROOM, "bob", "none").await;
    env.settle().await;
    assert!(!listed(&focus, "owner", "x@meet.jitsi").await);
    assert!(!listed(&focus, "admin", "y@meet.jitsi").await);
    assert_eq!(bob.affiliation(ROOM, "bob"), "none");
}
on_both!(b1_a_person_promoted_before_gavel_came_is_lowered);

/// One request for a JID is in flight at a time, and each has one item with
/// `jid` and `affiliation` only.
async fn b1_requests_are_single_and_plain(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let _alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    let _bob = env.person(ROOM, "bob", Some(student("Bob"))).await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    focus.sees_affiliation(ROOM, "bob", "member").await;
    env.settle().await;
    focus
        .affiliate(ROOM, "bob@meet.jitsi", "owner")
        .await
        .unwrap();
    focus.sees_affiliation(ROOM, "bob", "member").await;
    env.settle().await;
    for stanza in env.sent().await {
        let Some(query) = stanza.child("query", crate::support::MUC_ADMIN) else {
            continue;
        };
        if stanza.attr("type") != Some("set") {
            continue;
        }
        assert_eq!(query.children.len(), 1, "{query:?}");
        let mut names: Vec<&str> = query.children[0].attrs.iter().map(|(k, _)| &**k).collect();
        names.sort_unstable();
        assert_eq!(names, ["affiliation", "jid"], "{query:?}");
        assert_eq!(stanza.attr("to"), Some(ROOM));
    }
    let alice = asked(&env, "alice").await;
    assert_eq!(alice, 1, "requests for Alice");
    let bob = asked(&env, "bob").await;
    assert_eq!(bob, 2, "requests for Bob");
}
on_both!(b1_requests_are_single_and_plain);

/// A room may refuse muc#admin; it does not refuse the ad-hoc command of a server admin.
async fn b1_a_change_that_muc_admin_refuses_goes_by_command(version: Version) {
    let options = Options {
        muc_modules: vec!["test_mischief"],
        muc: "test_refuse_lowering = true".into(),
        ..Options::default()
    };
    let env = Env::with(version, options, "").await;
    let focus = env.focus(ROOM).await;
    let _bob = env.person(ROOM, "bob", Some(student("Bob"))).await;
    focus.sees_affiliation(ROOM, "bob", "member").await;
    focus
        .affiliate(ROOM, "bob@meet.jitsi", "owner")
        .await
        .unwrap();
    focus.sees_affiliation(ROOM, "bob", "member").await;
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "bob"), "member");
    assert_eq!(asked(&env, "bob").await, 2, "refused once, not repeated");
}
on_both!(b1_a_change_that_muc_admin_refuses_goes_by_command);

async fn b1_a_change_without_effect_is_given_up(version: Version) {
    let options = Options {
        muc_modules: vec!["test_mischief"],
        muc: "test_ignore_jid = \"bob@meet.jitsi\"".into(),
        ..Options::default()
    };
    let env = Env::with(version, options, "").await;
    let focus = env.focus(ROOM).await;
    let bob = env.person(ROOM, "bob", Some(student("Bob"))).await;
    env.gavel.logs("ineffective").await;
    env.settle().await;
    let before = asked(&env, "bob").await;
    assert!((2..=4).contains(&before), "{before} requests");
    for count in 0..5 {
        let children = format!("<count>{count}</count>");
        bob.presence(ROOM, "bob", &children).await;
    }
    let _alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    env.settle().await;
    assert_eq!(asked(&env, "bob").await, before);
}
on_both!(b1_a_change_without_effect_is_given_up);

/// How many requests gavel has made for `user`.
async fn asked(env: &Env, user: &str) -> usize {
    let jid = format!("{user}@meet.jitsi");
    let requests = env.requests().await;
    requests.iter().filter(|(who, _)| *who == jid).count()
}

/// Says whether the room lists `jid` with this affiliation.
async fn listed(client: &Client, affiliation: &str, jid: &str) -> bool {
    let list = client.affiliated(ROOM, affiliation).await.unwrap();
    list.iter().any(|listed| listed == jid)
}

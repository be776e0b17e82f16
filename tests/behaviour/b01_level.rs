//! B1: gavel acts on what is, not on what it has seen: on everybody who holds
//! power in a room, present or not, by affiliation or by role.

use crate::on_both;
use crate::support::{Client, Env, Options, Prosody, Version, student, teacher};

const ROOM: &str = "room@muc.meet.jitsi";

async fn b1_an_absent_jid_is_lowered(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    for (jid, affiliation) in [("x@meet.jitsi", "owner"), ("y@meet.jitsi", "admin")] {
        focus.affiliate(ROOM, jid, affiliation).await.unwrap();
    }
    for jid in ["v@meet.jitsi", "w@auth.meet.jitsi"] {
        focus.affiliate(ROOM, jid, "member").await.unwrap();
    }
    env.settle().await;
    assert!(!listed(&focus, "owner", "x@meet.jitsi").await);
    assert!(!listed(&focus, "admin", "y@meet.jitsi").await);
    assert!(
        listed(&focus, "member", "v@meet.jitsi").await,
        "members stay"
    );
    assert!(
        listed(&focus, "owner", "focus@auth.meet.jitsi").await,
        "the focus stays"
    );
}
on_both!(b1_an_absent_jid_is_lowered);

/// The lists are read after the join: nobody announces what is older.
async fn b1_who_was_promoted_before_gavel_came_is_lowered(version: Version) {
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
on_both!(b1_who_was_promoted_before_gavel_came_is_lowered);

async fn b1_who_was_entitled_keeps_it_when_gone(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    let bob = env.person(ROOM, "bob", Some(student("Bob"))).await;
    alice.sees_affiliation(ROOM, "alice", "owner").await;
    alice
        .affiliate(ROOM, "bob@meet.jitsi", "owner")
        .await
        .unwrap();
    env.settle().await;
    alice.leave(ROOM, "alice").await;
    bob.leave(ROOM, "bob").await;
    env.settle().await;
    assert!(
        listed(&focus, "owner", "alice@meet.jitsi").await,
        "by token"
    );
    assert!(listed(&focus, "owner", "bob@meet.jitsi").await, "by grant");
    // Lowered while absent, they are not raised.
    env.server_sets(ROOM, "alice@meet.jitsi", "none").await;
    env.settle().await;
    assert!(!listed(&focus, "owner", "alice@meet.jitsi").await);
}
on_both!(b1_who_was_entitled_keeps_it_when_gone);

/// An owner need not be in the room to use it.
async fn b1_promoted_and_gone_one_cannot_rule_from_outside(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    let dave = env.person(ROOM, "dave", Some(teacher("Dave"))).await;
    let mallory = env.person(ROOM, "mallory", Some(student("Mallory"))).await;
    let _eve = env.person(ROOM, "eve", None).await;
    alice.sees_affiliation(ROOM, "dave", "owner").await;
    alice.sees_affiliation(ROOM, "mallory", "member").await;
    env.settle().await;
    // gavel looks away, so that Mallory is sure to be fast enough.
    env.gavel.freeze();
    focus
        .affiliate(ROOM, mallory.bare(), "owner")
        .await
        .unwrap();
    mallory.leave(ROOM, "mallory").await;
    mallory
        .affiliate(ROOM, "eve@meet.jitsi", "owner")
        .await
        .unwrap();
    mallory
        .affiliate(ROOM, "alice@meet.jitsi", "none")
        .await
        .unwrap();
    mallory
        .affiliate(ROOM, "dave@meet.jitsi", "outcast")
        .await
        .unwrap();
    mallory
        .affiliate(ROOM, "absent@meet.jitsi", "owner")
        .await
        .unwrap();
    dave.sees_gone(ROOM, "dave").await;
    env.gavel.thaw();
    alice.sees_affiliation(ROOM, "alice", "owner").await;
    alice.sees_affiliation(ROOM, "eve", "none").await;
    env.settle().await;
    for gone in ["mallory@meet.jitsi", "eve@meet.jitsi", "absent@meet.jitsi"] {
        assert!(!listed(&focus, "owner", gone).await, "{gone}");
    }
    assert!(!listed(&focus, "outcast", "dave@meet.jitsi").await);
    dave.join(ROOM, "dave", "").await;
    let requests = env.requests().await;
    let lowered = |who: &str| {
        requests
            .iter()
            .position(|(jid, to)| jid == who && to != "owner")
    };
    assert!(
        lowered("mallory@meet.jitsi") < lowered("eve@meet.jitsi"),
        "{requests:?}"
    );
    assert_eq!(
        mallory.affiliate(ROOM, "eve@meet.jitsi", "owner").await,
        Err("not-allowed".into())
    );
}
on_both!(b1_promoted_and_gone_one_cannot_rule_from_outside);

async fn b1_role_moderator_alone_is_taken_back(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let _guest = env.person(ROOM, "guest", None).await;
    let _bob = env.person(ROOM, "bob", Some(student("Bob"))).await;
    focus.sees_affiliation(ROOM, "bob", "member").await;
    for (nick, affiliation) in [("guest", "none"), ("bob", "member")] {
        focus.set_role(ROOM, nick, "moderator").await.unwrap();
        focus
            .sees(ROOM, nick, "lowered", |o| o.role == "participant")
            .await;
        env.settle().await;
        assert_eq!(focus.role(ROOM, nick), "participant");
        assert_eq!(focus.affiliation(ROOM, nick), affiliation);
    }
}
on_both!(b1_role_moderator_alone_is_taken_back);

async fn b1_role_moderator_from_a_moderator_becomes_a_grant(version: Version) {
    let env = Env::new(version).await;
    let _focus = env.focus(ROOM).await;
    let alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    let _bob = env.person(ROOM, "bob", None).await;
    alice.sees_affiliation(ROOM, "alice", "owner").await;
    alice.set_role(ROOM, "bob", "moderator").await.unwrap();
    alice.sees_affiliation(ROOM, "bob", "owner").await;
    env.settle().await;
    assert_eq!(alice.affiliation(ROOM, "bob"), "owner");
}
on_both!(b1_role_moderator_from_a_moderator_becomes_a_grant);

async fn b1_a_server_admin_is_left_with_a_reason(version: Version) {
    let options = Options {
        muc: r#"admins = { "gavel@gavel.meet.jitsi", "boss@meet.jitsi" }"#.into(),
        ..Options::default()
    };
    let env = Env::with(version, options, "").await;
    let focus = env.focus(ROOM).await;
    let boss = env.person(ROOM, "boss", None).await;
    assert_eq!(boss.affiliation(ROOM, "boss"), "owner");
    env.gavel
        .logs("does not let gavel lower boss@meet.jitsi")
        .await;
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "boss"), "owner");
    let before = asked(&env, "boss").await;
    assert!(before <= 3, "{before} requests");
    for count in 0..5 {
        boss.presence(ROOM, "boss", &format!("<count>{count}</count>"))
            .await;
    }
    env.settle().await;
    assert_eq!(asked(&env, "boss").await, before);
}
on_both!(b1_a_server_admin_is_left_with_a_reason);

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

/// Where muc#admin is refused, the ad-hoc command of a server admin is not.
async fn b1_what_muc_admin_refuses_goes_by_command(version: Version) {
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
on_both!(b1_what_muc_admin_refuses_goes_by_command);

async fn b1_what_has_no_effect_is_given_up(version: Version) {
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
on_both!(b1_what_has_no_effect_is_given_up);

/// How many requests gavel has made for `user`.
async fn asked(env: &Env, user: &str) -> usize {
    let jid = format!("{user}@meet.jitsi");
    let requests = env.requests().await;
    requests.iter().filter(|(who, _)| *who == jid).count()
}

/// Whether the room lists `jid` with this affiliation.
async fn listed(client: &Client, affiliation: &str, jid: &str) -> bool {
    let list = client.affiliated(ROOM, affiliation).await.unwrap();
    list.iter().any(|listed| listed == jid)
}

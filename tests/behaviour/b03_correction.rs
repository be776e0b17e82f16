//! B3: what others change is accepted from those entitled, corrected from all
//! others, and nobody is overwritten for ever.

use crate::on_both;
use crate::support::{Env, Options, Version, jwt, student, teacher, token};
use std::time::Duration;
use tokio::time::Instant;

const ROOM: &str = "room@muc.meet.jitsi";

async fn b3_focus_promotes_everyone(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let people = [
        ("alice", Some(teacher("Alice")), "owner", "moderator"),
        ("bob", Some(student("Bob")), "member", "participant"),
        ("guest", None, "none", "participant"),
    ];
    let mut clients = Vec::new();
    for (name, claims, ..) in &people {
        clients.push(env.person(ROOM, name, claims.clone()).await);
        let jid = format!("{name}@meet.jitsi");
        focus.affiliate(ROOM, &jid, "owner").await.unwrap();
    }
    for (name, _, affiliation, _) in &people {
        focus.sees_affiliation(ROOM, name, affiliation).await;
    }
    env.settle().await;
    for (name, _, affiliation, role) in people {
        assert_eq!(focus.affiliation(ROOM, name), affiliation, "{name}");
        assert_eq!(focus.role(ROOM, name), role, "{name}");
    }
}
on_both!(b3_focus_promotes_everyone);

/// The focus promotes whoever it sees lowered, for 6 s.
async fn b3_focus_promotes_in_a_loop(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let _bob = env.person(ROOM, "bob", Some(student("Bob"))).await;
    focus.sees_affiliation(ROOM, "bob", "member").await;
    let before = lowered(&env, "bob").await;
    let mut promotions = 0;
    let end = Instant::now() + Duration::from_secs(6);
    while Instant::now() < end {
        if focus.affiliation(ROOM, "bob") != "owner" {
            focus
                .affiliate(ROOM, "bob@meet.jitsi", "owner")
                .await
                .unwrap();
            promotions += 1;
        }
        // The pace of the attack, not a wait for anything.
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    focus.sees_affiliation(ROOM, "bob", "member").await;
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "bob"), "member");
    let corrections = lowered(&env, "bob").await - before;
    assert!(
        corrections <= 12,
        "{corrections} corrections of {promotions} promotions"
    );
    assert!(
        corrections >= 6,
        "only {corrections} corrections of {promotions} promotions"
    );
    env.gavel.logs("WARN").await;
    let warning = env.gavel.log();
    let warning = warning
        .lines()
        .find(|l| l.contains("WARN") && l.contains("focus"));
    assert!(warning.is_some(), "no warning names the focus");
}
on_both!(b3_focus_promotes_in_a_loop);

/// Jicofo in authentication mode: with each presence of its own it promotes
/// everybody who has logged in. Pauses would have grown to seconds by the end.
async fn b3_a_focus_that_acts_anew_is_corrected_without_pause(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let names = ["ann", "ben", "cid", "dan", "eve"];
    let mut students = Vec::new();
    for name in names {
        students.push(env.person(ROOM, name, Some(student(name))).await);
        focus.sees_affiliation(ROOM, name, "member").await;
    }
    let mut longest = Duration::ZERO;
    for _ in 0..10 {
        let promoted = Instant::now();
        for name in names {
            let jid = format!("{name}@meet.jitsi");
            focus.affiliate(ROOM, &jid, "owner").await.unwrap();
        }
        for name in names {
            focus.sees_affiliation(ROOM, name, "member").await;
        }
        longest = longest.max(promoted.elapsed());
        // The pace of the focus, not a wait for anything.
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
    println!("moderator for at most {longest:?}");
    assert!(longest < Duration::from_secs(1), "{longest:?}");
    env.settle().await;
    assert!(!env.gavel.log().contains("keeps changing"));
}
on_both!(b3_a_focus_that_acts_anew_is_corrected_without_pause);

/// How often gavel has asked to make `user` a member.
async fn lowered(env: &Env, user: &str) -> usize {
    let jid = format!("{user}@meet.jitsi");
    let requests = env.requests().await;
    let lowered = requests
        .iter()
        .filter(|(who, to)| *who == jid && to == "member");
    lowered.count()
}

async fn b3_a_server_module_promotes_who_joins(version: Version) {
    let options = Options {
        muc: "test_promote_everyone = true".into(),
        ..Options::default()
    };
    let env = Env::with(version, options, "").await;
    let focus = env.focus(ROOM).await;
    let bob = env.person(ROOM, "bob", Some(student("Bob"))).await;
    let _guest = env.person(ROOM, "guest", None).await;
    bob.sees_affiliation(ROOM, "bob", "member").await;
    focus.sees_affiliation(ROOM, "guest", "none").await;
    env.settle().await;
    env.server_sets(ROOM, "bob@meet.jitsi", "admin").await;
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "bob"), "member");
    assert_eq!(focus.role(ROOM, "bob"), "participant");
    assert_eq!(focus.role(ROOM, "guest"), "participant");
}
on_both!(b3_a_server_module_promotes_who_joins);

async fn b3_a_moderators_grant_survives_presence_updates(version: Version) {
    let env = Env::new(version).await;
    let _focus = env.focus(ROOM).await;
    let alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    let bob_token = jwt(&token(student("Bob")));
    let bob = env.client("bob").await;
    bob.join(ROOM, "bob", &bob_token).await;
    let guest = env.person(ROOM, "guest", None).await;
    alice.sees_affiliation(ROOM, "bob", "member").await;
    for (who, own) in [("bob", bob_token.as_str()), ("guest", "")] {
        let jid = format!("{who}@meet.jitsi");
        alice.affiliate(ROOM, &jid, "owner").await.unwrap();
        alice.sees_affiliation(ROOM, who, "owner").await;
        let client = if who == "bob" { &bob } else { &guest };
        for count in 0..5 {
            let children = format!("{own}<count>{count}</count>");
            client.presence(ROOM, who, &children).await;
        }
        env.settle().await;
        assert_eq!(alice.affiliation(ROOM, who), "owner");
    }
    // Gone and back, the grant still holds.
    bob.leave(ROOM, "bob").await;
    bob.join(ROOM, "bob", &bob_token).await;
    env.settle().await;
    assert_eq!(alice.affiliation(ROOM, "bob"), "owner");
}
on_both!(b3_a_moderators_grant_survives_presence_updates);

async fn b3_who_was_granted_grants(version: Version) {
    let env = Env::new(version).await;
    let _focus = env.focus(ROOM).await;
    let alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    let bob = env.person(ROOM, "bob", Some(student("Bob"))).await;
    let _carol = env.person(ROOM, "carol", None).await;
    alice.sees_affiliation(ROOM, "bob", "member").await;
    alice
        .affiliate(ROOM, "bob@meet.jitsi", "owner")
        .await
        .unwrap();
    bob.sees_affiliation(ROOM, "bob", "owner").await;
    bob.affiliate(ROOM, "carol@meet.jitsi", "owner")
        .await
        .unwrap();
    env.settle().await;
    assert_eq!(alice.affiliation(ROOM, "bob"), "owner");
    assert_eq!(alice.affiliation(ROOM, "carol"), "owner");
    // So does one who has left.
    let _erin = env.person(ROOM, "erin", None).await;
    alice.leave(ROOM, "alice").await;
    alice
        .affiliate(ROOM, "erin@meet.jitsi", "owner")
        .await
        .unwrap();
    env.settle().await;
    assert_eq!(bob.affiliation(ROOM, "erin"), "owner");
}
on_both!(b3_who_was_granted_grants);

/// That gavel has lowered Mallory before it has looked at Eve.
async fn mallory_was_first(env: &Env) {
    let requests = env.requests().await;
    let eve = requests.iter().position(|(jid, _)| jid == "eve@meet.jitsi");
    let last = requests
        .iter()
        .rposition(|(jid, _)| jid == "mallory@meet.jitsi");
    assert!(last < eve, "{requests:?}");
}

/// An unentitled actor is lowered first, then undone.
async fn b3_a_promotion_by_the_unentitled_is_undone(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let mallory = env.person(ROOM, "mallory", Some(student("Mallory"))).await;
    let _eve = env.person(ROOM, "eve", None).await;
    focus.sees_affiliation(ROOM, "mallory", "member").await;
    env.settle().await;
    env.gavel.freeze();
    focus
        .affiliate(ROOM, "mallory@meet.jitsi", "owner")
        .await
        .unwrap();
    mallory
        .affiliate(ROOM, "eve@meet.jitsi", "owner")
        .await
        .unwrap();
    env.gavel.thaw();
    focus.sees_affiliation(ROOM, "eve", "none").await;
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "mallory"), "member");
    assert_eq!(focus.affiliation(ROOM, "eve"), "none");
    mallory_was_first(&env).await;
}
on_both!(b3_a_promotion_by_the_unentitled_is_undone);

/// Nor do the pauses, which the focus has caused, leave the unentitled actor
/// time.
async fn b3_an_unentitled_actor_is_lowered_without_pause(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let mallory = env.person(ROOM, "mallory", Some(student("Mallory"))).await;
    let _eve = env.person(ROOM, "eve", None).await;
    focus.sees_affiliation(ROOM, "mallory", "member").await;
    // Five at once, then after 0.25 s, 0.5 s and 1 s: the next pause has 2 s.
    for _ in 0..8 {
        focus
            .affiliate(ROOM, "mallory@meet.jitsi", "owner")
            .await
            .unwrap();
        focus.sees_affiliation(ROOM, "mallory", "member").await;
    }
    focus
        .affiliate(ROOM, "mallory@meet.jitsi", "owner")
        .await
        .unwrap();
    mallory
        .affiliate(ROOM, "eve@meet.jitsi", "owner")
        .await
        .unwrap();
    let since = Instant::now();
    focus.sees_affiliation(ROOM, "mallory", "member").await;
    focus.sees_affiliation(ROOM, "eve", "none").await;
    let after = since.elapsed();
    assert!(after < Duration::from_secs(1), "it took {after:?}");
    mallory_was_first(&env).await;
}
on_both!(b3_an_unentitled_actor_is_lowered_without_pause);

async fn b3_grants_none_takes_promotions_back(version: Version) {
    let env = Env::gavel(version, "[policy]\ngrants = \"none\"").await;
    let _focus = env.focus(ROOM).await;
    let alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    let _bob = env.person(ROOM, "bob", Some(student("Bob"))).await;
    alice.sees_affiliation(ROOM, "bob", "member").await;
    alice
        .affiliate(ROOM, "bob@meet.jitsi", "owner")
        .await
        .unwrap();
    alice.sees_affiliation(ROOM, "bob", "member").await;
    env.settle().await;
    assert_eq!(alice.affiliation(ROOM, "bob"), "member");
    assert_eq!(alice.affiliation(ROOM, "alice"), "owner");
}
on_both!(b3_grants_none_takes_promotions_back);

async fn b3_a_grant_ends_with_a_kick_or_a_ban(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    let bob_token = jwt(&token(student("Bob")));
    let bob = env.client("bob").await;
    let guest = env.client("guest").await;
    for (client, child, ban) in [(&bob, bob_token.as_str(), false), (&guest, "", true)] {
        let nick = client.bare().split('@').next().unwrap();
        client.join(ROOM, nick, child).await;
        env.settle().await;
        alice.affiliate(ROOM, client.bare(), "owner").await.unwrap();
        env.settle().await;
        assert_eq!(alice.affiliation(ROOM, nick), "owner");
        match ban {
            true => focus
                .affiliate(ROOM, client.bare(), "outcast")
                .await
                .unwrap(),
            false => focus.set_role(ROOM, nick, "none").await.unwrap(),
        }
        alice.sees_gone(ROOM, nick).await;
        env.settle().await;
        if ban {
            let refused = client.try_join(ROOM, nick, child).await;
            assert_eq!(refused, Err("forbidden".into()), "the ban stands");
            focus.affiliate(ROOM, client.bare(), "none").await.unwrap();
        }
        client.join(ROOM, nick, child).await;
        let lowered = |o: &crate::support::Occupant| o.role == "participant";
        alice.sees(ROOM, nick, "without power", lowered).await;
        env.settle().await;
        assert_eq!(alice.role(ROOM, nick), "participant");
    }
}
on_both!(b3_a_grant_ends_with_a_kick_or_a_ban);

/// A reload or another device is a new JID with the same verified user id.
async fn b3_a_grant_follows_the_user_to_another_jid(version: Version) {
    let env = Env::new(version).await;
    let _focus = env.focus(ROOM).await;
    let alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    let bob = env.person(ROOM, "bob", Some(student("Bob"))).await;
    alice.sees_affiliation(ROOM, "bob", "member").await;
    alice
        .affiliate(ROOM, "bob@meet.jitsi", "owner")
        .await
        .unwrap();
    env.settle().await;
    bob.leave(ROOM, "bob").await;
    let _again = env.person(ROOM, "bob2", Some(student("Bob"))).await;
    alice.sees_affiliation(ROOM, "bob2", "owner").await;
    let _other = env.person(ROOM, "carol", Some(student("Carol"))).await;
    alice.sees_affiliation(ROOM, "carol", "member").await;
    env.settle().await;
    assert_eq!(alice.affiliation(ROOM, "bob2"), "owner");
}
on_both!(b3_a_grant_follows_the_user_to_another_jid);

/// Integrations copy the sample id of Jitsi's documentation.
async fn b3_an_id_that_several_carry_promotes_nobody_else(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    let names = ["ann", "ben", "cid"];
    let ann = env.person(ROOM, "ann", Some(student("sample"))).await;
    alice.sees_affiliation(ROOM, "ann", "member").await;
    alice
        .affiliate(ROOM, "ann@meet.jitsi", "owner")
        .await
        .unwrap();
    let _ben = env.person(ROOM, "ben", Some(student("sample"))).await;
    let _cid = env.person(ROOM, "cid", Some(student("sample"))).await;
    env.settle().await;
    let has = names.map(|name| focus.affiliation(ROOM, name));
    assert_eq!(has, ["owner", "member", "member"]);
    // Either of the two could be her successor.
    ann.leave(ROOM, "ann").await;
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "ben"), "member");
    assert_eq!(focus.affiliation(ROOM, "cid"), "member");
}
on_both!(b3_an_id_that_several_carry_promotes_nobody_else);

/// The new connection is there before the old one has gone.
async fn b3_a_grant_passes_when_a_ghost_goes(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    let ghost = env.person(ROOM, "ghost", Some(student("Bob"))).await;
    alice.sees_affiliation(ROOM, "ghost", "member").await;
    alice
        .affiliate(ROOM, "ghost@meet.jitsi", "owner")
        .await
        .unwrap();
    let _bob = env.person(ROOM, "bob", Some(student("Bob"))).await;
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "bob"), "member");
    ghost.leave(ROOM, "ghost").await;
    focus.sees_affiliation(ROOM, "bob", "owner").await;
    env.settle().await;
    let owners = focus.affiliated(ROOM, "owner").await.unwrap();
    assert!(
        !owners.contains(&"ghost@meet.jitsi".to_owned()),
        "{owners:?}"
    );
}
on_both!(b3_a_grant_passes_when_a_ghost_goes);

/// Recorders, the bridge and the focus itself are nobody's business.
async fn b3_infrastructure_is_left_alone(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let recorder = env.client("recorder@auth.meet.jitsi").await;
    recorder.join(ROOM, "recorder", "").await;
    focus
        .affiliate(ROOM, "recorder@auth.meet.jitsi", "owner")
        .await
        .unwrap();
    focus
        .affiliate(ROOM, "absent@auth.meet.jitsi", "admin")
        .await
        .unwrap();
    let guest = env.person(ROOM, "guest", None).await;
    recorder
        .affiliate(ROOM, "guest@meet.jitsi", "owner")
        .await
        .unwrap();
    guest.sees_affiliation(ROOM, "guest", "none").await;
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "recorder"), "owner");
    assert_eq!(focus.affiliation(ROOM, "focus"), "owner");
    let admins = focus.affiliated(ROOM, "admin").await.unwrap();
    assert_eq!(admins, ["absent@auth.meet.jitsi"]);
    let asked = env.requests().await;
    assert!(
        asked.iter().all(|(jid, _)| jid == "guest@meet.jitsi"),
        "{asked:?}"
    );
}
on_both!(b3_infrastructure_is_left_alone);

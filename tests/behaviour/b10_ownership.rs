//! B10: gavel makes and keeps itself owner, as an admin of the server can.

use crate::on_both;
use crate::support::{El, Env, Options, Version, student, teacher};
use std::time::{Duration, Instant};

const ROOM: &str = "room@muc.meet.jitsi";
const GAVEL_BARE: &str = "gavel@gavel.meet.jitsi";

/// Prosody 13's default: an admin of the server owns no room.
fn not_owner() -> Options {
    Options {
        admins_own_rooms: false,
        ..Options::default()
    }
}

async fn b10_where_admins_own_no_rooms_gavel_makes_itself_owner(version: Version) {
    let env = Env::with(version, not_owner(), "").await;
    let focus = env.focus(ROOM).await;
    let _alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    let _bob = env.person(ROOM, "bob", Some(student("Bob"))).await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    focus.sees_affiliation(ROOM, "bob", "member").await;
    focus
        .affiliate(ROOM, "bob@meet.jitsi", "owner")
        .await
        .unwrap();
    focus.sees_affiliation(ROOM, "bob", "member").await;
    env.settle().await;
    let owners = focus.affiliated(ROOM, "owner").await.unwrap();
    assert!(owners.contains(&GAVEL_BARE.to_string()), "{owners:?}");
}
on_both!(b10_where_admins_own_no_rooms_gavel_makes_itself_owner);

async fn b10_gavel_comes_back_as_owner(version: Version) {
    let env = Env::with(version, not_owner(), "").await;
    let focus = env.focus(ROOM).await;
    for what in ["none", "member", "admin", "outcast", "kick"] {
        match what {
            "kick" => focus.set_role(ROOM, "gavel", "none").await,
            affiliation => focus.affiliate(ROOM, GAVEL_BARE, affiliation).await,
        }
        .unwrap_or_else(|why| panic!("{what}: {why}"));
        env.gavel_joins(&focus, ROOM).await;
        env.settle().await;
        assert_eq!(focus.affiliation(ROOM, "gavel"), "owner", "after {what}");
    }
    let bob = env.person(ROOM, "bob", Some(teacher("Bob"))).await;
    bob.sees_affiliation(ROOM, "bob", "owner").await;
}
on_both!(b10_gavel_comes_back_as_owner);

/// The room becomes members-only and gavel is no member.
async fn b10_gavel_survives_members_only(version: Version) {
    let env = Env::with(version, not_owner(), "").await;
    let focus = env.focus(ROOM).await;
    env.settle().await;
    env.gavel.freeze();
    focus.affiliate(ROOM, GAVEL_BARE, "none").await.unwrap();
    focus
        .configure(ROOM, &[("muc#roomconfig_membersonly", "1")])
        .await
        .unwrap();
    // Prosody does not tell the others that gavel has been removed (322).
    assert_eq!(focus.affiliation(ROOM, "gavel"), "none");
    env.gavel.thaw();
    env.gavel_joins(&focus, ROOM).await;
    let locked = "locked@muc.meet.jitsi";
    focus.join(locked, "focus", "").await;
    focus
        .configure(locked, &[("muc#roomconfig_membersonly", "1")])
        .await
        .unwrap();
    env.gavel_joins(&focus, locked).await;
}
on_both!(b10_gavel_survives_members_only);

async fn b10_gavel_enters_a_room_with_a_password(version: Version) {
    for options in [not_owner(), Options::default()] {
        let env = Env::with(version, options, "").await;
        let focus = env.client("focus@auth.meet.jitsi").await;
        focus.join(ROOM, "focus", "").await;
        let fields = [
            ("muc#roomconfig_passwordprotectedroom", "1"),
            ("muc#roomconfig_roomsecret", "o<p>en & 'sesame'"),
        ];
        focus.configure(ROOM, &fields).await.unwrap();
        focus.invite(ROOM, GAVEL_BARE).await;
        env.gavel_joins(&focus, ROOM).await;
        env.settle().await;
        assert!(
            !env.gavel.log().contains("sesame"),
            "the password was logged"
        );
    }
}
on_both!(b10_gavel_enters_a_room_with_a_password);

async fn b10_a_gavel_that_is_no_admin_names_the_setting(version: Version) {
    let options = Options {
        gavel_is_admin: false,
        ..not_owner()
    };
    let env = Env::with(version, options, "[discovery]\npoll = \"off\"").await;
    let focus = env.client("focus@auth.meet.jitsi").await;
    focus.join(ROOM, "focus", "").await;
    focus.invite(ROOM, GAVEL_BARE).await;
    env.gavel.logs("admins").await;
    let _alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    let _bob = env.person(ROOM, "bob", Some(teacher("Bob"))).await;
    env.settle().await;
    let log = env.gavel.log();
    let said = log
        .lines()
        .filter(|l| l.contains("WARN") && l.contains("`admins`"));
    assert_eq!(said.count(), 1, "{log}");
}
on_both!(b10_a_gavel_that_is_no_admin_names_the_setting);

/// Somebody who keeps lowering gavel gets no spinning gavel.
async fn b10_ownership_is_taken_back_once_a_second(version: Version) {
    let env = Env::with(version, not_owner(), "").await;
    let focus = env.focus(ROOM).await;
    env.settle().await;
    let before = commands(&env).await;
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(4) {
        if focus.affiliation(ROOM, "gavel") == "owner" {
            focus.affiliate(ROOM, GAVEL_BARE, "none").await.unwrap();
        }
        // The pace of the attack, not a wait for anything.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let commands = commands(&env).await - before;
    assert!((2..=6).contains(&commands), "{commands} commands in 4 s");
    env.gavel_joins(&focus, ROOM).await;
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "gavel"), "owner", "the last word");
}
on_both!(b10_ownership_is_taken_back_once_a_second);

/// How often gavel has used the ad-hoc command.
async fn commands(env: &Env) -> usize {
    let sent = env.recorded("muc.meet.jitsi").await;
    let node = "http://prosody.im/protocol/muc#set-affiliation";
    let is_command = |s: &&El| {
        s.named("command")
            .is_some_and(|c| c.attr("node") == Some(node))
    };
    sent.iter().filter(is_command).count()
}

/// Real JIDs are shown to moderators only: gavel sees none before it is one.
async fn b10_semi_anonymous_rooms_are_kept_too(version: Version) {
    let options = Options {
        muc: "muc_room_default_public_jids = false".into(),
        ..not_owner()
    };
    let env = Env::with(version, options, "[discovery]\npoll = \"off\"").await;
    let focus = env.client("focus@auth.meet.jitsi").await;
    focus.join(ROOM, "focus", "").await;
    let _alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    let _bob = env.person(ROOM, "bob", Some(student("Bob"))).await;
    let _guest = env.person(ROOM, "guest", None).await;
    focus
        .affiliate(ROOM, "guest@meet.jitsi", "owner")
        .await
        .unwrap();
    focus.invite(ROOM, GAVEL_BARE).await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    focus.sees_affiliation(ROOM, "bob", "member").await;
    focus.sees_affiliation(ROOM, "guest", "none").await;
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "focus"), "owner");
    assert_eq!(focus.affiliation(ROOM, "guest"), "none");
}
on_both!(b10_semi_anonymous_rooms_are_kept_too);

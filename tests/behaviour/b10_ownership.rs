//! B10: gavel makes and keeps itself owner, as an admin of the server can.

use crate::on_both;
use crate::support::{Env, Options, Version, student, teacher};

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

async fn b10_where_gavel_is_no_admin_it_says_what_to_configure(version: Version) {
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
on_both!(b10_where_gavel_is_no_admin_it_says_what_to_configure);

//! Rooms that Prosody keeps locked until somebody has configured them
//! (`muc_room_locking`, Debian's default): none of them stays closed for good.

use crate::on_both;
use crate::support::{Env, Options, Version, nick, student, teacher, token};

const ROOM: &str = "room@muc.meet.jitsi";

fn locking(options: Options) -> Options {
    Options {
        muc: "muc_room_locking = true".into(),
        ..options
    }
}

/// Somebody without a token opens a room, and others get in.
async fn opens(version: Version, settings: &str) {
    let settings = format!("[claims]\nsources = [\"bridge\"]\n{settings}");
    let env = Env::with(version, locking(Options::with_module()), &settings).await;
    let kim = env.client("kim").await;
    kim.join(ROOM, "kim", "").await;
    kim.sees_affiliation(ROOM, "kim", "none").await;
    env.settle().await;
    let bob = env.client("bob").await;
    bob.verified(&token(student("bob"))).await;
    bob.join(ROOM, "bob", &nick("bob")).await;
    let ada = env.client("ada").await;
    ada.verified(&token(teacher("ada"))).await;
    ada.join(ROOM, "ada", &nick("ada")).await;
    kim.sees_affiliation(ROOM, "ada", "owner").await;
}

async fn a_guest_who_opens_a_room_locks_nobody_out(version: Version) {
    opens(version, "[policy]\nguard = false").await;
}
on_both!(a_guest_who_opens_a_room_locks_nobody_out);

async fn a_guest_who_opens_a_room_locks_nobody_out_with_the_guard(version: Version) {
    opens(version, "[policy]\nguard = true").await;
}
on_both!(a_guest_who_opens_a_room_locks_nobody_out_with_the_guard);

async fn a_host_configures_their_room_before_anybody_enters(version: Version) {
    let settings = "[claims]\nsources = [\"bridge\"]";
    let env = Env::with(version, locking(Options::with_module()), settings).await;
    let ada = env.client("ada").await;
    ada.verified(&token(teacher("ada"))).await;
    ada.join(ROOM, "ada", &nick("ada")).await;
    ada.sees_affiliation(ROOM, "ada", "owner").await;
    env.settle().await;
    let bob = env.client("bob").await;
    assert_eq!(
        bob.try_join(ROOM, "bob", "").await.unwrap_err(),
        "item-not-found"
    );
    let password = [
        ("muc#roomconfig_passwordprotectedroom", "1"),
        ("muc#roomconfig_roomsecret", "sesame"),
    ];
    ada.configure(ROOM, &password).await.unwrap();
    assert_eq!(
        bob.try_join(ROOM, "bob", "").await.unwrap_err(),
        "not-authorized"
    );
}
on_both!(a_host_configures_their_room_before_anybody_enters);

/// Without the module gavel stays out until the room is open: its maker opens it, as
/// without gavel.
async fn without_the_module_gavel_waits_for_the_form(version: Version) {
    let env = Env::with(version, locking(Options::default()), "").await;
    let kim = env.client("kim").await;
    kim.join(ROOM, "kim", "").await;
    let line = env.gavel.logs("cannot join room@muc.meet.jitsi yet").await;
    assert!(line.contains("muc_room_locking = false"), "{line}");
    kim.configure(ROOM, &[]).await.unwrap();
    kim.sees_affiliation(ROOM, "gavel", "owner").await;
    kim.sees_affiliation(ROOM, "kim", "none").await;
}
on_both!(without_the_module_gavel_waits_for_the_form);

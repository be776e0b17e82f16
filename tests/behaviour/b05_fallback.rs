//! B5 with `policy.fallback = "first"`, as Jicofo's auto-owner does it.

use crate::on_both;
use crate::support::{Client, Env, Options, Version, teacher, token};

const ROOM: &str = "room@muc.meet.jitsi";

/// Who in the room is owner, as the focus sees it.
async fn owners(env: &Env, focus: &Client, nicks: &[&str]) -> Vec<String> {
    env.settle().await;
    let owner = |nick: &&&str| focus.affiliation(ROOM, nick) == "owner";
    nicks.iter().filter(owner).map(|n| (*n).into()).collect()
}

/// The module must know whom gavel has elected, or its guard would refuse it.
async fn b5_with_the_module_and_its_guard_an_election_holds(version: Version) {
    let settings = "[claims]\nsources = [\"bridge\"]\n[policy]\nfallback = \"first\"\nguard = true";
    let env = Env::with(version, Options::with_module(), settings).await;
    let focus = env.focus_with_module(ROOM).await;
    let nicks = ["guest", "friend", "host"];
    let guest = env.person(ROOM, "guest", None).await;
    let _friend = env.person(ROOM, "friend", None).await;
    focus.sees_affiliation(ROOM, "guest", "owner").await;
    guest
        .affiliate(ROOM, "friend@meet.jitsi", "owner")
        .await
        .unwrap();
    assert_eq!(owners(&env, &focus, &nicks).await, ["guest", "friend"]);
    let host = env.client("host").await;
    host.verified(&token(teacher("Host"))).await;
    host.join(ROOM, "host", "").await;
    focus.sees_affiliation(ROOM, "host", "owner").await;
    for nick in ["guest", "friend"] {
        focus.sees_affiliation(ROOM, nick, "none").await;
    }
    assert_eq!(owners(&env, &focus, &nicks).await, ["host"]);
}
on_both!(b5_with_the_module_and_its_guard_an_election_holds);

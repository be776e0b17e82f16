//! B5 with `policy.fallback = "first"`, as Jicofo's auto-owner does it.

use crate::on_both;
use crate::support::{Client, Env, Options, Version, student, teacher, token};

const ROOM: &str = "room@muc.meet.jitsi";

/// Who in the room is owner, as the focus sees it.
async fn owners(env: &Env, focus: &Client, nicks: &[&str]) -> Vec<String> {
    env.settle().await;
    let owner = |nick: &&&str| focus.affiliation(ROOM, nick) == "owner";
    nicks.iter().filter(owner).map(|n| (*n).into()).collect()
}

/// Jicofo's AuthenticationRoleManager: everybody who is authenticated.
async fn b5_jicofos_cases_of_authenticated_owners(version: Version) {
    let env = Env::gavel(version, "[policy]\npreset = \"authenticated\"").await;
    let focus = env.focus(ROOM).await;
    let nicks = ["authenticated", "other"];
    let _authenticated = env.person(ROOM, "authenticated", Some(student("A"))).await;
    let other = env.person(ROOM, "other", None).await;
    assert_eq!(owners(&env, &focus, &nicks).await, ["authenticated"]);
    // Grant ownership when a user authenticates.
    let token = crate::support::jwt(&crate::support::token(student("B")));
    other.presence(ROOM, "other", &token).await;
    focus.sees_affiliation(ROOM, "other", "owner").await;
    assert_eq!(owners(&env, &focus, &nicks).await, nicks);
}
on_both!(b5_jicofos_cases_of_authenticated_owners);

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

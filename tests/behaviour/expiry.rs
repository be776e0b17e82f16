//! `policy.on_expiry = "demote"`: tokens that expire in the meeting.

use crate::on_both;
use crate::support::{Env, Version, jwt, nick, sign, teacher, token};
use serde_json::Value;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const ROOM: &str = "room@muc.meet.jitsi";
const DEMOTE: &str = "[policy]\non_expiry = \"demote\"\n";

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap()
}

/// A teacher's claims that end so many seconds from now.
fn until(name: &str, seconds: u64) -> Value {
    let mut claims = crate::support::complete(teacher(name));
    claims["exp"] = (now().as_secs() + seconds).into();
    claims
}

/// Waits until somebody is no longer owner; gives the time.
async fn lowered(client: &crate::support::Client, nick: &str) -> Duration {
    client
        .sees(ROOM, nick, "lowered", |o| o.affiliation != "owner")
        .await;
    now()
}

async fn on_expiry_a_token_ends_in_the_meeting_unless_it_is_renewed(version: Version) {
    // A leeway of its own; the usual secret of the tests.
    let secret = crate::support::JWT_SECRET;
    let leeway = format!("{DEMOTE}[claims.jwt]\nsecret = \"{secret}\"\nleeway = \"1s\"");
    let env = Env::gavel(version, &leeway).await;
    let focus = env.focus(ROOM).await;
    let (short, long) = (until("Ada", 4), until("Ada", 600));
    let due = Duration::from_secs(short["exp"].as_u64().unwrap() + 1);
    let alice = env.client("alice").await;
    alice
        .join(ROOM, "alice", &(jwt(&sign(&short)) + &nick("Ada")))
        .await;
    let renewed = env.client("renewed").await;
    renewed
        .join(ROOM, "renewed", &jwt(&sign(&short_of("Bea", &short))))
        .await;
    for who in ["alice", "renewed"] {
        focus.sees_affiliation(ROOM, who, "owner").await;
    }
    alice
        .affiliate(ROOM, "friend@meet.jitsi", "owner")
        .await
        .unwrap();
    let _friend = env.person(ROOM, "friend", None).await;
    renewed.presence(ROOM, "renewed", &jwt(&sign(&long))).await;
    let at = lowered(&focus, "alice").await;
    let late = at.abs_diff(due);
    assert!(
        late <= Duration::from_secs(1),
        "{late:?} from when it was due"
    );
    env.gavel.logs("cause=\"expiry\" rule=expired").await;
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "renewed"), "owner");
    assert_eq!(focus.affiliation(ROOM, "alice"), "none");
    // Her name is her token's for good.
    alice
        .presence(ROOM, "alice", &(jwt(&sign(&short)) + &nick("Mickey")))
        .await;
    env.gavel.logs("Mickey").await;
    focus.sees_name(ROOM, "alice", "Ada").await;
    // A new token, and she is back.
    alice
        .presence(ROOM, "alice", &jwt(&token(teacher("Ada"))))
        .await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
}
on_both!(on_expiry_a_token_ends_in_the_meeting_unless_it_is_renewed);

/// Another person's token, for as long.
fn short_of(name: &str, claims: &Value) -> Value {
    let mut other = crate::support::complete(teacher(name));
    other["exp"] = claims["exp"].clone();
    other
}

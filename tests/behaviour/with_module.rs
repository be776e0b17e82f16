//! gavel and its Prosody module together: SPEC section 6 as the people in the room see it.
//! Source `bridge`, gavel in no `admins`.

use crate::on_both;
use crate::support::{Client, El, Env, Options, Version, nick, student, teacher, token};
use serde_json::{Value, json};
use std::sync::Arc;

const ROOM: &str = "room@muc.meet.jitsi";
const BRIDGE: &str = "[claims]\nsources = [\"bridge\"]";

async fn scene(version: Version) -> Env {
    scene_with(version, BRIDGE).await
}

async fn scene_with(version: Version, overrides: &str) -> Env {
    Env::with(version, Options::with_module(), overrides).await
}

/// Logs in as if Prosody had verified a token with these claims.
async fn verified(env: &Env, name: &str, claims: Option<Value>) -> Arc<Client> {
    let client = env.client(name).await;
    if let Some(claims) = claims {
        client.verified(&token(claims)).await;
    }
    client
}

async fn joins(env: &Env, name: &str, user: Option<Value>) -> Arc<Client> {
    let client = verified(env, name, user).await;
    client.join(ROOM, name, &nick(name)).await;
    client
}

fn of_gavel(stanza: &El) -> bool {
    let from = stanza.attr("from").unwrap_or_default();
    stanza.name == "presence" && from.ends_with("/gavel")
}

async fn module_and_gavel_decide_by_verified_claims(version: Version) {
    let env = scene(version).await;
    let focus = env.focus_with_module(ROOM).await;
    let alice = joins(&env, "alice", Some(teacher("alice"))).await;
    let bob = joins(&env, "bob", Some(student("bob"))).await;
    let guest = joins(&env, "guest", None).await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    focus.sees_affiliation(ROOM, "bob", "member").await;
    env.settle().await;
    for who in ["bob", "guest"] {
        let jid = format!("{who}@meet.jitsi");
        let given = focus.affiliate(ROOM, &jid, "owner").await;
        assert_eq!(given, Err("not-allowed".into()), "the guard is on");
    }
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "bob"), "member");
    assert_eq!(focus.affiliation(ROOM, "guest"), "none");
    // A moderator's word counts, with and without a token.
    let jid = "guest@meet.jitsi";
    alice.affiliate(ROOM, jid, "owner").await.unwrap();
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "guest"), "owner");
    for client in [&focus, &alice, &bob, &guest] {
        assert_eq!(client.count(of_gavel), 0, "gavel is seen");
    }
}
on_both!(module_and_gavel_decide_by_verified_claims);

async fn module_and_gavel_believe_no_claims_that_clients_write(version: Version) {
    let env = scene(version).await;
    let focus = env.focus_with_module(ROOM).await;
    let text = teacher("mallory").to_string();
    let mac = "0".repeat(64);
    let claims = format!(
        "<claims xmlns='urn:gavel:claims:0' mac='{mac}'>{}</claims>",
        crate::support::escape(&text)
    );
    let mallory = env.client("mallory").await;
    mallory.join(ROOM, "mallory", &claims).await;
    mallory.presence(ROOM, "mallory", &claims).await;
    // The URL's token, which nobody has verified.
    let eve = env.client("eve").await;
    let fields = json!({ "auth_token": token(teacher("eve")) });
    eve.set_session(&fields).await;
    eve.join(ROOM, "eve", "").await;
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "mallory"), "none");
    assert_eq!(focus.affiliation(ROOM, "eve"), "none");
    assert_eq!(mallory.role(ROOM, "mallory"), "participant");
}
on_both!(module_and_gavel_believe_no_claims_that_clients_write);

async fn module_and_gavel_let_no_changed_name_through(version: Version) {
    let env = scene(version).await;
    let focus = env.focus_with_module(ROOM).await;
    let alice = joins(&env, "alice", Some(teacher("Alice Token"))).await;
    focus.sees_name(ROOM, "alice", "Alice Token").await;
    env.settle().await;
    alice.presence(ROOM, "alice", &nick("Somebody Else")).await;
    env.settle().await;
    assert_eq!(focus.name(ROOM, "alice").as_deref(), Some("Alice Token"));
    let seen = focus.count(|stanza| format!("{stanza:?}").contains("Somebody Else"));
    assert_eq!(seen, 0, "the changed name has reached somebody");
    let guest = joins(&env, "guest", None).await;
    guest.presence(ROOM, "guest", &nick("Any Name")).await;
    focus.sees_name(ROOM, "guest", "Any Name").await;
}
on_both!(module_and_gavel_let_no_changed_name_through);

async fn module_and_gavel_tell_an_occupant_of_its_name(version: Version) {
    let overrides = format!("{BRIDGE}\n[names]\nfreeze = \"notify\"");
    let env = scene_with(version, &overrides).await;
    let focus = env.focus_with_module(ROOM).await;
    let alice = joins(&env, "alice", Some(teacher("alice"))).await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    alice.presence(ROOM, "alice", &nick("Somebody Else")).await;
    let told = |stanza: &El| stanza.name == "message" && stanza.named("body").is_some();
    alice.expect("gavel's notice", told).await;
    focus.sees_name(ROOM, "alice", "Somebody Else").await;
    assert_eq!(focus.count(told), 0, "it is Alice's alone");
}
on_both!(module_and_gavel_tell_an_occupant_of_its_name);

/// The module keeps names while gavel is away, and tells the next one so.
async fn module_and_gavel_keep_names_again_that_were_let_go(version: Version) {
    let mut env = scene(version).await;
    let focus = env.focus_with_module(ROOM).await;
    let alice = joins(&env, "alice", Some(teacher("Alice Token"))).await;
    focus.sees_name(ROOM, "alice", "Alice Token").await;
    env.settle().await;
    let freeze = |how: &str| format!("{BRIDGE}\n[names]\nfreeze = {how:?}");
    env.gavel.stop().await;
    env.gavel.reconfigure(&env.prosody, &freeze("off"));
    env.gavel.restart();
    env.connected().await;
    env.settle().await;
    alice.presence(ROOM, "alice", &nick("Any Name")).await;
    focus.sees_name(ROOM, "alice", "Any Name").await;
    env.gavel.reconfigure(&env.prosody, &freeze("revert"));
    env.gavel.hang_up();
    focus.sees_name(ROOM, "alice", "Alice Token").await;
    alice.presence(ROOM, "alice", &nick("Any Name")).await;
    env.settle().await;
    assert_eq!(focus.name(ROOM, "alice").as_deref(), Some("Alice Token"));
}
on_both!(module_and_gavel_keep_names_again_that_were_let_go);

/// A name that was kept by claims which count no more is let go.
async fn module_and_gavel_let_names_go_when_their_claims_count_no_more(version: Version) {
    let mut env = scene(version).await;
    let focus = env.focus_with_module(ROOM).await;
    let alice = joins(&env, "alice", Some(teacher("Alice Token"))).await;
    focus.sees_name(ROOM, "alice", "Alice Token").await;
    env.settle().await;
    env.gavel.stop().await;
    let others = "[claims]\nsources = [\"identity\"]";
    env.gavel.reconfigure(&env.prosody, others);
    env.gavel.restart();
    env.connected().await;
    focus.sees_affiliation(ROOM, "alice", "none").await;
    env.settle().await;
    alice.presence(ROOM, "alice", &nick("Any Name")).await;
    focus.sees_name(ROOM, "alice", "Any Name").await;
}
on_both!(module_and_gavel_let_names_go_when_their_claims_count_no_more);

/// Somebody has a token that Prosody took and gavel cannot read: an admin is told.
async fn module_and_gavel_name_the_people_with_unreadable_claims(version: Version) {
    use base64::Engine;
    let env = scene(version).await;
    let focus = env.focus_with_module(ROOM).await;
    let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(b"{\"a\":\"\xe9\"}");
    let eve = env.client("eve").await;
    eve.verified(&format!("a.{payload}.b")).await;
    eve.join(ROOM, "eve", "").await;
    env.gavel.logs("reason=malformed").await;
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "eve"), "none");
    let log = env.gavel.log();
    let line = log.lines().find(|line| line.contains("reason=malformed"));
    let line = line.expect("it was logged");
    assert!(
        line.contains("source=bridge") && line.contains("eve"),
        "{line}"
    );
    assert!(!line.contains(&payload), "{line}");
    let said = crate::doctor::gavel("room show room --json", env.gavel.config()).await;
    let room: Value = serde_json::from_str(&said.out).unwrap();
    let occupants = room["occupants"].as_array().unwrap();
    let eve = occupants.iter().find(|o| o["nick"] == "eve").unwrap();
    assert_eq!(eve["rejected"]["reason"], "malformed", "{eve:#}");
    let said = crate::doctor::gavel("room show room", env.gavel.config()).await;
    assert!(said.out.contains("malformed"), "{said:?}");
    let found = crate::doctor::doctor(env.gavel.config()).await;
    found.has(
        "rejected",
        "warn",
        &["1", "bridge", "malformed", "UTF-8", "ISO-8859-1"],
    );
}
on_both!(module_and_gavel_name_the_people_with_unreadable_claims);

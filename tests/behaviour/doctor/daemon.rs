//! The running daemon is asked: it knows the events since it started.

use super::{Found, doctor, gavel};
use crate::on_both;
use crate::support::{
    Client, Env, Gavel, Options, Prosody, Version, jwt, nick, student, teacher, token,
};
use serde_json::{Value, json};
use std::sync::Arc;

const ROOM: &str = "room@muc.meet.jitsi";
const BRIDGE: &str = "[claims]\nsources = [\"bridge\"]";

/// Logs in as if Prosody had verified a token with these claims, and enters.
async fn verified(env: &Env, name: &str, user: Value) -> Arc<Client> {
    let client = env.client(name).await;
    client.verified(&token(user)).await;
    client.join(ROOM, name, &nick(name)).await;
    client
}

/// A Jitsi with the module in which somebody meets, gavel following.
async fn meeting(version: Version, options: Options) -> (Env, Arc<Client>) {
    let env = Env::with(version, options, BRIDGE).await;
    let focus = env.focus_with_module(ROOM).await;
    (env, focus)
}

/// The same without the guard, and a student has come.
async fn lesson(version: Version, options: Options) -> (Env, Arc<Client>, Arc<Client>) {
    let env = Env::unguarded(version, options, BRIDGE).await;
    let focus = env.focus_with_module(ROOM).await;
    let bob = verified(&env, "bob", student("bob")).await;
    focus.sees_affiliation(ROOM, "bob", "member").await;
    env.settle().await;
    (env, focus, bob)
}

/// The doctor's words about the events so far.
async fn examined(env: &Env) -> Found {
    env.settle().await;
    doctor(env.gavel.config()).await
}

/// A token of claims with one more.
fn with(mut claims: Value, name: &str, value: Value) -> String {
    claims[name] = value;
    token(claims)
}

async fn doctor_asks_the_running_gavel_and_is_content(version: Version) {
    let (env, focus) = meeting(version, Options::with_module()).await;
    let _alice = verified(&env, "alice", teacher("alice")).await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    let found = examined(&env).await;
    found.is_healthy();
    assert_eq!(found.json["examined_by"], "daemon");
    found.has("connection", "ok", &["1 person in 1 room"]);
    found.has("module", "ok", &["active on muc.meet.jitsi"]);
    found.has("promotions", "ok", &["nothing else"]);
    found.has("claims", "ok", &["1 from bridge"]);
    found.has("settling", "ok", &["1 person", "ms"]);
    found.has("nagle", "ok", &[]);
    found.has("state", "ok", &["state.json"]);
    found.lacks("impersonation");
    assert_eq!(env.prosody.connections(), 1, "it asked over gavel's own");
    assert!(found.json["findings"].as_array().unwrap().len() < 15);
}
on_both!(doctor_asks_the_running_gavel_and_is_content);

async fn doctor_does_not_connect_beside_a_gavel_that_hangs(version: Version) {
    let env = Env::new(version).await;
    env.gavel.freeze();
    let said = gavel("doctor", env.gavel.config()).await;
    env.gavel.thaw();
    assert_eq!(said.status, 1, "{said:?}");
    assert!(said.err.contains("does not answer"), "{said:?}");
    assert_eq!(env.prosody.connections(), 1);
}
on_both!(doctor_does_not_connect_beside_a_gavel_that_hangs);

async fn doctor_counts_promotions_of_the_focus(version: Version) {
    let (env, focus, _bob) = lesson(version, Options::with_module()).await;
    for _ in 0..2 {
        focus
            .affiliate(ROOM, "bob@meet.jitsi", "owner")
            .await
            .unwrap();
        env.settle().await;
    }
    let found = doctor(env.gavel.config()).await;
    let words = [
        "focus@auth.meet.jitsi",
        "2 times",
        "ENABLE_AUTO_OWNER",
        "enable-auto-owner",
    ];
    found.has("promotions", "warn", &words);
    assert_eq!(found.status, 0, "a warning is no failure");
    found.has("guard", "ok", &["policy.guard is off"]);
}
on_both!(doctor_counts_promotions_of_the_focus);

/// Every party that wanted to promote people is told, though nobody has seen it.
async fn doctor_tells_the_refusals_of_the_guard(version: Version) {
    let options = Options {
        muc: "test_promote_everyone = true".into(),
        ..Options::with_module()
    };
    let (env, focus) = meeting(version, options).await;
    let _bob = verified(&env, "bob", student("bob")).await;
    focus.sees_affiliation(ROOM, "bob", "member").await;
    for _ in 0..3 {
        let refused = focus.affiliate(ROOM, "bob@meet.jitsi", "owner").await;
        assert_eq!(refused, Err("not-allowed".into()));
    }
    // The module tells it with its next answer about the guard.
    let what = "a finding about what the guard refused";
    let names_guard = |finding: &Value| {
        finding["check"] == "promotions" && finding.to_string().contains("policy.guard")
    };
    let told = |answer: &Value| {
        let mut findings = answer["findings"].as_array().into_iter().flatten();
        findings.any(names_guard)
    };
    env.gavel.shows("/v1/doctor", what, told).await;
    let found = doctor(env.gavel.config()).await;
    let module = "a module of Prosody wanted to promote 1 person";
    found.has("promotions", "ok", &[module]);
    found.lacks("guard");
    assert_eq!(found.status, 0);
    let status = gavel("status", env.gavel.config()).await;
    let line = "muc.meet.jitsi: mod_gavel";
    let line = status.out.lines().find(|l| l.contains(line)).unwrap();
    assert!(line.ends_with("guard on"), "{status:?}");
}
on_both!(doctor_tells_the_refusals_of_the_guard);

async fn doctor_counts_promotions_of_server_modules_at_the_door(version: Version) {
    let options = Options {
        muc: "test_promote_everyone = true".into(),
        ..Options::with_module()
    };
    let (env, _focus, _bob) = lesson(version, options).await;
    let found = doctor(env.gavel.config()).await;
    let words = [
        "1 as somebody joined",
        "wait_for_host_disable_auto_owners = true",
        "muc_allowners",
    ];
    found.has("promotions", "warn", &words);
}
on_both!(doctor_counts_promotions_of_server_modules_at_the_door);

async fn doctor_counts_promotions_of_server_modules_before_the_door(version: Version) {
    let options = Options {
        muc: "test_promote_early = true".into(),
        ..Options::with_module()
    };
    let (env, _focus, _bob) = lesson(version, options).await;
    let found = doctor(env.gavel.config()).await;
    found.has("promotions", "warn", &["wait_for_host_disable_auto_owners"]);
}
on_both!(doctor_counts_promotions_of_server_modules_before_the_door);

async fn doctor_counts_later_promotions_of_server_modules(version: Version) {
    let (env, _focus, _bob) = lesson(version, Options::with_module()).await;
    env.server_sets(ROOM, "bob@meet.jitsi", "owner").await;
    let found = examined(&env).await;
    found.has(
        "promotions",
        "warn",
        &["0 as somebody joined", "ad-hoc command"],
    );
}
on_both!(doctor_counts_later_promotions_of_server_modules);

async fn doctor_knows_muc_allowners_by_its_refusals(version: Version) {
    let options = Options {
        muc_modules: vec!["test_mischief"],
        muc: "test_refuse_lowering = true".into(),
        ..Options::default()
    };
    let env = Env::with(version, options, "").await;
    let focus = env.focus(ROOM).await;
    let _bob = env.person(ROOM, "bob", Some(student("bob"))).await;
    focus.sees_affiliation(ROOM, "bob", "member").await;
    focus
        .affiliate(ROOM, "bob@meet.jitsi", "owner")
        .await
        .unwrap();
    env.settle().await;
    focus.sees_affiliation(ROOM, "bob", "member").await;
    let found = doctor(env.gavel.config()).await;
    found.has(
        "allowners",
        "warn",
        &["\"muc_allowners\" out of modules_enabled"],
    );
    // A focus is there, and the module is not.
    found.has("module", "fail", &["visible to participants"]);
}
on_both!(doctor_knows_muc_allowners_by_its_refusals);

async fn doctor_misses_claims(version: Version) {
    let overrides =
        "[claims]\nsources = [\"jwt\", \"identity\"]\ntrusted_domains = [\"meet.jitsi\"]";
    let env = Env::gavel(version, overrides).await;
    let focus = env.focus(ROOM).await;
    let _guest = env.person(ROOM, "guest", None).await;
    let mallory = env.client("guest.meet.jitsi").await;
    let identity = "<identity><user><name>M</name><id>1</id></user></identity>";
    mallory.join(ROOM, "mallory", identity).await;
    let found = examined(&env).await;
    found.has(
        "tokens",
        "warn",
        &["none of the 2 people", "claims.sources = [\"bridge\"]"],
    );
    let without = [
        "1 of 1 person of meet.jitsi",
        "guest@meet.jitsi",
        "trusted_domains",
    ];
    found.has("without_claims", "warn", &without);
    found.has("untrusted", "warn", &["1 time", "claims.trusted_domains"]);
    drop(focus);
}
on_both!(doctor_misses_claims);

async fn doctor_names_why_tokens_are_refused(version: Version) {
    let env = Env::new(version).await;
    let _focus = env.focus(ROOM).await;
    let other_issuer = with(teacher("eve"), "iss", json!("nobody"));
    let eve = env.client("eve").await;
    eve.join(ROOM, "eve", &jwt(&other_issuer)).await;
    let frank = env.client("frank").await;
    frank.join(ROOM, "frank", &jwt("no.token.atall")).await;
    let found = examined(&env).await;
    found.has("rejected", "warn", &["issuer", "claims.jwt.issuers"]);
    found.has("rejected", "warn", &["malformed", "claims.jwt.elements"]);
    found.lacks("tokens");
}
on_both!(doctor_names_why_tokens_are_refused);

async fn doctor_finds_a_key_server_that_does_not_answer(version: Version) {
    let port = crate::support::free_port();
    let overrides = format!(
        "[claims.jwt]\nalgorithms = [\"ES256\"]\njwks_url = \"http://127.0.0.1:{port}/keys\""
    );
    let env = Env::gavel(version, &overrides).await;
    env.gavel.logs("keys cannot be fetched").await;
    let found = doctor(env.gavel.config()).await;
    found.has(
        "keys",
        "warn",
        &["claims.jwt.jwks_url", "gavel token verify"],
    );
}
on_both!(doctor_finds_a_key_server_that_does_not_answer);

async fn doctor_compares_clocks(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let now = std::time::SystemTime::now();
    let now = now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let alice = env.client("alice").await;
    let early = with(teacher("alice"), "iat", json!(now + 90));
    alice.join(ROOM, "alice", &jwt(&early)).await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    let found = examined(&env).await;
    found.has(
        "clock",
        "warn",
        &["1 of 1 token", "in the future", "timedatectl"],
    );
}
on_both!(doctor_compares_clocks);

async fn doctor_compares_clocks_by_tokens_not_valid_yet(version: Version) {
    let env = Env::new(version).await;
    let _focus = env.focus(ROOM).await;
    let now = std::time::SystemTime::now();
    let now = now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let bob = env.client("bob").await;
    let early = with(teacher("bob"), "nbf", json!(now + 300));
    bob.join(ROOM, "bob", &jwt(&early)).await;
    let found = examined(&env).await;
    found.has("clock", "warn", &["not valid yet (nbf"]);
}
on_both!(doctor_compares_clocks_by_tokens_not_valid_yet);

async fn doctor_names_server_admins(version: Version) {
    let options = Options {
        muc: "admins = { \"gavel@gavel.meet.jitsi\", \"boss@meet.jitsi\" }".into(),
        ..Options::default()
    };
    let env = Env::with(version, options, "").await;
    let _focus = env.focus(ROOM).await;
    let boss = env.client("boss").await;
    boss.join(ROOM, "boss", "").await;
    env.gavel.logs("does not let gavel lower").await;
    let found = examined(&env).await;
    found.has(
        "server_admin",
        "warn",
        &["boss@meet.jitsi in room@muc.meet.jitsi", "`admins`"],
    );
    // On a plain server it is no fault that gavel cannot guard without the module.
    found.lacks("guard");
    assert!(!env.gavel.log().contains("guard has no effect"));
}
on_both!(doctor_names_server_admins);

async fn doctor_finds_that_gavel_is_not_owner(version: Version) {
    let options = Options {
        gavel_is_admin: false,
        admins_own_rooms: false,
        ..Options::default()
    };
    let env = Env::with(version, options, "").await;
    let alice = env.client("alice").await;
    alice.join(ROOM, "alice", "").await;
    alice.invite(ROOM, "gavel@gavel.meet.jitsi").await;
    env.gavel.logs("not owner of rooms").await;
    // It has tried before it comes in.
    env.gavel.logs("joined").await;
    let found = doctor(env.gavel.config()).await;
    found.has("owner", "fail", &["not owner of 1 room", "`admins`"]);
    found.has("listing", "fail", &["cannot list the rooms"]);
}
on_both!(doctor_finds_that_gavel_is_not_owner);

async fn doctor_finds_rooms_that_stay(version: Version) {
    let options = Options {
        muc: "muc_room_default_persistent = true".into(),
        ..Options::default()
    };
    let prosody = Prosody::start(version, options);
    let alice = Client::connect(&prosody, "alice@meet.jitsi").await;
    for n in 0..25 {
        let room = format!("r{n}@muc.meet.jitsi");
        alice.join(&room, "alice", "").await;
        alice.leave(&room, "alice").await;
    }
    let env = Env::beside(prosody, "").await;
    env.gavel.logs("ready: all rooms").await;
    let found = examined(&env).await;
    found.has(
        "listing",
        "warn",
        &["25 of the 25 rooms", "muc_room_default_persistent = false"],
    );
}
on_both!(doctor_finds_rooms_that_stay);

async fn doctor_finds_that_names_cannot_be_turned_back(version: Version) {
    let options = Options {
        validate_from: true,
        ..Options::default()
    };
    let env = Env::with(version, options, "").await;
    let focus = env.focus(ROOM).await;
    let found = doctor(env.gavel.config()).await;
    found.has(
        "impersonation",
        "ok",
        &["gavel has not had to turn a name back yet"],
    );
    let alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    let changed = jwt(&token(teacher("Alice"))) + &nick("Mallory");
    alice.presence(ROOM, "alice", &changed).await;
    env.gavel.logs("validate_from_addresses").await;
    env.gavel.logs_again("ready: all rooms").await;
    env.connected().await;
    let found = doctor(env.gavel.config()).await;
    found.has(
        "impersonation",
        "warn",
        &["validate_from_addresses = false"],
    );
}
on_both!(doctor_finds_that_names_cannot_be_turned_back);

async fn doctor_finds_a_state_file_that_cannot_be_written(version: Version) {
    let env = Env::gavel(version, "[state]\nfile = \"/proc/gavel/state.json\"").await;
    let found = doctor(env.gavel.config()).await;
    found.has("state", "warn", &["/proc/gavel/state.json", "state.file"]);
}
on_both!(doctor_finds_a_state_file_that_cannot_be_written);

async fn doctor_finds_held_back_packets_over_gavels_own_stream(version: Version) {
    let options = Options {
        global: "network_settings = { nagle = true }".into(),
        ..Options::with_module()
    };
    let (env, _focus) = meeting(version, options).await;
    let found = doctor(env.gavel.config()).await;
    found.has("nagle", "warn", &["network_settings = { nagle = false }"]);
}
on_both!(doctor_finds_held_back_packets_over_gavels_own_stream);

async fn doctor_knows_a_standby_and_a_gavel_kept_out(version: Version) {
    let env = Env::new(version).await;
    let second = Gavel::start(&env.prosody, "");
    second.logs("standby").await;
    let found = doctor(second.config()).await;
    found.has("connection", "ok", &["standby"]);
    let wrong = Gavel::start(&env.prosody, "[component]\nsecret = \"wrong\"");
    wrong.logs("refuses the secret").await;
    let found = doctor(wrong.config()).await;
    assert_eq!(found.json["examined_by"], "daemon");
    found.has("connection", "fail", &["refuses the secret"]);
}
on_both!(doctor_knows_a_standby_and_a_gavel_kept_out);

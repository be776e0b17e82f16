//! SIGHUP: the configuration is read again.

use crate::on_both;
use crate::support::{
    Env, Gavel, JWT_SECRET, Options, Version, jwt, nick, student, teacher, token,
};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

const ROOM: &str = "class@muc.meet.jitsi";

async fn a_bad_file_is_refused_and_the_old_one_stays(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let _alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    env.gavel.reconfigure(
        &env.prosody,
        "[policy]\ngests = 'strip'\n[component]\nsecret = 'hush-hush'\n",
    );
    env.gavel.hang_up();
    env.gavel.logs("the configuration is refused").await;
    let log = env.gavel.log();
    assert!(log.contains("policy.gests"), "{log}");
    assert!(!log.contains("hush-hush"), "{log}");
    assert!(env.gavel.running());
    let bob = env.person(ROOM, "bob", Some(student("Bob"))).await;
    bob.sees_affiliation(ROOM, "bob", "member").await;
    assert_eq!(focus.affiliation(ROOM, "alice"), "owner");
    // Fixed, it is taken.
    env.reload("[policy]\nguests = 'ignore'").await;
}
on_both!(a_bad_file_is_refused_and_the_old_one_stays);

async fn a_change_that_needs_a_restart_is_said(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let more = "[component]\nnick = 'hammer'\n[admin]\nlisten = '127.0.0.1:9'\n[log]\nformat = 'json'\n[state]\nfile = ''";
    env.reload(more).await;
    let line = env
        .gavel
        .logs("takes effect when gavel is started again")
        .await;
    let named = "component.nick, state.file, admin.listen, log.format: changed";
    assert!(line.contains(named), "{line}");
    assert_eq!(focus.affiliation(ROOM, "gavel"), "owner");
}
on_both!(a_change_that_needs_a_restart_is_said);

/// People who are reconfigured as infrastructure are let go, and come back.
async fn infrastructure_moves_in_and_out(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let bob = env.person(ROOM, "bob", Some(student("Bob"))).await;
    let _alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    focus.sees_affiliation(ROOM, "bob", "member").await;
    env.reload("[infrastructure]\njids = ['focus@auth.meet.jitsi', 'bob@meet.jitsi']")
        .await;
    focus
        .affiliate(ROOM, "bob@meet.jitsi", "owner")
        .await
        .unwrap();
    bob.sees_affiliation(ROOM, "bob", "owner").await;
    env.settle().await;
    assert_eq!(bob.affiliation(ROOM, "bob"), "owner", "left alone");
    assert_eq!(env.gavel.get("/v1/status").await.json()["occupants"], 1);
    env.reload("").await;
    // As his token says: it was looked at again.
    bob.sees_affiliation(ROOM, "bob", "member").await;
    let shown = env
        .gavel
        .shows_occupant("class", "bob", "believed", |bob| bob["source"] == "jwt")
        .await;
    assert_eq!(shown["token_name"], "Bob");
    assert_eq!(focus.affiliation(ROOM, "alice"), "owner");
}
on_both!(infrastructure_moves_in_and_out);

async fn claims_that_were_refused_are_looked_at_again(version: Version) {
    let secret = "another-secret-of-32-bytes-at-least-x";
    let with = |secret: &str| format!("[claims.jwt]\nsecret = '{secret}'");
    let env = Env::gavel(version, &with(secret)).await;
    let focus = env.focus(ROOM).await;
    let _alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "alice"), "none");
    env.reload("").await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    // A key that is gone, or a source, takes along the claims that were believed by it.
    env.reload(&with(secret)).await;
    focus.sees_affiliation(ROOM, "alice", "none").await;
    env.reload("").await;
    focus.sees_affiliation(ROOM, "alice", "owner").await;
    env.reload("[claims]\nsources = ['bridge']").await;
    focus.sees_affiliation(ROOM, "alice", "none").await;
}
on_both!(claims_that_were_refused_are_looked_at_again);

/// Reloads of all kinds while people come, go and are promoted: a person with a token's or
/// a moderator's word keeps the right it gives.
async fn reloads_under_load_take_nothing_from_anybody(version: Version) {
    let env = Env::new(version).await;
    let focus = env.focus(ROOM).await;
    let alice = env.person(ROOM, "alice", Some(teacher("Alice"))).await;
    let _carol = env.person(ROOM, "carol", Some(student("Carol"))).await;
    alice.sees_affiliation(ROOM, "carol", "member").await;
    alice
        .affiliate(ROOM, "carol@meet.jitsi", "owner")
        .await
        .unwrap();
    env.settle().await;
    let kinds = [
        "[policy]\nguests = 'ignore'",
        "[names]\nfreeze = 'notify'",
        &format!("[claims.jwt]\nsecret = '{JWT_SECRET}'\nleeway = '60s'"),
        "[infrastructure]\ndomains = ['auth.meet.jitsi', 'guest.meet.jitsi']",
        "[policy]\nbroken = true",
        "",
    ];
    for (n, kind) in kinds.iter().enumerate() {
        env.gavel.reconfigure(&env.prosody, kind);
        env.gavel.hang_up();
        let name = format!("guest{n}");
        let guest = env.person(ROOM, &name, None).await;
        let children = jwt(&token(teacher("Alice"))) + &nick("Alice");
        alice.presence(ROOM, "alice", &children).await;
        focus.affiliate(ROOM, guest.bare(), "owner").await.unwrap();
        env.settle().await;
        assert_eq!(focus.affiliation(ROOM, "alice"), "owner", "{kind}");
        assert_eq!(focus.affiliation(ROOM, "carol"), "owner", "{kind}");
        guest.leave(ROOM, &name).await;
    }
    env.reload("").await;
    let lowered = |jid: &str| jid == "alice@meet.jitsi" || jid == "carol@meet.jitsi";
    let requests = env.requests().await;
    let lost = requests
        .iter()
        .filter(|(jid, to)| lowered(jid) && to != "owner");
    let lost: Vec<_> = lost
        .filter(|(jid, to)| !(jid.starts_with("carol") && to == "member"))
        .collect();
    assert!(lost.is_empty(), "{lost:?}");
    let events = env.gavel.get("/v1/events").await.json();
    let carol = |e: &&Value| e["jid"] == "carol@meet.jitsi" && e["to"] == "member";
    let members = events.as_array().unwrap().iter().filter(carol).count();
    assert_eq!(members, 1, "only before she was promoted");
}
on_both!(reloads_under_load_take_nothing_from_anybody);

async fn a_standby_and_a_gavel_without_server_reload_too(version: Version) {
    let mut env = Env::new(version).await;
    env.prosody.kill();
    env.gavel
        .shows("/v1/status", "gone", |s| s["connected"] == false)
        .await;
    env.gavel
        .reconfigure(&env.prosody, "[policy]\nguests = 'ignore'");
    env.gavel.hang_up();
    let line = env.gavel.logs("the configuration was read again").await;
    assert!(line.contains("changed=\"policy\""), "{line}");
    env.prosody.restart();
    let standby = Gavel::start(&env.prosody, "");
    standby.shows("/v1/status", "up", |_| true).await;
    standby.hang_up();
    let line = standby.logs("the configuration was read again").await;
    assert!(line.contains("changed=\"nothing\""), "{line}");
}
on_both!(a_standby_and_a_gavel_without_server_reload_too);

async fn decisions_are_written_and_the_file_is_rotated(version: Version) {
    let env = Env::new(version).await;
    let file = env.prosody.dir().join("audit.jsonl");
    let audit = format!("[log]\naudit = {file:?}");
    env.reload(&audit).await;
    env.gavel
        .logs("decisions are written to the audit file")
        .await;
    let focus = env.focus(ROOM).await;
    let _bob = env.person(ROOM, "bob", Some(student("Bob"))).await;
    focus.sees_affiliation(ROOM, "bob", "member").await;
    let events = env
        .gavel
        .shows("/v1/events", "one", |e| e[0]["jid"] == "bob@meet.jitsi")
        .await;
    assert_eq!(lines(&file, 1).await, [events[0].clone()]);
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    // As logrotate does it.
    let old = file.with_extension("jsonl.1");
    std::fs::rename(&file, &old).unwrap();
    env.gavel.hang_up();
    let anew = "decisions are written to the audit file";
    env.gavel
        .until_log(|log| log.matches(anew).count() == 2)
        .await;
    focus
        .affiliate(ROOM, "bob@meet.jitsi", "owner")
        .await
        .unwrap();
    let last = lines(&file, 1).await;
    assert_eq!(last[0]["cause"], "correction");
    assert_eq!(lines(&old, 1).await.len(), 1);
    // A log that cannot be written is reported, and stops nothing.
    env.reload("[log]\naudit = '/proc/none/audit.jsonl'").await;
    env.gavel.logs("cannot write the audit file").await;
    focus
        .affiliate(ROOM, "bob@meet.jitsi", "owner")
        .await
        .unwrap();
    env.settle().await;
    assert_eq!(focus.affiliation(ROOM, "bob"), "member");
}
on_both!(decisions_are_written_and_the_file_is_rotated);

/// The documents in a file, once there are as many.
async fn lines(file: &std::path::Path, least: usize) -> Vec<Value> {
    for _ in 0..1000 {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        if text.lines().count() >= least && text.ends_with('\n') {
            let read = |line: &str| serde_json::from_str(line).unwrap_or(json!(line));
            return text.lines().map(read).collect();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{} has not {least} lines", file.display());
}

/// With the module: names are pinned and let go, claims looked at again.
async fn with_the_module_all_of_it_holds(version: Version) {
    let options = Options {
        host_modules: vec!["test_session"],
        ..Options::with_module()
    };
    let module = "[claims]\nsources = ['bridge', 'jwt']\n[discovery]\npoll = 'auto'";
    let off = format!("{module}\n[names]\nfreeze = 'off'");
    let env = Env::with(version, options, &off).await;
    let focus = env.client("focus@auth.meet.jitsi").await;
    focus.join(ROOM, "focus", "").await;
    let bob = env.client("bob").await;
    let children = jwt(&token(student("Bob"))) + &nick("Alice");
    bob.join(ROOM, "bob", &children).await;
    focus.sees_affiliation(ROOM, "bob", "member").await;
    assert_eq!(focus.name(ROOM, "bob").as_deref(), Some("Alice"));
    env.reload(module).await;
    focus.sees_name(ROOM, "bob", "Bob").await;
    env.reload(&off).await;
    bob.presence(ROOM, "bob", &children).await;
    focus.sees_name(ROOM, "bob", "Alice").await;
    let strange =
        format!("{off}\n[infrastructure]\njids = ['focus@auth.meet.jitsi', 'bob@meet.jitsi']");
    env.reload(&strange).await;
    assert_eq!(env.gavel.get("/v1/status").await.json()["occupants"], 0);
    env.reload(&off).await;
    env.gavel
        .shows_occupant("class", "bob", "believed", |bob| bob["source"] == "jwt")
        .await;
    assert_eq!(focus.affiliation(ROOM, "bob"), "member");
}
on_both!(with_the_module_all_of_it_holds);

//! `gavel status`, and the answer about readiness without the module.

use super::{Said, doctor, gavel};
use crate::on_both;
use crate::support::{Env, Gavel, Options, Prosody, Version, nick, student, teacher, token};
use serde_json::Value;

const ROOM: &str = "room@muc.meet.jitsi";
const BRIDGE: &str = "[claims]\nsources = [\"bridge\"]";
const ROLELESS: &str =
    "mod_gavel is not active on muc.meet.jitsi: nobody there gets a role from a token";

fn json(said: &Said) -> Value {
    serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"))
}

async fn a_missing_module_is_an_error_everywhere(version: Version) {
    let options = Options {
        muc_modules: Vec::new(),
        ..Options::with_module()
    };
    let env = Env::with(version, options, BRIDGE).await;
    let line = env.gavel.logs(ROLELESS).await;
    assert!(line.contains("ERROR"), "{line}");
    let ready = gavel("doctor --ready", env.gavel.config()).await;
    assert_eq!(ready.status, 1, "{ready:?}");
    assert!(
        ready
            .out
            .contains("mod_gavel is not active on muc.meet.jitsi"),
        "{ready:?}"
    );
    let status = gavel("status", env.gavel.config()).await;
    assert_eq!(status.status, 1, "{status:?}");
    assert!(
        status.out.contains("not ready") && status.out.contains(ROLELESS),
        "{status:?}"
    );
    let found = doctor(env.gavel.config()).await;
    let causes = [
        ROLELESS,
        "plugin_paths",
        "modules_enabled",
        "global section",
        "cannot read it",
        "not restarted",
    ];
    found.has("module", "fail", &causes);
    for other in [
        "sources",
        "admins",
        "listing",
        "owner",
        "impersonation",
        "guard",
    ] {
        found.lacks(other);
    }
    let status = json(&gavel("status --json", env.gavel.config()).await);
    assert_eq!(status["ready"], false);
    assert_eq!(status["modules"][0]["state"], "absent");
    assert_eq!(status["unserved"][0], "muc.meet.jitsi");
    let failing: Vec<_> = status["findings"].as_array().unwrap().iter().collect();
    assert!(failing.iter().any(|f| f["check"] == "module"), "{status:#}");
    assert_eq!(
        env.gavel.log().matches(ROLELESS).count(),
        1,
        "it is said once"
    );
}
on_both!(a_missing_module_is_an_error_everywhere);

async fn a_module_that_comes_later_makes_gavel_ready(version: Version) {
    let options = Options {
        muc_modules: vec!["test_load"],
        ..Options::with_module()
    };
    let env = Env::with(version, options, BRIDGE).await;
    env.gavel.logs(ROLELESS).await;
    let load = "<load xmlns='urn:gavel:test' module='gavel'/>";
    env.watcher.iq("set", "muc.meet.jitsi", load).await.unwrap();
    env.gavel.until_ready().await;
    let status = gavel("status", env.gavel.config()).await;
    assert!(
        status.out.contains("muc.meet.jitsi: mod_gavel 0."),
        "{status:?}"
    );
}
on_both!(a_module_that_comes_later_makes_gavel_ready);

async fn status_shows_the_meetings_and_that_all_is_well(version: Version) {
    let env = Env::with(version, Options::with_module(), BRIDGE).await;
    let focus = env.focus_with_module(ROOM).await;
    for (name, claims) in [("ada", teacher("Ada")), ("bob", student("Bob"))] {
        let client = env.client(name).await;
        client.verified(&token(claims)).await;
        client.join(ROOM, name, &nick(name)).await;
        focus
            .sees(ROOM, name, "there", |o| o.affiliation != "none")
            .await;
        std::mem::forget(client);
    }
    env.settle().await;
    env.gavel.logs("ready: all rooms").await;
    let status = gavel("status", env.gavel.config()).await;
    assert_eq!(status.status, 0, "{status:?}");
    let release = format!("muc.meet.jitsi: mod_gavel {}", env!("CARGO_PKG_VERSION"));
    for words in [
        "ready, connected since",
        &release,
        "1 room, 2 people, 1 moderator, all settled",
        "nothing to correct",
    ] {
        assert!(status.out.contains(words), "{words}: {status:?}");
    }
    let found = json(&gavel("status --json", env.gavel.config()).await);
    assert_eq!(found["ready"], true);
    assert_eq!(found["modules"][0]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(
        (&found["moderators"], &found["findings"]),
        (&1.into(), &Value::Array(Vec::new()))
    );
    env.gavel.kill();
    let status = gavel("status", env.gavel.config()).await;
    assert_eq!(status.status, 1, "{status:?}");
    assert!(
        status.err.contains("no gavel is running here"),
        "{status:?}"
    );
}
on_both!(status_shows_the_meetings_and_that_all_is_well);

/// The module of another release, as the one beside it says.
async fn a_module_of_another_release_is_told(version: Version) {
    let options = Options {
        muc_modules: vec!["test_release"],
        ..Options::with_module()
    };
    let env = Env::with(version, options, BRIDGE).await;
    let line = env.gavel.logs("is of release 0.1.3").await;
    assert!(
        line.contains("WARN") && line.contains("restart Prosody"),
        "{line}"
    );
    let found = doctor(env.gavel.config()).await;
    found.has(
        "module",
        "warn",
        &["0.1.3", env!("CARGO_PKG_VERSION"), "restart Prosody"],
    );
    let status = gavel("status", env.gavel.config()).await;
    assert_eq!(status.status, 0, "{status:?}");
    assert!(status.out.contains("mod_gavel 0.1.3"), "{status:?}");
}
on_both!(a_module_of_another_release_is_told);

async fn a_component_without_secret_is_told_from_a_wrong_one(version: Version) {
    let options = Options {
        more: "Component \"bare.meet.jitsi\"".into(),
        ..Options::with_module()
    };
    let prosody = Prosody::start(version, options);
    let bare = Gavel::configure(
        &prosody,
        &format!("{BRIDGE}\n[component]\njid = \"bare.meet.jitsi\""),
    );
    let found = doctor(&bare).await;
    found.has(
        "connection",
        "fail",
        &["has no component_secret", "Component \"bare.meet.jitsi\""],
    );
    let clients = format!(
        "{BRIDGE}\n[component]\nserver = \"127.0.0.1:{}\"",
        prosody.c2s
    );
    let found = doctor(&Gavel::configure(&prosody, &clients)).await;
    found.has(
        "connection",
        "fail",
        &["port for clients", "component_ports"],
    );
    let nowhere = format!("{BRIDGE}\n[component]\nserver = \"prosodi.invalid:5347\"");
    let found = doctor(&Gavel::configure(&prosody, &nowhere)).await;
    found.has(
        "connection",
        "fail",
        &["the name prosodi.invalid is not known"],
    );
    let v6 = format!(
        "{BRIDGE}\n[component]\nserver = \"[::1]:{}\"",
        prosody.component
    );
    let found = doctor(&Gavel::configure(&prosody, &v6)).await;
    found.has("connection", "fail", &["127.0.0.1:5347"]);
}
on_both!(a_component_without_secret_is_told_from_a_wrong_one);

/// Jitsi without breakout rooms.
async fn breakout_rooms_may_be_switched_off(version: Version) {
    let both = format!(
        "{BRIDGE}\n[[muc]]\nservice = \"muc.meet.jitsi\"\n[[muc]]\nservice = \"breakout.other.jitsi\""
    );
    let env = Env::with(version, Options::with_module(), &both).await;
    env.gavel.until_ready().await;
    let found = doctor(env.gavel.config()).await;
    found.has(
        "service",
        "ok",
        &["breakout.other.jitsi", "ENABLE_BREAKOUT_ROOMS=0"],
    );
    found.is_healthy();
}
on_both!(breakout_rooms_may_be_switched_off);

//! A VirtualHost whose authentication Prosody has not loaded: nobody can log in there,
//! and only Prosody's log says so.

use super::{doctor, gavel};
use crate::on_both;
use crate::support::{Env, Gavel, Options, Prosody, Version};

const BRIDGE: &str = "[claims]\nsources = [\"bridge\"]";

/// The configuration, and the lines that Prosody logs.
const CASES: [(&str, &str, &str); 3] = [
    (
        "missing",
        "Unable to load module 'auth_missing'",
        "has not loaded mod_auth_missing",
    ),
    (
        "unready",
        "Error initializing module 'auth_unready' on 'meet.jitsi'",
        "has not loaded mod_auth_unready",
    ),
    (
        "idle",
        "meet.jitsi:auth_idle",
        "mod_auth_idle (authentication = \"idle\") is loaded and lets nobody in",
    ),
];

fn with(authentication: &str) -> Options {
    Options {
        host: format!("authentication = \"{authentication}\""),
        ..Options::with_module()
    }
}

async fn doctor_says_that_nobody_can_log_in(version: Version) {
    for (name, logged, problem) in CASES {
        let prosody = Prosody::start(version, with(name));
        // The line to look for is there.
        prosody.logs(logged, |line| line.contains(logged)).await;
        let nobody = "nobody can log in on VirtualHost \"meet.jitsi\"";
        let words = [nobody, problem, logged, "Restart Prosody"];
        let found = doctor(&Gavel::configure(&prosody, BRIDGE)).await;
        found.has("authentication", "fail", &words);
        assert_eq!(found.of("authentication").len(), 1, "{:#}", found.json);
        let env = Env::beside(prosody, BRIDGE).await;
        let line = env.gavel.logs(nobody).await;
        for words in ["ERROR", problem, logged] {
            assert!(line.contains(words), "{line}");
        }
        let found = doctor(env.gavel.config()).await;
        assert_eq!(found.json["examined_by"], "daemon");
        found.has("authentication", "fail", &words);
        let status = gavel("status", env.gavel.config()).await;
        assert!(status.out.contains(nobody), "{status:?}");
        env.settle().await;
        assert_eq!(env.gavel.log().matches(nobody).count(), 1);
    }
}
on_both!(doctor_says_that_nobody_can_log_in);

/// Machines have hosts of their own; other hosts of a Prosody are told by their kind.
async fn doctor_tells_other_hosts_apart(version: Version) {
    let hosts = [
        ("hidden.meet.jitsi", "fail", "recorders"),
        ("chat.example", "warn", "does not name this host"),
    ];
    let more =
        hosts.map(|(host, ..)| format!("VirtualHost \"{host}\"\nauthentication = \"missing\"\n"));
    let options = Options {
        more: more.concat() + "VirtualHost \"closed.example\"\nauthentication = \"null\"",
        ..Options::with_module()
    };
    let machines = "[infrastructure]\njids = [\"focus@hidden.meet.jitsi\"]";
    let env = Env::with(version, options, &format!("{BRIDGE}\n{machines}")).await;
    let found = doctor(env.gavel.config()).await;
    for (host, severity, words) in hosts {
        let nobody = format!("nobody can log in on VirtualHost \"{host}\"");
        found.has("authentication", severity, &[&nobody, words]);
    }
    assert_eq!(found.of("authentication").len(), 2, "{:#}", found.json);
    env.gavel.logs("VirtualHost \"hidden.meet.jitsi\"").await;
    assert!(!env.gavel.log().contains("chat.example"));
}
on_both!(doctor_tells_other_hosts_apart);

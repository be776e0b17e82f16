//! `gavel doctor --ready`: the health check of containers.

use super::gavel;
use crate::on_both;
use crate::support::{Env, Gavel, Options, Prosody, Version};
use std::time::{Duration, Instant};

async fn doctor_ready_is_a_health_check(version: Version) {
    let env = Env::new(version).await;
    env.gavel.logs("ready: all rooms found are joined").await;
    let config = env.gavel.config().to_owned();
    let said = gavel("doctor --ready", &config).await;
    assert_eq!(said.status, 0, "{said:?}");
    assert_eq!(said.out.lines().count(), 1, "{said:?}");
    assert!(said.out.starts_with("ready: connected"), "{said:?}");
    let second = Gavel::start(&env.prosody, "");
    second.logs("standby").await;
    let said = gavel("doctor --ready", second.config()).await;
    assert_eq!(said.status, 0, "{said:?}");
    assert!(said.out.starts_with("standby"), "{said:?}");
    drop(second);
    // Only the socket is asked for, with any other configuration.
    let socket = env.gavel.socket();
    let little = config.with_file_name("little.toml");
    std::fs::write(&little, format!("[admin]\nsocket = {socket:?}\n")).unwrap();
    let said = gavel("doctor --ready", &little).await;
    assert_eq!(said.status, 0, "{said:?}");
    env.gavel.freeze();
    let start = Instant::now();
    let said = gavel("doctor --ready", &config).await;
    assert_eq!(said.status, 1, "{said:?}");
    let took = start.elapsed();
    assert!(took < Duration::from_millis(2800), "it took {took:?}");
    env.gavel.thaw();
    env.gavel.kill();
    let said = gavel("doctor --ready", &config).await;
    assert_eq!(said.status, 1, "{said:?}");
    assert!(said.err.contains("no gavel is running here"), "{said:?}");
}
on_both!(doctor_ready_is_a_health_check);

async fn doctor_ready_says_no_to_a_gavel_that_is_not_connected(version: Version) {
    let prosody = Prosody::start(version, Options::default());
    let daemon = Gavel::start(&prosody, "[component]\nsecret = \"wrong\"");
    daemon.logs("refuses the secret").await;
    let said = gavel("doctor --ready", daemon.config()).await;
    assert_eq!(said.status, 1, "{said:?}");
    assert!(said.out.contains("not connected"), "{said:?}");
}
on_both!(doctor_ready_says_no_to_a_gavel_that_is_not_connected);

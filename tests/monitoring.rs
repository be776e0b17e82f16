//! The alerts and the dashboard in `deploy`: that Prometheus takes them, and that
//! they ask for metrics which gavel has.
#![allow(clippy::unwrap_used)]

mod support;

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::{Env, Version};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Runs Prometheus's own tool, which `tests/run` installs.
fn promtool(arguments: &[&str], file: &Path) {
    let mut command = Command::new("promtool");
    let output = command.args(arguments).arg(file).output();
    let output = output.expect("promtool runs (Debian's package prometheus has it)");
    let text = [output.stdout, output.stderr].concat();
    assert!(
        output.status.success(),
        "promtool {arguments:?}: {}",
        String::from_utf8_lossy(&text)
    );
}

#[test]
fn prometheus_takes_the_alerts_and_they_fire_when_they_should() {
    promtool(&["check", "rules"], &file("deploy/prometheus/alerts.yml"));
    promtool(
        &["test", "rules"],
        &file("tests/prometheus/alerts_test.yml"),
    );
}

/// Every query of the dashboard, as Grafana would send it.
fn queries() -> Vec<String> {
    let text = fs::read_to_string(file("deploy/grafana/gavel.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&text).unwrap();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().unwrap());
    let queries = targets.map(|target| {
        let query = target["expr"].as_str().unwrap();
        let query = query.replace("$__rate_interval", "5m");
        query.replace("$job", "gavel").replace("$shard", ".*")
    });
    queries.collect()
}

#[test]
fn prometheus_takes_the_dashboards_queries() {
    let rules: Vec<Value> = (0..)
        .zip(queries())
        .map(|(i, query)| serde_json::json!({"record": format!("panel:{i}"), "expr": query}))
        .collect();
    assert!(rules.len() > 10);
    let groups = serde_json::json!({"groups": [{"name": "dashboard", "rules": rules}]});
    let folder = tempfile::tempdir().unwrap();
    // JSON is YAML.
    let path = folder.path().join("dashboard.yml");
    fs::write(&path, groups.to_string()).unwrap();
    promtool(&["check", "rules"], &path);
}

/// One dashboard serves all shards, so it may not take one for all, nor leave one out.
#[test]
fn the_dashboard_knows_shards() {
    let text = fs::read_to_string(file("deploy/grafana/gavel.json")).unwrap();
    assert!(text.contains("label_values(gavel_connected{job=\\\"$job\\\"}, shard)"));
    for query in queries() {
        let metrics = query.matches("gavel_").count();
        assert_eq!(query.matches("shard=~\".*\"").count(), metrics, "{query}");
        let summed = query.contains("sum") || query.starts_with("min(max by (shard)");
        assert!(summed, "{query}");
    }
}

/// The words of `text` that name a metric of gavel's, without the suffixes that Prometheus
/// gives a histogram.
fn metrics(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let names = words.filter(|word| word.starts_with("gavel_"));
    let parts = ["_bucket", "_count", "_sum"];
    names
        .map(|name| {
            let base = parts.iter().find_map(|part| name.strip_suffix(part));
            base.unwrap_or(name).to_owned()
        })
        .collect()
}

#[test]
fn alerts_and_dashboard_ask_for_metrics_that_gavel_has() {
    support::run(async {
        let env = Env::new(Version::V0_12).await;
        let served = env.gavel.get("/metrics").await;
        assert_eq!(served.status, 200);
        let served = metrics(&served.text);
        let alerts = fs::read_to_string(file("deploy/prometheus/alerts.yml")).unwrap();
        let asked = metrics(&(alerts + &queries().join("\n")));
        assert!(asked.is_subset(&served), "{asked:?} of {served:?}");
        // And nothing that gavel counts is left out of the dashboard.
        assert_eq!(metrics(&queries().join("\n")), served);
    });
}

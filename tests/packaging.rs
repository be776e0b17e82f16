//! What is installed fits the program: the Docker overlay passes every setting on, and
//! the Kubernetes manifests are valid.
#![allow(clippy::unwrap_used)]

use gavel::config::{ROWS, is_listed, variable};
use std::fs;
use std::path::Path;
use std::process::Command;

fn deploy(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("deploy")
        .join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The variables that the overlay gives to the service `gavel`.
fn passed() -> Vec<String> {
    let overlay = deploy("docker/jitsi.yml");
    let lines = overlay.lines().filter_map(|line| {
        let item = line.trim().strip_prefix("- GAVEL_")?;
        let name = item.split('=').next()?;
        Some(format!("GAVEL_{name}"))
    });
    lines.collect()
}

#[test]
fn every_setting_can_be_set_in_the_env_file_of_docker() {
    let passed = passed();
    for row in ROWS.iter().filter(|row| !is_listed(row.key)) {
        // The overlay has a variable of its own for the component's secret.
        if row.key == "component.secret_file" {
            continue;
        }
        let name = variable(row.key);
        assert!(
            passed.contains(&name),
            "deploy/docker/jitsi.yml lacks {name}"
        );
    }
    assert!(passed.contains(&"GAVEL_MUC".to_owned()));
}

#[test]
fn the_overlay_passes_nothing_that_gavel_does_not_know() {
    let known: Vec<String> = ROWS
        .iter()
        .filter(|row| !is_listed(row.key))
        .map(|row| variable(row.key))
        .chain(["GAVEL_MUC", "GAVEL_COMPONENT_SECRET"].map(str::to_owned))
        .collect();
    for name in passed() {
        assert!(
            known.contains(&name),
            "deploy/docker/jitsi.yml passes {name}"
        );
    }
}

#[test]
fn the_kubernetes_manifests_are_valid() {
    let checker = std::env::var("TEST_KUBERNETES_VALIDATE").unwrap_or_else(|_| {
        let root = env!("CARGO_MANIFEST_DIR");
        format!("{root}/target/kubernetes-validate/bin/kubernetes-validate")
    });
    let manifests = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/kubernetes/gavel.yaml");
    let output = Command::new(&checker)
        .args(["--strict", "-k", "1.31", manifests])
        .output()
        .unwrap_or_else(|error| panic!("{checker}, which tests/run installs: {error}"));
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert_eq!(said.matches("passed").count(), 2, "{said}");
}

//! The installed files fit the program: the Docker overlay passes every setting on, and the
//! Kubernetes manifests are valid.
#![allow(clippy::unwrap_used)]

use gavel::config::{ROWS, is_listed, variable};
use std::collections::BTreeMap;
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

/// The pattern's folder, and the text before and behind its `*`.
fn matching(pattern: &str) -> Vec<String> {
    let Some((before, after)) = pattern.split_once('*') else {
        return vec![pattern.to_owned()];
    };
    let (folder, start) = before.rsplit_once('/').unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let names = fs::read_dir(root).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let fits = |name: &String| name.starts_with(start) && name.ends_with(after);
    let mut found: Vec<String> = names.filter(fits).collect();
    found.sort();
    let path = |name: String| format!("{folder}/{name}");
    found.into_iter().map(path).collect()
}

/// Each file of the Debian package, by its place there.
fn packaged() -> BTreeMap<String, String> {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let manifest: toml::Table = fs::read_to_string(manifest).unwrap().parse().unwrap();
    let assets = &manifest["package"]["metadata"]["deb"]["assets"];
    let mut files = BTreeMap::new();
    for asset in assets.as_array().unwrap() {
        let (source, to) = (asset[0].as_str().unwrap(), asset[1].as_str().unwrap());
        for source in matching(source) {
            let to = match to.ends_with('/') {
                true => format!("{to}{}", source.rsplit('/').next().unwrap()),
                false => to.to_owned(),
            };
            files.insert(to, source);
        }
    }
    files
}

#[test]
fn the_documents_in_the_package_link_to_existing_files() {
    let files = packaged();
    let mut links = 0;
    for (to, source) in files.iter().filter(|(to, _)| to.ends_with(".md")) {
        let text = Path::new(env!("CARGO_MANIFEST_DIR")).join(source);
        let text = fs::read_to_string(text).unwrap();
        for link in text.split("](").skip(1) {
            let link = link.split([')', '#']).next().unwrap();
            if link.is_empty() || link.contains("://") {
                continue;
            }
            let mut place: Vec<&str> = to.split('/').collect();
            place.pop();
            for part in link.split('/') {
                match part {
                    ".." => drop(place.pop()),
                    part => place.push(part),
                }
            }
            let place = place.join("/");
            assert!(files.contains_key(&place), "{to} links to {place}");
            links += 1;
        }
    }
    assert!(links > 50, "{links}");
}

#[test]
fn debians_changelog_is_of_this_version() {
    let changelog = deploy("debian/changelog");
    let version = concat!("gavel (", env!("CARGO_PKG_VERSION"), "-1) ");
    assert!(changelog.starts_with(version), "{changelog}");
}

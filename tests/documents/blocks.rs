//! The content of fenced blocks: configuration is configuration, JSON is JSON, and each
//! block of commands is run by a test or listed with the reason why not.

use super::{Document, documents};
use std::ffi::OsString;
use std::path::Path;

/// The lines that a fragment of a configuration needs around it.
const AROUND: [(&str, &str); 4] = [
    ("GAVEL_COMPONENT__JID", "gavel.meet.jitsi"),
    ("GAVEL_COMPONENT__SERVER", "127.0.0.1:5347"),
    ("GAVEL_COMPONENT__SECRET", "hush"),
    ("GAVEL_MUC", "muc.meet.jitsi"),
];

/// The blocks of commands that no test runs: document, first line, why.
const NOT_RUN: &[(&str, &str, &str)] = &include!("not_run.in");

/// The blocks of commands that a test runs: document, first line, the test.
const RUN: &[(&str, &str, &str)] = &include!("run.in");

#[test]
fn configuration_in_the_documents_is_valid() {
    let mut count = 0;
    for document in documents() {
        for block in document
            .blocks()
            .iter()
            .filter(|block| block.kind == "toml")
        {
            count += 1;
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("gavel.toml");
            // Files that only a real installation has.
            let secret = folder.path().join("secret");
            std::fs::write(&secret, "0123456789abcdef0123456789abcdef").unwrap();
            let secret = secret.display().to_string();
            let text = block
                .text
                .replace("/etc/gavel/jwt", &secret)
                .replace("/run/secrets/gavel", &secret);
            std::fs::write(&file, &text).unwrap();
            let around = AROUND
                .iter()
                .filter(|_| !text.contains("[component]"))
                .map(|(name, value)| (OsString::from(name), OsString::from(value)));
            let loaded = gavel::config::load_from(Some(&file), Path::new("/nowhere"), around);
            if let Err(error) = loaded {
                panic!("{}: {error}\n{text}", document.path);
            }
        }
    }
    assert!(count > 5, "the documents have configuration");
}

#[test]
fn json_in_the_documents_is_valid() {
    for document in documents() {
        for block in document
            .blocks()
            .iter()
            .filter(|block| block.kind == "json")
        {
            let read: Result<serde_json::Value, _> = serde_json::from_str(&block.text);
            assert!(read.is_ok(), "{}: {read:?}\n{}", document.path, block.text);
        }
    }
}

/// The first line of a block that is no comment.
fn first(text: &str) -> &str {
    let mut lines = text.lines().map(|line| line.trim_start_matches(['>', ' ']));
    lines
        .find(|line| !line.is_empty() && !line.starts_with('#'))
        .unwrap_or_default()
}

#[test]
fn every_block_of_commands_is_run_or_listed() {
    let documents = documents();
    let blocks = |document: &Document| -> Vec<String> {
        let blocks = document.blocks();
        let commands = blocks.iter().filter(|block| block.kind == "sh");
        commands
            .map(|block| first(&block.text).to_owned())
            .collect()
    };
    let found: Vec<(String, String)> = documents
        .iter()
        .flat_map(|document| {
            blocks(document)
                .into_iter()
                .map(|line| (document.path.clone(), line))
        })
        .collect();
    let listed: Vec<(&str, &str)> = NOT_RUN
        .iter()
        .chain(RUN)
        .map(|(path, line, _)| (*path, *line))
        .collect();
    for (path, line) in &found {
        let known = listed.contains(&(path.as_str(), line.as_str()));
        assert!(known, "{path}: list the block that begins with\n{line}");
    }
    for (path, line) in listed {
        let there = found.iter().any(|(p, l)| p == path && l == line);
        assert!(
            there,
            "{path} has no block any more that begins with\n{line}"
        );
    }
}

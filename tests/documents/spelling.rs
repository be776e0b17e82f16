//! The words are English, or stand in `docs/words`: names of programs and settings,
//! and terms of XMPP and Jitsi.

use super::{documents, root};
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

/// Prose without code, links' targets and HTML.
fn words_of(line: &str) -> String {
    let mut text = String::new();
    for (at, part) in line.split('`').enumerate() {
        if at % 2 == 0 {
            text.push_str(part);
        }
        text.push(' ');
    }
    let mut plain = String::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find("](") {
        plain.push_str(&rest[..at]);
        rest = rest[at..].split_once(')').map_or("", |(_, rest)| rest);
    }
    plain.push_str(rest);
    let is_address = |word: &&str| !word.contains("://") && !word.contains('<');
    let words: Vec<&str> = plain.split_whitespace().filter(is_address).collect();
    words.join(" ")
}

#[test]
fn every_word_is_known() {
    let own = fs::read_to_string(root().join("docs/words")).unwrap();
    let own: BTreeSet<&str> = own.lines().filter(|line| !line.starts_with('#')).collect();
    let mut unknown = BTreeSet::new();
    for document in documents() {
        if document.path == "docs/reference/configuration.md"
            || document.path == "docs/reference/cli.md"
        {
            // Made of strings that are held to plain English elsewhere.
            continue;
        }
        let lines: Vec<String> = document.prose().iter().map(|line| words_of(line)).collect();
        for word in misspelled(&lines.join("\n")) {
            if !own.contains(word.as_str()) {
                unknown.insert(format!("{word} ({})", document.path));
            }
        }
    }
    let unknown: Vec<String> = unknown.into_iter().collect();
    assert!(
        unknown.is_empty(),
        "misspelled, or missing in docs/words:\n{}",
        unknown.join("\n")
    );
}

/// The words that aspell does not know.
fn misspelled(text: &str) -> Vec<String> {
    let mut aspell = Command::new("aspell")
        .args(["list", "--lang=en_US", "--encoding=utf-8", "--ignore=2"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("aspell and aspell-en, which tests/run installs");
    let mut input = aspell.stdin.take().unwrap();
    input.write_all(text.as_bytes()).unwrap();
    drop(input);
    let output = aspell.wait_with_output().unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    output.lines().map(str::to_owned).collect()
}

//! Links within the tree lead to files and headings that are there.

use super::{Document, documents, root};
use std::collections::HashMap;

/// The anchor that a forge makes of a heading.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim();
    let mut anchor = String::new();
    for c in text.chars() {
        match c {
            ' ' => anchor.push('-'),
            c if c.is_alphanumeric() || c == '-' || c == '_' => {
                anchor.extend(c.to_lowercase());
            }
            _ => {}
        }
    }
    anchor
}

fn anchors(document: &Document) -> Vec<String> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let headings = document
        .prose()
        .into_iter()
        .filter(|line| line.starts_with('#'));
    headings
        .map(|heading| {
            let plain = gavel::config::plain(heading);
            let name = anchor(&plain);
            let times = seen.entry(name.clone()).or_default();
            *times += 1;
            match *times {
                1 => name,
                more => format!("{name}-{}", more - 1),
            }
        })
        .collect()
}

/// The targets of the links in a document.
fn targets(document: &Document) -> Vec<String> {
    let text = document.prose().join("\n");
    let starts = text.match_indices("](").map(|(at, _)| at + 2);
    let target = |at: usize| text[at..].split(')').next().unwrap().to_owned();
    starts.map(target).collect()
}

#[test]
fn every_link_leads_somewhere() {
    let documents = documents();
    let known: HashMap<&str, Vec<String>> = documents
        .iter()
        .map(|document| (document.path.as_str(), anchors(document)))
        .collect();
    let mut dead = Vec::new();
    for document in &documents {
        let folder = document
            .path
            .rsplit_once('/')
            .map_or("", |(folder, _)| folder);
        for target in targets(document) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (file, heading) = target.split_once('#').unwrap_or((&target, ""));
            let path = match file {
                "" => document.path.clone(),
                file => normal(&format!("{folder}/{file}")),
            };
            let there = root().join(&path).exists();
            let anchored = heading.is_empty()
                || known
                    .get(path.as_str())
                    .is_some_and(|anchors| anchors.iter().any(|anchor| anchor == heading));
            if !there || !anchored {
                dead.push(format!("{}: {target}", document.path));
            }
        }
    }
    assert!(dead.is_empty(), "dead links:\n{}", dead.join("\n"));
}

/// A path without `.` and `..`.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[test]
fn every_page_can_be_reached_from_the_readme() {
    let documents = documents();
    let mut reached = vec!["README.md".to_owned()];
    let mut at = 0;
    while at < reached.len() {
        let path = reached[at].clone();
        at += 1;
        let Some(document) = documents.iter().find(|document| document.path == path) else {
            continue;
        };
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for target in targets(document) {
            let file = target.split('#').next().unwrap_or_default();
            let next = normal(&format!("{folder}/{file}"));
            if !file.contains("://") && !file.is_empty() && !reached.contains(&next) {
                reached.push(next);
            }
        }
    }
    for document in &documents {
        assert!(
            reached.contains(&document.path),
            "nothing links to {}",
            document.path
        );
    }
}

//! Imports go down only: the sources prove the words of `src/lib.rs` about each folder.
//! Comments may name anything; code may not.
#![allow(clippy::unwrap_used)]

#[path = "layers/calls.rs"]
mod calls;
#[path = "layers/imports.rs"]
mod imports;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Each folder, and the folders whose words it may use.
const LAYERS: [(&str, &[&str]); 11] = [
    ("muc", &[]),
    ("stanza", &["muc"]),
    ("claims", &["muc", "stanza"]),
    ("policy", &["muc", "claims"]),
    ("api", &["muc", "claims"]),
    ("engine", &["muc", "stanza", "claims", "policy", "api"]),
    ("diagnosis", &["muc", "stanza", "claims", "api", "engine"]),
    ("wire", &["muc", "stanza"]),
    ("config", &["muc", "stanza", "claims", "policy", "engine"]),
    (
        "shell",
        &[
            "muc",
            "stanza",
            "claims",
            "policy",
            "api",
            "engine",
            "diagnosis",
            "wire",
            "config",
        ],
    ),
    (
        "cli",
        &[
            "muc",
            "stanza",
            "claims",
            "policy",
            "api",
            "engine",
            "diagnosis",
            "wire",
            "config",
            "shell",
        ],
    ),
];

/// Folders without IO, clock and randomness of their own.
const PURE: [&str; 8] = [
    "muc",
    "stanza",
    "claims",
    "policy",
    "api",
    "engine",
    "diagnosis",
    "wire",
];

/// The words that none of those may mention.
const IMPURE: [&str; 10] = [
    "tokio::",
    "std::net",
    "std::fs",
    "std::env",
    "std::process",
    "std::thread",
    "Instant::now",
    "SystemTime::now",
    "rand::rng()",
    "thread_rng",
];

/// The part of the engine that the configuration may take: its words, not its state.
const ENGINE_WORDS: &str = "engine::settings";

/// Path and code of every source file in `folder`, without comments.
fn sources(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src")
        .join(folder);
    let mut found = Vec::new();
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path.display().to_string(), code(&text)));
            }
        }
    }
    assert!(!found.is_empty(), "no sources in {folder}");
    found
}

/// The code of a file without comments, and without the code for tests: a line behind
/// `#[cfg(test)]`, or a module with its body, which stands last in a file.
fn code(text: &str) -> String {
    let mut lines = Vec::new();
    let mut test = false;
    for line in text.lines() {
        if line.trim() == "#[cfg(test)]" {
            test = true;
        } else if test && line.ends_with('{') {
            break;
        } else if test {
            // Another attribute may stand between.
            test = line.trim_start().starts_with("#[");
        } else {
            lines.push(match line.split_once("//") {
                // Not in an address.
                Some((before, _)) if !before.ends_with(':') => before,
                _ => line,
            });
        }
    }
    lines.join("\n")
}

/// The folders of this crate that `code` names.
fn named(code: &str) -> BTreeSet<String> {
    let code: String = code.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = code[at + "crate::".len()..].trim_start();
        match rest.strip_prefix('{') {
            // `use crate::{a::B, c::D}`
            Some(group) => names.extend(group_heads(group)),
            None => names.extend(head(rest)),
        }
    }
    names
}

fn head(path: &str) -> Option<String> {
    let end = path.find(|c: char| !(c.is_alphanumeric() || c == '_'));
    let name = &path[..end.unwrap_or(path.len())];
    (!name.is_empty()).then(|| name.to_owned())
}

/// The first name of each path in a braced group.
fn group_heads(group: &str) -> Vec<String> {
    let mut depth = 0;
    let mut heads = Vec::new();
    let mut start = 0;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                heads.extend(head(group[start..at].trim_start()));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                heads.extend(head(group[start..at].trim_start()));
                start = at + 1;
            }
            _ => {}
        }
    }
    heads
}

#[test]
fn imports_go_down_only() {
    let folders: Vec<&str> = LAYERS.iter().map(|(folder, _)| *folder).collect();
    for (folder, below) in LAYERS {
        for (path, code) in sources(folder) {
            for name in named(&code) {
                let known = folders.contains(&name.as_str());
                let allowed = name == folder || below.contains(&name.as_str());
                assert!(
                    !known || allowed,
                    "{path} uses {name}, which is not below it"
                );
            }
        }
    }
}

#[test]
fn the_configuration_takes_only_words_from_the_engine() {
    for (path, code) in sources("config") {
        let uses = code.matches("engine::").count();
        let words = code.matches(ENGINE_WORDS).count();
        assert_eq!(uses, words, "{path} uses the engine's state");
    }
}

#[test]
fn the_core_has_no_io_clock_or_randomness() {
    for folder in PURE {
        for (path, code) in sources(folder) {
            for word in IMPURE {
                assert!(!code.contains(word), "{path} mentions {word}");
            }
        }
    }
}

#[test]
fn every_folder_has_its_layer() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let known = LAYERS.iter().any(|(folder, _)| *folder == name);
        assert!(!path.is_dir() || known, "{name} is in no layer");
    }
}

#[test]
fn the_reader_of_sources_sees_all_it_must() {
    let text = "a\n#[cfg(test)]\nmod tests;\nb\n#[cfg(test)]\nmod tests {\n    c\n}";
    assert_eq!(code(text), "a\nb");
    let code = code("use crate::{a::{B, C}, d};\n// crate::no\nlet x = crate::e::f();");
    let names: Vec<String> = named(&code).into_iter().collect();
    assert_eq!(names, ["a", "d", "e"]);
}

#[test]
fn each_part_of_the_engine_owns_its_state() {
    // The engine, and all its parts together.
    let allowed = [
        ("impl Engine", &["mod", "query"] as &[_]),
        ("impl Parts", &["parts", "delivery", "connection", "reload"]),
    ];
    for (path, code) in sources("engine") {
        for (words, files) in allowed {
            let may = |file: &&str| path.ends_with(&format!("src/engine/{file}.rs"));
            assert!(
                files.iter().any(may) || !code.contains(words),
                "{path} reaches into all parts of the engine: give it the part that it needs"
            );
        }
    }
}

/// The ledger's fields are private to it. A whole ledger is put in place of another only
/// as the state of before a restart is read.
#[test]
fn the_ledger_of_rights_has_one_writer() {
    for (path, code) in sources("engine") {
        let reads = path.ends_with("engine/meeting/restore.rs");
        let replaces = [".rights = ", "&mut person.rights"];
        let replaces = replaces.iter().any(|how| code.contains(how));
        assert!(
            reads || !replaces,
            "{path} changes a ledger without an event"
        );
    }
}

/// The parts of the engine, and the parts that each may look at.
const PARTS: [(&str, &[&str]); 10] = [
    ("room", &[]),
    ("doctor", &[]),
    ("meeting", &["room"]),
    ("keys", &["room", "meeting"]),
    ("names", &["room", "meeting"]),
    ("guard", &["room", "meeting"]),
    ("permissions", &["room", "meeting"]),
    ("opening", &["room", "meeting"]),
    ("arrivals", &["room", "meeting", "permissions"]),
    ("view", &["room", "meeting", "names", "permissions"]),
];

#[test]
fn a_part_of_the_engine_knows_the_parts_below_it_alone() {
    let part = |module: &[String]| {
        let name = module.get(1).filter(|_| module[0] == "engine")?.clone();
        PARTS.iter().find(|(part, _)| **part == name)
    };
    for (file, from) in imports::imports() {
        let Some((own, below)) = part(&file) else {
            continue;
        };
        for (other, _) in from.iter().filter_map(|from| part(from)) {
            assert!(
                other == own || below.contains(other),
                "{} uses {other}, which {own} may not look at",
                file.join("::"),
            );
        }
    }
}

/// `mod_gavel.lua` lists the module's files, each behind those that it uses.
#[test]
fn the_module_lists_its_files_in_the_order_of_their_use() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/prosody/gavel");
    let text = fs::read_to_string(folder.join("mod_gavel.lua")).unwrap();
    let (_, list) = text.split_once("use each other:").unwrap();
    let list = list.split_once('.').unwrap().0.replace("-- ", " ");
    let list: Vec<&str> = list.split([',', ';']).map(str::trim).collect();
    let place = |name: &str| list.iter().position(|listed| *listed == name);
    let mut files = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_str().unwrap();
        let Some(name) = file.strip_suffix(".lib.lua") else {
            continue;
        };
        files += 1;
        let own = place(name).unwrap_or_else(|| panic!("mod_gavel.lua does not list {name}"));
        let code = fs::read_to_string(&path).unwrap();
        for used in code.split("module.part \"").skip(1) {
            let used = used.split('"').next().unwrap();
            let behind = place(used).is_some_and(|place| place < own);
            assert!(
                behind,
                "mod_gavel.lua lists {name} before {used}, which it uses"
            );
        }
    }
    assert_eq!(
        files,
        list.len(),
        "mod_gavel.lua lists a file that is not there"
    );
}

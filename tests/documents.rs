//! The documents keep their promises:
#![allow(clippy::unwrap_used)]

#[path = "documents/api.rs"]
mod api;
#[path = "documents/blocks.rs"]
mod blocks;
#[path = "documents/links.rs"]
mod links;
#[path = "documents/spelling.rs"]
mod spelling;
#[path = "documents/troubleshooting.rs"]
mod troubleshooting;

use std::fs;
use std::path::{Path, PathBuf};

/// A document: its path from the root of the tree, and its text.
struct Document {
    path: String,
    text: String,
}

/// A fenced block of a document.
struct Block<'a> {
    /// The word behind the fence, e.g. `sh`.
    kind: &'a str,
    text: String,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every document, in the order of their paths.
fn documents() -> Vec<Document> {
    let mut paths = Vec::new();
    for name in [
        "README.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
    ] {
        paths.push(root().join(name));
    }
    let mut folders = vec![root().join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.extension().is_some_and(|kind| kind == "md") {
                true => paths.push(path),
                false if path.is_dir() => folders.push(path),
                false => {}
            }
        }
    }
    paths.sort();
    paths.iter().map(|path| document(path)).collect()
}

fn document(path: &Path) -> Document {
    let text = fs::read_to_string(path);
    Document {
        path: path.strip_prefix(root()).unwrap().display().to_string(),
        text: text.unwrap_or_else(|error| panic!("{}: {error}", path.display())),
    }
}

impl Document {
    /// The lines outside of fenced blocks.
    fn prose(&self) -> Vec<&str> {
        let mut fenced = false;
        let mut lines = Vec::new();
        for line in self.text.lines() {
            if fence(line).is_some() {
                fenced = !fenced;
            } else if !fenced {
                lines.push(line);
            }
        }
        lines
    }

    /// The fenced blocks, without the quote marks or indent of their lines.
    fn blocks(&self) -> Vec<Block<'_>> {
        let mut blocks = Vec::new();
        let mut open: Option<Block<'_>> = None;
        for line in self.text.lines() {
            match (fence(line), open.take()) {
                (Some(_), Some(block)) => blocks.push(block),
                (Some(kind), None) => {
                    open = Some(Block {
                        kind,
                        text: String::new(),
                    });
                }
                (None, Some(mut block)) => {
                    block.text += line;
                    block.text += "\n";
                    open = Some(block);
                }
                (None, None) => {}
            }
        }
        assert!(open.is_none(), "{}: a block does not end", self.path);
        blocks
    }
}

/// The word behind the fence, if `line` is one.
fn fence(line: &str) -> Option<&str> {
    line.trim_start_matches(['>', ' ']).strip_prefix("```")
}

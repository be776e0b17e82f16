//! `docs/troubleshooting.md` has gavel's own words: its tables name each check of the
//! doctor, and no line of the log that gavel does not write.

use super::{document, root};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// All code below `folder`. A text that goes on in the next line is one.
fn code(folder: &Path) -> String {
    let mut all = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.push_str(&code(&path));
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let mut parts = text.split("\\\n");
            all.push_str(parts.next().unwrap());
            for part in parts {
                all.push_str(part.trim_start());
            }
        }
    }
    all
}

/// The code spans in the first column of the table below `heading`.
fn first_column(heading: &str) -> Vec<String> {
    let page = document(&root().join("docs/troubleshooting.md")).text;
    let (_, section) = page.split_once(&format!("\n## {heading}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let mut parts = section.split("\n\n").map(str::trim);
    let table = parts.find(|part| part.starts_with('|'));
    let rows = table.unwrap().lines().skip(2);
    let cells = rows.map(|row| row.split('|').nth(1).unwrap());
    let spans = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    spans.map(str::to_owned).collect()
}

#[test]
fn each_check_of_the_doctor_is_explained() {
    let code = code(&root().join("src/diagnosis"));
    let mut checks = BTreeSet::new();
    for severity in ["list.ok(", "list.warn(", "list.fail("] {
        for call in code.split(severity).skip(1) {
            let name = call.trim_start().strip_prefix('"').unwrap();
            checks.insert(name.split('"').next().unwrap().to_owned());
        }
    }
    assert!(checks.contains("module") && checks.len() > 20, "{checks:?}");
    let explained: BTreeSet<String> = first_column("What the doctor says").into_iter().collect();
    assert_eq!(explained, checks);
}

#[test]
fn each_line_of_the_log_is_one_that_gavel_writes() {
    let code = code(&root().join("src"));
    let lines = first_column("What the log says");
    assert!(lines.len() > 20, "{lines:?}");
    for line in lines {
        for part in line.split('…').map(str::trim).filter(|part| part.len() > 1) {
            assert!(
                code.contains(part),
                "gavel does not say {part:?} of {line:?}"
            );
        }
    }
}

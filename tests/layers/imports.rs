//! No files import from each other in a circle, whichever way they name each other.

use super::code;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// A file, by the path of its module.
pub type File = Vec<String>;

/// Every source file but tests.
pub fn modules() -> BTreeMap<File, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = BTreeMap::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let inside = path.strip_prefix(&root).unwrap().with_extension("");
            let mut module: Vec<String> = inside
                .iter()
                .map(|part| part.to_str().unwrap().to_owned())
                .collect();
            if module.last().is_some_and(|last| last == "mod") {
                module.pop();
            }
            let is_test = module.iter().any(|part| part.contains("test"));
            let is_root = ["lib", "main"].contains(&module[0].as_str());
            if !is_test && !is_root {
                found.insert(module, code(&fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found
}

/// The paths that a `use` names: `a::{b, c::d}` are `a::b` and `a::c::d`.
fn paths(tree: &str) -> Vec<Vec<String>> {
    let words = |path: &str| -> Vec<String> {
        let parts = path.split("::").map(str::trim);
        let named = parts.map(|part| part.split(" as ").next().unwrap().trim());
        named
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let Some((head, rest)) = tree.split_once('{') else {
        return vec![words(tree)];
    };
    let body = &rest[..rest.rfind('}').unwrap()];
    let (mut depth, mut start, mut found) = (0, 0, Vec::new());
    for (at, c) in body.char_indices().chain([(body.len(), ',')]) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                if !body[start..at].trim().is_empty() {
                    found.extend(
                        paths(&body[start..at])
                            .into_iter()
                            .map(|path| words(head).into_iter().chain(path).collect::<Vec<_>>()),
                    );
                }
                start = at + 1;
            }
            _ => {}
        }
    }
    found
}

/// Names that a module passes on with `pub use`, and the modules that have them.
type PassedOn = BTreeMap<(Vec<String>, String), Vec<String>>;

/// The module that a path in `module` leads to; none outside of this crate.
fn leads_to(
    modules: &BTreeMap<Vec<String>, String>,
    passed_on: &PassedOn,
    module: &[String],
    path: &[String],
) -> Option<Vec<String>> {
    let ups = path.iter().take_while(|part| *part == "super").count();
    let (base, rest) = match path.first()?.as_str() {
        "crate" => (Vec::new(), &path[1..]),
        "self" => (module.to_vec(), &path[1..]),
        "super" => (
            module[..module.len().checked_sub(ups)?].to_vec(),
            &path[ups..],
        ),
        child => {
            let mut known = module.to_vec();
            known.push(child.to_owned());
            modules
                .contains_key(&known)
                .then(|| (module.to_vec(), path))?
        }
    };
    let full: Vec<String> = base.into_iter().chain(rest.iter().cloned()).collect();
    let long = (1..=full.len())
        .rev()
        .find(|n| modules.contains_key(&full[..*n]))?;
    let (found, rest) = full.split_at(long);
    let name = rest.first().cloned().unwrap_or_default();
    let further = passed_on.get(&(found.to_vec(), name));
    Some(further.cloned().unwrap_or_else(|| found.to_vec()))
}

/// The text between `use` and `;`, and whether it is passed on; and the rest of the code.
fn uses(code: &str) -> (Vec<(bool, String)>, String) {
    let (mut found, mut others) = (Vec::new(), String::new());
    let mut rest = code;
    while let Some(line) = rest.lines().next() {
        let (public, begins) = match line.trim_start().split_once("use ") {
            Some((before, _)) => (before.starts_with("pub"), before.trim().is_empty()),
            None => (false, false),
        };
        let word = line
            .trim_start()
            .split("use ")
            .next()
            .unwrap_or_default()
            .trim();
        let passes = public && (word == "pub" || word.starts_with("pub(") && word.ends_with(')'));
        let length = match rest.find(';').filter(|_| begins || passes) {
            Some(end) => {
                let start = rest.find("use ").unwrap() + "use ".len();
                found.push((passes, rest[start..end].to_owned()));
                end + 1
            }
            None => {
                others += line;
                others.push('\n');
                line.len()
            }
        };
        rest = rest[length..].split_once('\n').map_or("", |(_, rest)| rest);
    }
    (found, others)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The paths in code that is no `use`.
fn paths_in(code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("::") {
        let before = &code[..at];
        let start = before.trim_end_matches(is_word).len();
        // `pub(in crate::a)` imports nothing.
        let before = &code[..start];
        if start < at && !before.ends_with(':') && !before.ends_with("(in ") {
            let end = code[start..].find(|c: char| !(is_word(c) || c == ':'));
            found.extend(paths(
                &code[start..end.map_or(code.len(), |end| start + end)],
            ));
        }
    }
    found
}

/// For each file the files that it imports something from. A file does not import the
/// names that it passes on without using them.
pub fn imports() -> BTreeMap<Vec<String>, BTreeSet<Vec<String>>> {
    let modules = modules();
    let mut passed_on = PassedOn::new();
    // A name that is passed on is passed on again.
    for _ in 0..3 {
        for (module, code) in &modules {
            for (_, tree) in uses(code).0.into_iter().filter(|(public, _)| *public) {
                for path in paths(&tree) {
                    let from = leads_to(&modules, &passed_on, module, &path);
                    if let Some(from) = from.filter(|from| from != module) {
                        let name = path.last().unwrap().clone();
                        passed_on.insert((module.clone(), name), from);
                    }
                }
            }
        }
    }
    let mut all = BTreeMap::new();
    for (module, code) in &modules {
        let (trees, code) = uses(code);
        let words: BTreeSet<&str> = code.split(|c| !is_word(c)).collect();
        let mut named: Vec<Vec<String>> = Vec::new();
        for (public, tree) in &trees {
            // A name that a file passes on and mentions, it imports as well.
            let used = |path: &Vec<String>| words.contains(path[path.len() - 1].as_str());
            let renamed = tree.contains(" as ");
            named.extend(
                paths(tree)
                    .into_iter()
                    .filter(|path| !public || used(path) && !renamed),
            );
        }
        named.extend(paths_in(&code));
        let from = named
            .iter()
            .filter_map(|path| leads_to(&modules, &passed_on, module, path));
        let from: BTreeSet<Vec<String>> = from.filter(|from| from != module).collect();
        all.insert(module.clone(), from);
    }
    all
}

/// A way along imports that comes back to its start.
fn circle(imports: &BTreeMap<Vec<String>, BTreeSet<Vec<String>>>) -> Option<Vec<String>> {
    let mut left: BTreeMap<_, BTreeSet<_>> = imports
        .iter()
        .map(|(file, from)| (file, from.iter().collect()))
        .collect();
    // A file that imports from none that is left is in no circle.
    loop {
        let before = left.len();
        let kept: BTreeSet<_> = left.keys().copied().collect();
        left.retain(|_, from| from.iter().any(|file| kept.contains(*file)));
        if left.len() == before {
            break;
        }
    }
    let mut way = vec![*left.keys().next()?];
    loop {
        let next = left[way.last()?]
            .iter()
            .find(|file| left.contains_key(**file))?;
        let back = way.iter().position(|file| file == next);
        way.push(*next);
        if let Some(at) = back {
            return Some(way[at..].iter().map(|file| file.join("::")).collect());
        }
    }
}

#[test]
fn no_files_import_from_each_other() {
    let circle = circle(&imports());
    assert_eq!(circle, None, "these files import in a circle");
}

#[test]
fn circles_of_imports_are_found() {
    let file = |name: &str| vec![name.to_owned()];
    let mut imports = BTreeMap::from([
        (file("a"), BTreeSet::from([file("b")])),
        (file("b"), BTreeSet::from([file("c")])),
        (file("c"), BTreeSet::new()),
    ]);
    assert_eq!(circle(&imports), None);
    imports.insert(file("c"), BTreeSet::from([file("b")]));
    assert!(circle(&imports).is_some_and(|way| way.len() == 3));
    let expected = [["a", "b"].to_vec(), ["super", "c", "D"].to_vec()];
    assert_eq!(paths_in("a::b(super::c::D); x"), expected);
    let found = paths("crate::{a::{B, C}, d}");
    let expected = [
        ["crate", "a", "B"].to_vec(),
        ["crate", "a", "C"].to_vec(),
        ["crate", "d"].to_vec(),
    ];
    assert_eq!(found, expected);
}

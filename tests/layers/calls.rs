//! Files that share a type call each other's methods in no circle.
//!
//! The methods of one type need no import. So a type whose methods stand in many files can
//! be one big object again, and nobody sees it from the imports: this looks at the calls.

use super::imports::{File, imports, modules};
use std::collections::{BTreeMap, BTreeSet};

/// Types whose methods are called on more than `self`, with the receivers.
const VALUES: [(&str, &[&str]); 1] = [("Known", &["known", "known()"])];

/// Files of the engine that still know each other in a circle. A room that is joined is
/// read, a room that is read may be left, and an occupant who is expelled joins again: how a
/// room is held still goes round.
const CIRCLES: [&str; 12] = [
    "room::configuration",
    "room::discovery",
    "room::join",
    "room::learn",
    "room::leave",
    "room::lists",
    "room::opened",
    "room::ownership",
    "room::presence",
    "room::roll_call",
    "room::sight",
    "room::silence",
];

/// A method of a type.
type Method = (String, String);

/// The code of each `impl` block that stands by itself in a file, with its type.
fn blocks(code: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut inside = false;
    for line in code.lines() {
        if let Some(ty) = implemented(line) {
            found.push((ty, String::new()));
            inside = true;
        } else if line.starts_with('}') {
            inside = false;
        } else if let Some((_, block)) = found.last_mut().filter(|_| inside) {
            // A chain of calls is one line.
            if !line.trim_start().starts_with('.') {
                block.push('\n');
            }
            block.push_str(line.trim());
        }
    }
    found
}

/// The type whose methods follow: of `impl<'a> Known<'a> {` it is `Known`.
fn implemented(line: &str) -> Option<String> {
    let rest = line.strip_prefix("impl")?;
    let rest = match rest.strip_prefix('<') {
        Some(generic) => generic.split_once("> ")?.1,
        None => rest.strip_prefix(' ')?,
    };
    let end = rest.find(|c: char| !c.is_alphanumeric())?;
    (!rest.contains(" for ")).then(|| rest[..end].to_owned())
}

/// The names of the methods that a block has.
fn methods(block: &str) -> impl Iterator<Item = &str> {
    block.lines().filter_map(|line| {
        let (before, after) = line.split_once("fn ")?;
        let words = before.split(' ').all(|word| {
            word.is_empty() || word.starts_with("pub") || word.ends_with(')') || word == "const"
        });
        let name = after.split(['(', '<']).next()?;
        words.then_some(name)
    })
}

/// The names that are called on `value`.
fn called_on<'a>(value: &str, code: &'a str) -> Vec<&'a str> {
    let dot = format!("{value}.");
    let calls = code.match_indices(&dot).filter_map(|(at, _)| {
        let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        // `known().` is a value, on any receiver.
        if !value.ends_with(')') && code[..at].ends_with(is_part) {
            return None;
        }
        let rest = &code[at + dot.len()..];
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_'))?;
        rest[end..].starts_with('(').then_some(&rest[..end])
    });
    calls.collect()
}

/// For each file of the engine the files whose methods it calls.
fn calls(files: &BTreeMap<File, String>) -> BTreeMap<File, BTreeSet<File>> {
    let mut known: BTreeMap<Method, &File> = BTreeMap::new();
    for (file, code) in files {
        for (ty, block) in blocks(code) {
            let found = methods(&block).map(|name| ((ty.clone(), name.to_owned()), file));
            known.extend(found);
        }
    }
    let called = |(file, code): (&File, &String)| {
        let mut from = BTreeSet::new();
        let mut note = |ty: &str, names: Vec<&str>| {
            let methods = names
                .into_iter()
                .map(|name| (ty.to_owned(), name.to_owned()));
            let others = methods.filter_map(|method| known.get(&method).copied());
            from.extend(others.filter(|other| *other != file).cloned());
        };
        for (ty, block) in blocks(code) {
            note(&ty, called_on("self", &block));
        }
        let all: String = code.lines().map(str::trim).collect::<Vec<_>>().join("\n");
        let all = all.replace("\n.", ".");
        for (ty, values) in VALUES {
            values
                .iter()
                .for_each(|value| note(ty, called_on(value, &all)));
        }
        (file.clone(), from)
    };
    files.iter().map(called).collect()
}

/// The files of the engine that know each other in a circle, by their imports or by the
/// methods that they call.
fn in_circles(known: &BTreeMap<File, BTreeSet<File>>) -> BTreeSet<String> {
    let reached = |from: &File| {
        let mut left: Vec<&File> = known[from].iter().collect();
        let mut found: BTreeSet<&File> = BTreeSet::new();
        while let Some(file) = left.pop() {
            if found.insert(file) {
                left.extend(known.get(file).into_iter().flatten());
            }
        }
        found
    };
    let all = known.keys().filter(|file| reached(file).contains(file));
    all.map(|file| file[1..].join("::")).collect()
}

#[test]
fn the_files_of_the_engine_do_not_go_round_in_circles() {
    let mut files = modules();
    files.retain(|file, _| file[0] == "engine");
    let mut known = calls(&files);
    for (file, from) in imports() {
        if let Some(known) = known.get_mut(&file) {
            known.extend(from);
        }
    }
    let found = in_circles(&known);
    let expected: BTreeSet<String> = CIRCLES.iter().map(|file| (*file).to_owned()).collect();
    let new: Vec<_> = found.difference(&expected).collect();
    assert!(
        new.is_empty(),
        "these files know each other in a circle: {new:?}"
    );
    let over: Vec<_> = expected.difference(&found).collect();
    assert!(
        over.is_empty(),
        "no circle any more, take them off the list: {over:?}"
    );
}

#[test]
fn calls_of_methods_are_found() {
    let file = |name: &str| vec!["engine".to_owned(), name.to_owned()];
    let code = |text: &str| text.to_owned();
    let mut files = BTreeMap::from([
        (
            file("a"),
            code(
                "impl Part<'_> {\n    pub(super) fn one(&mut self) {\n        self\n            .two();\n    }\n}",
            ),
        ),
        (
            file("b"),
            code(
                "impl<'a> Part<'a> {\n    fn two(&self) {\n        self.out.one();\n        self.four();\n    }\n}",
            ),
        ),
        (
            file("c"),
            code("impl Other {\n    fn one(self) {\n        self.two();\n    }\n}"),
        ),
        (
            file("d"),
            code("impl Known<'_> {\n    fn four(self) {}\n}\nfn f() {\n    known.four();\n}"),
        ),
    ]);
    let to = |files: &_, name: &str| calls(files)[&file(name)].clone();
    assert_eq!(to(&files, "a"), BTreeSet::from([file("b")]));
    for name in ["b", "c", "d"] {
        assert!(to(&files, name).is_empty(), "{name}");
    }
    assert!(in_circles(&calls(&files)).is_empty());
    let back = "impl Part<'_> {\n    fn two(&self) {\n        x(self.known().four(), self.one());\n    }\n}";
    files.insert(file("b"), code(back));
    assert_eq!(to(&files, "b"), BTreeSet::from([file("a"), file("d")]));
    let circle = in_circles(&calls(&files));
    assert_eq!(circle, BTreeSet::from(["a".to_owned(), "b".to_owned()]));
}

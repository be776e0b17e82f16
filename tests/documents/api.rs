//! `docs/reference/api.md` names each field that the admin API answers.

use super::{document, root};
use std::fs;

/// The fields of the structs in `src/api`, as JSON has them.
fn fields() -> Vec<String> {
    let mut all = Vec::new();
    for file in fs::read_dir(root().join("src/api")).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        // A flattened field has no name in JSON.
        let text = text.replace("#[serde(flatten)]\n    pub ", "");
        let lines = text
            .lines()
            .filter_map(|line| line.strip_prefix("    pub "));
        let names = lines.filter_map(|line| line.split_once(": "));
        let names = names.filter(|(name, _)| !name.contains(' '));
        all.extend(names.map(|(name, _)| name.trim_end_matches('_').to_owned()));
    }
    all
}

#[test]
fn each_field_of_the_api_is_explained() {
    let page = document(&root().join("docs/reference/api.md")).text;
    let code: Vec<&str> = page.split('`').skip(1).step_by(2).collect();
    let words = |span: &&str| {
        let of_name = |c: char| c.is_ascii_lowercase() || c == '_';
        let words = span.split(move |c| !of_name(c));
        words.map(str::to_owned).collect::<Vec<_>>()
    };
    let explained: Vec<String> = code.iter().flat_map(words).collect();
    let fields = fields();
    assert!(fields.len() > 50, "{fields:?}");
    for field in fields {
        assert!(explained.contains(&field), "{field}");
    }
}

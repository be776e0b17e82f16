//! The documentation is right about keys and defaults.

use super::*;

const EXAMPLE: &str = include_str!("../../../deploy/gavel.toml");
const REFERENCE: &str = include_str!("../../../docs/reference/configuration.md");

/// The commented example with its secret files in `folder`, and with the
/// defaults switched on if `all`.
fn example(all: bool) -> Folder {
    let on = |line: &str| match line.strip_prefix('#') {
        Some(rest) if all && rest.starts_with(|c: char| c == '[' || c.is_ascii_lowercase()) => {
            rest.to_owned()
        }
        _ => line.to_owned(),
    };
    let text: Vec<String> = EXAMPLE.lines().map(on).collect();
    with_secrets(&text.join("\n").replace("/run/secrets", "$D"))
}

#[test]
fn the_commented_example_holds_every_key_with_its_default() {
    let plain = example(false).load(&[]).unwrap();
    assert_eq!(plain.warnings, []);
    let folder = example(true);
    let mut all = folder.load(&[]).unwrap().config;
    // Only the example's [claims.jwt] is not there by default.
    assert!(all.claims.jwt.is_some());
    let jwt = all.claims.jwt.take();
    let mut plain = plain.config;
    plain.component.secret = all.component.secret.clone();
    assert_eq!(all, plain);
    all.claims.jwt = jwt;
    let printed = toml::to_string(&all).unwrap();
    let sample = with_secrets(SAMPLE).load(&[]).unwrap().config;
    let sample = toml::to_string(&sample).unwrap();
    let others = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| !line.starts_with("secret_file"));
        lines.map(str::to_owned).collect()
    };
    assert_eq!(others(&printed), others(&sample));
    // And no key is left out.
    let values = serde_json::to_value(&all).unwrap();
    for key in keys::all() {
        let path = format!("/{}", key.replace('.', "/").replace("muc/", "muc/0/"));
        let alternative = [
            "secret",
            "public_key_file",
            "jwks_url",
            "jwks_file",
            "asap_key_server",
            "web_token",
            "web_token_file",
        ];
        let name = key.rsplit('.').next().unwrap();
        let unset = matches!(rows::row(key).unwrap().standard, Standard::Unset(_));
        let permission = key.starts_with("policy.permissions.");
        let none = key.starts_with("policy.rule.") || permission && unset;
        if !alternative.contains(&name) && !none {
            assert!(values.pointer(&path).is_some(), "{key}");
        }
    }
}

#[test]
fn every_standard_value_holds_if_nothing_is_given() {
    let defaults = serde_json::to_value(with_secrets(SAMPLE).load(&[]).unwrap().config).unwrap();
    for row in ROWS {
        let Standard::Value(text) = row.standard else {
            continue;
        };
        let path = format!("/{}", row.key.replace('.', "/").replace("muc/", "muc/0/"));
        let table: toml::Table = toml::from_str(&format!("value = {text}")).unwrap();
        let standard = serde_json::to_value(&table["value"]).unwrap();
        assert_eq!(defaults.pointer(&path), Some(&standard), "{}", row.key);
    }
}

#[test]
fn the_references_example_is_enough() {
    let (_, rest) = REFERENCE
        .split_once("This is enough:\n\n```toml\n")
        .unwrap();
    let (text, _) = rest.split_once("```").unwrap();
    let loaded = with_secrets(&text.replace("/run/secrets", "$D"))
        .load(&[])
        .unwrap();
    assert_eq!(loaded.warnings, []);
}

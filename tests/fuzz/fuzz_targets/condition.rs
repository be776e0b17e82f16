//! Any text as a condition, and then, after a NUL, any JSON as claims: no panic,
//! nothing slow, and the same answer twice.
#![no_main]

use gavel::claims::Claims;
use gavel::policy::{Condition, Facts, Subject};
use libfuzzer_sys::fuzz_target;

const CLAIMS: &str = r#"{"a": [1, "x", [true, null], {"k": 1.5}], "b": "x", "roles": ["teacher"]}"#;

fuzz_target!(|text: &str| {
    let (source, json) = text.split_once('\0').unwrap_or((text, CLAIMS));
    let condition = match Condition::compile(source) {
        Ok(condition) => condition,
        Err(flaw) => {
            assert!(flaw.line >= 1 && flaw.column >= 1, "{flaw:?}");
            flaw.excerpt();
            return;
        }
    };
    let claims = Claims::from_json(json).ok();
    let facts = Facts::of(Subject::with(claims.as_ref()));
    let scope = facts.scope();
    let held = condition.holds(&scope);
    assert_eq!(held, condition.holds(&scope));
});

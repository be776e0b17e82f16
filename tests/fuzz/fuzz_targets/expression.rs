//! Expressions that are always CEL, made of the input, over claims that are, too.
#![no_main]

use gavel::claims::Claims;
use gavel::policy::{Condition, Facts, Subject};
use libfuzzer_sys::fuzz_target;

const CLAIMS: [&str; 4] = [
    r#"{"a": [1, "x", [true, null], {"k": 1.5}], "b": "xäy", "c": {"a": 1}, "d": 18446744073709551615}"#,
    r#"{"a": ["x", "y", "xx"], "b": "x", "c": {"x": {"a": [1]}}, "d": -9223372036854775808}"#,
    r#"{"a": [[[[[[1]]]]], []], "b": "", "c": null, "d": 1e308}"#,
    r#"{"a": [9223372036854775807, -1, 0], "b": "0", "c": {"a": {"a": {}}}, "d": 0}"#,
];

/// Makes texts of bytes; without bytes the shortest ones.
struct Maker<'a> {
    bytes: std::slice::Iter<'a, u8>,
    bound: usize,
    text: String,
}

impl Maker<'_> {
    fn pick(&mut self, of: usize) -> usize {
        usize::from(*self.bytes.next().unwrap_or(&0)) % of
    }

    fn all(&mut self, parts: &[&str], depth: usize) {
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                self.expression(depth);
            }
            self.text.push_str(part);
        }
    }

    fn over(&mut self, function: &str, depth: usize) {
        self.expression(depth);
        let variable = format!("v{}", self.bound);
        self.text.push_str(&format!(".{function}({variable}, "));
        self.bound += 1;
        self.expression(depth);
        self.bound -= 1;
        self.text.push(')');
    }

    fn leaf(&mut self) {
        const LEAVES: [&str; 24] = [
            "claims.a", "claims.b", "claims.c", "claims.d", "claims", "true", "false", "null",
            "0", "1", "-1", "9223372036854775807", "-9223372036854775808", "1u",
            "18446744073709551615u", "1.5", "-0.0", "1e308", "\"x\"", "\"ä\"", "\"\"",
            "room.name", "occupant.nick", "int",
        ];
        let pick = self.pick(LEAVES.len() + self.bound);
        match LEAVES.get(pick) {
            Some(leaf) => self.text.push_str(leaf),
            None => self.text.push_str(&format!("v{}", pick - LEAVES.len())),
        }
    }

    fn expression(&mut self, depth: usize) {
        if depth == 0 || self.bytes.len() == 0 {
            return self.leaf();
        }
        const FORMS: [&[&str]; 44] = [
            &["(", " + ", ")"], &["(", " - ", ")"], &["(", " * ", ")"], &["(", " / ", ")"],
            &["(", " % ", ")"], &["(", " == ", ")"], &["(", " != ", ")"], &["(", " < ", ")"],
            &["(", " >= ", ")"], &["(", " && ", ")"], &["(", " || ", ")"], &["(", " in ", ")"],
            &["(", " ? ", " : ", ")"], &["!(", ")"], &["-(", ")"], &["", "[", "]"],
            &["[", ", ", "]"], &["[", "]"], &["{", ": ", "}"], &["{", ": ", ", ", ": ", "}"],
            &["size(", ")"], &["int(", ")"], &["uint(", ")"], &["double(", ")"],
            &["string(", ")"], &["bool(", ")"], &["type(", ")"], &["dyn(", ")"],
            &["", ".contains(", ")"], &["", ".startsWith(", ")"], &["", ".endsWith(", ")"],
            &["", ".matches(\"^x|[ä-ü]+\")"], &["", ".lowerAscii()"], &["", ".upperAscii()"],
            &["", ".trim()"], &["", ".split(", ")"], &["", ".size()"], &["", ".a"],
            &["has(", ".a)"], &["", "[\"a\"]"], &["", "[0]"], &["(", " <= ", ")"],
            &["(", " > ", ")"], &["", ".a.b"],
        ];
        const LOOPS: [&str; 5] = ["exists", "all", "exists_one", "filter", "map"];
        let pick = self.pick(FORMS.len() + LOOPS.len() + 1);
        if let Some(form) = FORMS.get(pick) {
            self.all(form, depth - 1);
        } else if let Some(function) = LOOPS.get(pick - FORMS.len()) {
            self.over(function, depth - 1);
        } else {
            self.leaf();
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else {
        return;
    };
    let mut maker = Maker {
        bytes: rest.iter(),
        bound: 0,
        text: String::new(),
    };
    maker.expression(7);
    let Ok(condition) = Condition::compile(&maker.text) else {
        return;
    };
    let claims = Claims::from_json(CLAIMS[usize::from(*first) % CLAIMS.len()]).expect("claims");
    let subject = Subject {
        jid: Some("ada@meet.jitsi"),
        nick: Some("ada"),
        login: false,
        ..Subject::with(Some(&claims))
    };
    let facts = Facts::of(subject);
    let scope = facts.scope();
    let held = condition.holds(&scope);
    assert_eq!(held, condition.holds(&scope), "{}", maker.text);
});

//! One set of claims in, one verdict with its reason out: the pure core, with
//! no server, no socket and no configuration.
//!
//! ```sh
//! cargo run --example verdict
//! cargo run --example verdict -- '{"context": {"user": {"affiliation": "teacher"}}}'
//! ```

use gavel::claims::Claims;
use gavel::policy::{Policy, Subject};

/// A token's payload that tells Jitsi that somebody is no moderator; note that this `false`
/// is text.
const STUDENT: &str = r#"{"context": {"user": {"name": "Tim", "moderator": "false"}}}"#;

fn main() {
    let json = std::env::args().nth(1).unwrap_or(STUDENT.to_owned());
    let claims = Claims::from_json(&json).unwrap_or_else(|reason| {
        eprintln!("no claims: {reason}");
        std::process::exit(1);
    });
    let verdict = Policy::default().judge(&Subject::with(Some(&claims)));
    println!("claims   {json}");
    println!("verdict  {:?}", verdict.entitlement);
    println!("rule     {}", verdict.rule);
    println!("reason   {}", verdict.reason);
}

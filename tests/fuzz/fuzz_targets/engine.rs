//! The engine in a modelled room of which some stanzas reach gavel unreadable, or with
//! parts missing: in the end everybody has the rights they should have, as the oracle of
//! the random runs says (SPEC B20).
#![no_main]
#![allow(dead_code, clippy::unwrap_used)]

use libfuzzer_sys::fuzz_target;

#[path = "../../random/op.rs"]
mod op;
#[path = "../../random/parts.rs"]
mod parts;
#[path = "../../random/policies.rs"]
mod policies;
#[path = "../../sim/mod.rs"]
mod sim;

fuzz_target!(|data: &[u8]| parts::play(data));

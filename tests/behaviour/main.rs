//! What `gavel run` does beside a real Prosody, 0.12 and 13, with real clients:
//! one file for each behaviour of the specification (B1 and so on).

#![allow(clippy::unwrap_used)]

#[path = "../support/mod.rs"]
mod support;

mod b03_correction;

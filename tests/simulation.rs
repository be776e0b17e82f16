//! The engine against a modelled MUC service: directed scenarios and random
//! interleavings, in virtual time.
#![allow(clippy::unwrap_used)]

mod random;
mod scenarios;
mod sim;

//! Stories that are played on the modelled MUC service and on real servers: one file for
//! each behaviour of the specification. `played!` names the stages.

pub mod stage;

mod b1;
mod b11;
mod b15;
mod b15_kept;
mod b2;
mod b3;
mod b3_grants;
mod b4;
mod b5;
mod b5_fallback;
mod b6_b7;
mod b8;
mod b8_guests;
mod co_hosts;
mod expiry;
mod host_absent;
mod overrides;
mod rules;

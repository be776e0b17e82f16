//! What `gavel doctor` says: [`Facts`] in, findings out, each with the setting
//! that mends it.
//!
//! Pure: who found the facts out, the running daemon or a connection made for
//! it, is the shell's business. A fact that is not known yields no finding, so
//! nothing here is guessed; where a judgement rests on a threshold, its text
//! says which.

mod claims;
mod connection;
mod facts;
mod list;
mod logins;
mod people;
mod reach;
mod services;
mod signals;
mod speed;
#[cfg(test)]
mod tests;
mod upkeep;

pub use facts::{Connection, Daemon, Facts, Kept, Note, Setup, Trouble};
pub use reach::reach;

use crate::api::Finding;
use list::List;

/// What the facts come to: what is examined first stands first, and what else
/// may follow from it after it.
pub fn findings(facts: &Facts) -> Vec<Finding> {
    let mut list = List::default();
    connection::add_findings(facts, &mut list);
    services::add_findings(facts, &mut list);
    claims::add_findings(facts, &mut list);
    people::add_findings(facts, &mut list);
    logins::add_findings(facts, &mut list);
    signals::add_findings(facts, &mut list);
    speed::add_findings(facts, &mut list);
    upkeep::state(facts, &mut list);
    list.0
}

/// What was remarkable in the configuration, as findings.
pub fn configuration(notes: &[Note]) -> Vec<Finding> {
    let mut list = List::default();
    upkeep::configuration(notes, &mut list);
    list.0
}

//! The findings of `gavel doctor`: [`Facts`] in, findings out, each with the setting that
//! fixes it.
//!
//! Pure: the shell finds out the facts, in the running daemon or over a connection made for
//! it. A fact that is not known yields no finding, so nothing here is guessed; a judgement
//! that rests on a threshold names it in its text.

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

/// The findings from the facts. The order of examination puts each cause before its
/// possible consequences.
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

/// The warnings of the configuration, as findings.
pub fn configuration(notes: &[Note]) -> Vec<Finding> {
    let mut list = List::default();
    upkeep::configuration(notes, &mut list);
    list.0
}

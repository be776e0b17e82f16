//! Evidence that waits until a key has been fetched.

use crate::claims::{FetchFault, KeyName, RejectReason, Source};
use crate::engine::time::Tick;
use crate::stanza::Evidence;

/// Evidence that waits for a key.
#[derive(Debug)]
pub struct Waiting {
    /// The evidence.
    pub evidence: Evidence,
    /// The key to fetch.
    pub key: KeyName,
    /// It was found in the occupant list of a room.
    pub listed: bool,
    /// When it was shown.
    pub since: Tick,
    /// The same by the calendar, in seconds since 1970-01-01 UTC.
    pub shown: u64,
    /// The place in the queue.
    pub number: u64,
    /// Why the key could not be had, if that has been tried and told.
    pub fault: Option<FetchFault>,
    /// The refusals that have been told.
    pub told: Vec<(Source, RejectReason)>,
}

impl Waiting {
    /// Says whether the key could not be had.
    pub fn failed(&self) -> bool {
        self.fault.is_some()
    }

    /// The thing that it waits for, in words.
    pub fn words(&self) -> String {
        match &self.fault {
            None => "the key of the token is being fetched".to_owned(),
            Some(fault) => format!("the key of the token could not be had: {fault}"),
        }
    }
}

//! One bare JID in one meeting: the affiliation it has and the one it should
//! have.

mod corrections;
mod trouble;

pub use corrections::Corrections;
pub use trouble::{Foreign, InFlight, MAX_INEFFECTIVE, Pace, Trouble};

use super::event::Cause;
use super::meeting::census::Entry;
use super::meeting::rights::Rights;
use super::time::Tick;
use crate::muc::{Affiliation, Nick, RoomJid};

/// Where a bare JID is present: one of its occupants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// The room, a breakout room perhaps.
    pub room: RoomJid,
    /// The occupant's nick there.
    pub nick: Nick,
}

/// One bare JID of a meeting.
#[derive(Debug, Default)]
pub struct Person {
    /// Its occupants.
    pub seats: Vec<Seat>,
    /// What they may hold.
    pub rights: Rights,
    /// A change of others that is not answered yet.
    pub foreign: Option<Box<Foreign>>,
    /// The request that waits for its reply: one at a time.
    pub request: Option<Box<InFlight>>,
    /// Somebody else has taken a host's role, and not the affiliation.
    pub role_taken: bool,
    /// A role request waits for its reply.
    pub role_request: bool,
    /// As what they were last counted.
    pub counted: Option<Box<Entry>>,
    /// Refusals and quarrels.
    pub trouble: Option<Box<Trouble>>,
    /// First presence, until settled.
    pub unsettled_since: Option<Tick>,
    /// Why gavel looks at them anew, where that is no change of others; until
    /// they have what they should have.
    pub because: Option<Cause>,
    /// Changes of others that gavel has corrected.
    pub corrections: Corrections,
}

impl Person {
    /// Whether any occupant has this bare JID.
    pub fn is_present(&self) -> bool {
        !self.seats.is_empty()
    }

    /// Whether one of their occupants is in `room`.
    pub fn is_seated_in(&self, room: &RoomJid) -> bool {
        self.seats.iter().any(|seat| seat.room == *room)
    }

    /// What is known of refusals, made when first needed.
    pub fn trouble(&mut self) -> &mut Trouble {
        self.trouble.get_or_insert_with(Box::default)
    }

    /// Whether nothing is to be remembered of it.
    pub fn is_blank(&self) -> bool {
        !self.is_present()
            && !self.rights.matter()
            && self.request.is_none()
            && !self.role_request
            && !self.rights.shown().is_some_and(Affiliation::moderates)
    }
}

//! One bare JID in one meeting: the affiliation it has and the one it should
//! have.

mod corrections;
mod observe;
mod record;
mod trouble;
mod wanted;

pub use corrections::Corrections;
pub use observe::{Observed, Taken};
pub use record::{Grant, Lapse, Override, Record};
pub use trouble::{Foreign, InFlight, MAX_INEFFECTIVE, Pace, Trouble};
pub use wanted::{Standing, Wanted, moderates_by_role_alone};

use super::event::Cause;
use super::time::Tick;
use crate::muc::{Affiliation, Nick, RoomJid};
use crate::policy::Entitlement;

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
    /// The affiliation that the main room shows; none where not known.
    pub actual: Option<Affiliation>,
    /// Its occupants.
    pub seats: Vec<Seat>,
    /// What must be remembered.
    pub record: Record,
    /// A change of others that is not answered yet.
    pub foreign: Option<Box<Foreign>>,
    /// The request that waits for its reply: one at a time.
    pub request: Option<Box<InFlight>>,
    /// Gavel has lost sight of them; nobody has told that they left.
    pub lost: bool,
    /// Somebody else has taken a host's role, and not the affiliation.
    pub role_taken: bool,
    /// A role request waits for its reply.
    pub role_request: bool,
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

    /// What is known of refusals, made when first needed.
    pub fn trouble(&mut self) -> &mut Trouble {
        self.trouble.get_or_insert_with(Box::default)
    }

    /// Whether nothing is to be remembered of it.
    pub fn is_blank(&self) -> bool {
        !self.is_present()
            && !self.record.matters()
            && self.request.is_none()
            && !self.role_request
            && !self.actual.is_some_and(Affiliation::moderates)
    }

    /// Notes that the last occupant has left, entitled to `power`; `seen` says
    /// that the room told so, and gavel has not just lost sight of it.
    pub fn leave(&mut self, power: Option<Affiliation>, at: u64, seen: bool) {
        self.lost = !seen;
        self.record.left_at = Some(at);
        self.record.kept = power;
        self.unsettled_since = None;
        self.role_taken = false;
        if seen {
            self.record.since = None;
            self.record.awaited = self.end_election();
        }
    }

    /// A grant of theirs, if there is one, is for no more than `limit` from now on;
    /// without, it ends. Answers whether that is news.
    pub fn limit_grant(&mut self, limit: Option<Affiliation>) -> bool {
        let absent = !self.is_present();
        let record = &mut self.record;
        let Some(grant) = &mut record.grant else {
            return false;
        };
        if limit.is_some_and(|limit| grant.affiliation <= limit) {
            return false;
        }
        match limit {
            Some(limit) => grant.affiliation = limit,
            None => record.grant = None,
        }
        if absent {
            record.kept = record.kept.min(limit);
        }
        true
    }

    /// Ends their election, if they were elected.
    pub fn end_election(&mut self) -> bool {
        let elected = std::mem::take(&mut self.record.elected);
        if elected {
            self.record.lapsed = Some(Lapse::Fallback);
        }
        elected
    }

    /// Notes whether they are entitled to moderate. Whoever was and is not is
    /// lowered before `policy.guests` counts for them: what gavel gave is not what
    /// others gave a guest. Of whom a rule leaves alone nothing new is known.
    /// Answers whether something must be remembered.
    pub fn note_right(&mut self, standing: Standing) -> bool {
        let left_alone = standing.entitlement == Some(Entitlement::Keep);
        if left_alone && self.record.override_.is_none() {
            return false;
        }
        let before = self.record.entitled;
        self.record.entitled = self.power(standing).is_some();
        if before && !self.record.entitled {
            self.record.lapsed.get_or_insert(Lapse::Right);
        }
        before != self.record.entitled
    }

    /// What an unjust ban is undone to once they have left: no more than they were
    /// entitled to.
    pub fn restored_absent(&self, standing: Standing) -> Option<Affiliation> {
        let restore = self.record.restore?;
        Some(self.restored(restore, standing, false))
    }

    /// Notes that one of the occupants has gone; `seen` says that the room told so,
    /// and gavel has not just lost sight of it.
    pub fn leave_seat(&mut self, seat: &Seat, standing: Standing, seen: bool) {
        self.record.restore = self.restored_absent(standing);
        self.seats.retain(|other| other != seat);
        let banned = self.actual == Some(Affiliation::Outcast);
        if seen && self.is_present() && !banned {
            // What that occupant was entitled to has gone with it (B7).
            self.record.kept = None;
            self.record.kept_until = None;
        }
    }
}

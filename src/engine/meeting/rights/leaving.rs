//! Somebody leaves and comes back; this file decides the rights they keep meanwhile.

use super::ledger::Rights;
use super::right::{Ends, Ground, Kind};
use super::standing::Standing;
use crate::claims::UserId;
use crate::muc::Affiliation;

impl Rights {
    /// Claims and grants of somebody present say more than the affiliation they left with.
    pub(super) fn appeared(&mut self) {
        self.take(Kind::LastSeen);
        self.left_at = None;
        self.lost = false;
    }

    pub(super) fn seat_left(&mut self, had: Standing, seen: bool) {
        match seen {
            false => self.keep(had, false),
            // The entitlement of that seat has gone with it (B7).
            true if self.shown != Some(Affiliation::Outcast) => {
                self.take(Kind::LastSeen);
            }
            true => {}
        }
    }

    pub(super) fn left(&mut self, had: Standing, seen: bool, at: u64) {
        self.keep(had, seen);
        if self.shown == Some(Affiliation::Outcast) && self.last_seen().is_none() {
            // A grant is for when they are let in again.
            self.keep_nothing();
        }
        self.lost = !seen;
        self.left_at = Some(at.into());
        // Their claims are not kept for it.
        self.user = self.user.as_ref().map(UserId::apart);
        if seen {
            self.since = None;
            self.awaited = self.end_election();
        }
    }

    /// Writes down the rights they leave with. All seats of somebody banned go, and none of
    /// them takes something with it. If gavel loses sight of one seat after the other, all
    /// were still there.
    pub(super) fn keep(&mut self, had: Standing, seen: bool) {
        if self.shown == Some(Affiliation::Outcast) {
            return;
        }
        let elected = self.is_elected() && self.grant().is_none();
        let power = match had.is_present() {
            true => self.own_power(had).filter(|_| !elected),
            false => None,
        };
        let ends = had.ends.map_or(Ends::WithMeeting, Ends::At);
        let known = self.last_seen();
        let lasts = known.is_some_and(|right| right.ends.is_no_sooner_than(ends));
        let known = known.map(|right| right.affiliation);
        if !seen && (known > power || known == power && lasts) {
            return;
        }
        match power {
            // The grant says so already.
            Some(power) if Some(power) == self.granted() => {
                self.take(Kind::LastSeen);
            }
            Some(power) => self.put(Ground::LastSeen, power, ends),
            None => {
                self.take(Kind::LastSeen);
                self.keep_nothing();
            }
        }
    }

    /// Somebody absent keeps nothing, not even a grant's gift.
    pub(super) fn keep_nothing(&mut self) {
        if self.grant().is_some() {
            self.put(Ground::LastSeen, Affiliation::None, Ends::WithMeeting);
        }
    }

    /// The state file's record of somebody: as if gavel lost sight of them now.
    pub fn remembered(&self, standing: Standing, now: u64) -> Option<Self> {
        let mut rights = self.clone();
        if standing.is_present() {
            rights.keep(standing, false);
            rights.left_at = Some(now.into());
        }
        rights.matter().then_some(rights)
    }
}

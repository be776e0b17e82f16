//! Tokens end (`policy.on_expiry`), for those who are there and for what those who
//! are not have kept.

use super::super::claims::{Kind, Ticket};
use super::{Oracle, Seat};
use gavel::muc::RoomJid;
use gavel::policy::OnExpiry;

/// `claims.jwt.leeway`, in milliseconds.
const LEEWAY: u64 = 30_000;

impl Oracle {
    /// So late it is by gavel's clock, and what is over by then is over.
    pub fn pass(&mut self, unix_ms: u64) {
        let set_back = unix_ms + 1 < self.clock;
        if set_back || unix_ms > self.clock {
            self.clock = unix_ms;
        }
        for memory in self.memory.values_mut() {
            if memory.kept_until.is_some_and(|until| until <= self.clock) {
                (memory.kept, memory.kept_until) = (None, None);
            }
        }
    }

    /// When what a token entitles to ends.
    pub(super) fn end_of(&self, ticket: &Ticket) -> Option<u64> {
        let demotes = self.policy.on_expiry == OnExpiry::Demote;
        ticket
            .exp
            .filter(|_| demotes)
            .map(|exp| exp * 1_000 + LEEWAY)
    }

    /// What an occupant's claims say, while that counts.
    pub(in super::super) fn kind(&self, seat: &Seat) -> Option<Kind> {
        let over = seat.ends.is_some_and(|end| end <= self.clock);
        seat.kind.filter(|_| !over)
    }

    /// Until when somebody there is entitled by token.
    pub(super) fn until(&self, room: &RoomJid, jid: &str) -> Option<u64> {
        if self.held(room, jid).is_some_and(|m| m.grant.is_some()) {
            return None;
        }
        let seats = self.seats_of(room, jid);
        let owners = seats.filter(|seat| self.kind(seat) == Some(Kind::Owner));
        let ends = owners.map(|seat| seat.ends);
        ends.max_by_key(|end| end.unwrap_or(u64::MAX)).flatten()
    }
}

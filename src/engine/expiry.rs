//! Tokens whose `exp` passes during the meeting (`policy.on_expiry`).
//!
//! With `demote` what they entitle to ends `claims.jwt.leeway` after their
//! `exp`, whatever source their claims came from. What is not the token's goes
//! on: the name it gave, promotions that its bearer has made, and one that they
//! were given.

use super::Engine;
use super::meeting::rights::Event;
use super::person::{Person, Seat};
use super::room::Occupant;
use super::timers::Timer;
use crate::claims::Claims;
use crate::muc::{BareJid, Nick, RoomJid};
use crate::policy::{Entitlement, OnExpiry, Reason, Rule, Verdict};

/// The two clocks may differ by this much more than before until timers are set
/// anew: what is due by the one is waited for by the other.
const STEP_MS: u64 = 200;

impl Engine {
    /// When the claims of an occupant end, in milliseconds since 1970-01-01 UTC;
    /// none where they do not.
    pub fn expires_at(&self, occupant: &Occupant) -> Option<u64> {
        self.end_of(&occupant.credentials.as_ref()?.claims)
    }

    /// When what claims entitle to ends, in milliseconds since 1970-01-01 UTC.
    pub(super) fn end_of(&self, claims: &Claims) -> Option<u64> {
        if self.settings.policy.on_expiry == OnExpiry::Keep {
            return None;
        }
        let leeway = u64::try_from(self.settings.leeway.as_millis()).unwrap_or(u64::MAX);
        Some(claims.exp()?.saturating_mul(1000).saturating_add(leeway))
    }

    /// The verdict on claims whose time is over.
    pub(super) fn expired(&self, claims: Option<&Claims>) -> Option<Verdict> {
        let at = self.end_of(claims?)?;
        (at <= self.now.unix_ms).then_some(Verdict {
            entitlement: Entitlement::Guest,
            rule: Rule::Expired,
            reason: Reason::Expired,
        })
    }

    /// Ends what an occupant's claims entitle to, where their time is over, and
    /// sees to it that they are looked at again when it is.
    pub(super) fn watch_expiry(&mut self, jid: &RoomJid, nick: &Nick) {
        let now = self.now.unix_ms;
        let Some(occupant) = self.occupant(jid, nick) else {
            return;
        };
        let Some(at) = self.expires_at(occupant) else {
            return;
        };
        let ended = occupant.verdict.rule == Rule::Expired;
        if at > now {
            self.out
                .wake_at(at, Timer::Expiry(jid.clone(), nick.clone()));
        }
        // Where the clock was wrong, they are valid again.
        if ended != (at <= now) {
            self.judge_again(jid, nick);
        }
    }

    /// Whoever has what an expired token gave is lowered, whatever guests may
    /// have.
    pub(super) fn lapse_if_expired(&mut self, jid: &RoomJid, nick: &Nick) {
        let main = self.rooms.get(jid).and_then(|room| room.meeting.clone());
        let occupant = self.occupant(jid, nick);
        let occupant = occupant.filter(|occupant| occupant.verdict.rule == Rule::Expired);
        let bare = occupant.and_then(|occupant| occupant.bare());
        let (Some(main), Some(bare)) = (main, bare) else {
            return;
        };
        self.apply(&main, &bare, Event::Expired);
        if self.person(&main, &bare).is_some() {
            self.mark(&main, &bare);
        }
    }

    /// Notes until when what somebody leaves with is theirs.
    pub(super) fn until(&self, person: &Person) -> Option<u64> {
        if self.settings.policy.on_expiry == OnExpiry::Keep {
            return None;
        }
        let seats = person.seats.iter();
        let occupants = seats.filter_map(|seat| self.occupant(&seat.room, &seat.nick));
        let entitled = occupants.filter(|occupant| moderates(&occupant.verdict));
        let ends = entitled.map(|occupant| self.expires_at(occupant));
        // The last to end counts, and none is later than every other.
        ends.max_by_key(|at| at.unwrap_or(u64::MAX)).flatten()
    }

    /// Ends what an absent person has kept, where its time is over.
    pub(super) fn watch_kept(&mut self, main: &RoomJid, bare: &BareJid) {
        let now = self.now.unix_ms;
        let Some(at) = self.person(main, bare).and_then(|p| p.rights.kept_until()) else {
            return;
        };
        if at > now {
            return self
                .out
                .wake_at(at, Timer::Kept(main.clone(), bare.clone()));
        }
        self.apply(main, bare, Event::TimeUp(now));
        self.mark(main, bare);
    }

    /// Timers know nothing of the calendar: where its clock was set, or runs
    /// differently, they are set anew.
    pub(super) fn watch_clock(&mut self) {
        let tick_ms = u64::try_from(self.now.tick.as_millis()).unwrap_or(u64::MAX);
        let epoch = self.now.unix_ms.saturating_sub(tick_ms);
        if self
            .epoch
            .is_some_and(|known| known.abs_diff(epoch) < STEP_MS)
        {
            return;
        }
        self.epoch = Some(epoch);
        self.set_expiries();
    }

    /// Sets all timers of this kind.
    pub(super) fn set_expiries(&mut self) {
        if self.settings.policy.on_expiry == OnExpiry::Keep {
            return;
        }
        let rooms = self.rooms.values();
        let mut seats: Vec<Seat> = rooms
            .flat_map(|room| room.occupants.keys().map(|nick| (&room.jid, nick)))
            .map(|(room, nick)| Seat {
                room: room.clone(),
                nick: nick.clone(),
            })
            .collect();
        seats.sort_unstable_by(|a, b| (&a.room, &a.nick).cmp(&(&b.room, &b.nick)));
        for seat in seats {
            self.watch_expiry(&seat.room, &seat.nick);
        }
        let people = self.meetings.iter().flat_map(|(main, meeting)| {
            let kept = |person: &Person| person.rights.kept_until().is_some();
            let people = meeting
                .people
                .iter()
                .filter(move |(_, person)| kept(person));
            people.map(|(bare, _)| (main.clone(), bare.clone()))
        });
        let mut people: Vec<(RoomJid, BareJid)> = people.collect();
        people.sort_unstable();
        for (main, bare) in people {
            self.watch_kept(&main, &bare);
        }
    }
}

fn moderates(verdict: &Verdict) -> bool {
    matches!(verdict.entitlement, Entitlement::Affiliation(own) if own.moderates())
}

//! Tokens whose `exp` passes during the meeting (`policy.on_expiry`).
//!
//! With `demote` what they entitle to ends `claims.jwt.leeway` after their
//! `exp`, whatever source their claims came from. What is not the token's goes
//! on: the name it gave, promotions that its bearer has made, and one that they
//! were given.

use super::Engine;
use super::meeting::rights::Event;
use super::person::Person;
use super::timers::Timer;
use crate::muc::{BareJid, Nick, RoomJid};
use crate::policy::{OnExpiry, Rule};

/// The two clocks may differ by this much more than before until timers are set
/// anew: what is due by the one is waited for by the other.
const STEP_MS: u64 = 200;

impl Engine {
    /// Ends what an occupant's claims entitle to, where their time is over, and
    /// sees to it that they are looked at again when it is.
    pub(super) fn watch_expiry(&mut self, jid: &RoomJid, nick: &Nick) {
        let now = self.now.unix_ms;
        let Some(seat) = self.seat_at(jid, nick) else {
            return;
        };
        let Some(at) = seat.expires_at(&self.settings) else {
            return;
        };
        let ended = seat.verdict.rule == Rule::Expired;
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
        let seat = self.seat_at(jid, nick);
        let ended = seat.is_some_and(|seat| seat.verdict.rule == Rule::Expired);
        let occupant = self.occupant(jid, nick).filter(|_| ended);
        let bare = occupant.and_then(|occupant| occupant.bare());
        let (Some(main), Some(bare)) = (main, bare) else {
            return;
        };
        self.apply(&main, &bare, Event::Expired);
        if self.person(&main, &bare).is_some() {
            self.mark(&main, &bare);
        }
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
        let seats = rooms.flat_map(|room| room.occupants.keys().map(|nick| (&room.jid, nick)));
        let seats = seats.map(|(room, nick)| (room.clone(), nick.clone()));
        let mut seats: Vec<(RoomJid, Nick)> = seats.collect();
        seats.sort_unstable();
        for (room, nick) in seats {
            self.watch_expiry(&room, &nick);
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

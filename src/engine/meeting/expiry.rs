//! Tokens whose `exp` passes during the meeting (`policy.on_expiry`).
//!
//! With `demote` their entitlement ends `claims.jwt.leeway` after their `exp`, whatever
//! source their claims came from. Only the token's own gifts end: the name it gave stays,
//! and so do promotions that its bearer has made or received.

use super::part::MeetingPart;
use super::person::Person;
use super::rights::Event;
use crate::engine::room::event::Place;
use crate::engine::timers::Timer;
use crate::muc::{BareJid, Nick, RoomJid};
use crate::policy::{OnExpiry, Rule};

/// The two clocks may drift apart by this much before gavel sets the timers again: a
/// deadline counts by the one clock, and gavel waits by the other.
const STEP_MS: u64 = 200;

impl MeetingPart<'_> {
    /// Ends the entitlement of an occupant's claims, if their time is over, and sees to it
    /// that they are looked at again when it is.
    pub(super) fn watch_expiry(&mut self, place: &Place) {
        let (now, settings) = (self.now.unix_ms, self.settings);
        let Some(seat) = self.seat_mut(place) else {
            return;
        };
        let Some(at) = seat.expires_at(settings) else {
            return;
        };
        let ended = seat.verdict.rule == Rule::Expired;
        if at > now {
            let timer = Timer::Expiry(place.room.clone(), place.nick.clone());
            self.out.wake_at(at, timer);
        }
        // If the clock was wrong, they are valid again.
        if ended != (at <= now) {
            self.judge_again(place);
        }
    }

    /// Nobody sits there any more whose claims may end.
    pub(super) fn leave_expiry(&mut self, place: &Place) {
        let timer = Timer::Expiry(place.room.clone(), place.nick.clone());
        self.out.cancel(&timer);
    }

    /// An occupant's claims may have ended.
    pub fn expiry_due(&mut self, room: &RoomJid, nick: &Nick) {
        if let Some(place) = self.place(room, nick) {
            self.watch_expiry(&place);
        }
    }

    /// Ends the right that an absent person has kept, if its time is over.
    pub fn watch_kept(&mut self, main: &RoomJid, bare: &BareJid) {
        let now = self.now.unix_ms;
        let Some(at) = self
            .known()
            .person(main, bare)
            .and_then(|p| p.rights.kept_until())
        else {
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

    /// Timers know nothing of the calendar: if its clock was set, or runs differently, they
    /// are set again.
    pub fn watch_clock(&mut self) {
        let tick_ms = u64::try_from(self.now.tick.as_millis()).unwrap_or(u64::MAX);
        let epoch = self.now.unix_ms.saturating_sub(tick_ms);
        if self
            .epoch
            .is_some_and(|known| known.abs_diff(epoch) < STEP_MS)
        {
            return;
        }
        *self.epoch = Some(epoch);
        self.set_expiries();
    }

    /// Sets all timers of this kind.
    pub fn set_expiries(&mut self) {
        if self.settings.policy.on_expiry == OnExpiry::Keep {
            return;
        }
        for place in self.places() {
            self.watch_expiry(&place);
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

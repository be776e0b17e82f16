//! Overrides: admins set and clear them. They outrank claims, grants and step-downs until
//! their time or the meeting is over.

use super::part::MeetingPart;
use super::rights::{Event, Override};
use crate::engine::event::{Cause, Change, Outcome};
use crate::engine::order::Order;
use crate::engine::timers::Timer;
use crate::muc::{Affiliation, BareJid, RoomJid};
use std::time::Duration;

/// An admin's wish for one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetOverride {
    /// The meeting's main room.
    pub main: RoomJid,
    /// The person's bare JID.
    pub jid: BareJid,
    /// The override to set; none to clear it.
    pub set: Option<Override>,
    /// The person who wishes it, in words, if known.
    pub by: Option<String>,
}

impl MeetingPart<'_> {
    /// Does as an admin wishes.
    pub fn set_or_clear(&mut self, wish: SetOverride) {
        let SetOverride { main, jid, set, by } = wish;
        match set {
            Some(set) => self.set_override(&main, &jid, set),
            None => self.end_override(&main, &jid, Some(by)),
        }
    }

    fn set_override(&mut self, main: &RoomJid, jid: &BareJid, set: Override) {
        let Some(meeting) = self.meetings.get_mut(main) else {
            return;
        };
        let person = meeting.person(jid);
        let change = Change::Override {
            from: person.rights.overridden_to(),
            to: Some(set.affiliation),
            until: set.until,
            by: set.by.clone(),
        };
        let until = set.until;
        person.passing.set_foreign(None);
        person.because = Some(Cause::Override);
        self.apply(main, jid, Event::Overridden(Box::new(set)));
        self.wake_at_end(main, jid, until);
        let person = self.known().person(main, jid);
        if person.is_some_and(|person| !person.is_present() && person.rights.shown().is_none()) {
            // They may be banned: nothing is kept of people who are away and hold nothing.
            let list = Order::List(main.clone(), Affiliation::Outcast);
            self.out.order(list);
        }
        let why = (Cause::Override, None);
        self.tell_now(main, jid, change, why, Outcome::Applied);
        self.mark(main, jid);
    }

    /// Ends an override: `by` an admin, or because it is over.
    fn end_override(&mut self, main: &RoomJid, jid: &BareJid, by: Option<Option<String>>) {
        let Some(person) = self.person_mut(main, jid) else {
            return;
        };
        let Some(old) = person.rights.overridden_to() else {
            return;
        };
        person.because = Some(Cause::Override);
        self.apply(main, jid, Event::OverrideCleared);
        let change = Change::Override {
            from: Some(old),
            to: None,
            until: None,
            by: by.map(|by| by.unwrap_or_else(|| "an admin".to_owned())),
        };
        let why = (Cause::Override, None);
        self.tell_now(main, jid, change, why, Outcome::Applied);
        self.mark(main, jid);
    }

    fn wake_at_end(&mut self, main: &RoomJid, jid: &BareJid, until: Option<u64>) {
        if let Some(until) = until {
            let left = Duration::from_millis(until.saturating_sub(self.now.unix_ms));
            let timer = Timer::Override(main.clone(), jid.clone());
            self.out.wake(self.now.tick + left, timer);
        }
    }

    /// Ends an override whose time is over.
    pub fn override_due(&mut self, main: &RoomJid, jid: &BareJid) {
        let person = self.known().person(main, jid);
        let Some(until) = person.and_then(|person| person.rights.override_ends()) else {
            return;
        };
        if until <= self.now.unix_ms {
            self.end_override(main, jid, None);
        } else {
            // It was set again, or the clock has been put back.
            self.wake_at_end(main, jid, Some(until));
        }
    }

    /// Timers do not outlive a stream; overrides do.
    pub fn wake_at_ends(&mut self) {
        let mut all = Vec::new();
        for (main, meeting) in self.meetings.iter() {
            for (jid, person) in &meeting.people {
                if let Some(until) = person.rights.override_ends() {
                    all.push((main.clone(), jid.clone(), until));
                }
            }
        }
        all.sort_unstable();
        for (main, jid, until) in all {
            self.wake_at_end(&main, &jid, Some(until));
        }
    }
}

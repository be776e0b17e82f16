//! The reports on a meeting without host, and the steps that are tried again.

use crate::engine::event::Report;
use crate::engine::meeting::part::MeetingPart;
use crate::engine::order::Order;
use crate::engine::timers::Timer;
use crate::engine::warning::Warning;
use crate::muc::RoomJid;
use crate::stanza::StanzaError;
use std::time::Duration;

/// Pause after Prosody has refused something.
pub(super) const AGAIN: Duration = Duration::from_secs(30);

impl MeetingPart<'_> {
    /// Prosody has refused to end, lock or open a room.
    pub(in crate::engine::meeting) fn absence_refused(
        &mut self,
        main: &RoomJid,
        error: &StanzaError,
    ) {
        if !self.meetings.contains_key(main) || !self.rooms.contains_key(main) {
            return;
        }
        self.out.warn_once(Warning::HostAbsent {
            room: main.clone(),
            error: error.to_string(),
        });
        self.out.order(Order::Own(main.clone()));
        self.try_again(main);
    }

    /// Tries again later if something is still not as it should be.
    pub(in crate::engine::meeting) fn try_again(&mut self, main: &RoomJid) {
        let again = self.now.tick + AGAIN;
        if let Some(meeting) = self.meetings.get_mut(main) {
            meeting.absence.asked = false;
            meeting.absence.admitted.clear();
            meeting.absence.not_before = Some(again);
            self.out.wake(again, Timer::Host(main.clone()));
        }
    }

    pub(in crate::engine::meeting) fn tell_absence(&mut self, main: &RoomJid, what: &'static str) {
        let room = main.clone();
        self.out.report(Report::HostAbsent { room, what });
    }
}

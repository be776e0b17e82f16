//! Meetings without host (`policy.host_absent`): after a while they end, or let
//! nobody else in until a host comes.
//!
//! The presence of a host is a state of the meeting. gavel looks at it whenever somebody
//! has come, left or changed; the consequence depends on how long it has been so. That time
//! is kept nowhere: a restart or a lost connection starts it again, which is kind to
//! meetings. gavel remembers only that it has locked a room, since nobody else would open
//! it again.

mod again;
mod lock;

use super::part::MeetingPart;
use crate::engine::asker::{Answer, Asker, HostAsk};
use crate::engine::room::Room;
use crate::engine::settings::AbsentHost;
use crate::engine::timers::Timer;
use crate::engine::warning::Warning;
use crate::muc::RoomJid;
use crate::stanza::{Outbound, Request};
use std::time::Duration;

/// People are told so long before something happens, or as soon as no host is there if it
/// happens sooner.
const NOTICE: Duration = Duration::from_secs(60);

impl MeetingPart<'_> {
    /// Looks whether a meeting has a host, and takes the step that is due.
    pub fn look_for_host(&mut self, main: &RoomJid) {
        let ready = self.rooms.get(main).is_some_and(Room::is_ready);
        // After a connection, people may be there whom gavel has not seen yet.
        if !ready || !self.stream.is_ready() {
            return;
        }
        let action = self.action_for(main);
        self.count_changed();
        let Some(census) = self.known().census(main) else {
            return;
        };
        let (host, people) = (census.has_owner(), census.has_people());
        if action == AbsentHost::None || host {
            self.host_is_there(main, true);
        } else if !people || action == AbsentHost::Lock && self.is_closed(main) {
            self.host_is_there(main, false);
        } else {
            if action != AbsentHost::Lock {
                self.open(main);
            }
            self.host_is_missing(main, action);
        }
    }

    /// The action for a meeting in this room that has no host. Ending a persistent room
    /// would delete it, with all its settings.
    fn action_for(&mut self, main: &RoomJid) -> AbsentHost {
        let settings = &self.settings.host_absent;
        if !settings.services.iter().any(|s| s == main.service()) {
            return AbsentHost::None;
        }
        let action = settings.action;
        let facts = self.rooms.get(main).and_then(|room| room.facts.as_ref());
        if action == AbsentHost::End && facts.is_some_and(|facts| facts.persistent) {
            let room = main.clone();
            self.out.warn_once(Warning::HostAbsentPersistent { room });
            return AbsentHost::None;
        }
        action
    }

    /// Says whether somebody's token waits for its key: it may be a host.
    fn awaits_keys(&self, main: &RoomJid) -> bool {
        let meeting = self.meetings.get(main).into_iter();
        let people = meeting.flat_map(|meeting| meeting.people.values());
        let mut seats = people.flat_map(|person| &person.seats);
        seats.any(|seat| seat.waiting.is_some())
    }

    /// Nothing is to happen; a locked room is opened if `open`.
    fn host_is_there(&mut self, main: &RoomJid, open: bool) {
        let Some(meeting) = self.meetings.get_mut(main) else {
            return;
        };
        let closing = meeting.absence.closing;
        meeting.absence.is_over();
        if closing {
            self.mark_everybody(main);
        }
        if open {
            self.open(main);
        }
    }

    fn host_is_missing(&mut self, main: &RoomJid, action: AbsentHost) {
        let now = self.now.tick;
        let after = self.settings.host_absent.after;
        let Some(meeting) = self.meetings.get_mut(main) else {
            return;
        };
        let absence = &mut meeting.absence;
        if absence.asked {
            return;
        }
        let since = *absence.since.get_or_insert(now);
        let notice = NOTICE.min(after);
        let Some(warned) = absence.warned else {
            let warn_at = since + (after - notice);
            if now < warn_at {
                return self.out.wake(warn_at, Timer::Host(main.clone()));
            }
            absence.warned = Some(now);
            self.out.wake(now + notice, Timer::Host(main.clone()));
            return self.announce(main, action, notice);
        };
        let due = (since + after).max(warned + notice);
        let due = due.max(absence.not_before.unwrap_or(due));
        if now < due {
            return self.out.wake(due, Timer::Host(main.clone()));
        }
        // The key's arrival has the meeting looked at again, whoever the person turns out to be.
        if self.awaits_keys(main) {
            return;
        }
        match action {
            AbsentHost::End => self.end(main),
            AbsentHost::Lock => self.close(main),
            AbsentHost::None => {}
        }
    }

    /// Tells the meeting the coming event.
    fn announce(&mut self, main: &RoomJid, action: AbsentHost, left: Duration) {
        let left = in_words(left);
        let text = match action {
            AbsentHost::Lock => {
                format!("No host is here. In {left} nobody else can come in until a host does.")
            }
            _ => format!("No host is here. The meeting ends in {left} unless one comes."),
        };
        for room in self.rooms_of(main) {
            let system = self.rooms.get(&room).is_some_and(|room| room.module);
            let text = text.clone();
            self.out.send(Outbound::Announce { room, text, system });
        }
        self.tell_absence(main, "no host is there: people were told what will happen");
    }

    /// Ends a meeting: its breakout rooms, then its main room.
    fn end(&mut self, main: &RoomJid) {
        if let Some(meeting) = self.meetings.get_mut(main) {
            meeting.absence.asked = true;
        }
        let after = in_words(self.settings.host_absent.after);
        let reason = format!("No host has been here for {after}.");
        for room in self.rooms_of(main) {
            let purpose = if room == *main {
                Asker::Host(room.clone(), HostAsk::End)
            } else {
                Asker::Nobody
            };
            let reason = reason.clone();
            self.out
                .ask(room.as_str(), Request::Destroy { reason }, purpose);
        }
    }

    /// The rooms of a meeting that gavel is in, the main room last.
    fn rooms_of(&self, main: &RoomJid) -> Vec<RoomJid> {
        let meeting = self.meetings.get(main).into_iter();
        let all = meeting.flat_map(|meeting| &meeting.rooms);
        let breakouts = all.filter(|room| *room != main);
        let inside = |room: &&RoomJid| self.rooms.get(room).is_some_and(Room::is_in);
        let all = breakouts.chain([main]);
        all.filter(inside).cloned().collect()
    }

    /// Prosody has answered, or not.
    pub fn host_answered(&mut self, main: &RoomJid, ask: HostAsk, answer: Answer<'_>) {
        match (ask, answer) {
            (HostAsk::MembersOnly(on), answer) => self.members_only_answered(main, on, answer),
            (_, Answer::Error(error)) => self.absence_refused(main, error),
            (_, Answer::Silence | Answer::Unread) => self.try_again(main),
            (HostAsk::End, _) => self.has_ended(main),
            // The room has shown it.
            (HostAsk::Admit, _) => self.look_for_host(main),
        }
    }

    /// The room has ended, which its presence tells as well.
    fn has_ended(&mut self, main: &RoomJid) {
        self.tell_absence(main, "no host came: the meeting was ended");
        self.try_again(main);
    }
}

/// A time as people say it.
fn in_words(time: Duration) -> String {
    let seconds = time.as_secs();
    let (number, unit) = match seconds {
        0 => (time.as_millis(), "millisecond"),
        _ if seconds.is_multiple_of(60) => (u128::from(seconds / 60), "minute"),
        _ => (u128::from(seconds), "second"),
    };
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {unit}{plural}")
}

//! Events of a room, and tasks of a meeting as a whole, reach the file that handles them.

use super::part::MeetingPart;
use crate::engine::room::event::RoomEvent;
use crate::engine::task::Task;
use crate::muc::RoomJid;

impl MeetingPart<'_> {
    /// Takes an event of a room.
    pub fn take(&mut self, event: &mut RoomEvent) {
        match event {
            RoomEvent::Joined { room, .. } => self.joined(room),
            RoomEvent::Opened {
                room,
                main,
                meeting_id,
            } => {
                self.join_meeting(main, room, meeting_id.take());
                // With the new configuration the elected person may lose the election.
                self.out.todo(Task::Meeting(main.clone()));
            }
            RoomEvent::Came(came) => self.take_seat(came),
            RoomEvent::AllCame { room } => self.settle_tokens(room),
            RoomEvent::CaughtUp {
                room,
                main,
                outcasts,
                more_bans,
            } => self.caught_up((room, main), outcasts.take(), *more_bans),
            RoomEvent::Changed(changed) => self.changed(changed),
            RoomEvent::Renamed { place, from } => self.renamed(place, from),
            RoomEvent::Left(left) => self.left(left),
            RoomEvent::LeftUnjudged { room, bare, kicked } => {
                let kicked = kicked.as_ref().map(Option::as_ref);
                self.left_unjudged(room, bare, kicked);
            }
            RoomEvent::LostSight {
                room,
                main,
                moves,
                shown,
            } => self.lose_sight((room, main), *moves, shown),
            RoomEvent::Announced {
                room,
                bare,
                affiliation,
                actor,
                held,
            } => self.announced(room, bare, (*affiliation, actor.as_ref()), *held),
            RoomEvent::Listed {
                room,
                affiliation,
                jids,
                complete,
            } => self.listed(room, *affiliation, jids, *complete),
            RoomEvent::ListsAsked { room, roll } => self.lists_asked(room, *roll),
            RoomEvent::Met { room, meeting_id } => {
                self.join_meeting(room, room, Some(std::mem::take(meeting_id)));
            }
            RoomEvent::Configured { room } => self.mark_everybody(room),
            RoomEvent::Ended { room } => self.end_meeting(room),
            RoomEvent::LoginsTold => self.judge_logins(),
            RoomEvent::RollCalled { .. }
            | RoomEvent::Expelled { .. }
            | RoomEvent::ModuleSaid { .. }
            | RoomEvent::ModuleMissing { .. } => {}
        }
    }

    /// Looks at a meeting as a whole.
    pub fn look_at(&mut self, main: &RoomJid) {
        self.hold_election(main);
        self.look_for_host(main);
    }

    /// gavel is in a room again: nothing of its last occupants counts.
    fn joined(&mut self, room: &RoomJid) {
        self.parked.remove(room);
        if let Some(meeting) = self.meetings.get_mut(room) {
            meeting.unlisted.clear();
        }
    }
}

//! The connection begins, has found everything, and ends: every part hears of it.

use super::event::Report;
use super::parts::Parts;
use super::stream::SILENCE;
use super::task::Task;
use super::timers::Timer;

impl Parts {
    /// Tells once when everything found since the connection has been joined.
    pub(super) fn check_resynchronised(&mut self) {
        if !self.room_part().all_joined() {
            return;
        }
        self.stream.is_resynchronised();
        self.meeting_part().all_seen();
        let rooms = self.rooms.all.values().filter(|room| room.is_in()).count();
        self.out.report(Report::Resynchronised { rooms });
    }

    pub(super) fn connected(&mut self, id: String) {
        let now = self.now.tick;
        self.stream.open(id, now);
        self.out.wake(now + SILENCE, Timer::Ping);
        self.meeting_part().watch_tokens();
        for service in 0..self.settings.services.len() {
            self.room_part().ask_module(service);
            self.guard_part().renew_lease(service);
        }
        self.meeting_part().set_timers();
        self.out.todo(Task::Keys);
        let known = self.meetings.all.keys().cloned().collect();
        self.room_part().discover(known);
    }

    /// Everybody is gone, as far as gavel can see.
    pub(super) fn disconnected(&mut self) {
        self.stream.close();
        self.out.clear();
        self.doctor.lose_all(&mut self.out);
        self.guard.lose_all();
        self.opened.lose_all();
        self.names.lose_all();
        self.permissions.clear();
        self.meeting_part().lose_all();
        self.room_part().lose_all();
        self.out.clear_work();
    }
}

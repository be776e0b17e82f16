//! Somebody elected has left, and may come back (SPEC B3, B5).

use super::Meeting;
use super::census::Census;
use super::known::Known;
use super::part::MeetingPart;
use super::rights::Event;
use super::users::RELOAD_MS;
use crate::engine::task::Task;
use crate::engine::timers::Timer;
use crate::muc::RoomJid;

/// For so long an election waits for the elected person to come back, in milliseconds: they
/// may be loading the page again. Then the next is elected, until they come after all.
const VACANT_MS: u64 = 5_000;

impl MeetingPart<'_> {
    /// Somebody elected has left, and may come back: the meeting is looked at
    /// again when that has taken too long.
    pub(super) fn await_elected(&mut self, main: &RoomJid) {
        self.out.save();
        self.out
            .wake_at(self.now.unix_ms + VACANT_MS, Timer::Vacancy(main.clone()));
    }

    /// Looks at all meetings to which somebody elected may come back.
    pub fn look_at_vacancies(&mut self) {
        let awaits = |meeting: &Meeting| {
            let mut people = meeting.people.values();
            people.any(|person| person.rights.is_awaited())
        };
        let meetings = self.meetings.iter();
        let awaiting = meetings.filter(|(_, meeting)| awaits(meeting));
        let mut awaiting: Vec<RoomJid> = awaiting.map(|(main, _)| main.clone()).collect();
        awaiting.sort_unstable();
        for main in awaiting {
            self.look_at_vacancy(&main);
        }
    }

    /// The elected person has not come back yet.
    pub fn look_at_vacancy(&mut self, main: &RoomJid) {
        let now = self.now.unix_ms;
        let Some(meeting) = self.meetings.get(main) else {
            return;
        };
        let mut next: Option<u64> = None;
        let mut over = Vec::new();
        for (bare, person) in &meeting.people {
            let rights = &person.rights;
            let Some(at) = rights.left_at().filter(|_| rights.is_awaited()) else {
                continue;
            };
            let ends = [VACANT_MS, RELOAD_MS].map(|wait| at.saturating_add(wait));
            let due = ends.into_iter().find(|end| *end > now);
            if due.is_none() {
                over.push(bare.clone());
            }
            next = [next, due].into_iter().flatten().min();
        }
        if let Some(at) = next {
            self.out.wake_at(at, Timer::Vacancy(main.clone()));
        }
        over.sort_unstable();
        for bare in over {
            self.apply(main, &bare, Event::NotAwaited);
            self.mark(main, &bare);
        }
        if self.settings.elects() {
            self.out.todo(Task::Meeting(main.clone()));
        }
    }
}

impl Known<'_> {
    /// Says whether gavel still waits for the elected person.
    pub fn is_vacant(self, main: &RoomJid) -> bool {
        let now = self.now.unix_ms;
        let awaited = self.census(main).into_iter().flat_map(Census::awaited);
        let mut people = awaited.filter_map(|bare| self.person(main, bare));
        people.any(|person| {
            let left = person
                .rights
                .left_at()
                .filter(|_| person.rights.is_awaited());
            left.is_some_and(|at| now < at.saturating_add(VACANT_MS))
        })
    }
}

//! Everything that the engine's parts bring about: stanzas, questions, wake-ups,
//! reports, work that is left over, and what is to be saved.

use super::asker::Asker;
use super::event::{Action, Report};
use super::request::{REPLY_TIMEOUT, Requests};
use super::task::{Task, Tasks};
use super::time::{Now, Tick};
use super::timers::{Timer, Timers};
use super::warning::Warning;
use crate::claims::KeyName;
use crate::muc::{BareJid, RoomJid};
use crate::stanza::{Outbound, Request};
use std::collections::{HashSet, VecDeque};
use std::time::Duration;

/// What the parts have brought about, and what is open because of it.
#[derive(Debug, Default)]
pub struct Outbox {
    /// When the input came that is being handled.
    now: Now,
    actions: VecDeque<Action>,
    requests: Requests,
    timers: Timers,
    tasks: Tasks,
    /// Warnings that are told once.
    told: HashSet<Warning>,
    /// What is to be remembered over a restart has changed.
    changed: bool,
}

impl Outbox {
    /// An input comes at this time.
    pub fn begin(&mut self, now: Now) {
        self.now = now;
    }

    /// All work for an input is done.
    pub fn end(&mut self) {
        if std::mem::take(&mut self.changed) {
            self.actions.push_back(Action::Save);
        }
    }

    /// The next action; none when all have been taken.
    pub fn poll(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// Sends a stanza.
    pub fn send(&mut self, stanza: Outbound) {
        self.actions.push_back(Action::Send(stanza));
    }

    /// Sends a request; `asker` is told the answer.
    pub fn ask(&mut self, to: &str, request: Request, asker: Asker) {
        if self.requests.is_empty() {
            self.wake(self.now.tick + REPLY_TIMEOUT, Timer::Replies);
        }
        let id = self.requests.open(self.now.tick, to, asker);
        self.send(Outbound::Iq {
            id,
            to: to.to_owned(),
            request,
        });
    }

    /// Wakes the engine at `at` because of `timer`.
    pub fn wake(&mut self, at: Tick, timer: Timer) {
        self.timers.set(at, timer);
    }

    /// Wakes the engine at a time of the calendar, as far as can be told now.
    pub fn wake_at(&mut self, unix_ms: u64, timer: Timer) {
        let wait = Duration::from_millis(unix_ms.saturating_sub(self.now.unix_ms));
        self.wake(self.now.tick.saturating_add(wait), timer);
    }

    /// Tells people and metrics.
    pub fn report(&mut self, report: Report) {
        self.actions.push_back(Action::Report(report));
    }

    /// Tells a warning that concerns a whole service once.
    pub fn warn_once(&mut self, warning: Warning) {
        if self.told.insert(warning.clone()) {
            self.report(Report::Warning(warning));
        }
    }

    /// Of the warnings that were told, those that `holds` names are not told again.
    /// The others are, should they be true once more.
    pub fn keep_told(&mut self, holds: impl Fn(&Warning) -> bool) {
        self.told.retain(holds);
    }

    /// Has a key fetched.
    pub fn fetch(&mut self, key: KeyName) {
        self.actions.push_back(Action::FetchKey(key));
    }

    /// Ends a stream on which the server has been silent for too long.
    pub fn hang_up(&mut self) {
        self.actions.push_back(Action::HangUp);
    }

    /// Leaves work for later: it is done before the next input.
    pub fn todo(&mut self, task: Task) {
        self.tasks.add(task);
    }

    /// Leaves a look at a person for later, before everybody else.
    pub fn todo_first(&mut self, main: &RoomJid, bare: &BareJid) {
        self.tasks.add_actor(main, bare);
    }

    /// What is to be remembered over a restart has changed.
    pub fn save(&mut self) {
        self.changed = true;
    }

    /// The same, if it is so.
    pub fn save_if(&mut self, changed: bool) {
        self.changed |= changed;
    }

    /// Takes the next piece of work.
    pub fn next_task(&mut self) -> Option<Task> {
        self.tasks.pop()
    }

    /// Takes the next timer that is due.
    pub fn take_due(&mut self) -> Option<Timer> {
        self.timers.take_due(self.now.tick)
    }

    /// When the engine is to be woken.
    pub fn deadline(&self) -> Option<Tick> {
        self.timers.first().map(|(at, _)| at)
    }

    /// Takes the question that `from` answers with `id`.
    pub fn answered(&mut self, id: &str, from: &str) -> Option<Asker> {
        self.requests.answer(id, from)
    }

    /// Takes a question whose answer has not come in time.
    pub fn take_overdue(&mut self) -> Option<Asker> {
        self.requests.take_overdue(self.now.tick)
    }

    /// Wakes the engine when the next question is given up.
    pub fn watch_replies(&mut self) {
        if let Some(deadline) = self.requests.deadline() {
            self.wake(deadline, Timer::Replies);
        }
    }

    /// The stream has ended: nothing comes of what was open.
    pub fn clear(&mut self) {
        self.requests.clear();
        self.timers.clear();
        self.tasks.clear();
    }

    /// How many timers are set, and how many questions are open.
    pub fn sizes(&self) -> (usize, usize) {
        (self.timers.len(), self.requests.len())
    }
}

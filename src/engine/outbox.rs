//! The outbox holds everything that the engine's parts bring about: stanzas, questions,
//! wake-ups, reports, work that is left over, and state to save.

use crate::claims::KeyName;
use crate::engine::asker::Asker;
use crate::engine::doctor::tally::Tally;
use crate::engine::event::{Action, Report};
use crate::engine::hash::HashSet;
use crate::engine::order::Order;
use crate::engine::request::{REPLY_TIMEOUT, Requests};
use crate::engine::room::event::{Place, RoomEvent};
use crate::engine::settings::Settings;
use crate::engine::task::{Task, Tasks};
use crate::engine::time::{Now, Tick};
use crate::engine::timers::{Timer, Timers};
use crate::engine::warning::Warning;
use crate::muc::{BareJid, Nick, RoomJid};
use crate::stanza::{Outbound, Request};
use std::collections::VecDeque;
use std::time::Duration;

/// The actions that the parts have brought about, and the questions that are open.
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
    /// Says whether the state to save has changed.
    changed: bool,
    events: VecDeque<RoomEvent>,
    news: VecDeque<SeatNews>,
    orders: VecDeque<Order>,
    /// The counts for `gavel doctor`.
    pub tally: Tally,
}

/// A message to the other parts, delivered as soon as a part is ready.
#[derive(Debug)]
pub enum Delivery {
    /// News of an occupant's evidence, for the parts that keep names and permissions.
    News(SeatNews),
    /// An event of a room, for all parts.
    Event(RoomEvent),
    /// Something for the rooms to do.
    Order(Order),
}

/// News of an occupant's evidence, for the parts that keep names and permissions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SeatNews {
    /// It has been looked at.
    Judged(Place),
    /// The module says that it keeps this name for them.
    Pinned(Place, String),
    /// The module names, by digest, the list that it holds for them alone.
    Permitted(Place, Option<String>),
    /// The module's list for them could not be read: it stands beside claims that were too
    /// long or malformed.
    ListUnread(Place),
    /// The module says that it shows the first name for them, and that they send the second.
    ShownAsGuest(Place, String, String),
    /// Another meeting begins in this main room.
    Anew(RoomJid),
    /// Other meetings are known than before.
    AllAnew,
    /// They are not managed any more.
    Dropped(RoomJid, Nick),
}

impl Outbox {
    /// Nothing yet.
    pub fn new(settings: &Settings) -> Self {
        Self {
            tally: Tally::new(settings.services.len()),
            ..Self::default()
        }
    }

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

    /// Tells the other parts an event of a room.
    pub fn emit(&mut self, event: RoomEvent) {
        self.events.push_back(event);
    }

    /// Tells the part that keeps names how an occupant's evidence was judged.
    pub fn tell_of_seat(&mut self, news: SeatNews) {
        self.news.push_back(news);
    }

    /// Has the rooms do something.
    pub fn order(&mut self, order: Order) {
        self.orders.push_back(order);
    }

    /// Takes the next delivery. Everything that came of one event comes before the next
    /// event.
    pub fn next_delivery(&mut self) -> Option<Delivery> {
        let news = self.news.pop_front().map(Delivery::News);
        let event = || self.events.pop_front().map(Delivery::Event);
        news.or_else(event)
            .or_else(|| self.orders.pop_front().map(Delivery::Order))
    }

    /// Takes the news of occupants' evidence since the last event.
    pub fn next_news(&mut self) -> Option<SeatNews> {
        self.news.pop_front()
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

    /// Does not wake the engine because of `timer`.
    pub fn cancel(&mut self, timer: &Timer) {
        self.timers.cancel(timer);
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

    /// Does not tell a warning again that was told, if `holds` says so. The others are told
    /// again if they become true once more.
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

    /// The state to save has changed.
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

    /// The stream has ended: no answer comes, and no timer counts.
    pub fn clear(&mut self) {
        self.requests.clear();
        self.timers.clear();
    }

    /// Drops all work that was left over.
    pub fn clear_work(&mut self) {
        self.tasks.clear();
        self.orders.clear();
    }

    /// How many timers are set, and how many questions are open.
    pub fn sizes(&self) -> (usize, usize) {
        (self.timers.len(), self.requests.len())
    }
}

//! The decisions: room state and events in, actions out.
//!
//! # Driving it
//!
//! Hand in one [`Input`] with the time it happened at ([`Engine::handle`]), drain
//! [`Engine::poll`] until it yields nothing, then wait for the next input or until
//! [`Engine::deadline`], whichever comes first; at the deadline hand in [`Input::Wake`].
//! The engine takes no IO, no clock and no randomness of its own: the same inputs give the
//! same actions.
//!
//! # Inside
//!
//! Each part owns its state, and nothing else changes it: [`room`] owns the picture of each
//! room and gavel's seat in it, [`meeting`] owns the rights of each person, and [`names`],
//! [`guard`], `opening` and [`doctor`] own their state. A part may look at the parts below
//! it. It sends its news to the others through the [`outbox`]: [`room::event::RoomEvent`]s
//! go to rooms; stanzas, questions, timers and tasks go to everybody. If a part wants a
//! room to do something, it gives an [`order`]. This file gives each input, answer, timer
//! and task to its part; `delivery` carries the news of the parts; `connection` and
//! `reload` give the parts their order in matters that concern all of them.
//!
//! Why an event once led to a decision is stored nowhere: only grounds are.

mod answers;
mod arrivals;
pub mod asker;
pub mod boxmap;
mod connection;
mod delivery;
pub mod doctor;
pub mod event;
pub mod guard;
pub mod hash;
mod keys;
pub mod limit;
pub mod meeting;
pub mod names;
mod opening;
pub mod order;
pub mod outbox;
mod parts;
pub mod permissions;
mod query;
mod reload;
mod request;
pub mod room;
pub mod settings;
mod shown;
mod sizes;
mod state;
mod stream;
mod task;
#[cfg(test)]
mod testing;
pub mod time;
mod timers;
mod view;
mod warning;

pub use doctor::tally::Tally;
pub use doctor::{answers as probed, probe, tally};
pub use event::{Action, Decision, Input, Report};
pub use meeting::rights::Override;
pub use meeting::{NONE_OF_SO_MANY, SetOverride};
pub use permissions::unchecked;
pub use reload::Reload;
pub use room::module::Module;
pub use room::{authentication, logins, module};
pub use settings::Settings;
pub use sizes::Sizes;
pub use state::State;
pub use time::{Now, Tick};
pub use view::survey::{self, Survey};
pub use view::{Counts, Found, NotFound, WantedPeople};
pub use warning::{Warning, release_of};

use crate::stanza::{Inbound, MessageKind, Outbound, Unread};
use asker::{Answer, Asker};
use parts::Parts;
use task::Task;
use timers::Timer;

/// The decision core. See the [module](self) for how to drive it.
pub struct Engine {
    parts: Parts,
}

impl Engine {
    /// An engine that is not connected, with the state that [`Engine::state`] gave before a
    /// restart.
    pub fn new(settings: Settings, state: State) -> Self {
        let mut parts = Parts::new(settings);
        let mut meetings = parts.meeting_part();
        meetings.restore(state);
        meetings.limit_grants();
        // Keys are fetched before the first token comes.
        parts.out.todo(Task::Keys);
        Self { parts }
    }

    /// Takes one input. Drain [`Engine::poll`] afterwards.
    pub fn handle(&mut self, now: Now, input: Input) {
        self.parts.now = now;
        self.parts.out.begin(now);
        self.parts.meeting_part().watch_clock();
        self.take(input);
        self.parts.deliver();
        while let Some(timer) = self.parts.out.take_due() {
            self.wake(timer);
            self.parts.deliver();
        }
        if self.parts.stream.is_resynchronising() {
            self.parts.out.todo(Task::Resynchronised);
        }
        while let Some(task) = self.parts.out.next_task() {
            self.work(task);
            self.parts.deliver();
        }
        self.parts.out.end();
    }

    /// The next action; none when all have been taken.
    pub fn poll(&mut self) -> Option<Action> {
        self.parts.out.poll()
    }

    /// When to hand in [`Input::Wake`], if nothing comes before.
    pub fn deadline(&self) -> Option<Tick> {
        self.parts.out.deadline()
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::Connected { stream_id } => self.parts.connected(stream_id),
            Input::Disconnected => self.parts.disconnected(),
            Input::TakeOver(state) => self.parts.meeting_part().restore(*state),
            Input::ImpersonationRefused => self.parts.name_part().impersonation_refused(),
            Input::Unsent(stanza) => self.unsent(&stanza),
            Input::StreamRefused => self.parts.name_part().stream_refused(),
            Input::Stanza(stanza) => self.stanza(stanza),
            Input::Reload(reload) => self.parts.reload(*reload),
            Input::SetOverride(wish) => self.parts.meeting_part().set_or_clear(*wish),
            Input::KeyFetched { key, result } => {
                let waited = self.parts.key_part().fetched(&key, result);
                self.parts.meeting_part().verify_again(waited);
            }
            Input::Wake => {}
            Input::Probe => {
                let nonce = self
                    .parts
                    .stream
                    .is_open()
                    .then(|| self.parts.room_part().nonce());
                self.parts.doctor_part().probe(nonce);
            }
            Input::Shutdown => self.parts.room_part().leave_all(),
        }
    }

    fn stanza(&mut self, stanza: Inbound) {
        if !self.parts.stream.hears(self.parts.now.tick) {
            return;
        }
        match stanza {
            Inbound::Presence(presence) => self.parts.room_part().presence(*presence),
            Inbound::Message(message) => match &message.kind {
                MessageKind::Error(error) => {
                    self.parts.name_part().notice_refused(&message.from, error)
                }
                _ => self.parts.room_part().message(&message),
            },
            Inbound::Iq(iq) => {
                if let Some(reply) = answers::reply(&iq, self.parts.known()) {
                    self.parts.out.send(reply);
                } else if let Some((asker, answer)) =
                    answers::answer(&iq, &self.parts.settings, &mut self.parts.out)
                {
                    self.answered(asker, answer);
                }
            }
            Inbound::Unread(unread) => self.unreadable(&unread),
        }
    }

    /// A stanza could not be read. gavel finds out its possible message: an answer counts
    /// as lost, and gavel reads the room that sent it again. If the sender is not known,
    /// gavel reads every room again.
    fn unreadable(&mut self, unread: &Unread) {
        let from = unread.from.as_deref().unwrap_or_default();
        let sender = answers::sender(from, &self.parts.settings);
        let id = unread.id.as_deref().unwrap_or_default();
        if let Some(asker) = self.parts.out.answered(id, &sender) {
            return self.answered(asker, Answer::Unread);
        }
        let room = self.parts.settings.locate(from).map(|(_, room, _)| room);
        if room.is_some() || from.is_empty() {
            self.parts.room_part().unreadable(room.as_ref());
        }
    }

    /// A stanza could not be written, or is too long for Prosody.
    fn unsent(&mut self, stanza: &Outbound) {
        let error = asker::too_long();
        match stanza {
            Outbound::Revert { from, to, .. } => self.parts.name_part().revert_unsent(from, to),
            Outbound::Join { occupant, .. } => {
                self.parts.room_part().join_unsent(&occupant.room, &error)
            }
            Outbound::Iq { id, to, .. } => match self.parts.out.answered(id, to) {
                // The next one would be as long.
                Some(Asker::Guard(_)) | None => {}
                Some(asker) => self.answered(asker, Answer::Error(&error)),
            },
            _ => {}
        }
    }

    /// Tells the part that asked a question how it ended.
    fn answered(&mut self, asker: Asker, answer: Answer<'_>) {
        match asker {
            Asker::Service(service, ask) => self
                .parts
                .room_part()
                .service_answered(service, ask, answer),
            Asker::Room(room, ask) => self.parts.room_part().answered(&room, ask, answer),
            Asker::Person(main, bare, ask) => {
                self.parts
                    .meeting_part()
                    .person_answered(&main, &bare, &ask, answer);
            }
            Asker::Host(main, ask) => self.parts.meeting_part().host_answered(&main, ask, answer),
            Asker::Name(room, nick) => self.parts.name_part().pinned(&room, &nick, answer),
            Asker::Guard(room) => self.parts.guard_part().guard_answered(&room, answer),
            Asker::Lease(service) => self.parts.guard_part().lease_answered(service, answer),
            Asker::PermitAll(service) => {
                self.parts.permission_part().all_permitted(service, answer)
            }
            Asker::Permit(room, nick) => {
                self.parts.permission_part().answered(&room, &nick, answer)
            }
            Asker::Opening(room) => self.parts.opening_part().answered(&room, answer),
            Asker::Doctor(question) => self.parts.doctor_part().answered(question, answer),
            Asker::Stream | Asker::Nobody => {}
        }
    }

    fn wake(&mut self, timer: Timer) {
        match timer {
            Timer::Poll(service) => self.parts.room_part().poll_service(service),
            Timer::Lease(service) => self.parts.guard_part().lease_due(service),
            Timer::Ping => {
                let (now, settings) = (self.parts.now.tick, &self.parts.settings);
                self.parts.stream.ping(now, settings, &mut self.parts.out);
            }
            Timer::SelfPing(room) => self.parts.room_part().ping_room_if_silent(&room),
            Timer::LeaveIfLonely(room) => self.parts.room_part().leave_if_lonely(&room),
            Timer::Drop(room) => self.parts.room_part().drop_if_out(&room),
            Timer::Enter(room) => self.parts.room_part().enter_again(&room),
            Timer::Joins => self.parts.room_part().join_next(),
            Timer::Own(room) => self.parts.room_part().own_if_needed(&room),
            Timer::Show(room) => self.parts.room_part().show_everybody(&room),
            Timer::Configuration(room) => self.parts.room_part().read_configuration(&room),
            Timer::Lists(room) => self.parts.room_part().read_lists_again(&room),
            Timer::RollCall(room) => self.parts.room_part().call_roll_if_due(&room),
            Timer::Person(main, bare) => self.parts.meeting_part().wake_person(&main, &bare),
            Timer::Override(main, bare) => self.parts.meeting_part().override_due(&main, &bare),
            Timer::Name(room, nick) => self.parts.name_part().look(&room, &nick),
            Timer::Permissions(room, nick) => self.parts.out.todo(Task::Permissions(room, nick)),
            Timer::Replies => self.give_up_overdue(),
            Timer::Bindings => self.parts.meeting_part().expire_tokens(),
            Timer::Keys => self.parts.out.todo(Task::Keys),
            Timer::Expiry(room, nick) => self.parts.meeting_part().expiry_due(&room, &nick),
            Timer::Host(main) => self.parts.meeting_part().look_for_host(&main),
            Timer::Kept(main, bare) => self.parts.meeting_part().watch_kept(&main, &bare),
            Timer::Vacancy(main) => self.parts.meeting_part().look_at_vacancy(&main),
        }
    }

    fn work(&mut self, task: Task) {
        match task {
            Task::Waiter(room, nick) => self.parts.key_part().awaited(&room, &nick),
            Task::Keys => self.parts.key_part().look(),
            Task::Meeting(main) => self.parts.meeting_part().look_at(&main),
            Task::Person(main, bare) => self.parts.meeting_part().compare(&main, &bare),
            Task::Line => self.parts.meeting_part().move_on(),
            Task::Named(main, bare) => self.parts.guard_part().look(&main, &bare),
            Task::Guard => self.parts.guard_part().tell(),
            Task::Permissions(room, nick) => self.parts.permission_part().look(&room, &nick),
            Task::Name(room, nick) => self.parts.name_part().look(&room, &nick),
            Task::Configuration(room) => self.parts.room_part().read_configuration(&room),
            Task::Resynchronised => self.parts.check_resynchronised(),
            Task::Opening(room) => self.parts.opening_part().look(&room),
        }
    }

    /// Treats questions whose answer is overdue as unanswered.
    fn give_up_overdue(&mut self) {
        while let Some(asker) = self.parts.out.take_overdue() {
            self.answered(asker, Answer::Silence);
            self.parts.deliver();
        }
        self.parts.out.watch_replies();
    }
}

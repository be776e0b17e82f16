//! The decisions: room state and events in, actions out.
//!
//! # Driving it
//!
//! Hand in one [`Input`] with the time it happened at ([`Engine::handle`]),
//! drain [`Engine::poll`] until it yields nothing, then wait for the next input
//! or until [`Engine::deadline`], whichever comes first; at the deadline hand
//! in [`Input::Wake`]. The engine takes no IO, no clock and no randomness of its
//! own: the same inputs give the same actions.
//!
//! # Inside
//!
//! Each part owns its state, and nothing else changes it: [`room`] what rooms show and
//! whether gavel is in them, [`meeting`] what each person may hold and has, [`names`],
//! [`guard`], `opening` and [`doctor`]. A part may look at what lies below it. It tells
//! the others what has happened through the [`outbox`]: rooms by
//! [`room::event::RoomEvent`]s, everybody by stanzas, questions, timers and tasks.
//! Where a part wants something done to a room, it gives an [`order`]. This file
//! delivers all that.
//!
//! Why an event once led to a decision is stored nowhere: only grounds are.

mod answers;
mod arrivals;
pub mod asker;
pub mod doctor;
pub mod event;
pub mod guard;
mod keys;
pub mod limit;
pub mod meeting;
pub mod names;
mod opening;
pub mod order;
pub mod outbox;
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

pub use doctor::survey::Survey;
pub use doctor::tally::Tally;
pub use doctor::{examination, survey, tally};
pub use event::{Action, Decision, Input, Report};
pub use meeting::rights::Override;
pub use meeting::{NONE_OF_SO_MANY, SetOverride};
pub use permissions::unchecked;
pub use reload::Reload;
pub use room::module::Module;
pub use room::{logins, module};
pub use settings::Settings;
pub use sizes::Sizes;
pub use state::State;
pub use time::{Now, Tick};
pub use view::{Counts, Found, NotFound, WantedPeople};
pub use warning::{Warning, release_of};

use crate::stanza::{Inbound, MessageKind, Outbound, Unread};
use asker::{Answer, Asker};
use doctor::{Doctor, DoctorPart};
use guard::{Guard, GuardPart};
use keys::{KeyPart, Keys};
use meeting::known::Known;
use meeting::part::{Below, MeetingPart, Meetings};
use names::{NamePart, Names};
use opening::{Opened, OpeningPart};
use outbox::{Delivery, Outbox, SeatNews};
use permissions::{PermissionPart, Permissions};
use room::part::{RoomPart, Rooms};
use std::collections::BTreeSet;
use stream::Stream;
use task::Task;
use timers::Timer;

/// What everybody may look at, beside what is changed meanwhile.
macro_rules! known {
    ($engine:ident) => {
        Known {
            now: $engine.now,
            settings: &$engine.settings,
            stream: &$engine.stream,
            services: &$engine.rooms.services,
            rooms: &$engine.rooms.all,
            meetings: &$engine.meetings.all,
        }
    };
}

/// A part at work that looks at everything and changes its own state.
macro_rules! part {
    ($name:ident, $Part:ident, $state:ident) => {
        fn $name(&mut self) -> $Part<'_> {
            $Part {
                known: known!(self),
                $state: &mut self.$state,
                out: &mut self.out,
            }
        }
    };
}

/// The decision core. See the [module](self) for how to drive it.
pub struct Engine {
    settings: Settings,
    now: Now,
    stream: Stream,
    rooms: Rooms,
    meetings: Meetings,
    keys: Keys,
    names: Names,
    guard: Guard,
    permissions: Permissions,
    opened: Opened,
    doctor: Doctor,
    out: Outbox,
}

impl Engine {
    /// An engine that is not connected, with what [`Engine::state`] gave
    /// before a restart.
    pub fn new(settings: Settings, state: State) -> Self {
        let mut engine = Self {
            rooms: Rooms::new(&settings),
            out: Outbox::new(&settings),
            settings,
            now: Now::default(),
            stream: Stream::default(),
            meetings: Meetings::default(),
            keys: Keys::default(),
            names: Names::default(),
            guard: Guard::default(),
            permissions: Permissions::default(),
            opened: Opened::default(),
            doctor: Doctor::default(),
        };
        let mut meetings = engine.meeting_part();
        meetings.restore(state);
        meetings.limit_grants();
        // Keys are fetched before the first token comes.
        engine.out.todo(Task::Keys);
        engine
    }

    /// Takes one input. Drain [`Engine::poll`] afterwards.
    pub fn handle(&mut self, now: Now, input: Input) {
        self.now = now;
        self.out.begin(now);
        self.meeting_part().watch_clock();
        self.take(input);
        self.deliver();
        while let Some(timer) = self.out.take_due() {
            self.wake(timer);
            self.deliver();
        }
        if self.stream.is_resynchronising() {
            self.out.todo(Task::Resynchronised);
        }
        while let Some(task) = self.out.next_task() {
            self.work(task);
            self.deliver();
        }
        self.out.end();
    }

    /// The next action; none when all have been taken.
    pub fn poll(&mut self) -> Option<Action> {
        self.out.poll()
    }

    /// When to hand in [`Input::Wake`], if nothing comes before.
    pub fn deadline(&self) -> Option<Tick> {
        self.out.deadline()
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::Connected { stream_id } => self.connected(stream_id),
            Input::Disconnected => self.disconnected(),
            Input::TakeOver(state) => self.meeting_part().restore(*state),
            Input::ImpersonationRefused => self.name_part().impersonation_refused(),
            Input::Unsent(stanza) => self.unsent(&stanza),
            Input::StreamRefused => self.name_part().stream_refused(),
            Input::Stanza(stanza) => self.stanza(stanza),
            Input::Reload(reload) => self.reload(*reload),
            Input::SetOverride(wish) => self.meeting_part().set_or_clear(*wish),
            Input::KeyFetched { key, result } => {
                let waited = self.key_part().fetched(&key, result);
                self.meeting_part().examine_again(waited);
            }
            Input::Wake => {}
            Input::Examine => {
                let nonce = self.stream.is_open().then(|| self.room_part().nonce());
                self.doctor_part().examine(nonce);
            }
            Input::Shutdown => self.room_part().leave_all(),
        }
    }

    fn stanza(&mut self, stanza: Inbound) {
        if !self.stream.hears(self.now.tick) {
            return;
        }
        match stanza {
            Inbound::Presence(presence) => self.room_part().presence(*presence),
            Inbound::Message(message) => match &message.kind {
                MessageKind::Error(error) => self.name_part().notice_refused(&message.from, error),
                _ => self.room_part().message(&message),
            },
            Inbound::Iq(iq) => {
                if let Some(reply) = answers::reply(&iq, self.known()) {
                    self.out.send(reply);
                } else if let Some((asker, answer)) =
                    answers::answer(&iq, &self.settings, &mut self.out)
                {
                    self.answered(asker, answer);
                }
            }
            Inbound::Unread(unread) => self.unreadable(&unread),
        }
    }

    /// A stanza could not be read. Whatever it may have said is found out: an answer
    /// counts as lost, and the room it came from is read anew. Where nothing tells
    /// whose it was, that may be any room.
    fn unreadable(&mut self, unread: &Unread) {
        let from = unread.from.as_deref().unwrap_or_default();
        let sender = answers::sender(from, &self.settings);
        let id = unread.id.as_deref().unwrap_or_default();
        if let Some(asker) = self.out.answered(id, &sender) {
            return self.answered(asker, Answer::Unread);
        }
        let room = self.settings.locate(from).map(|(_, room, _)| room);
        if room.is_some() || from.is_empty() {
            self.room_part().unreadable(room.as_ref());
        }
    }

    /// A stanza could not be written, or is longer than what Prosody reads.
    fn unsent(&mut self, stanza: &Outbound) {
        let error = asker::too_long();
        match stanza {
            Outbound::Revert { from, to, .. } => self.name_part().revert_unsent(from, to),
            Outbound::Join { occupant, .. } => self.room_part().join_unsent(&occupant.room, &error),
            Outbound::Iq { id, to, .. } => match self.out.answered(id, to) {
                // The next one would be as long.
                Some(Asker::Guard(_)) | None => {}
                Some(asker) => self.answered(asker, Answer::Error(&error)),
            },
            _ => {}
        }
    }

    /// Tells whoever has asked what has become of the question.
    fn answered(&mut self, asker: Asker, answer: Answer<'_>) {
        match asker {
            Asker::Service(service, ask) => self.room_part().service_answered(service, ask, answer),
            Asker::Room(room, ask) => self.room_part().answered(&room, ask, answer),
            Asker::Person(main, bare, ask) => {
                self.meeting_part()
                    .person_answered(&main, &bare, &ask, answer);
            }
            Asker::Host(main, ask) => self.meeting_part().host_answered(&main, ask, answer),
            Asker::Name(room, nick) => self.name_part().pinned(&room, &nick, answer),
            Asker::Guard(room) => self.guard_part().guard_answered(&room, answer),
            Asker::Lease(service) => self.guard_part().lease_answered(service, answer),
            Asker::PermitAll(service) => self.permission_part().all_permitted(service, answer),
            Asker::Permit(room, nick) => self.permission_part().answered(&room, &nick, answer),
            Asker::Opening(room) => self.opening_part().answered(&room, answer),
            Asker::Doctor(question) => self.doctor_part().answered(question, answer),
            Asker::Stream | Asker::Nobody => {}
        }
    }

    fn wake(&mut self, timer: Timer) {
        match timer {
            Timer::Poll(service) => self.room_part().poll_service(service),
            Timer::Lease(service) => self.guard_part().lease_due(service),
            Timer::Ping => {
                let (now, settings) = (self.now.tick, &self.settings);
                self.stream.ping(now, settings, &mut self.out);
            }
            Timer::SelfPing(room) => self.room_part().ping_room_if_silent(&room),
            Timer::LeaveIfLonely(room) => self.room_part().leave_if_lonely(&room),
            Timer::Forget(room) => self.room_part().forget_if_out(&room),
            Timer::Enter(room) => self.room_part().enter_again(&room),
            Timer::Joins => self.room_part().join_next(),
            Timer::Own(room) => self.room_part().own_if_needed(&room),
            Timer::Show(room) => self.room_part().show_everybody(&room),
            Timer::Configuration(room) => self.room_part().read_configuration(&room),
            Timer::Lists(room) => self.room_part().read_lists_again(&room),
            Timer::RollCall(room) => self.room_part().call_roll_if_due(&room),
            Timer::Person(main, bare) => self.meeting_part().wake_person(&main, &bare),
            Timer::Override(main, bare) => self.meeting_part().override_due(&main, &bare),
            Timer::Name(room, nick) => self.name_part().look(&room, &nick),
            Timer::Permissions(room, nick) => self.out.todo(Task::Permissions(room, nick)),
            Timer::Replies => self.give_up_overdue(),
            Timer::Bindings => self.meeting_part().expire_tokens(),
            Timer::Keys => self.out.todo(Task::Keys),
            Timer::Expiry(room, nick) => self.meeting_part().expiry_due(&room, &nick),
            Timer::Host(main) => self.meeting_part().look_for_host(&main),
            Timer::Kept(main, bare) => self.meeting_part().watch_kept(&main, &bare),
            Timer::Vacancy(main) => self.meeting_part().look_at_vacancy(&main),
        }
    }

    fn work(&mut self, task: Task) {
        match task {
            Task::Waiter(room, nick) => self.key_part().awaited(&room, &nick),
            Task::Keys => self.key_part().look(),
            Task::Meeting(main) => self.meeting_part().look_at(&main),
            Task::Person(main, bare) => self.meeting_part().compare(&main, &bare),
            Task::Named(main, bare) => self.guard_part().look(&main, &bare),
            Task::Guard => self.guard_part().tell(),
            Task::Permissions(room, nick) => self.permission_part().look(&room, &nick),
            Task::Name(room, nick) => self.name_part().look(&room, &nick),
            Task::Configuration(room) => self.room_part().read_configuration(&room),
            Task::Resynchronised => self.check_resynchronised(),
            Task::Opening(room) => self.opening_part().look(&room),
        }
    }

    /// Delivers what the parts tell each other, until there is nothing more.
    fn deliver(&mut self) {
        while let Some(delivery) = self.out.next_delivery() {
            match delivery {
                Delivery::News(news) => self.tell(&news),
                Delivery::Order(order) => self.room_part().obey(order),
                Delivery::Event(mut event) => {
                    self.meeting_part().take(&mut event);
                    while let Some(news) = self.out.next_news() {
                        self.tell(&news);
                    }
                    self.name_part().take(&event);
                    self.permission_part().take(&event);
                    self.guard_part().take(&event);
                    self.opened.take(&event);
                }
            }
        }
    }

    /// Tells what has come of an occupant's evidence.
    fn tell(&mut self, news: &SeatNews) {
        self.name_part().hear(news);
        self.permission_part().hear(news);
    }

    /// Treats questions whose answer is overdue as unanswered.
    fn give_up_overdue(&mut self) {
        while let Some(asker) = self.out.take_overdue() {
            self.answered(asker, Answer::Silence);
            self.deliver();
        }
        self.out.watch_replies();
    }

    /// Tells once when everything found since the connection has been joined.
    fn check_resynchronised(&mut self) {
        if !self.room_part().all_joined() {
            return;
        }
        self.stream.is_resynchronised();
        self.meeting_part().all_seen();
        let rooms = self.rooms.all.values().filter(|room| room.is_in()).count();
        self.out.report(Report::Resynchronised { rooms });
    }

    fn connected(&mut self, id: String) {
        let now = self.now.tick;
        self.stream.open(id, now);
        self.out.wake(now + stream::SILENCE, Timer::Ping);
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
    fn disconnected(&mut self) {
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

    /// Takes another configuration.
    fn reload(&mut self, reload: Reload) {
        let (mut settings, claims_changed) = (reload.settings, reload.claims_changed);
        settings.keep_connection(&mut self.settings);
        let old = std::mem::replace(&mut self.settings, settings);
        arrivals::forget_arrivals(&self.settings, &self.stream, &mut self.out);
        self.out.todo(Task::Keys);
        // What is still wrong is said again.
        self.out.keep_told(|_| false);
        let mut unseen = BTreeSet::new();
        if old.infrastructure != self.settings.infrastructure {
            unseen = self.room_part().manage_anew();
            self.meeting_part().drop_infrastructure();
            self.room_part().manage_rest(&unseen);
            self.deliver();
        }
        let names = |settings: &Settings| (settings.freeze, settings.guests);
        let names_changed = names(&old) != names(&self.settings);
        if claims_changed {
            self.meeting_part().doubt_claims();
            self.deliver();
        }
        if names_changed {
            self.name_part().keep_anew();
        }
        if claims_changed || names_changed {
            unseen = self.rooms.all.keys().cloned().collect();
        }
        self.meeting_part().count_everybody();
        self.room_part().tell_logins();
        self.meeting_part().judge_everybody();
        self.permission_part().permit_everybody();
        self.meeting_part().set_expiries();
        self.meeting_part().note_arrivals();
        self.meeting_part().look_at_all();
        for room in unseen {
            self.room_part().see_anew(&room);
        }
        self.guard_part().tell_all_anew();
        for service in 0..self.settings.services.len() {
            self.room_part().poll_service(service);
        }
    }

    /// What everybody may look at.
    fn known(&self) -> Known<'_> {
        known!(self)
    }

    fn room_part(&mut self) -> RoomPart<'_> {
        let (now, settings, stream) = (self.now, &self.settings, &self.stream);
        self.rooms.part(now, settings, stream, &mut self.out)
    }

    fn meeting_part(&mut self) -> MeetingPart<'_> {
        let below = Below {
            now: self.now,
            settings: &self.settings,
            stream: &self.stream,
            services: &self.rooms.services,
            rooms: &self.rooms.all,
        };
        self.meetings.part(below, &mut self.out)
    }

    fn key_part(&mut self) -> KeyPart<'_> {
        KeyPart {
            now: self.now.tick,
            keys: &mut self.keys,
            cache: self.settings.verifier.remote_keys_mut(),
            rooms: &self.rooms.all,
            meetings: &self.meetings.all,
            out: &mut self.out,
        }
    }

    part!(name_part, NamePart, names);
    part!(guard_part, GuardPart, guard);
    part!(permission_part, PermissionPart, permissions);
    part!(opening_part, OpeningPart, opened);

    fn doctor_part(&mut self) -> DoctorPart<'_> {
        DoctorPart {
            now: self.now.tick,
            settings: &self.settings,
            doctor: &mut self.doctor,
            out: &mut self.out,
        }
    }
}

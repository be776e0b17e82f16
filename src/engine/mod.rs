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
//! A [`room::Room`] holds who is in it; a [`meeting::Meeting`] (a room and its
//! breakout rooms) holds what each bare JID has and should have
//! ([`person::Person`]). Whatever changes one of the two marks the person;
//! after each input, marked persons are compared (`reconcile`): while they
//! differ a request goes out, when they are equal nothing does. What is never
//! stored is why an event once led to a decision.

mod absent;
mod act;
mod answer;
mod arrival;
pub mod asker;
mod change;
mod counting;
mod device;
mod discovery;
mod early;
pub mod event;
pub mod examination;
mod examine;
mod expiry;
mod fallback;
pub mod guard;
mod guests;
mod health;
mod join;
mod judge;
mod keys;
mod learn;
mod leave;
pub mod limit;
mod lists;
mod load;
mod lobby;
pub mod logins;
pub mod meeting;
pub mod module;
pub mod names;
mod opening;
mod outbox;
mod ownership;
mod permissions;
pub mod person;
mod pins;
mod presence;
mod reconcile;
mod reload;
mod request;
mod roll_call;
pub mod room;
mod seats;
pub mod settings;
mod sight;
mod signals;
mod spacing;
mod state;
mod steer;
pub mod survey;
pub mod tally;
mod task;
pub mod time;
mod timers;
mod turns;
pub mod unchecked;
mod unread;
mod unsent;
pub mod users;
mod view;
mod warning;
pub mod why;

pub use event::{Action, Decision, Input, Report};
pub use load::Load;
pub use meeting::rights::Override;
pub use module::Module;
pub use reload::Reload;
pub use settings::Settings;
pub use signals::NONE_OF_SO_MANY;
pub use state::State;
pub use steer::Steering;
pub use survey::Survey;
pub use tally::Tally;
pub use time::{Now, Tick};
pub use view::{Counts, Found, NotFound, WantedPeople};
pub use warning::{Warning, release_of};

use crate::claims::Bindings;
use crate::muc::{BareJid, Nick, RoomJid};
use crate::stanza::Inbound;
use examination::Examination;
use keys::Waiters;
use meeting::Meeting;
use meeting::seat::Seat;
use outbox::Outbox;
use rand::SeedableRng;
use rand::rngs::SmallRng;
use room::Room;
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use task::Task;
use timers::Timer;
use turns::Turns;

/// The open stream.
#[derive(Debug)]
struct Stream {
    /// Its id: part of what the module's macs cover.
    id: String,
    /// Whether everything found after the connection has been joined.
    resynchronised: bool,
    /// When something last arrived.
    heard: Tick,
    /// A ping waits for its reply.
    pinged: bool,
}

/// What is known of a MUC service.
#[derive(Debug, Default)]
struct ServiceState {
    /// What is known of the module there.
    module: module::Module,
    /// How people log in on its server.
    logins: logins::Logins,
    /// Whether the module did on the last stream: then its invitations come first, and
    /// its rooms need not be listed at once.
    had_module: bool,
    /// When the last list was asked for.
    polled_at: Tick,
    /// A list is being read.
    polling: bool,
    /// A list was refused before.
    refused: bool,
    /// The module has, as far as is known, a lease for the guard.
    leased: bool,
    /// Rooms of it may be breakout rooms.
    breakouts: bool,
}

/// The decision core. See the [module](self) for how to drive it.
pub struct Engine {
    settings: Settings,
    now: Now,
    /// When the ticks began, in milliseconds since 1970-01-01 UTC, as the clock
    /// last said.
    epoch: Option<u64>,
    stream: Option<Stream>,
    services: Vec<ServiceState>,
    rooms: HashMap<RoomJid, Room>,
    meetings: HashMap<RoomJid, Meeting>,
    /// Occupants whose room belongs to no meeting for the moment.
    parked: HashMap<RoomJid, Vec<(BareJid, Seat)>>,
    bindings: Bindings,
    out: Outbox,
    join_queue: Turns,
    joining: VecDeque<(Tick, RoomJid)>,
    /// Everybody who has changed since they were counted.
    uncounted: HashSet<(RoomJid, BareJid)>,
    waiters: Waiters,
    unnamed: BTreeSet<RoomJid>,
    misnamed: BTreeSet<(RoomJid, BareJid)>,
    can_impersonate: bool,
    blamed: unsent::Blamed,
    reverts: u64,
    tally: Tally,
    permissions: permissions::Permissions,
    examination: Option<Examination>,
    random: SmallRng,
}

impl Engine {
    /// An engine that is not connected, with what [`Engine::state`] gave
    /// before a restart.
    pub fn new(settings: Settings, state: State) -> Self {
        // As Jitsi names it; others are known by their first breakout room.
        let services = settings.services.iter().map(|service| ServiceState {
            breakouts: service.domain.starts_with("breakout."),
            ..ServiceState::default()
        });
        let mut engine = Self {
            tally: Tally::new(settings.services.len()),
            permissions: permissions::Permissions::default(),
            examination: None,
            services: services.collect(),
            random: SmallRng::seed_from_u64(settings.seed),
            settings,
            now: Now::default(),
            epoch: None,
            stream: None,
            rooms: HashMap::new(),
            meetings: HashMap::new(),
            parked: HashMap::new(),
            bindings: Bindings::default(),
            out: Outbox::default(),
            join_queue: Turns::default(),
            joining: VecDeque::new(),
            uncounted: HashSet::new(),
            waiters: Waiters::default(),
            unnamed: BTreeSet::new(),
            misnamed: BTreeSet::new(),
            can_impersonate: true,
            blamed: unsent::Blamed::default(),
            reverts: 0,
        };
        engine.restore(state);
        engine.limit_grants();
        // Keys are fetched before the first token comes.
        engine.out.todo(Task::Keys);
        engine
    }

    /// Takes one input. Drain [`Engine::poll`] afterwards.
    pub fn handle(&mut self, now: Now, input: Input) {
        self.now = now;
        self.out.begin(now);
        self.watch_clock();
        match input {
            Input::Connected { stream_id } => self.connected(stream_id),
            Input::Disconnected => self.disconnected(),
            Input::TakeOver(state) => self.take_over(*state),
            Input::ImpersonationRefused => self.impersonation_refused(),
            Input::Unsent(stanza) => self.unsent(*stanza),
            Input::StreamRefused => self.stream_refused(),
            Input::Stanza(stanza) => self.stanza(stanza),
            Input::Reload(reload) => self.reload(*reload),
            Input::Steer(wish) => self.steer(*wish),
            Input::KeyFetched { key, result } => self.key_fetched(&key, result),
            Input::Wake => {}
            Input::Examine => self.examine_deployment(),
            Input::Shutdown => self.leave_all(),
        }
        self.run_timers();
        self.do_tasks();
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

    /// Whether gavel is connected and has found and joined what there is.
    pub fn is_ready(&self) -> bool {
        let stream = self.stream.as_ref();
        stream.is_some_and(|stream| stream.resynchronised)
    }

    /// The rooms gavel knows of, in no order.
    pub fn rooms(&self) -> impl Iterator<Item = &Room> {
        self.rooms.values()
    }

    /// The meeting of the main room `room`.
    pub fn meeting(&self, room: &RoomJid) -> Option<&Meeting> {
        self.meetings.get(room)
    }

    /// Where somebody sits in a room under a nick, and what their evidence there
    /// amounts to; none where the room is not known well enough.
    pub fn seat(&self, room: &RoomJid, nick: &Nick) -> Option<&Seat> {
        self.seat_at(room, nick)
    }

    fn stanza(&mut self, stanza: Inbound) {
        if let Some(stream) = &mut self.stream {
            stream.heard = self.now.tick;
        } else {
            return;
        }
        match stanza {
            Inbound::Presence(presence) => self.presence(*presence),
            Inbound::Message(message) => self.message(*message),
            Inbound::Iq(iq) => self.iq(*iq),
            Inbound::Unread(unread) => self.unreadable(&unread),
        }
    }

    fn run_timers(&mut self) {
        while let Some(timer) = self.out.take_due() {
            match timer {
                Timer::Poll(service) => self.poll_service(service),
                Timer::Lease(service) => self.lease_due(service),
                Timer::Ping => self.ping_server(),
                Timer::SelfPing(room) => self.ping_room_if_silent(&room),
                Timer::LeaveIfLonely(room) => self.leave_if_lonely(&room),
                Timer::Forget(room) => self.forget_if_out(&room),
                Timer::Enter(room) => self.enter_again(&room),
                Timer::Joins => self.join_next(),
                Timer::Own(room) => self.own_if_needed(&room),
                Timer::Show(room) => self.show_everybody(&room),
                Timer::Configuration(room) => self.read_configuration(&room),
                Timer::Lists(room) => self.read_lists_again(&room),
                Timer::RollCall(room) => self.call_roll_if_due(&room),
                Timer::Person(room, jid) => self.wake_person(room, jid),
                Timer::Override(room, jid) => self.override_due(&room, &jid),
                Timer::Name(room, nick) => self.look_at_name(&room, &nick),
                Timer::Permissions(room, nick) => self.permit_later(&room, &nick),
                Timer::Replies => self.give_up_overdue(),
                Timer::Bindings => self.expire_bindings(),
                Timer::Keys => self.out.todo(Task::Keys),
                Timer::Expiry(room, nick) => self.watch_expiry(&room, &nick),
                Timer::Host(room) => self.look_for_host(&room),
                Timer::Kept(room, jid) => self.watch_kept(&room, &jid),
                Timer::Vacancy(room) => self.look_at_vacancy(&room),
            }
        }
    }

    /// Does what is left over, in the order of [`Task`].
    fn do_tasks(&mut self) {
        if self.stream.as_ref().is_some_and(|s| !s.resynchronised) {
            self.out.todo(Task::Resynchronised);
        }
        while let Some(task) = self.out.next_task() {
            match task {
                Task::Keys => self.look_at_keys(),
                Task::Meeting(main) => {
                    self.hold_election(&main);
                    self.look_for_host(&main);
                }
                Task::Person(main, bare) => self.compare(&main, &bare),
                Task::Guard => self.tell_guard(),
                Task::Permissions(room, nick) => self.permit(&room, &nick),
                Task::Name(room, nick) => self.look_at_name(&room, &nick),
                Task::Configuration(room) => self.read_configuration(&room),
                Task::Resynchronised => self.check_resynchronised(),
                Task::Opening(room) => self.open_if_new(&room),
            }
        }
    }

    /// Has all meetings looked at as a whole.
    fn look_at_all_meetings(&mut self) {
        let mut all: Vec<RoomJid> = self.meetings.keys().cloned().collect();
        all.sort_unstable();
        for main in all {
            self.out.todo(Task::Meeting(main));
        }
    }

    /// Marks a person to be compared after this input, in order.
    fn mark(&mut self, meeting: &RoomJid, jid: &BareJid) {
        if self.elects() || self.misses_hosts() {
            self.out.todo(Task::Meeting(meeting.clone()));
            self.counts_anew(meeting, jid);
        }
        self.look_at_opening(meeting);
        self.out.todo(Task::Person(meeting.clone(), jid.clone()));
    }

    /// The room and resource that `address` means, if it is in a configured
    /// service, and that service's index.
    fn locate<'a>(&self, address: &'a str) -> Option<(usize, RoomJid, Option<&'a str>)> {
        let services = self.settings.services.iter().enumerate();
        services
            .filter_map(|(i, service)| service.locate(address).map(|(room, res)| (i, room, res)))
            .next()
    }

    /// Whether `jid` is gavel's own, with or without resource.
    fn is_own(&self, jid: &str) -> bool {
        let bare = jid.split('/').next().unwrap_or(jid);
        bare.strip_prefix("gavel@") == Some(self.settings.component.as_str())
    }
}

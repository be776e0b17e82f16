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
mod answer;
mod arrival;
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
mod ownership;
pub mod person;
mod pins;
mod presence;
mod reconcile;
mod reload;
mod reply;
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
pub mod time;
mod timers;
mod turns;
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
use crate::stanza::{Inbound, Outbound, Request};
use examination::Examination;
use keys::Waiters;
use meeting::Meeting;
use rand::SeedableRng;
use rand::rngs::SmallRng;
use request::{Purpose, Requests};
use room::Room;
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use timers::{Timer, Timers};
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
    bindings: Bindings,
    requests: Requests,
    timers: Timers,
    join_queue: Turns,
    joining: VecDeque<(Tick, RoomJid)>,
    marked: VecDeque<(RoomJid, BareJid)>,
    marked_set: HashSet<(RoomJid, BareJid)>,
    /// Meetings in which somebody has changed since they were looked at.
    unassessed: BTreeSet<RoomJid>,
    /// Everybody who has changed since they were counted.
    uncounted: HashSet<(RoomJid, BareJid)>,
    names: Vec<(RoomJid, Nick)>,
    waiters: Waiters,
    rereads: Vec<RoomJid>,
    /// Rooms that Prosody may keep locked, to be looked at.
    unopened: BTreeSet<RoomJid>,
    unnamed: BTreeSet<RoomJid>,
    misnamed: BTreeSet<(RoomJid, BareJid)>,
    actions: VecDeque<Action>,
    told: HashSet<Warning>,
    can_impersonate: bool,
    blamed: unsent::Blamed,
    reverts: u64,
    tally: Tally,
    examination: Option<Examination>,
    random: SmallRng,
    changed: bool,
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
            examination: None,
            services: services.collect(),
            random: SmallRng::seed_from_u64(settings.seed),
            settings,
            now: Now::default(),
            epoch: None,
            stream: None,
            rooms: HashMap::new(),
            meetings: HashMap::new(),
            bindings: Bindings::default(),
            requests: Requests::default(),
            timers: Timers::default(),
            join_queue: Turns::default(),
            joining: VecDeque::new(),
            marked: VecDeque::new(),
            marked_set: HashSet::new(),
            unassessed: BTreeSet::new(),
            uncounted: HashSet::new(),
            names: Vec::new(),
            waiters: Waiters::default(),
            rereads: Vec::new(),
            unopened: BTreeSet::new(),
            unnamed: BTreeSet::new(),
            misnamed: BTreeSet::new(),
            actions: VecDeque::new(),
            told: HashSet::new(),
            can_impersonate: true,
            blamed: unsent::Blamed::default(),
            reverts: 0,
            changed: false,
        };
        engine.restore(state);
        engine.limit_grants();
        // Keys are fetched before the first token comes.
        engine.keys_due();
        engine
    }

    /// Takes one input. Drain [`Engine::poll`] afterwards.
    pub fn handle(&mut self, now: Now, input: Input) {
        self.now = now;
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
        self.look_at_keys();
        self.decide_marked();
        self.look_at_names();
        self.read_changed();
        self.check_resynchronised();
        self.decide_marked();
        self.open_new_rooms();
        if std::mem::take(&mut self.changed) {
            self.actions.push_back(Action::Save);
        }
    }

    /// The next action; none when all have been taken.
    pub fn poll(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// When to hand in [`Input::Wake`], if nothing comes before.
    pub fn deadline(&self) -> Option<Tick> {
        self.timers.first().map(|(at, _)| at)
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
        while let Some(timer) = self.timers.take_due(self.now.tick) {
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
                Timer::Replies => self.give_up_overdue(),
                Timer::Bindings => self.expire_bindings(),
                Timer::Keys => self.keys_due(),
                Timer::Expiry(room, nick) => self.watch_expiry(&room, &nick),
                Timer::Host(room) => self.look_for_host(&room),
                Timer::Kept(room, jid) => self.watch_kept(&room, &jid),
                Timer::Vacancy(room) => self.look_at_vacancy(&room),
            }
        }
    }

    /// Looks at meetings as a whole, then compares everybody who was marked.
    fn decide_marked(&mut self) {
        while !self.unassessed.is_empty() || !self.marked.is_empty() {
            for main in std::mem::take(&mut self.unassessed) {
                self.hold_election(&main);
                self.look_for_host(&main);
            }
            self.reconcile_marked();
        }
        self.tell_guard();
    }

    fn send(&mut self, stanza: Outbound) {
        self.actions.push_back(Action::Send(stanza));
    }

    fn report(&mut self, report: Report) {
        self.actions.push_back(Action::Report(report));
    }

    /// Tells a warning that concerns a whole service once.
    fn warn_once(&mut self, warning: Warning) {
        if self.told.insert(warning.clone()) {
            self.report(Report::Warning(warning));
        }
    }

    /// Sends a request and waits for its reply.
    fn ask(&mut self, to: &str, request: Request, purpose: Purpose) {
        if self.requests.is_empty() {
            let give_up = self.now.tick + request::REPLY_TIMEOUT;
            self.timers.set(give_up, Timer::Replies);
        }
        let id = self.requests.open(self.now.tick, to, purpose);
        self.send(Outbound::Iq {
            id,
            to: to.to_owned(),
            request,
        });
    }

    /// Marks a person to be compared after this input, in order.
    fn mark(&mut self, meeting: &RoomJid, jid: &BareJid) {
        if self.elects() || self.misses_hosts() {
            self.unassessed.insert(meeting.clone());
            self.counts_anew(meeting, jid);
        }
        self.look_at_opening(meeting);
        let key = (meeting.clone(), jid.clone());
        if self.marked_set.insert(key.clone()) {
            self.marked.push_back(key);
        }
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

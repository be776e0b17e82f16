//! The rooms at work: their state, the state they may look at, and the outbox.

use super::Room;
use super::module::ServiceState;
use super::turns::Turns;
use crate::engine::asker::{Answer, RoomAsk, ServiceAsk};
use crate::engine::boxmap::BoxMap;
use crate::engine::hash::HashMap;
use crate::engine::order::Order;
use crate::engine::outbox::Outbox;
use crate::engine::settings::Settings;
use crate::engine::stream::Stream;
use crate::engine::time::{Now, Tick};
use crate::muc::RoomJid;
use rand::SeedableRng;
use rand::rngs::SmallRng;
use std::collections::{BTreeSet, VecDeque};

/// All rooms of the MUC services, and the state of the services.
#[derive(Debug)]
pub struct Rooms {
    /// The rooms gavel knows of.
    pub all: BoxMap<RoomJid, Room>,
    /// One for each MUC service.
    pub services: Vec<ServiceState>,
    /// The breakout rooms of each meeting that gavel is in, by main room.
    breakouts: HashMap<RoomJid, BTreeSet<RoomJid>>,
    /// Rooms that wait to be joined.
    join_queue: Turns,
    /// Joins that are under way, and since when.
    joining: VecDeque<(Tick, RoomJid)>,
    random: SmallRng,
}

impl Rooms {
    /// None yet.
    pub fn new(settings: &Settings) -> Self {
        // As Jitsi names it; others are known by their first breakout room.
        let services = settings.services.iter().map(|service| ServiceState {
            breakouts: service.domain.starts_with("breakout."),
            ..ServiceState::default()
        });
        Self {
            all: BoxMap::default(),
            services: services.collect(),
            breakouts: HashMap::default(),
            join_queue: Turns::default(),
            joining: VecDeque::new(),
            random: SmallRng::seed_from_u64(settings.seed),
        }
    }

    /// How many rooms wait for their turn to be joined.
    pub fn queued(&self) -> usize {
        self.join_queue.len()
    }

    /// At work.
    pub fn part<'a>(
        &'a mut self,
        now: Now,
        settings: &'a Settings,
        stream: &'a Stream,
        out: &'a mut Outbox,
    ) -> RoomPart<'a> {
        RoomPart {
            now,
            settings,
            stream,
            rooms: &mut self.all,
            services: &mut self.services,
            breakouts: &mut self.breakouts,
            join_queue: &mut self.join_queue,
            joining: &mut self.joining,
            random: &mut self.random,
            out,
        }
    }
}

/// The rooms at work. Nothing else changes a room.
pub struct RoomPart<'a> {
    pub(super) now: Now,
    pub(super) settings: &'a Settings,
    pub(super) stream: &'a Stream,
    pub(super) rooms: &'a mut BoxMap<RoomJid, Room>,
    pub(super) services: &'a mut [ServiceState],
    pub(super) breakouts: &'a mut HashMap<RoomJid, BTreeSet<RoomJid>>,
    pub(super) join_queue: &'a mut Turns,
    pub(super) joining: &'a mut VecDeque<(Tick, RoomJid)>,
    pub(super) random: &'a mut SmallRng,
    pub(super) out: &'a mut Outbox,
}

impl RoomPart<'_> {
    /// Tells the room the outcome of its question.
    pub fn answered(&mut self, jid: &RoomJid, ask: RoomAsk, answer: Answer<'_>) {
        match ask {
            RoomAsk::Probe => self.probed(jid, answer),
            RoomAsk::List(which) => self.list_answered(jid, which, answer),
            RoomAsk::Configuration => self.configuration_answered(jid, answer),
            RoomAsk::Info => self.info_answered(jid, answer),
            RoomAsk::Own => self.owned(jid, answer),
            RoomAsk::SelfPing => self.self_pinged(jid, answer),
            RoomAsk::BeforeRoll => self.found_before_roll(jid, answer),
            RoomAsk::RollCall => self.roll_called(jid, answer),
            RoomAsk::Show => self.shown_to_gavel(jid, answer),
            RoomAsk::Count => self.counted(jid, answer),
        }
    }

    /// Tells a service's state the outcome of a question.
    pub fn service_answered(&mut self, service: usize, ask: ServiceAsk, answer: Answer<'_>) {
        match ask {
            ServiceAsk::Module => self.module_answered(service, answer),
            ServiceAsk::ListRooms | ServiceAsk::Items => self.rooms_answered(service, answer),
        }
    }

    /// Carries out the wish of another part.
    pub fn obey(&mut self, order: Order) {
        match order {
            Order::Own(room) => self.own_if_needed(&room),
            Order::Ping(room) => self.ping_room(&room),
            Order::Lists(room) => self.read_lists(&room),
            Order::List(room, affiliation) => self.read_list(&room, affiliation),
            Order::Configuration(room) => self.read_configuration(&room),
            Order::ShowAnew(room) => self.see_anew(&room),
            Order::Doubt(room) => self.doubt(&room),
            Order::MembersOnly(room, on) => self.is_members_only(&room, on),
        }
    }

    /// A room was made members-only, or open.
    fn is_members_only(&mut self, jid: &RoomJid, on: bool) {
        let room = self.rooms.get_mut(jid);
        if let Some(facts) = room.and_then(|room| room.facts.as_mut()) {
            facts.members_only = on;
        }
        if on {
            self.became_members_only(jid);
        }
    }
}

//! The rooms at work: their state, the state they may look at, and the outbox.

use super::Room;
use super::module::ServiceState;
use super::turns::Turns;
use crate::engine::boxmap::BoxMap;
use crate::engine::hash::HashMap;
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

//! People whose presence is not sent back any more.

use crate::engine::hash::HashSet;
use crate::muc::RealJid;
use std::collections::VecDeque;

/// So many people are remembered whose presence is not sent back; of more, those
/// remembered longest are forgotten.
const MAX_BLAMED: usize = 10_000;

/// People whose presence is not sent back any more, by real JID.
#[derive(Debug, Default)]
pub struct Blamed {
    all: HashSet<RealJid>,
    order: VecDeque<RealJid>,
}

impl Blamed {
    /// Prosody has ended a stream, perhaps because of their presence.
    pub fn add(&mut self, person: RealJid) {
        if !self.all.insert(person.clone()) {
            return;
        }
        self.order.push_back(person);
        if self.order.len() > MAX_BLAMED
            && let Some(oldest) = self.order.pop_front()
        {
            self.all.remove(&oldest);
        }
    }

    /// Says whether somebody's presence is not sent back.
    pub fn contains(&self, person: &RealJid) -> bool {
        self.all.contains(person)
    }
}

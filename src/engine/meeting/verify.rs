//! Verifying evidence, and again once a key has been fetched.

use super::part::MeetingPart;
use super::waiting::Waiting;
use crate::claims::{KeyName, Occasion};
use crate::engine::room::event::Place;
use crate::engine::task::Task;
use crate::engine::time::Tick;
use crate::muc::{Nick, OccupantJid, RealJid, RoomJid};
use crate::stanza::Evidence;
use std::collections::BTreeSet;

impl MeetingPart<'_> {
    /// Looks at evidence that has just been shown.
    pub(super) fn look_at_evidence(
        &mut self,
        place: &Place,
        real: &RealJid,
        evidence: Evidence,
        listed: bool,
    ) {
        let waiting = Waiting {
            evidence,
            key: KeyName::Set,
            listed,
            since: self.now.tick,
            shown: self.now.unix(),
            number: *self.waiters,
            fault: None,
            told: Vec::new(),
        };
        self.verify(place, real, waiting);
        if self
            .seat_mut(place)
            .is_some_and(|seat| seat.waiting.is_some())
        {
            *self.waiters += 1;
            let task = Task::Waiter(place.room.clone(), place.nick.clone());
            self.out.todo(task);
        }
    }

    /// Judges an occupant by evidence that is new, or that has waited.
    fn verify(&mut self, place: &Place, real: &RealJid, mut waiting: Waiting) {
        let occupant = OccupantJid {
            room: place.room.clone(),
            nick: place.nick.clone(),
        };
        let occasion = Occasion {
            stream_id: self.stream.id(),
            real,
            occupant: &occupant,
            room: &place.main,
            listed: waiting.listed,
            // After one failure every later answer is final, until the key has come.
            since: if waiting.failed() {
                Tick::ZERO
            } else {
                waiting.since
            },
            shown: waiting.shown,
            now: self.now.unix(),
        };
        let revision = self.bindings.revision();
        let verifier = &self.settings.verifier;
        let finding = verifier.verify(&waiting.evidence, &occasion, self.bindings);
        self.out.save_if(self.bindings.revision() != revision);
        let refused = finding.rejected.clone();
        let awaiting = finding.awaiting.clone();
        self.found(place, real, finding, &waiting.told);
        let Some(seat) = self.seat_mut(place) else {
            return;
        };
        seat.waiting = awaiting.map(|awaited| {
            waiting.key = awaited.key;
            waiting.fault = awaited.fault;
            waiting.told = refused;
            Box::new(waiting)
        });
    }

    /// Looks again at those who have waited for a key, in this order.
    pub fn verify_again(&mut self, waited: Vec<(RoomJid, Nick)>) {
        let mut rooms = BTreeSet::new();
        for (room, nick) in waited {
            let Some(place) = self.place(&room, &nick) else {
                continue;
            };
            let occupant = self.known().occupant(&room, &nick);
            let real = occupant.and_then(|occupant| occupant.real.clone());
            let waiting = self.seat_mut(&place).and_then(|seat| seat.waiting.take());
            if let (Some(real), Some(waiting)) = (real, waiting) {
                self.verify(&place, &real, *waiting);
                self.out.todo(Task::Name(room.clone(), nick));
                rooms.insert(room);
            }
        }
        for room in &rooms {
            self.settle_tokens(room);
        }
    }
}

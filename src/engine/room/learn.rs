//! The module's description of a room in its answer to gavel's join (SPEC section 6): the
//! configuration and the lists that gavel would otherwise ask for.
//!
//! Each question about a room that Prosody has swapped out to disk brings the room back, so
//! many rooms at once are cheap only if none is asked.

use super::part::RoomPart;
use super::{Facts, Room};
use crate::muc::{Affiliation, RoomJid};
use crate::stanza::{Item, Module};

impl RoomPart<'_> {
    /// Takes the facts that the module has `said` of a room that gavel has just joined.
    /// Asks if there are none.
    pub fn learn(&mut self, jid: &RoomJid, said: Option<&Module>) {
        let Some(room) = self.rooms.get_mut(jid) else {
            return;
        };
        if room.facts.is_some() {
            // That answer is newer.
            return;
        }
        let asked = room.reading;
        let Some(facts) = said.and_then(|said| said.room.as_deref()) else {
            if !asked {
                self.read_configuration(jid);
            }
            return;
        };
        room.reading = true;
        room.readings.begun += 1;
        room.listed = Some(facts.affiliations.clone());
        self.configured(jid, Facts::read(&facts.configuration, &[]));
        if let Some(room) = self.rooms.get_mut(jid) {
            // From now on it may have changed.
            room.listed = None;
            if asked {
                // The answer is on its way, and newer.
                room.reading = true;
                room.readings.begun += 1;
            }
        }
    }
}

impl Room {
    /// Everybody with an affiliation, as far as the module has just said it.
    pub fn listed_as(&self, affiliation: Affiliation) -> Option<Vec<Item>> {
        let items = self.listed.as_ref()?.iter();
        let items = items.filter(|item| item.affiliation == Some(affiliation));
        Some(items.cloned().collect())
    }
}

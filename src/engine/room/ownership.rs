//! gavel's own affiliation (SPEC B10).

use super::Room;
use super::part::RoomPart;
use crate::engine::asker::{Answer, Asker, RoomAsk};
use crate::engine::timers::Timer;
use crate::engine::warning::Warning;
use crate::muc::{Affiliation, RoomJid};
use crate::stanza::{Request, StanzaError};
use std::time::Duration;

/// At most one try per room to become owner in this time (B10).
const OWN_PAUSE: Duration = Duration::from_secs(1);

impl RoomPart<'_> {
    /// Makes gavel owner if it is not (B10), and moderator: another owner can take its role
    /// alone, and then it is shown no real JID.
    pub fn own_if_needed(&mut self, jid: &RoomJid) {
        let needs = |room: &Room| room.is_in() && !room.module && !room.is_owned();
        if self.rooms.get(jid).is_some_and(needs) {
            self.own(jid);
        }
    }

    /// Makes gavel owner by ad-hoc command, at most once a second.
    pub fn own(&mut self, jid: &RoomJid) {
        let now = self.now.tick;
        let gavel = self.settings.gavel();
        let Some(room) = self.rooms.get_mut(jid) else {
            return;
        };
        if room.owning {
            return;
        }
        if let Some(at) = room
            .owned_at
            .map(|at| at + OWN_PAUSE)
            .filter(|at| *at > now)
        {
            return self.out.wake(at, Timer::Own(jid.clone()));
        }
        room.owned_at = Some(now);
        room.owning = true;
        let request = Request::CommandSetAffiliation {
            room: jid.clone(),
            jid: gavel,
            affiliation: Affiliation::Owner,
        };
        self.out.ask(
            jid.service(),
            request,
            Asker::Room(jid.clone(), RoomAsk::Own),
        );
    }

    /// The answer to the try to become owner.
    pub fn owned(&mut self, jid: &RoomJid, answer: Answer<'_>) {
        let gavel = self.settings.gavel();
        let Some(room) = self.rooms.get_mut(jid) else {
            return;
        };
        room.owning = false;
        let failure = answer.command_failure();
        let error = match answer {
            Answer::Silence | Answer::Unread => return self.own_if_needed(jid),
            Answer::Error(error) => Some(error),
            Answer::Result(_) | Answer::Partial(_) => failure.as_ref(),
        };
        let refused = error.map(ToString::to_string);
        self.out.tally.services[room.service].own_refused = refused;
        if let Some(error) = error {
            return self.out.warn_once(Warning::NotOwner {
                service: jid.service().to_owned(),
                gavel,
                error: error.to_string(),
            });
        }
        let nameless = || room.occupants.values().any(|o| o.real.is_none());
        if room.is_in() && nameless() {
            // Only a moderator is shown real JIDs, and only on joining.
            return self.rejoin(jid);
        }
        self.read_unread(jid);
    }

    /// Prosody shows the lists of owners and admins to owners alone.
    pub fn list_refused(&mut self, jid: &RoomJid, error: &StanzaError) {
        let Some(room) = self.rooms.get_mut(jid) else {
            return;
        };
        if room.module && error.is("item-not-found") {
            // The module answers self-pings without looking at the room itself.
            return self.lost_sight(jid);
        }
        room.unread = true;
        self.own_if_needed(jid);
        // Nothing tells the affiliations of absent people: the known ones must do.
        self.configured_anew(jid);
    }

    /// gavel is owner: lists that were refused before may be readable now.
    pub fn read_unread(&mut self, jid: &RoomJid) {
        let Some(room) = self.rooms.get_mut(jid).filter(|room| room.is_in()) else {
            return;
        };
        if std::mem::take(&mut room.unread) {
            self.read_configuration(jid);
            self.read_lists(jid);
        }
        self.show_everybody(jid);
    }
}

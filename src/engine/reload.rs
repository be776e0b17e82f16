//! The configuration was read again: the new one holds at once for everybody present.
//!
//! gavel does not keep evidence. If the way in which claims are read has changed, it asks
//! the rooms to show everybody again: Prosody and the module answer the join of an occupant
//! who is in already with the list of occupants. Claims that were refused before may be
//! believed then, and the other way round; until then everybody keeps their rights.

use super::arrivals;
use super::parts::Parts;
use super::task::Task;
use crate::engine::settings::Settings;
use std::collections::BTreeSet;
use std::fmt;

/// Another configuration.
pub struct Reload {
    /// The settings from now on. Component, nick, services and seed stay as they were: they
    /// belong to the connection.
    pub settings: Settings,
    /// Says whether evidence is read otherwise than before.
    pub claims_changed: bool,
}

impl fmt::Debug for Reload {
    /// Without keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reload")
    }
}

impl Parts {
    /// Takes another configuration.
    pub(super) fn reload(&mut self, reload: Reload) {
        let (mut settings, claims_changed) = (reload.settings, reload.claims_changed);
        settings.keep_connection(&mut self.settings);
        let old = std::mem::replace(&mut self.settings, settings);
        arrivals::retract_all(&self.settings, &self.stream, &mut self.out);
        self.out.todo(Task::Keys);
        // A warning that still holds is given again.
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
        self.meeting_part().remember_arrivals();
        self.meeting_part().look_at_all();
        for room in unseen {
            self.room_part().see_anew(&room);
        }
        self.guard_part().tell_all_anew();
        for service in 0..self.settings.services.len() {
            self.room_part().poll_service(service);
        }
    }
}

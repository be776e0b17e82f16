//! Somebody in a room, as the room shows them.

use super::event::Written;
use crate::engine::shown::short;
use crate::muc::{Affiliation, BareJid, RealJid, Role};
use crate::stanza::{DisplayName, Evidence};

/// The presence of somebody who could not be judged when it came.
#[derive(Debug, Default)]
pub struct Held {
    /// Their evidence.
    pub evidence: Evidence,
    /// Their presence.
    pub written: Written,
}

/// Somebody in a room.
#[derive(Debug)]
pub struct Occupant {
    /// Real JID; without one there are no claims.
    pub real: Option<RealJid>,
    /// Sessions behind this nick.
    pub sessions: u32,
    /// As the room shows it.
    pub affiliation: Affiliation,
    /// As the room shows it.
    pub role: Role,
    /// The name that clients show.
    pub display_name: DisplayName,
    /// Never managed, never counted.
    pub infrastructure: bool,
    /// A recorder or a gateway, as Jicofo would say: never elected.
    pub machine: bool,
    /// Its presence, if it came before anybody could be judged.
    pub held: Option<Box<Held>>,
    /// When it was first seen, in milliseconds since 1970-01-01 UTC.
    pub joined_at: u64,
}

impl Occupant {
    /// The bare JID, if the real JID is known.
    pub fn bare(&self) -> Option<BareJid> {
        self.real.as_ref().map(RealJid::bare)
    }

    /// The name by which people know it.
    pub fn shown(&self) -> Option<String> {
        let shown = self.display_name.shown().map(str::trim);
        shown.filter(|shown| !shown.is_empty()).map(short)
    }

    /// The affiliation that somebody was given, according to the module, counts until their
    /// evidence is looked at, however many presences they send before.
    pub fn keep_given(&self, newer: &mut Evidence) {
        let older = self
            .held
            .as_ref()
            .and_then(|held| held.evidence.bridge.as_ref());
        let given = older.and_then(|bridge| bridge.given);
        if let Some(bridge) = &mut newer.bridge {
            bridge.given = bridge.given.or(given);
        }
    }

    /// Says whether it is a focus, as Jitsi names it.
    pub fn is_focus(&self) -> bool {
        let real = self.real.as_ref().map(RealJid::bare_str);
        real.is_some_and(|real| real.starts_with("focus@"))
    }
}

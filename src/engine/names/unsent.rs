//! Stanzas that gavel wrote and did not send, or that may have ended the stream (SPEC B20).
//!
//! Prosody ends a component's stream at a stanza that is too long for it. So the shell
//! measures each stanza before it is written, and hands back the ones that are too long. If
//! Prosody ends a stream all the same, gavel does not send the stanzas under way again:
//! above all no presence in an occupant's name, whose content is the occupant's.

use super::part::NamePart;
use crate::engine::warning::Warning;
use crate::muc::{Nick, RoomJid};

impl NamePart<'_> {
    /// Prosody has ended the stream because of something that was sent.
    pub fn stream_refused(&mut self) {
        let mut suspects = Vec::new();
        for (room, names) in &self.names.kept {
            let sent = names.iter().filter(|(_, frozen)| frozen.is_outstanding());
            let occupants = sent.filter_map(|(nick, _)| self.known.occupant(room, nick));
            suspects.extend(occupants.filter_map(|occupant| occupant.real.clone()));
        }
        suspects.sort_unstable_by(|a, b| a.as_str().cmp(b.as_str()));
        for suspect in suspects {
            self.names.blamed.add(suspect);
        }
    }

    /// Prosody does not let gavel send in occupants' names.
    pub fn impersonation_refused(&mut self) {
        self.names.refused = true;
        let component = self.known.settings.component.clone();
        self.out.warn_once(Warning::NoImpersonation { component });
    }

    /// Says whether an occupant's presence may be sent back.
    pub(super) fn may_revert(&self, jid: &RoomJid, nick: &Nick) -> bool {
        let real = self.known.occupant(jid, nick).and_then(|o| o.real.as_ref());
        !self.names.refused && !real.is_some_and(|real| self.names.blamed.contains(real))
    }
}

//! What gavel wrote and did not send, or what may have ended the stream (SPEC B20).
//!
//! Prosody ends a component's stream at a stanza that is longer than it reads. So
//! the shell measures each before it is written, and hands back what is too long.
//! Should Prosody end a stream all the same, what was under way then is not sent
//! again: presence in an occupant's name, above all, whose content is theirs.

use super::Engine;
use super::asker::{Answer, Asker};
use super::event::Outcome;
use super::room::Membership;
use crate::muc::{Nick, OccupantJid, RealJid, RoomJid};
use crate::stanza::{Outbound, StanzaError};
use std::collections::{HashSet, VecDeque};

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
    fn add(&mut self, who: RealJid) {
        if !self.all.insert(who.clone()) {
            return;
        }
        self.order.push_back(who);
        if self.order.len() > MAX_BLAMED
            && let Some(oldest) = self.order.pop_front()
        {
            self.all.remove(&oldest);
        }
    }

    /// Whether somebody's presence is not sent back.
    pub fn contains(&self, who: &RealJid) -> bool {
        self.all.contains(who)
    }
}

impl Engine {
    /// A stanza could not be written, or is longer than what Prosody reads.
    pub(super) fn unsent(&mut self, stanza: Outbound) {
        let error = StanzaError {
            kind: "modify".into(),
            condition: "policy-violation".into(),
            text: Some("it is too long to be sent".into()),
        };
        match stanza {
            Outbound::Revert { from, to, .. } => self.revert_unsent(from, &to),
            Outbound::Join { occupant, .. } => self.join_unsent(&occupant.room, &error),
            Outbound::Iq { id, to, .. } => match self.out.answered(&id, &to) {
                // The next one would be as long.
                Some(Asker::Guard(_)) | None => {}
                Some(asker) => self.answered(asker, Answer::Error(&error)),
            },
            _ => {}
        }
    }

    fn join_unsent(&mut self, jid: &RoomJid, error: &StanzaError) {
        let joining = |m| matches!(m, Membership::Joining);
        if self.rooms.get(jid).is_some_and(|r| joining(r.membership)) {
            self.join_failed(jid, error);
        }
    }

    /// The occupant is told instead.
    fn revert_unsent(&mut self, real: RealJid, at: &OccupantJid) {
        let Some(room) = self.rooms.get_mut(&at.room) else {
            return;
        };
        let mut occupants = room.occupants.iter_mut();
        let Some((nick, occupant)) = occupants.find(|(_, o)| o.real.as_ref() == Some(&real)) else {
            return;
        };
        let nick = nick.clone();
        let frozen = occupant.frozen.as_mut();
        if let Some(change) = frozen.and_then(|frozen| frozen.refuse_newest()) {
            self.report_revert(&at.room, &nick, change, Outcome::GivenUp);
        }
        self.look_at_name(&at.room, &nick);
    }

    /// Prosody has ended the stream because of something that was sent.
    pub(super) fn stream_refused(&mut self) {
        let mut suspects = Vec::new();
        for room in self.rooms.values() {
            let sent = room.occupants.values().filter(|occupant| {
                let frozen = occupant.frozen.as_ref();
                frozen.is_some_and(|frozen| frozen.is_outstanding())
            });
            suspects.extend(sent.filter_map(|occupant| occupant.real.clone()));
        }
        suspects.sort_unstable_by(|a, b| a.as_str().cmp(b.as_str()));
        for suspect in suspects {
            self.blamed.add(suspect);
        }
    }

    /// Whether an occupant's presence may be sent back.
    pub(super) fn may_revert(&self, jid: &RoomJid, nick: &Nick) -> bool {
        let real = self.occupant(jid, nick).and_then(|o| o.real.as_ref());
        self.can_impersonate && !real.is_some_and(|real| self.blamed.contains(real))
    }
}

//! Events in a room from before anybody there could be judged.

use super::occupant::Occupant;
use crate::muc::{BareJid, Nick};
use crate::stanza::Item;

/// A ban that waits until its subject and its actor can be judged.
#[derive(Debug)]
pub struct HeldBan {
    /// The banned person.
    pub bare: BareJid,
    /// The room's news.
    pub item: Item,
    /// The seat they had; none for somebody in another room of the meeting.
    pub seat: Option<(Nick, Box<Occupant>)>,
}

/// So many bans are held back; a person who bans others decides how many there are. If
/// there are more, the room's list is read once these have been replayed. The bans that
/// only the list names stand, like those that were set while gavel was away.
const MAX_HELD: usize = 1000;

/// Bans from a room before anybody in it could be judged.
#[derive(Debug, Default)]
pub struct HeldBans {
    bans: Vec<HeldBan>,
    more: bool,
}

impl HeldBans {
    /// Holds one back.
    pub fn hold(&mut self, ban: HeldBan) {
        match self.bans.len() < MAX_HELD {
            true => self.bans.push(ban),
            false => self.more = true,
        }
    }

    /// Says whether a ban of theirs is held back.
    pub fn holds(&self, bare: &BareJid) -> bool {
        self.bans.iter().any(|ban| ban.bare == *bare)
    }

    /// A ban is lifted, so that we never replay more bans than are still in force.
    pub fn lift(&mut self, bare: &BareJid) {
        self.bans.retain(|ban| ban.bare != *bare);
    }

    /// Takes those held back, and whether there were more.
    pub fn take(&mut self) -> (Vec<HeldBan>, bool) {
        let Self { bans, more } = std::mem::take(self);
        (bans, more)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn b20_bans_that_are_held_back_have_a_bound() {
        let mut held = HeldBans::default();
        for n in 0..MAX_HELD + 10 {
            let bare = BareJid::parse(&format!("p{n}@x")).unwrap();
            held.hold(HeldBan {
                bare,
                item: Item::default(),
                seat: None,
            });
        }
        let bare = |n: usize| BareJid::parse(&format!("p{n}@x")).unwrap();
        assert!(held.holds(&bare(0)) && !held.holds(&bare(MAX_HELD)));
        held.lift(&bare(0));
        assert!(!held.holds(&bare(0)));
        let (bans, more) = held.take();
        assert!(bans.len() == MAX_HELD - 1 && more);
        let (bans, more) = held.take();
        assert!(bans.is_empty() && !more);
    }
}

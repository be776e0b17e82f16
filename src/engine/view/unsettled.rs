//! People who do not have yet the rights they should have, for one screen.

use super::View;
use super::moderators;
use crate::api;

/// Most people that are named.
const MAX_NAMED: usize = 20;

impl View<'_> {
    /// People who moderate, in all rooms.
    pub fn moderators(&self) -> usize {
        let rooms = self.rooms.values().filter(|room| room.is_in());
        rooms.map(moderators).sum()
    }

    /// Some of those who are not settled, by room and nick.
    pub fn unsettled(&self) -> Vec<api::Unsettled> {
        let mut rooms: Vec<_> = self.rooms.values().filter(|room| room.is_in()).collect();
        rooms.sort_unstable_by(|a, b| a.jid.cmp(&b.jid));
        let mut named = Vec::new();
        for room in rooms {
            let mut people: Vec<_> = room.occupants.iter().collect();
            people.retain(|(_, o)| !o.infrastructure && !self.is_settled(room, o));
            people.sort_unstable_by(|a, b| a.0.cmp(b.0));
            for (nick, occupant) in people {
                let seen = self.seen(room, nick, occupant);
                named.push(api::Unsettled {
                    room: room.jid.to_string(),
                    nick: seen.nick,
                    display_name: seen.display_name,
                    affiliation: seen.affiliation,
                    desired: seen.desired,
                    hindrance: seen.hindrance,
                });
                if named.len() == MAX_NAMED {
                    return named;
                }
            }
        }
        named
    }
}

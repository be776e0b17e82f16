//! People of all rooms at once, by name or because they are not settled.

use super::View;
use crate::api;
use crate::engine::meeting::seat::Seat;
use crate::engine::room::Occupant;
use crate::muc::Nick;

/// The people that a query wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// Those who do not have yet the rights they should have.
    Unsettled,
    /// The people whose nick, real JID, display name or token's name contains this, in any
    /// case.
    Called(String),
}

impl View<'_> {
    /// The people that are `wanted`, by room and nick, at most `most`.
    pub fn people(&self, wanted: &Wanted, most: usize) -> Vec<api::Somebody> {
        let mut rooms: Vec<_> = self.rooms.values().filter(|room| room.is_in()).collect();
        rooms.sort_unstable_by(|a, b| a.jid.cmp(&b.jid));
        let text = match wanted {
            Wanted::Called(text) => text.trim().to_lowercase(),
            Wanted::Unsettled => String::new(),
        };
        let mut found = Vec::new();
        for room in rooms {
            let is_wanted = |nick: &Nick, occupant: &Occupant| match wanted {
                Wanted::Unsettled => !self.is_settled(room, occupant),
                Wanted::Called(_) => {
                    let seat = self.seat_at(&room.jid, nick);
                    is_called(nick.as_str(), occupant, seat, &text)
                }
            };
            let people = room.occupants.iter().filter(|(_, o)| !o.infrastructure);
            let mut people: Vec<_> = people.filter(|(n, o)| is_wanted(n, o)).collect();
            people.sort_unstable_by_key(|(nick, _)| *nick);
            for (nick, occupant) in people {
                if found.len() == most {
                    return found;
                }
                found.push(api::Somebody {
                    room: room.jid.to_string(),
                    occupant: self.seen(room, nick, occupant),
                });
            }
        }
        found
    }
}

fn is_called(nick: &str, occupant: &Occupant, seat: Option<&Seat>, text: &str) -> bool {
    let has = |name: &str| name.to_lowercase().contains(text);
    let real = occupant.real.as_ref().map(|real| real.bare_str());
    let token = seat.and_then(Seat::token_name);
    let names = [Some(nick), real, occupant.display_name.shown(), token];
    names.into_iter().flatten().any(has)
}

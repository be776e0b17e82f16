//! The occupant that an admin looks at.

use crate::engine::meeting::person::Person;
use crate::engine::meeting::seat::Seat;
use crate::policy::Verdict;

/// One occupant of a person, and the occupant whose claims decide about that person (B7).
pub(super) struct Asked<'a> {
    pub(super) person: &'a Person,
    pub(super) seat: Option<&'a Seat>,
    pub(super) deciding: Option<&'a Seat>,
}

impl<'a> Asked<'a> {
    /// The occupant `seat` of a person; none if it has no seat yet.
    pub(super) fn new(person: &'a Person, seat: Option<&'a Seat>) -> Self {
        let deciding = seat.map(|seat| person.deciding_for(seat));
        Self {
            person,
            seat,
            deciding,
        }
    }

    /// The verdict of the claims that decide.
    pub(super) fn verdict(&self) -> Verdict {
        let seat = self.deciding;
        seat.map_or_else(Verdict::guest, |seat| Verdict::clone(&seat.verdict))
    }

    /// The other occupant that decides, if another one does.
    pub(super) fn other(&self) -> Option<&Seat> {
        let seat = self.seat?;
        let is_other = |other: &&Seat| !other.is_at(&seat.room, &seat.nick);
        self.deciding.filter(is_other)
    }
}

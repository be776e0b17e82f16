//! One bare JID in one meeting: the affiliation it has and the one it should
//! have.

mod corrections;
mod passing;
mod trouble;

use corrections::Corrected;
pub use passing::{LeftAs, Passing};
use trouble::ECHO;
pub use trouble::{Foreign, InFlight, MAX_INEFFECTIVE, Pace, Trouble};

use crate::engine::event::Cause;
use crate::engine::meeting::census::Counted;
use crate::engine::meeting::decide::{Wanted, moderates_by_role_alone};
use crate::engine::meeting::rights::{Effect, Event, Rights, Standing};
use crate::engine::meeting::seat::Seat;
use crate::engine::settings::Settings;
use crate::engine::time::{KeptTick, Tick};
use crate::muc::{Affiliation, Nick, Role, RoomJid};
use crate::policy::{Entitlement, OnExpiry};
use smallvec::SmallVec;

/// One bare JID of a meeting.
#[derive(Debug, Default)]
pub struct Person {
    /// Its occupants: mostly one.
    pub seats: SmallVec<[Seat; 1]>,
    /// The rights that they may hold.
    pub rights: Rights,
    /// Somebody else has taken a host's role, and not the affiliation.
    pub role_taken: bool,
    /// A role request waits for its reply.
    pub role_request: bool,
    /// Their last entry in the census.
    pub counted: Counted,
    /// When the room last showed the affiliation that gavel had set; everybody has it, so
    /// it is no trouble.
    pub set_at: Option<KeptTick>,
    /// Why gavel looks at them again, if that is no change of others; until they have the
    /// rights they should have.
    pub because: Option<Cause>,
    /// The rest, which hardly anybody has for long.
    pub passing: Passing,
}

impl Person {
    /// Says whether any occupant has this bare JID.
    pub fn is_present(&self) -> bool {
        !self.seats.is_empty()
    }

    /// Their occupant `nick` in `room`.
    pub fn seat(&self, room: &RoomJid, nick: &Nick) -> Option<&Seat> {
        self.seats.iter().find(|seat| seat.is_at(room, nick))
    }

    /// Their occupant `nick` in `room`.
    pub fn seat_mut(&mut self, room: &RoomJid, nick: &Nick) -> Option<&mut Seat> {
        self.seats.iter_mut().find(|seat| seat.is_at(room, nick))
    }

    /// Tells their ledger what has happened.
    pub fn apply(&mut self, event: Event<'_>, settings: &Settings) -> Effect {
        let standing = self.standing(settings);
        self.rights.apply(event, standing, &settings.policy)
    }

    /// The standing that their occupants add up to: the highest entitlement (B7).
    pub fn standing(&self, settings: &Settings) -> Standing {
        Standing {
            verdict: self.highest_seat().map(|seat| seat.verdict.entitlement),
            ends: self.claims_end(settings),
            visitor: self.seats.iter().all(|seat| seat.role == Role::Visitor),
        }
    }

    fn highest_seat(&self) -> Option<&Seat> {
        self.seats.iter().max_by_key(|seat| seat.rank())
    }

    /// The occupant whose entitlement decides.
    pub fn deciding(&self) -> Option<&Seat> {
        let highest = self.highest_seat()?.verdict.entitlement;
        let mut seats = self.seats.iter();
        seats.find(|seat| seat.verdict.entitlement == highest)
    }

    /// The occupant whose entitlement decides, and `seat` itself if it is entitled to as
    /// much.
    pub fn deciding_for<'a>(&'a self, seat: &'a Seat) -> &'a Seat {
        let entitlement = seat.verdict.entitlement;
        let higher = |other: &&Seat| other.verdict.entitlement != entitlement;
        self.deciding().filter(higher).unwrap_or(seat)
    }

    /// When their claims' gift ends, in milliseconds since 1970-01-01 UTC.
    fn claims_end(&self, settings: &Settings) -> Option<u64> {
        if settings.policy.on_expiry == OnExpiry::Keep {
            return None;
        }
        let entitled = self.seats.iter().filter(|seat| seat.moderates_by_claims());
        let ends = entitled.map(|seat| seat.expires_at(settings));
        // The last to end counts, and none is later than every other.
        ends.max_by_key(|at| at.unwrap_or(u64::MAX)).flatten()
    }

    /// Says whether they moderate now, by affiliation or by role.
    pub fn moderates_now(&self) -> bool {
        let mut roles = self.seats.iter().map(|seat| seat.role);
        self.rights.shown().is_some_and(Affiliation::moderates)
            || roles.any(|role| role == Role::Moderator)
    }

    /// When the first of their occupants came.
    pub fn first_came(&self) -> Option<u64> {
        self.seats.iter().map(|seat| seat.joined_at).min()
    }

    /// Says whether they can be elected: they are in a room where elections are held, may
    /// speak there, are managed, and have not stepped down. Somebody elected may go into a
    /// breakout room.
    pub fn is_electable(&self, settings: &Settings) -> bool {
        let services = &settings.fallback_services;
        let speaks = self.seats.iter().any(|seat| {
            let held = services.iter().any(|held| held == seat.room.service());
            let speaks = !seat.machine && seat.role >= Role::Participant;
            (held || self.rights.is_elected()) && speaks
        });
        let left_alone = matches!(
            self.standing(settings).verdict,
            Some(Entitlement::Keep | Entitlement::Affiliation(Affiliation::Outcast))
        );
        let rights = &self.rights;
        let banned = rights.shown() == Some(Affiliation::Outcast);
        let settled = rights.cap().is_some() || rights.overridden_to().is_some();
        speaks && !left_alone && !banned && !settled
    }

    /// The first of their occupants whose role is wrong, and the role it should have:
    /// nobody moderates without the affiliation for it. A person with the affiliation
    /// moderates in breakout rooms, too, where a change of the main room's affiliation
    /// leaves roles as they are, and gets a lost role back.
    pub fn wrong_role(&self, main: &RoomJid, wanted: Wanted) -> Option<(&Seat, Role)> {
        let affiliation = self.rights.shown().unwrap_or(Affiliation::None);
        self.seats.iter().find_map(|seat| {
            if moderates_by_role_alone(seat.role, affiliation) && !wanted.may_moderate() {
                return Some((seat, Role::Participant));
            }
            let lacks = seat.role < Role::Moderator && affiliation.moderates();
            let breakout = seat.room != *main;
            (lacks && (breakout || self.role_taken) && wanted != Wanted::Anything)
                .then_some((seat, Role::Moderator))
        })
    }

    /// Says whether one of their occupants is in `room`.
    pub fn is_seated_in(&self, room: &RoomJid) -> bool {
        self.seats.iter().any(|seat| seat.room == *room)
    }

    /// Says whether a machine's change that is seen now answers gavel's own.
    pub fn is_answered(&self, now: Tick) -> bool {
        self.set_at.is_some_and(|at| now <= Tick::from(at) + ECHO)
    }

    /// Changes of others that gavel has corrected.
    pub fn corrected(&self) -> impl Iterator<Item = &Corrected> {
        let trouble = self.passing.known_trouble().into_iter();
        trouble.flat_map(|trouble| trouble.corrections.iter())
    }

    /// Says whether nothing is to be remembered of it.
    pub fn is_blank(&self) -> bool {
        !self.is_present()
            && !self.rights.matter()
            && self.passing.request().is_none()
            && !self.role_request
            && !self.rights.shown().is_some_and(Affiliation::moderates)
    }
}

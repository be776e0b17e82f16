//! Changes of others, requests on their way, refusals and quarrels.

use super::corrections::Corrections;
use crate::engine::event::{Cause, Party};
use crate::engine::limit::{Backoff, Limiter};
use crate::engine::meeting::why::Why;
use crate::engine::time::Tick;
use crate::muc::Affiliation;
use std::time::Duration;

/// A request that is answered by `result` and changes nothing is repeated this
/// often (B1).
pub const MAX_INEFFECTIVE: u32 = 3;

/// The pauses of B3 that apply to the correction of somebody's change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// None: the maker of the change is lowered, which ends it.
    Free,
    /// None up to a generous limit: a party that nothing stops, the focus above
    /// all, has acted of its own accord.
    Anew,
    /// The pauses of B3: such a party answers gavel's own correction, and would
    /// do so for ever.
    Echo,
    /// The same pauses, counted apart: somebody entitled made the change, and a
    /// machine's quarrel with gavel is no reason to wait with this.
    Host,
}

/// A change that follows gavel's own within this time answers it. Jicofo promotes with each
/// presence of its own, seconds apart; a party that insists for the sake of insisting does
/// so at once. It is also the first pause, so that a party that evades the pauses by
/// waiting gains nothing by it.
pub(super) const ECHO: Duration = Duration::from_millis(250);

/// If machines promote a person again and again, gavel sends so many corrections without a
/// pause, within [`Limiter`]'s window of 10 s.
const FREE_ANEW: usize = 20;

/// A change by somebody else, not yet answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    /// The party that made it.
    pub by: Party,
    /// It was accepted.
    pub accepted: bool,
    /// How soon gavel may correct it.
    pub pace: Pace,
}

/// A request that waits for its reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InFlight {
    /// The affiliation that gavel asked for.
    pub wanted: Affiliation,
    /// The affiliation at that time.
    pub from: Option<Affiliation>,
    /// Why.
    pub cause: Cause,
    /// The ground, as it was decided then.
    pub why: Box<Why>,
    /// The party whose change it answers.
    pub actor: Option<Party>,
    /// Says whether it went by ad-hoc command.
    pub ad_hoc: bool,
    /// Says whether the room has shown the change since.
    pub confirmed: bool,
}

/// The record of refusals and quarrels about one person.
#[derive(Debug, Default)]
pub struct Trouble {
    /// B3: how fast corrections of [`Pace::Echo`] may follow.
    echoes: Limiter,
    /// How fast corrections of [`Pace::Anew`] may follow.
    anew: Limiter<FREE_ANEW>,
    /// The last correction of [`Pace::Anew`]: with an answer to it, a quarrel has
    /// begun with it.
    first: Option<Tick>,
    /// B3: how fast corrections of [`Pace::Host`] may follow.
    hosts: Limiter,
    /// Changes of others that gavel has corrected.
    pub corrections: Corrections,
    /// Says whether the pauses were told of.
    pub told: bool,
    /// How long to wait after refusals.
    pub backoff: Backoff,
    /// Not before.
    pub not_before: Option<Tick>,
    /// The room announced a change as if they were absent, though they are
    /// present: they are about to leave, and until then nothing is raised.
    pub departing_until: Option<Tick>,
    /// They were made a member while present: the reading of the room's
    /// configuration that tells whether none would throw them out.
    pub reading: Option<u64>,
    /// An occupant made them a member, ahead of a configuration perhaps: before
    /// that they are not lowered to none.
    pub member_until: Option<Tick>,
    /// Says whether the ad-hoc command was refused, too.
    pub ad_hoc_tried: bool,
    /// Prosody says the JID is an admin of the server.
    pub server_admin: bool,
    /// The affiliation that was to be set when it was last looked at.
    pub target: Option<Affiliation>,
    /// Times that `result` changed nothing.
    pub ineffective: u32,
    /// Times that a role request changed nothing, refused or not.
    pub role_refused: u32,
    /// When the engine wakes for this person.
    pub wake: Option<Tick>,
}

impl Trouble {
    /// Keeps the corrections; all else belongs to the last stream.
    pub fn begin_anew(&mut self) {
        *self = Self {
            corrections: std::mem::take(&mut self.corrections),
            ..Self::default()
        };
    }

    /// When a correction may follow; not later than `now` if now.
    pub fn next(&self, pace: Pace, now: Tick) -> Tick {
        match pace {
            Pace::Free => now,
            Pace::Anew => self.anew.next(now),
            Pace::Echo => self.echoes.next(now),
            Pace::Host => self.hosts.next(now),
        }
    }

    /// Notes a correction.
    pub fn note(&mut self, pace: Pace, now: Tick) {
        match pace {
            Pace::Free => {}
            Pace::Anew => {
                self.anew.note(now);
                self.first = Some(now);
            }
            Pace::Echo => {
                if let Some(first) = self.first.take() {
                    self.echoes.note(first);
                }
                self.echoes.note(now);
            }
            Pace::Host => self.hosts.note(now),
        }
    }

    /// Says whether requests that changed nothing are not repeated any more.
    pub fn is_exhausted(&self) -> bool {
        self.ineffective > MAX_INEFFECTIVE
    }

    /// Says whether corrections are being held back.
    pub fn is_pausing(&self, now: Tick) -> bool {
        self.echoes.is_pausing(now) || self.anew.is_pausing(now) || self.hosts.is_pausing(now)
    }
}

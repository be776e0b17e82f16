//! The ledger's record of one person.

use super::right::{Ends, Ground, Kind, Right};
use crate::claims::UserId;
use crate::engine::time::KeptMs;
use crate::muc::Affiliation;
use serde::{Deserialize, Serialize};
use thin_vec::ThinVec;

/// The reason to lower somebody whose right has ended, whatever guests may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Debt {
    /// An election has ended (B5).
    Fallback,
    /// The token's `exp` has passed (`policy.on_expiry`).
    Expiry,
    /// Anything else: claims that are gone, an override that is over, a kick.
    Right,
}

/// Bans that gavel undoes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ban {
    /// There is none, or it stands.
    #[default]
    Stands,
    /// It is to be lifted: it hit a protected host, or nobody entitled set it.
    ToBeLifted,
}

/// The affiliations that somebody may hold in a meeting, and their grounds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rights {
    /// At most one of each kind.
    #[serde(skip_serializing_if = "ThinVec::is_empty")]
    pub(super) grounds: ThinVec<Right>,
    /// They stepped down: their token gives them no more than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cap: Option<Affiliation>,
    /// They may still show an affiliation that they have no right to any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) debt: Option<Debt>,
    #[serde(skip_serializing_if = "is_default")]
    pub(super) ban: Ban,
    /// The last affiliation below moderator that the room has shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) floor: Option<Affiliation>,
    /// Verified `context.user.id`, by which rights move to another device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user: Option<UserId>,
    /// They were elected as they left, and so is the person who succeeds them (B3).
    #[serde(skip_serializing_if = "is_default")]
    pub(super) awaited: bool,
    /// When they came: the order in which people are elected. Only while they
    /// are there, and with `policy.fallback`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) since: Option<KeptMs>,
    /// When their last seat went.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) left_at: Option<KeptMs>,
    /// They were entitled to moderate after the last event.
    #[serde(skip_serializing_if = "is_default")]
    pub(super) entitled: bool,
    /// The affiliation that the main room shows; none if not known.
    #[serde(skip)]
    pub(super) shown: Option<Affiliation>,
    /// Some lists do not name them, so they are `none` or `member`: `shown` is the lower.
    #[serde(skip)]
    pub(super) vague: bool,
    /// Gavel has lost sight of them; nobody has told that they left.
    #[serde(skip)]
    pub(super) lost: bool,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Rights {
    pub(super) fn find(&self, kind: Kind) -> Option<usize> {
        self.grounds
            .iter()
            .position(|right| right.ground.kind() == kind)
    }

    pub(super) fn right(&self, kind: Kind) -> Option<&Right> {
        self.grounds
            .iter()
            .find(|right| right.ground.kind() == kind)
    }

    pub(super) fn take(&mut self, kind: Kind) -> Option<Right> {
        let at = self.find(kind)?;
        Some(self.grounds.swap_remove(at))
    }

    pub(super) fn put(&mut self, ground: Ground, affiliation: Affiliation, ends: Ends) {
        self.take(ground.kind());
        // Most people have none, and hardly anybody has two.
        self.grounds.reserve_exact(1);
        self.grounds.push(Right {
            ground,
            affiliation,
            ends,
        });
    }

    pub(super) fn end_election(&mut self) -> bool {
        let elected = self.take(Kind::Election).is_some();
        if elected {
            self.debt = Some(Debt::Fallback);
        }
        elected
    }
}

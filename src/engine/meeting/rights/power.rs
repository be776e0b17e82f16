//! Questions to a ledger. Looks only.

use super::ledger::{Ban, Debt, Rights};
use super::right::{Grant, Ground, Handed, Kind, Override, Right, Root};
use super::standing::Standing;
use crate::claims::UserId;
use crate::muc::Affiliation;
use crate::policy::Entitlement;

impl Rights {
    /// The power by which they may promote others: an override, else an accepted grant, an
    /// election, or their token. Somebody absent has the power that they left with. If a
    /// rule leaves them alone, any affiliation that they show is right.
    pub fn power(&self, standing: Standing) -> Option<Affiliation> {
        match self.overridden_to() {
            Some(set) => Some(set).filter(|set| set.moderates()),
            None => self.own_power(standing),
        }
    }

    /// The same without an admin's override.
    pub(super) fn own_power(&self, standing: Standing) -> Option<Affiliation> {
        match standing.verdict {
            None => return self.kept(),
            Some(Entitlement::Keep) if self.debt.is_some() => return None,
            Some(Entitlement::Keep) => return self.shown.filter(|shown| shown.moderates()),
            Some(Entitlement::Affiliation(Affiliation::Outcast)) => return None,
            Some(_) => {}
        }
        let given = self.right(Kind::Grant).or(self.right(Kind::Election));
        given
            .map(|right| right.affiliation)
            .or_else(|| self.token_power(standing))
    }

    /// The affiliation that their token gives, as far as they have not stepped down.
    fn token_power(&self, standing: Standing) -> Option<Affiliation> {
        let own = standing.own().filter(|own| own.moderates())?;
        match self.cap {
            Some(cap) => Some(cap).filter(|cap| cap.moderates()),
            None => Some(own),
        }
    }

    /// The affiliation that somebody absent may keep.
    pub fn kept(&self) -> Option<Affiliation> {
        let right = self.right(Kind::LastSeen).or(self.right(Kind::Grant))?;
        Some(right.affiliation).filter(|kept| kept.moderates())
    }

    /// Says whether the right that somebody absent may keep is a grant.
    pub fn is_kept_by_grant(&self) -> bool {
        self.last_seen().is_none() && self.grant().is_some()
    }

    /// Says whether claims, or an admin, entitle them to moderate, there and not stepped
    /// down: then nobody elected is needed.
    pub fn moderates_by_claims(&self, standing: Standing) -> bool {
        match self.overridden_to() {
            Some(set) => standing.is_present() && set.moderates(),
            None => self.token_power(standing).is_some(),
        }
    }

    /// Says whether their power goes back to an election: their own, or that of the person
    /// who promoted them.
    pub fn is_elected_power(&self) -> bool {
        match self.grant() {
            Some(grant) => grant.root == Root::Election,
            None => self.is_elected(),
        }
    }

    /// Says whether a token entitles them to owner, and they have not stepped down (B4).
    pub fn is_host(&self, standing: Standing) -> bool {
        let by_token = match standing.verdict {
            Some(_) => standing.own() == Some(Affiliation::Owner),
            None => self.grant().is_none() && self.kept() == Some(Affiliation::Owner),
        };
        by_token && self.cap.is_none()
    }

    /// Says whether claims, or an admin, entitle them to be owner, even if they have
    /// stepped down: a host who has stepped down is there.
    pub fn is_entitled_owner(&self, standing: Standing) -> bool {
        if self.is_banned() {
            return false;
        }
        match (self.overridden_to(), standing.verdict) {
            (Some(set), _) => set == Affiliation::Owner,
            (None, Some(Entitlement::Keep)) => self.shown == Some(Affiliation::Owner),
            (None, _) => standing.own() == Some(Affiliation::Owner),
        }
    }

    /// Says whether they are banned, and stay so.
    pub fn is_banned(&self) -> bool {
        self.shown == Some(Affiliation::Outcast) && self.ban == Ban::Stands
    }

    /// The affiliation that an admin has set.
    pub fn overridden_to(&self) -> Option<Affiliation> {
        self.right(Kind::Override).map(|right| right.affiliation)
    }

    /// The override, with its setter and its end.
    pub fn override_(&self) -> Option<Override> {
        let right = self.right(Kind::Override)?;
        let Ground::Override(setter) = &right.ground else {
            return None;
        };
        let setter = (**setter).clone();
        Some(Override {
            affiliation: right.affiliation,
            until: right.ends.at(),
            by: setter.by,
            nick: setter.nick,
            display_name: setter.display_name,
        })
    }

    /// The same ledger as if an admin had set nothing.
    pub fn without_override(&self) -> Self {
        let mut rights = self.clone();
        rights.take(Kind::Override);
        rights
    }

    /// When that ends, if it ends before the meeting.
    pub fn override_ends(&self) -> Option<u64> {
        self.right(Kind::Override)?.ends.at()
    }

    /// An accepted promotion.
    pub fn grant(&self) -> Option<&Grant> {
        match &self.right(Kind::Grant)?.ground {
            Ground::Grant(grant) => Some(grant),
            _ => None,
        }
    }

    /// The affiliation that a grant gave them.
    pub fn granted(&self) -> Option<Affiliation> {
        self.right(Kind::Grant).map(|right| right.affiliation)
    }

    /// Says whether they are elected.
    pub fn is_elected(&self) -> bool {
        self.find(Kind::Election).is_some()
    }

    pub(super) fn last_seen(&self) -> Option<&Right> {
        self.right(Kind::LastSeen)
    }

    /// When the right they left with ends, if it ends before the meeting.
    pub fn kept_until(&self) -> Option<u64> {
        self.last_seen()?.ends.at()
    }

    /// The affiliation they lowered themselves to: their token gives them no more.
    pub fn cap(&self) -> Option<Affiliation> {
        self.cap
    }

    /// Why they are to be lowered, if a right of theirs has ended.
    pub fn debt(&self) -> Option<Debt> {
        self.debt
    }

    /// Says whether a ban of theirs is to be lifted.
    pub fn is_ban_to_be_lifted(&self) -> bool {
        self.ban == Ban::ToBeLifted
    }

    /// Says whether they are banned, as far as is known.
    pub fn may_be_banned(&self) -> bool {
        matches!(self.shown, None | Some(Affiliation::Outcast))
    }

    /// Says whether gavel has to know, of somebody absent too, whether they are banned:
    /// their ban is to be lifted, or an admin has set something.
    pub fn depends_on_ban(&self) -> bool {
        self.is_ban_to_be_lifted() || self.overridden_to().is_some()
    }

    /// The last affiliation below moderator that the room has shown.
    pub fn floor(&self) -> Option<Affiliation> {
        self.floor
    }

    /// Verified `context.user.id`.
    pub fn user(&self) -> Option<&UserId> {
        self.user.as_ref()
    }

    /// Says whether they were entitled to moderate after the last event.
    pub fn was_entitled(&self) -> bool {
        self.entitled
    }

    /// When they came.
    pub fn since(&self) -> Option<u64> {
        self.since.map(u64::from)
    }

    /// When their last seat went.
    pub fn left_at(&self) -> Option<u64> {
        self.left_at.map(u64::from)
    }

    /// The affiliation that the main room shows; none if not known.
    pub fn shown(&self) -> Option<Affiliation> {
        self.shown
    }

    /// Says whether they may be `member`, if `none` is all that lists say of them.
    pub fn may_be_member(&self) -> bool {
        self.vague
    }

    /// Says whether gavel has lost sight of them, and nobody has told that they left.
    pub fn is_lost(&self) -> bool {
        self.lost
    }

    /// Says whether they were elected as they left, and are succeeded by somebody.
    pub fn is_awaited(&self) -> bool {
        self.awaited
    }

    /// Says whether something of theirs moves to another device.
    pub fn has_to_hand_over(&self) -> bool {
        self.grant().is_some() || self.cap.is_some()
    }

    /// Says whether claims alone decide their affiliation once they are there again.
    pub fn rest_on_claims(&self) -> bool {
        let mut grounds = self.grounds.iter();
        grounds.all(|right| matches!(right.ground, Ground::LastSeen))
            && self.cap.is_none()
            && self.debt.is_none()
            && self.ban == Ban::Stands
            && self.shown != Some(Affiliation::Outcast)
            && !self.awaited
    }

    /// The rights that move to another device.
    pub fn to_hand_over(&self) -> Handed {
        Handed {
            grant: self.right(Kind::Grant).cloned(),
            cap: self.cap,
        }
    }

    /// Says whether anything in it must be remembered.
    pub fn matter(&self) -> bool {
        !self.grounds.is_empty()
            || self.cap.is_some()
            || self.ban == Ban::ToBeLifted
            || self.since.is_some()
            || self.awaited
            || self.debt.is_some()
    }
}

//! The ledger of rights: the affiliations that somebody may hold in a meeting, and their
//! grounds.
//!
//! [`Rights::apply`] is the only writer. It takes events, and nothing else in the engine
//! changes a ledger. The gifts of a token or a rule to somebody present are no part of it:
//! they follow from the person's seats, and are handed in as [`Standing`].

mod changes;
mod event;
mod format1;
mod leaving;
mod ledger;
mod power;
mod right;
mod standing;
#[cfg(test)]
mod tests;

pub use changes::{Author, Shift, Taken};
pub use event::Event;
pub use format1::Record;
pub use ledger::{Ban, Debt, Rights};
pub use right::{Ends, Grant, Ground, Handed, Override, Right, Root, Setter};
pub use standing::Standing;

use crate::engine::time::KeptMs;
use crate::muc::Affiliation;
use crate::policy::{Entitlement, Policy};
use right::Kind;

/// The outcome of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effect {
    /// It must be remembered over a restart.
    pub news: bool,
    /// The outcome of somebody else's change.
    pub taken: Taken,
}

impl Rights {
    /// Takes an event. `standing` sums up their seats by now. Answers whether the ledger
    /// must be saved, and how a change ended.
    ///
    /// One rule about debt stands at the end, for whatever has happened: see `weigh`.
    pub fn apply(&mut self, event: Event<'_>, standing: Standing, policy: &Policy) -> Effect {
        let before = match event {
            // These come with every presence, and are not written down.
            Event::Shown(_) | Event::Doubted | Event::Unlisted(_) => None,
            _ => Some(self.clone()),
        };
        let taken = self.take_in(event, standing, policy);
        self.weigh(standing);
        let news = before.is_some_and(|before| {
            let matters = before.matter() || self.matter();
            matters && before != *self
        });
        Effect { news, taken }
    }

    fn take_in(&mut self, event: Event<'_>, standing: Standing, policy: &Policy) -> Taken {
        match event {
            Event::Appeared => self.appeared(),
            Event::CameAt(at) => {
                let at = KeptMs::from(at);
                self.since = Some(self.since.map_or(at, |since| since.min(at)));
            }
            Event::SeatLeft { had, seen } => self.seat_left(had, seen),
            Event::Left { had, seen, at } => self.left(had, seen, at),
            Event::LeftUnseen { heirs } => {
                self.since = None;
                self.awaited |= self.end_election() && heirs;
            }
            Event::NotAwaited => self.awaited = false,
            Event::Shown(affiliation) => self.show(affiliation),
            Event::Doubted => self.shown = None,
            Event::Unlisted(which) => {
                self.shown = Some(Affiliation::None);
                self.vague = which != Affiliation::Member;
                self.ban = Ban::Stands;
            }
            Event::EnteredAs(affiliation) => self.entered_as(affiliation, standing),
            Event::Changed(shift) => return self.changed(shift, standing, policy),
            Event::Kicked => {
                self.take(Kind::Grant);
                self.end_election();
            }
            Event::User(id) => self.user = id.cloned(),
            Event::Overridden(set) => self.overridden(*set),
            Event::OverrideCleared => self.override_cleared(),
            Event::Elected => {
                let ends = Ends::WithPresence;
                self.put(Ground::Election, Affiliation::Owner, ends);
                self.awaited = false;
            }
            Event::ElectionOver => self.election_over(),
            Event::Expired => self.debt = Some(Debt::Expiry),
            Event::TimeUp(now) => self.time_up(now),
            Event::GrantsLimited(limit) => self.limit_grant(limit),
            Event::HandedOver => self.hand_over(),
            Event::PowerDoubted => self.lose_power(),
            Event::TakenOver(handed) => self.take_over(handed),
            // Their seats say it: it is weighed in the end.
            Event::Judged => {}
            Event::BanOver => self.ban_over(),
            Event::BanLifted => self.ban = Ban::Stands,
            Event::Settled => self.debt = None,
            Event::Anew => {
                let user = self.user.take();
                let (shown, lost) = (self.shown, self.lost);
                *self = Self {
                    user,
                    shown,
                    lost,
                    ..Self::default()
                };
            }
        }
        Taken::Compared
    }

    fn show(&mut self, affiliation: Affiliation) {
        if matches!(affiliation, Affiliation::None | Affiliation::Member) {
            self.floor = Some(affiliation);
        }
        if affiliation != Affiliation::Outcast {
            // The ban is gone, whoever lifted it.
            self.ban = Ban::Stands;
        }
        self.shown = Some(affiliation);
        self.vague = false;
    }

    fn entered_as(&mut self, affiliation: Affiliation, standing: Standing) {
        self.show(affiliation);
        let left_alone = matches!(
            standing.verdict,
            Some(Entitlement::Guest | Entitlement::Keep)
        );
        if left_alone {
            // gavel's own gift is no gift of others to somebody who is left alone.
            self.debt = Some(Debt::Right);
        }
    }

    fn overridden(&mut self, set: Override) {
        if set.affiliation == Affiliation::Outcast {
            self.ban = Ban::Stands;
        } else if self.overridden_to() == Some(Affiliation::Outcast) {
            self.ban = Ban::ToBeLifted;
        }
        let ends = set.until.map_or(Ends::WithMeeting, Ends::At);
        let setter = Setter {
            by: set.by,
            nick: set.nick,
            display_name: set.display_name,
        };
        let ground = Ground::Override(Box::new(setter));
        self.put(ground, set.affiliation, ends);
    }

    fn override_cleared(&mut self) {
        let Some(old) = self.take(Kind::Override) else {
            return;
        };
        if old.affiliation.moderates() {
            // Any other entitlement of theirs still holds.
            self.entitled = false;
            self.debt = Some(Debt::Right);
        }
        if old.affiliation == Affiliation::Outcast {
            self.ban_over();
        }
    }

    /// A ban that an admin has set is to be lifted, also if it is on its way.
    fn ban_over(&mut self) {
        self.ban = Ban::ToBeLifted;
        if self.may_be_banned() {
            // They may come again with the affiliation they had below moderator; more is
            // for when they come.
            self.take(Kind::LastSeen);
            self.keep_nothing();
        }
    }

    fn election_over(&mut self) {
        self.take(Kind::Election);
        self.awaited = false;
        self.debt = Some(Debt::Fallback);
        if self
            .grant()
            .is_some_and(|grant| grant.root == Root::Election)
        {
            self.take(Kind::Grant);
        }
    }

    fn time_up(&mut self, now: u64) {
        let over = |right: &Right| matches!(right.ends, Ends::At(at) if at <= now);
        if self.last_seen().is_some_and(over) {
            self.take(Kind::LastSeen);
            self.debt = Some(Debt::Expiry);
        }
    }

    fn limit_grant(&mut self, limit: Option<Affiliation>) {
        let grant = self.find(Kind::Grant);
        let Some(at) = grant.filter(|at| Some(self.grounds[*at].affiliation) > limit) else {
            return;
        };
        match limit {
            Some(limit) => self.grounds[at].affiliation = limit,
            None => {
                self.grounds.swap_remove(at);
            }
        }
    }

    /// Their rights belong to another JID from now on.
    fn hand_over(&mut self) {
        if self.take(Kind::Grant).is_some() {
            self.take(Kind::LastSeen);
        }
        self.cap = None;
        self.awaited = false;
    }

    fn take_over(&mut self, handed: Handed) {
        if let Some(right) = handed.grant {
            self.put(right.ground, right.affiliation, right.ends);
        }
        self.cap = handed.cap;
    }

    /// Nobody knows whether their ground of power still holds: they are lowered unless
    /// their claims give it.
    fn lose_power(&mut self) {
        let before = self.grounds.len();
        self.grounds.retain(|right| {
            let lowers = matches!(right.ground, Ground::Override(_) | Ground::LastSeen);
            lowers && !right.affiliation.moderates()
        });
        if self.grounds.len() < before {
            self.entitled = false;
            self.debt = Some(Debt::Right);
        }
    }

    /// Puts somebody in debt who had power and has none any more; whoever has power is in no
    /// debt. If a rule leaves them alone, nothing new is known of them.
    fn weigh(&mut self, standing: Standing) {
        let left_alone = standing.verdict == Some(Entitlement::Keep);
        if left_alone && self.overridden_to().is_none() {
            return;
        }
        let before = self.entitled;
        self.entitled = self.power(standing).is_some();
        if self.entitled {
            self.debt = None;
        } else if before {
            self.debt.get_or_insert(Debt::Right);
        }
    }
}

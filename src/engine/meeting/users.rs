//! The JIDs of a meeting by their verified `context.user.id`, and the JID that inherits
//! rights when their holder leaves (SPEC B3).
//!
//! A user id is not a person: integrations copy the sample id of Jitsi's documentation, or
//! count. So rights pass only if one JID alone can be meant: the one that is there with the
//! id as the holder leaves (a reload whose ghost lingers, a device switch), or the one that
//! comes within a minute after (a reload). An id that two JIDs have carried side by side
//! for longer than a ghost lives names no person, and nothing passes by it until the
//! meeting ends.

use crate::claims::UserId;
use crate::engine::hash::HashMap;
use crate::muc::BareJid;
use std::collections::VecDeque;

/// Somebody who comes so long after the holder has left is their successor, in
/// milliseconds.
pub const RELOAD_MS: u64 = 60_000;
/// Longer than this, in milliseconds, no ghost is there beside its successor.
const SIDE_BY_SIDE_MS: u64 = 120_000;

/// The fate of the rights of somebody who has left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Succession {
    /// They pass to this JID.
    To(BareJid),
    /// They pass to the next person with the same id who comes within [`RELOAD_MS`].
    Awaited,
    /// Several could be meant, or nobody: they stay where they are.
    Nobody,
}

/// A JID that carries an id, and since when, in milliseconds since 1970-01-01 UTC.
#[derive(Debug, Clone)]
struct Carrier {
    jid: BareJid,
    since: u64,
}

/// The JIDs that carry one id.
#[derive(Debug)]
enum Carriers {
    /// One JID that is there, and nothing else: nearly every id.
    One(Carrier),
    /// Anything else.
    Several(Box<Several>),
}

/// Everything that gavel knows of an id.
#[derive(Debug, Default)]
struct Several {
    here: Vec<Carrier>,
    /// gavel has lost sight of them: whether they are there is not known.
    unseen: Vec<Carrier>,
    /// Nobody has succeeded them yet; and when they left.
    left: Vec<(BareJid, u64)>,
    /// The id names no person.
    nobody: bool,
}

/// The user ids of a meeting.
#[derive(Debug, Default)]
pub struct Users {
    by_id: HashMap<UserId, Carriers>,
    /// The ids of everybody in [`Several::left`], and when they left, oldest first.
    left: VecDeque<(u64, UserId)>,
}

impl Users {
    /// `jid` is there with `id`. Answers who has left and is succeeded by it.
    pub fn came(&mut self, id: &UserId, jid: &BareJid, now: u64) -> Option<BareJid> {
        self.drop_long_gone(now);
        match self.by_id.get(id) {
            None => {
                let jid = jid.clone();
                let one = Carriers::One(Carrier { jid, since: now });
                self.by_id.insert(id.clone(), one);
                None
            }
            Some(Carriers::One(known)) if known.jid == *jid => None,
            Some(_) => self.change(id, |carriers| carriers.came(jid, now)),
        }
    }

    /// `jid` has left at `at`, as far as is known; it is `now`.
    pub fn left(&mut self, id: &UserId, jid: &BareJid, at: u64, now: u64) -> Succession {
        self.drop_long_gone(now);
        if !self.by_id.contains_key(id) {
            return Succession::Nobody;
        }
        let succession = self.change(id, |carriers| carriers.left(jid, at, now));
        if succession == Succession::Awaited {
            self.left.push_back((at, id.apart()));
        }
        succession
    }

    /// Says whether somebody else, and nobody but them, is there with the same id.
    pub fn has_one_heir(&self, id: &UserId, jid: &BareJid, now: u64) -> bool {
        match self.by_id.get(id) {
            None => false,
            Some(Carriers::One(known)) => known.jid != *jid,
            Some(Carriers::Several(several)) => {
                let others = several.here.iter().filter(|carrier| carrier.jid != *jid);
                !several.names_nobody(now) && others.count() == 1
            }
        }
    }

    /// gavel has lost sight of `jid`.
    pub fn out_of_sight(&mut self, id: &UserId, jid: &BareJid, now: u64) {
        self.change(id, |carriers| {
            carriers.look(now);
            let carrier = take(&mut carriers.here, jid).unwrap_or_else(|| Carrier {
                jid: jid.clone(),
                since: now,
            });
            carriers.unseen.push(carrier);
        });
    }

    /// `jid` is there and has another id now, or none.
    pub fn drops(&mut self, id: &UserId, jid: &BareJid, now: u64) {
        self.change(id, |carriers| {
            carriers.look(now);
            take(&mut carriers.here, jid);
            take(&mut carriers.unseen, jid);
            carriers.left.retain(|(left, _)| left != jid);
        });
    }

    /// Everybody who may or may not be there: gavel has lost sight of them.
    pub fn unseen(&self) -> Vec<(UserId, BareJid)> {
        let all = self.several().flat_map(|(id, several)| {
            let unseen = several.unseen.iter();
            unseen.map(|carrier| (id.clone(), carrier.jid.clone()))
        });
        let mut all: Vec<_> = all.collect();
        all.sort_unstable();
        all
    }

    /// The ids that name no person, in order.
    pub fn shared(&self, now: u64) -> Vec<&str> {
        let shared = self.several().filter(|(_, all)| all.names_nobody(now));
        let mut ids: Vec<&str> = shared.map(|(id, _)| &**id).collect();
        ids.sort_unstable();
        ids
    }

    /// `id` names no person, as was known before a restart.
    pub fn is_shared(&mut self, id: &UserId) {
        self.change(id, |carriers| carriers.nobody = true);
    }

    /// The ids with more to say than the JIDs that are there.
    fn several(&self) -> impl Iterator<Item = (&UserId, &Several)> {
        self.by_id.iter().filter_map(|(id, all)| match all {
            Carriers::One(_) => None,
            Carriers::Several(several) => Some((id, &**several)),
        })
    }

    /// Changes the record of an id, and drops it if it has become empty. The id may outlive
    /// the person who came with it, so it does not keep their claims.
    fn change<T>(&mut self, id: &UserId, change: impl FnOnce(&mut Several) -> T) -> T {
        let (id, mut several) = match self.by_id.remove_entry(id) {
            None => (id.apart(), Box::default()),
            Some((_, Carriers::One(carrier))) => {
                let here = vec![carrier];
                let several = Several {
                    here,
                    ..Several::default()
                };
                (id.apart(), Box::new(several))
            }
            Some((id, Carriers::Several(several))) => (id, several),
        };
        let changed = change(&mut several);
        if let Some(carriers) = Carriers::of(several) {
            self.by_id.insert(id, carriers);
        }
        changed
    }

    fn drop_long_gone(&mut self, now: u64) {
        let gone = |at: u64| at.saturating_add(RELOAD_MS) < now;
        while self.left.front().is_some_and(|(at, _)| gone(*at)) {
            let Some((_, id)) = self.left.pop_front() else {
                return;
            };
            self.change(&id, |carriers| carriers.left.retain(|(_, at)| !gone(*at)));
        }
    }
}

impl Carriers {
    /// In as little room as it takes; none if there is nothing to remember.
    fn of(mut several: Box<Several>) -> Option<Self> {
        let settled = several.unseen.is_empty() && several.left.is_empty() && !several.nobody;
        match several.here.len() {
            0 if settled => None,
            1 if settled => several.here.pop().map(Self::One),
            _ => Some(Self::Several(several)),
        }
    }
}

impl Several {
    fn came(&mut self, jid: &BareJid, now: u64) -> Option<BareJid> {
        if self.here.iter().any(|carrier| carrier.jid == *jid) {
            return None;
        }
        // gavel hears of some late: they may have left too long ago.
        let in_time = |at: u64| now <= at.saturating_add(RELOAD_MS);
        self.left.retain(|(left, at)| left != jid && in_time(*at));
        let back = take(&mut self.unseen, jid);
        let since = back.map_or(now, |carrier| carrier.since);
        let jid = jid.clone();
        self.here.push(Carrier { jid, since });
        // People out of sight may be there: gavel does not know yet who has left.
        let sure = self.here.len() == 1 && self.unseen.is_empty();
        match self.left.len() {
            1 if sure && !self.nobody => self.left.pop().map(|(left, _)| left),
            _ => None,
        }
    }

    fn left(&mut self, jid: &BareJid, at: u64, now: u64) -> Succession {
        self.look(now);
        take(&mut self.here, jid);
        take(&mut self.unseen, jid);
        let in_time = at.saturating_add(RELOAD_MS);
        match &self.here[..] {
            _ if self.nobody => Succession::Nobody,
            [heir] if heir.since <= in_time => Succession::To(heir.jid.clone()),
            [] if now <= in_time => {
                self.left.push((jid.clone(), at));
                Succession::Awaited
            }
            _ => Succession::Nobody,
        }
    }

    /// Says whether two are, or have been, side by side for too long.
    fn names_nobody(&self, now: u64) -> bool {
        let long = |carrier: &&Carrier| carrier.since.saturating_add(SIDE_BY_SIDE_MS) < now;
        self.nobody || self.here.iter().filter(long).count() > 1
    }

    fn look(&mut self, now: u64) {
        self.nobody = self.names_nobody(now);
    }
}

fn take(list: &mut Vec<Carrier>, jid: &BareJid) -> Option<Carrier> {
    let at = list.iter().position(|carrier| carrier.jid == *jid)?;
    Some(list.remove(at))
}

#[cfg(test)]
mod tests;

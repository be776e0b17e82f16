//! The census of a meeting: it counts people as they change. So elections and the search
//! for a host cost the same however many people are there.

use crate::muc::BareJid;
use std::collections::BTreeSet;

/// One person, as the census counts them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Entry {
    /// They are there.
    pub present: bool,
    /// Claims, or an admin, entitle them to moderate, and they are there.
    pub host: bool,
    /// Claims, or an admin, entitle them to be owner, and they are there.
    pub owner: bool,
    /// They moderate, or are about to, and are not elected.
    pub moderates: bool,
    /// They may moderate: their affiliation is not known.
    pub unsure: bool,
    /// They can be elected.
    pub electable: bool,
    /// They are elected.
    pub elected: bool,
    /// They were elected as they left, and may come back.
    pub awaited: bool,
    /// Their power goes back to an election.
    pub by_election: bool,
    /// They came once, and have left unseen.
    pub unseen: bool,
    /// When they came, in milliseconds since 1970-01-01 UTC.
    pub since: u64,
}

/// An [`Entry`] as it is kept of everybody: in less memory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    since: u64,
    /// One bit for each yes or no of the entry.
    bits: u16,
}

impl From<Entry> for Counted {
    fn from(entry: Entry) -> Self {
        let Entry {
            present,
            host,
            owner,
            moderates,
            unsure,
            electable,
            elected,
            awaited,
            by_election,
            unseen,
            since,
        } = entry;
        let all = [
            present,
            host,
            owner,
            moderates,
            unsure,
            electable,
            elected,
            awaited,
            by_election,
            unseen,
        ];
        let bits = all.into_iter().rev();
        let bits = bits.fold(0, |bits, is| bits << 1 | u16::from(is));
        Self { since, bits }
    }
}

impl From<Counted> for Entry {
    fn from(counted: Counted) -> Self {
        let is = |place: u32| counted.bits >> place & 1 == 1;
        Self {
            present: is(0),
            host: is(1),
            owner: is(2),
            moderates: is(3),
            unsure: is(4),
            electable: is(5),
            elected: is(6),
            awaited: is(7),
            by_election: is(8),
            unseen: is(9),
            since: counted.since,
        }
    }
}

/// The sum of all entries.
#[derive(Debug, Default)]
pub struct Census {
    present: usize,
    hosts: usize,
    owners: usize,
    moderators: usize,
    unsure: usize,
    /// Everybody who can be elected and does not moderate, in the order of their
    /// coming.
    candidates: BTreeSet<(u64, BareJid)>,
    /// Everybody who is elected and can be.
    elected: BTreeSet<(u64, BareJid)>,
    /// Everybody who is elected and cannot be any more.
    over: BTreeSet<BareJid>,
    awaited: BTreeSet<BareJid>,
    by_election: BTreeSet<BareJid>,
    unseen: BTreeSet<BareJid>,
}

/// The census of a meeting in which nobody has been counted.
pub static NOBODY: Census = Census {
    present: 0,
    hosts: 0,
    owners: 0,
    moderators: 0,
    unsure: 0,
    candidates: BTreeSet::new(),
    elected: BTreeSet::new(),
    over: BTreeSet::new(),
    awaited: BTreeSet::new(),
    by_election: BTreeSet::new(),
    unseen: BTreeSet::new(),
};

impl Census {
    /// Counts `new` in place of `old`.
    pub fn replace(&mut self, bare: &BareJid, old: Entry, new: Entry) {
        if old == new {
            return;
        }
        let counts = [
            (&mut self.present, old.present, new.present),
            (&mut self.hosts, old.host, new.host),
            (&mut self.owners, old.owner, new.owner),
            (&mut self.moderators, old.moderates, new.moderates),
            (&mut self.unsure, old.unsure, new.unsure),
        ];
        for (count, old, new) in counts {
            *count = (*count + usize::from(new)).saturating_sub(usize::from(old));
        }
        let candidate = |entry: Entry| entry.electable && !entry.moderates && !entry.elected;
        let elected = |entry: Entry| entry.elected && entry.electable && entry.present;
        let over = |entry: Entry| entry.elected && !entry.electable && entry.present;
        put_in_order(&mut self.candidates, bare, old, new, candidate);
        put_in_order(&mut self.elected, bare, old, new, elected);
        put(&mut self.over, bare, over(old), over(new));
        put(&mut self.awaited, bare, old.awaited, new.awaited);
        put(
            &mut self.by_election,
            bare,
            old.by_election,
            new.by_election,
        );
        put(&mut self.unseen, bare, old.unseen, new.unseen);
    }

    /// Says whether anybody is there.
    pub fn has_people(&self) -> bool {
        self.present > 0
    }

    /// Says whether claims, or an admin, entitle somebody there to moderate.
    pub fn has_host(&self) -> bool {
        self.hosts > 0
    }

    /// Says whether claims, or an admin, entitle somebody there to be owner.
    pub fn has_owner(&self) -> bool {
        self.owners > 0
    }

    /// Says whether somebody there moderates, elected or not.
    pub fn is_moderated(&self) -> bool {
        self.moderators > 0 || !self.elected.is_empty()
    }

    /// Says whether somebody is there who may moderate unknown to gavel.
    pub fn is_unsure(&self) -> bool {
        self.unsure > 0
    }

    /// The longest present of the people who can be elected.
    pub fn first(&self) -> Option<&BareJid> {
        self.candidates.first().map(|(_, bare)| bare)
    }

    /// Everybody whose election is over: they cannot be elected any more, or several
    /// are.
    pub fn elected_in_vain(&self) -> BTreeSet<BareJid> {
        let surplus = self.elected.iter().skip(1).map(|(_, bare)| bare);
        surplus.chain(&self.over).cloned().collect()
    }

    /// Everybody who is elected and present.
    pub fn elected(&self) -> impl Iterator<Item = &BareJid> {
        self.elected.iter().map(|(_, bare)| bare).chain(&self.over)
    }

    /// Everybody who was elected as they left, and may come back.
    pub fn awaited(&self) -> impl Iterator<Item = &BareJid> {
        self.awaited.iter()
    }

    /// The people whose power goes back to an election, and the people who have left unseen.
    pub fn noted(&self) -> impl Iterator<Item = &BareJid> {
        self.by_election.union(&self.unseen)
    }
}

fn put(set: &mut BTreeSet<BareJid>, bare: &BareJid, old: bool, new: bool) {
    match (old, new) {
        (false, true) => {
            set.insert(bare.clone());
        }
        (true, false) => {
            set.remove(bare);
        }
        _ => {}
    }
}

fn put_in_order(
    set: &mut BTreeSet<(u64, BareJid)>,
    bare: &BareJid,
    old: Entry,
    new: Entry,
    belongs: impl Fn(Entry) -> bool,
) {
    let (was, is) = (belongs(old), belongs(new));
    if was && is && old.since == new.since {
        return;
    }
    if was {
        set.remove(&(old.since, bare.clone()));
    }
    if is {
        set.insert((new.since, bare.clone()));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_entry_is_kept_as_it_is() {
        for bits in 0..1 << 10 {
            let counted = Counted { since: 7, bits };
            assert_eq!(Counted::from(Entry::from(counted)), counted);
        }
        let entry = Entry {
            by_election: true,
            ..Entry::default()
        };
        assert_eq!(Entry::from(Counted::from(entry)), entry);
    }

    #[test]
    fn b5_people_who_were_counted_are_counted_out_again() {
        let bare = BareJid::parse("a@x").unwrap();
        let mut census = Census::default();
        let here = Entry {
            present: true,
            electable: true,
            since: 5,
            ..Entry::default()
        };
        let host = Entry {
            host: true,
            owner: true,
            moderates: true,
            ..here
        };
        let elected = Entry {
            elected: true,
            by_election: true,
            ..here
        };
        let mut old = Entry::default();
        for new in [here, elected, host, here, Entry { since: 3, ..here }] {
            census.replace(&bare, old, new);
            old = new;
            assert_eq!(census.has_host(), new.host);
            assert_eq!(census.elected().count(), usize::from(new.elected));
            assert_eq!(census.is_moderated(), new.host || new.elected);
            let free = !new.host && !new.elected;
            assert_eq!(census.first().is_some(), free, "{new:?}");
        }
        census.replace(&bare, old, Entry::default());
        assert_eq!(format!("{census:?}"), format!("{:?}", Census::default()));
    }
}

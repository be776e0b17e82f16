//! Keys that are fetched one by one, by the id that a token names.
//!
//! Anybody can invent ids. The harm is bounded: few fetches at once, a limited rate of new
//! ones, and gavel remembers for a minute that there is no such key. Keys that are here
//! already are refreshed first, so that nobody can keep gavel from learning that one is
//! revoked. There are two lanes, each with its bounds: one for the people who wait, in the
//! order of their turns, and a small one for the newest of them, who so does not wait for
//! everybody before.

use super::news::{FetchFault, KeyNews, LOST, REFRESH};
use crate::claims::keys::KeySet;
use crate::claims::{Algorithm, KeyError};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// The bounds of one lane.
struct Bounds {
    /// Fetches under way at once, those of the lanes before included.
    at_once: usize,
    /// New ids that may be asked for at once after a quiet time.
    burst: u32,
    /// The time between two new ids when that is used up.
    interval: Duration,
}

/// For those who wait.
const TURNS: Bounds = Bounds {
    at_once: 6,
    burst: 40,
    interval: Duration::from_millis(100),
};
/// For the person who came last.
const NEWEST: Bounds = Bounds {
    at_once: 8,
    burst: 4,
    interval: Duration::from_millis(250),
};
/// Least time between two looks at those who wait.
const LOOK: Duration = Duration::from_millis(50);
/// The number of keys kept: as many as Jitsi's own cache holds.
const MAX_KEYS: usize = 128;
/// How long the answer that there is no such key is believed, and a key kept
/// that could not be refreshed, before the server is asked again.
const RETRY: Duration = Duration::from_secs(60);
/// The same if the server could not be asked for a key that is not here.
const RETRY_FAILED: Duration = Duration::from_secs(10);

/// The state of one id.
struct Entry {
    key: Option<KeySet>,
    /// Its number in the order of the keys, to forget the oldest.
    number: u64,
    /// When the last fetch began.
    began: Duration,
    /// Its end has not been told.
    under_way: bool,
    /// How the last one failed that did, and when it began.
    fault: Option<(Duration, FetchFault)>,
    /// When the server may be asked again.
    due: Duration,
}

impl Entry {
    fn is_under_way(&self, now: Duration) -> bool {
        self.under_way && now < self.began + LOST
    }
}

/// The use of a lane.
#[derive(Default)]
struct Lane {
    /// Up to when the rate of new ids is used up (the generic cell rate
    /// algorithm's theoretical arrival time).
    used_until: Duration,
    /// Somebody was turned away.
    busy: bool,
}

impl Lane {
    /// When the next new id may be asked for; not later than `now` if now.
    fn allowed(&self, bounds: &Bounds) -> Duration {
        self.used_until
            .saturating_sub(bounds.interval * (bounds.burst - 1))
    }

    /// Says whether a new id may be asked for now, if so many are under way.
    fn admits(&mut self, bounds: &Bounds, under_way: usize, now: Duration) -> bool {
        self.busy = self.allowed(bounds) > now || under_way >= bounds.at_once;
        if !self.busy {
            self.used_until = self.used_until.max(now) + bounds.interval;
        }
        !self.busy
    }

    /// When somebody who was turned away may come again.
    fn turn(&self, bounds: &Bounds, now: Duration) -> Option<Duration> {
        let at = self.allowed(bounds);
        (self.busy && at > now).then_some(at)
    }
}

/// All that is known, by the name of the file.
#[derive(Default)]
pub(super) struct NamedKeys {
    entries: BTreeMap<Arc<str>, Entry>,
    starting: VecDeque<Arc<str>>,
    /// Those who wait.
    turns: Lane,
    /// The lane of the person who came last.
    newest: Lane,
    numbers: u64,
    /// Failures to ask the server since the last time that it answered.
    failures: u32,
}

impl NamedKeys {
    /// The key, if it is here.
    pub(super) fn key(&self, name: &str) -> Option<&KeySet> {
        self.entries.get(name)?.key.as_ref()
    }

    /// The known fault of a key that is not here, wanted `since`.
    pub(super) fn fault(&self, name: &str, since: Duration) -> Option<FetchFault> {
        let entry = self.entries.get(name)?;
        let (tried, fault) = entry.fault.as_ref()?;
        (since <= *tried || since < entry.due).then(|| fault.clone())
    }

    fn under_way(&self, now: Duration) -> usize {
        let under_way = |entry: &&Entry| entry.is_under_way(now);
        self.entries.values().filter(under_way).count()
    }

    pub(super) fn is_busy(&self) -> bool {
        self.turns.busy
    }

    pub(super) fn refresh(&mut self, now: Duration) {
        self.turns.busy = false;
        self.newest.busy = false;
        let mut room = TURNS.at_once.saturating_sub(self.under_way(now));
        for (name, entry) in &mut self.entries {
            let due = entry.key.is_some() && entry.due <= now && !entry.is_under_way(now);
            if due && room > 0 {
                room -= 1;
                entry.began = now;
                entry.under_way = true;
                self.starting.push_back(name.clone());
            }
        }
    }

    /// Somebody waits whose turn it is; whether others may be looked at, too.
    pub(super) fn want(&mut self, name: &Arc<str>, now: Duration) -> bool {
        if self.is_known(name, now) {
            return true;
        }
        let under_way = self.under_way(now);
        let admitted = self.turns.admits(&TURNS, under_way, now);
        if admitted {
            self.begin(name, now);
        }
        admitted
    }

    /// The same for the person who came last.
    pub(super) fn want_newest(&mut self, name: &Arc<str>, now: Duration) {
        let under_way = self.under_way(now);
        if !self.is_known(name, now) && self.newest.admits(&NEWEST, under_way, now) {
            self.begin(name, now);
        }
    }

    /// Says whether the server need not, or must not, be asked.
    fn is_known(&self, name: &str, now: Duration) -> bool {
        self.entries
            .get(name)
            .is_some_and(|entry| entry.key.is_some() || entry.is_under_way(now) || now < entry.due)
    }

    fn begin(&mut self, name: &Arc<str>, now: Duration) {
        let fault = self.entries.remove(name).and_then(|entry| entry.fault);
        let entry = Entry {
            key: None,
            number: 0,
            began: now,
            under_way: true,
            fault,
            due: now,
        };
        self.entries.insert(name.clone(), entry);
        self.starting.push_back(name.clone());
    }

    pub(super) fn start(&mut self) -> Option<Arc<str>> {
        self.starting.pop_front()
    }

    pub(super) fn next(&self, now: Duration) -> Option<Duration> {
        let entries = self.entries.values().filter_map(|entry| {
            let at = match entry.under_way {
                true => entry.began + LOST,
                false => entry.due,
            };
            // A key that is due and not here needs no reminder: the people who want it say so.
            (at > now || entry.key.is_some()).then_some(at)
        });
        let turns = [self.turns.turn(&TURNS, now), self.newest.turn(&NEWEST, now)];
        // A key that is due and finds no room has its turn when something arrives.
        let next = entries.chain(turns.into_iter().flatten()).min()?;
        Some(next.max(now + LOOK))
    }

    pub(super) fn arrived(
        &mut self,
        name: &Arc<str>,
        result: Result<&str, FetchFault>,
        algorithms: &[Algorithm],
        now: Duration,
    ) -> KeyNews {
        let read = result.and_then(|text| {
            KeySet::fetched_pem(text, algorithms).map_err(|error| unusable(&error))
        });
        let Some(entry) = self.entries.get_mut(name) else {
            return KeyNews::Absent;
        };
        entry.under_way = false;
        let failed = matches!(read, Err(FetchFault::Failed(_)));
        let well = self.failures == 0;
        self.failures = if failed { self.failures + 1 } else { 0 };
        let news = match read {
            Ok(key) => {
                let first = entry.key.replace(key).is_none();
                if first {
                    self.numbers += 1;
                    entry.number = self.numbers;
                }
                entry.fault = None;
                entry.due = entry.began + REFRESH;
                KeyNews::Fetched {
                    first: first || !well,
                    usable: 1,
                    skipped: Vec::new(),
                }
            }
            Err(fault @ FetchFault::Absent(_)) => {
                entry.key = None;
                entry.fault = Some((entry.began, fault));
                entry.due = now + RETRY;
                KeyNews::Absent
            }
            Err(FetchFault::Failed(why)) => {
                entry.due = match entry.key {
                    Some(_) => now + RETRY,
                    None => now + RETRY_FAILED,
                };
                entry.fault = Some((entry.began, FetchFault::Failed(why.clone())));
                KeyNews::Failed { why, first: well }
            }
        };
        self.forget(now);
        news
    }

    /// Forgets keys that nobody has asked for again, and the oldest key if there are too many.
    fn forget(&mut self, now: Duration) {
        self.entries.retain(|_, entry| {
            entry.key.is_some() || entry.is_under_way(now) || now < entry.due + RETRY
        });
        let keys = self.entries.iter().filter(|(_, entry)| entry.key.is_some());
        if keys.clone().count() > MAX_KEYS {
            let oldest = keys.min_by_key(|(_, entry)| entry.number);
            if let Some(name) = oldest.map(|(name, _)| name.clone()) {
                self.entries.remove(&name);
            }
        }
    }
}

/// The fault of an answer that is no key; the server may still have one.
fn unusable(error: &KeyError) -> FetchFault {
    let why = match error {
        KeyError::PrivateKey => "the answer is a private key, which gavel must not have".to_owned(),
        KeyError::Certificate => "the answer is a certificate, not a public key".to_owned(),
        KeyError::RsaSize { bits } => {
            format!("the answer is an RSA key of {bits} bits, not 2048 to 4096")
        }
        KeyError::NoUsableKey {
            algorithms: key, ..
        } => {
            format!("the answer is {key}, which can do none of claims.jwt.algorithms")
        }
        _ => "the answer is no public key in PEM (-----BEGIN PUBLIC KEY-----)".to_owned(),
    };
    FetchFault::Failed(why)
}

//! Keys that are fetched one by one, by the id that a token names.
//!
//! Anybody can invent ids. What they can cause is bounded: few fetches at once
//! ([`AT_ONCE`]), a limited rate of new ones ([`BURST`], [`INTERVAL`]), answers
//! that there is no such key kept for a minute. Keys that are here already are
//! refreshed first, so that nobody can keep gavel from learning that one is
//! revoked.

use super::{FetchFault, KeyNews, LOST, REFRESH};
use crate::claims::keys::KeySet;
use crate::claims::{Algorithm, KeyError};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// Fetches under way at once.
const AT_ONCE: usize = 4;
/// New ids that may be asked for at once after a quiet time.
const BURST: u32 = 20;
/// The time between two new ids when that is used up.
const INTERVAL: Duration = Duration::from_millis(500);
/// Keys kept: what Jitsi's own cache holds.
const MAX_KEYS: usize = 128;
/// How long the answer that there is no such key is believed, and a key kept
/// that could not be refreshed, before the server is asked again.
const RETRY: Duration = Duration::from_secs(60);
/// The same where the server could not be asked for a key that is not here.
const RETRY_FAILED: Duration = Duration::from_secs(10);

/// What is known of one id.
struct Entry {
    key: Option<KeySet>,
    /// Which number of key it was, to forget the oldest.
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

/// All that is known, by the name of the file.
#[derive(Default)]
pub(super) struct NamedKeys {
    entries: BTreeMap<Arc<str>, Entry>,
    starting: VecDeque<Arc<str>>,
    /// Up to when the rate of new ids is used up (the generic cell rate
    /// algorithm's theoretical arrival time).
    used_until: Duration,
    /// Somebody was turned away.
    busy: bool,
    numbers: u64,
    /// Failures to ask the server since the last time that it answered.
    failures: u32,
}

impl NamedKeys {
    /// The key, where it is here.
    pub(super) fn key(&self, name: &str) -> Option<&KeySet> {
        self.entries.get(name)?.key.as_ref()
    }

    /// What is known for certain about a key that is not here, wanted `since`.
    pub(super) fn fault(&self, name: &str, since: Duration) -> Option<FetchFault> {
        let entry = self.entries.get(name)?;
        let (tried, fault) = entry.fault.as_ref()?;
        (since <= *tried || since < entry.due).then(|| fault.clone())
    }

    /// When the next new id may be asked for; not later than `now` if now.
    fn allowed(&self) -> Duration {
        self.used_until.saturating_sub(INTERVAL * (BURST - 1))
    }

    fn under_way(&self, now: Duration) -> usize {
        let under_way = |entry: &&Entry| entry.is_under_way(now);
        self.entries.values().filter(under_way).count()
    }

    pub(super) fn is_busy(&self) -> bool {
        self.busy
    }

    pub(super) fn refresh(&mut self, now: Duration) {
        self.busy = false;
        let mut room = AT_ONCE.saturating_sub(self.under_way(now));
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

    pub(super) fn want(&mut self, name: &Arc<str>, now: Duration) -> bool {
        if let Some(entry) = self.entries.get(name)
            && (entry.key.is_some() || entry.is_under_way(now) || now < entry.due)
        {
            return true;
        }
        if self.allowed() > now || self.under_way(now) >= AT_ONCE {
            self.busy = true;
            return false;
        }
        self.used_until = self.used_until.max(now) + INTERVAL;
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
        true
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
            // Of what is not here and due nobody needs to be reminded: whoever
            // wants it says so.
            (at > now || entry.key.is_some()).then_some(at)
        });
        let turn = (self.busy && self.allowed() > now).then(|| self.allowed());
        // What is due and finds no room has its turn when something arrives.
        let next = entries.chain(turn).min()?;
        Some(next.max(now + INTERVAL))
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

    /// Forgets what nobody has asked for again, and the oldest key where there
    /// are too many.
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

/// What is wrong with an answer that is no key; the server may still have one.
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

//! A key set that is fetched whole.

use super::news::{FetchFault, KeyNews, LOST, REFRESH};
use crate::claims::Algorithm;
use crate::claims::keys::KeySet;
use std::time::Duration;

/// Tokens with a key id that the set does not have cause a fetch at most this
/// often: anybody can invent one.
const UNKNOWN_KID: Duration = Duration::from_secs(60);
/// The pause after a first failure; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause after a failure.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// How many keys of no use are told of.
const SHOWN: usize = 5;

/// The set, and how its last fetch went.
#[derive(Default)]
pub(super) struct SharedSet {
    keys: Option<KeySet>,
    /// When the fetch that brought them began.
    asked: Duration,
    /// When the last fetch began.
    began: Option<Duration>,
    /// Its end has not been told.
    under_way: bool,
    /// It is to be carried out.
    starting: bool,
    /// Failures since the last success, and the last one's reason.
    failures: u32,
    why: String,
    /// Somebody has a token with an unknown key id.
    wanted: bool,
    /// When the last fetch for such a token began.
    wanted_at: Option<Duration>,
}

impl SharedSet {
    /// The keys, if they are here.
    pub(super) fn keys(&self) -> Option<&KeySet> {
        self.keys.as_ref()
    }

    /// The known fault of a key that is not in the set, wanted `since`.
    pub(super) fn fault(&self, since: Duration) -> Option<FetchFault> {
        if self.keys.is_some() && since <= self.asked {
            let why = "its key set has no key that fits";
            return Some(FetchFault::Absent(why.to_owned()));
        }
        let tried = self.failures > 0 && self.began.is_some_and(|began| since <= began);
        (tried && !self.under_way).then(|| FetchFault::Failed(self.why.clone()))
    }

    fn due(&self) -> Duration {
        let Some(began) = self.began else {
            return Duration::ZERO;
        };
        let pause = match (self.failures, self.wanted) {
            (0, true) => {
                let allowed = self.wanted_at.map_or(Duration::ZERO, |at| at + UNKNOWN_KID);
                return allowed.min(began + REFRESH);
            }
            (0, false) => REFRESH,
            (failures, _) => {
                let doubled = FIRST_PAUSE * 2u32.saturating_pow((failures - 1).min(16));
                doubled.min(LONGEST_PAUSE)
            }
        };
        began + pause
    }

    pub(super) fn next(&self) -> Duration {
        match (self.under_way, self.began) {
            (true, Some(began)) => began + LOST,
            _ => self.due(),
        }
    }

    pub(super) fn refresh(&mut self, now: Duration) {
        if now < self.next() {
            return;
        }
        self.began = Some(now);
        self.under_way = true;
        self.starting = true;
        if std::mem::take(&mut self.wanted) {
            self.wanted_at = Some(now);
        }
    }

    pub(super) fn want(&mut self, now: Duration) {
        self.wanted = true;
        self.refresh(now);
    }

    pub(super) fn start(&mut self) -> bool {
        std::mem::take(&mut self.starting)
    }

    pub(super) fn arrived(
        &mut self,
        result: Result<&str, FetchFault>,
        algorithms: &[Algorithm],
        now: Duration,
    ) -> KeyNews {
        self.under_way = false;
        // Those who still lack a key say so again.
        self.wanted = false;
        let read = result.map_err(|fault| fault.to_string()).and_then(|text| {
            let not_a_set = "the answer is no JSON Web Key Set ({\"keys\": […]})";
            KeySet::fetched(text, algorithms).map_err(|_| not_a_set.to_owned())
        });
        match read {
            Ok((keys, mut skipped)) => {
                skipped.truncate(SHOWN);
                let usable = keys.len();
                let first = self.keys.is_none() || self.failures > 0;
                self.keys = Some(keys);
                self.asked = self.began.unwrap_or(now);
                self.failures = 0;
                KeyNews::Fetched {
                    first,
                    usable,
                    skipped,
                }
            }
            Err(why) => {
                let first = self.failures == 0;
                self.failures += 1;
                self.why.clone_from(&why);
                KeyNews::Failed { why, first }
            }
        }
    }
}

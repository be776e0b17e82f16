//! Verdicts that are alike are kept once: a class of thirty has two of them.

use crate::policy::Verdict;
use std::collections::VecDeque;
use std::sync::Arc;

/// Among so many of the latest an equal one is looked for.
const RECENT: usize = 16;

/// The latest verdicts.
#[derive(Debug, Default)]
pub struct Verdicts(VecDeque<Arc<Verdict>>);

impl Verdicts {
    /// `verdict`, as one that is known if there is an equal one.
    pub fn share(&mut self, verdict: Verdict) -> Arc<Verdict> {
        if let Some(known) = self.0.iter().find(|known| ***known == verdict) {
            return Arc::clone(known);
        }
        if self.0.len() == RECENT {
            self.0.pop_front();
        }
        let verdict = Arc::new(verdict);
        self.0.push_back(Arc::clone(&verdict));
        verdict
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Reason, Rule};

    fn granted(by: usize) -> Verdict {
        Verdict {
            rule: Rule::Grant,
            reason: Reason::Granted(Some(by.to_string().into())),
            ..Verdict::guest()
        }
    }

    #[test]
    fn equal_verdicts_are_one_and_only_the_latest_are_remembered() {
        let mut verdicts = Verdicts::default();
        let first = verdicts.share(granted(0));
        assert!(Arc::ptr_eq(&first, &verdicts.share(granted(0))));
        for by in 1..=RECENT {
            assert_eq!(*verdicts.share(granted(by)), granted(by));
        }
        assert_eq!(verdicts.0.len(), RECENT);
        let again = verdicts.share(granted(0));
        assert!(*again == *first && !Arc::ptr_eq(&again, &first));
    }
}

//! Pauses for those who keep overwriting (SPEC B3).

use crate::engine::time::Tick;
use std::time::Duration;

/// This many acts in [`WINDOW`] are free.
const FREE: usize = 5;
/// How long an act counts.
const WINDOW: Duration = Duration::from_secs(10);
/// The first pause; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest pause: the last word is still gavel's, this much later.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Allows so many acts in ten seconds, five by default, then one after each
/// pause, until it has been quiet for a whole window.
#[derive(Debug, Clone, Default)]
pub struct Limiter<const LIMIT: usize = FREE> {
    /// When the last acts were, oldest first; at most `LIMIT`.
    recent: Vec<Tick>,
    /// How many pauses there have been without a quiet window between.
    pauses: u32,
}

impl<const LIMIT: usize> Limiter<LIMIT> {
    /// When the next act is allowed; not later than `now` if it is now.
    pub fn next(&self, now: Tick) -> Tick {
        let Some(&last) = self.recent.last() else {
            return now;
        };
        if now >= last + WINDOW {
            return now;
        }
        if self.pauses > 0 || self.is_full(now) {
            return last + pause(self.pauses);
        }
        now
    }

    /// Says whether acts are being held back.
    pub fn is_pausing(&self, now: Tick) -> bool {
        self.next(now) > now
    }

    /// Notes an act at `now`.
    pub fn note(&mut self, now: Tick) {
        let quiet = self.recent.last().is_none_or(|&last| now >= last + WINDOW);
        if quiet {
            self.recent.clear();
            self.pauses = 0;
        } else if self.pauses > 0 || self.is_full(now) {
            self.pauses += 1;
        }
        if self.recent.len() == LIMIT {
            self.recent.remove(0);
        }
        self.recent.push(now);
    }

    fn is_full(&self, now: Tick) -> bool {
        self.recent.len() == LIMIT && now < self.recent[0] + WINDOW
    }
}

/// The pause after `done` pauses.
fn pause(done: u32) -> Duration {
    (FIRST_PAUSE * 2u32.saturating_pow(done.min(16))).min(LONGEST_PAUSE)
}

/// So many acts in one meeting go out at once.
const BURST: u32 = 300;
/// Then one after each of these.
const STEP: Duration = Duration::from_millis(50);

/// The corrections that one meeting may cost. gavel corrects a class at once that the
/// focus promotes; if the focus goes on promoting, other meetings do not wait for it.
#[derive(Debug, Clone, Default)]
pub struct Budget {
    /// When all of it is there again.
    whole_at: Tick,
}

impl Budget {
    /// When the next act is allowed; not later than `now` if it is now.
    pub fn next(&self, now: Tick) -> Tick {
        now.max(self.whole_at.saturating_sub(STEP * BURST))
    }

    /// Notes an act at `now`.
    pub fn note(&mut self, now: Tick) {
        self.whole_at = self.whole_at.max(now) + STEP;
    }
}

/// Doubling pauses between tries of something that was refused.
#[derive(Debug, Clone, Default)]
pub struct Backoff {
    tries: u32,
}

impl Backoff {
    /// The pause before the next try.
    pub fn pause(&mut self) -> Duration {
        let pause = pause(self.tries);
        self.tries += 1;
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(n: u64) -> Tick {
        Tick::from_millis(n)
    }

    #[test]
    fn b3_five_acts_are_free_then_pauses_double_up_to_five_seconds() {
        let mut limiter: Limiter = Limiter::default();
        let mut now = ms(0);
        let mut acts = Vec::new();
        while acts.len() < 12 {
            now = limiter.next(now);
            limiter.note(now);
            acts.push(now.as_millis());
        }
        assert_eq!(
            acts,
            [0, 0, 0, 0, 0, 250, 750, 1750, 3750, 7750, 12750, 17750]
        );
    }

    #[test]
    fn b3_a_meeting_has_three_hundred_acts_and_then_twenty_a_second() {
        let mut budget = Budget::default();
        let mut now = ms(1_000);
        let mut acts = Vec::new();
        while acts.len() < 341 {
            now = budget.next(now);
            budget.note(now);
            acts.push(now.as_millis());
        }
        assert!(acts[..301].iter().all(|at| *at == 1_000), "{acts:?}");
        assert_eq!(acts[340], 1_000 + 40 * 50);
    }

    #[test]
    fn b3_a_quiet_window_forgives() {
        let mut limiter: Limiter = Limiter::default();
        (0..9).for_each(|_| limiter.note(ms(0)));
        assert!(limiter.next(ms(1)) > ms(1));
        assert_eq!(limiter.next(ms(10_000)), ms(10_000));
        limiter.note(ms(10_000));
        assert_eq!(limiter.next(ms(10_001)), ms(10_001));
    }

    #[test]
    fn b3_acts_far_apart_are_never_held_back() {
        let mut limiter: Limiter = Limiter::default();
        for n in 0..50 {
            let now = ms(n * 2_600);
            assert_eq!(limiter.next(now), now);
            limiter.note(now);
        }
    }
}

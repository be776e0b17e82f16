//! Pauses between acts that others can bring about (SPEC B20).

use crate::engine::time::{KeptTick, Tick};
use std::time::Duration;

/// Doubling pauses between acts that others can bring about, from a tenth of a
/// second up to a minute; forgiven after five minutes without one.
#[derive(Debug, Clone, Default)]
pub struct Spacing {
    last: Option<KeptTick>,
    done: u32,
}

impl Spacing {
    /// The pause after the first act.
    const FIRST: Duration = Duration::from_millis(100);
    /// The longest pause.
    const LONGEST: Duration = Duration::from_secs(60);
    /// After so long without an act all is forgiven.
    const FORGIVEN: Duration = Duration::from_secs(300);

    /// When the next act is allowed; not later than `now` if it is now.
    pub fn next(&self, now: Tick) -> Tick {
        let last = self.last.map(Tick::from);
        let Some(last) = last.filter(|last| now < *last + Self::FORGIVEN) else {
            return now;
        };
        let doublings = self.done.saturating_sub(1).min(16);
        last + (Self::FIRST * 2u32.saturating_pow(doublings)).min(Self::LONGEST)
    }

    /// Notes an act at `now`.
    pub fn note(&mut self, now: Tick) {
        let last = self.last.map(Tick::from);
        if last.is_none_or(|last| now >= last + Self::FORGIVEN) {
            self.done = 0;
        }
        self.last = Some(now.into());
        self.done += 1;
    }

    /// How many acts there have been by `now` without five quiet minutes in between.
    pub fn done(&self, now: Tick) -> u32 {
        match self.last.map(Tick::from) {
            Some(last) if now < last + Self::FORGIVEN => self.done,
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b20_pauses_double_up_to_a_minute() {
        let mut spacing = Spacing::default();
        let mut now = Tick::ZERO;
        let mut acts = Vec::new();
        while acts.len() < 13 {
            now = spacing.next(now);
            spacing.note(now);
            acts.push(now.as_millis());
        }
        assert_eq!(acts[..5], [0, 100, 300, 700, 1_500]);
        assert_eq!(acts[12] - acts[11], 60_000);
        let later = now + Duration::from_secs(300);
        assert_eq!(spacing.next(later), later);
        assert_eq!((spacing.done(now), spacing.done(later)), (13, 0));
        spacing.note(later);
        assert_eq!(spacing.done(later), 1);
        assert_eq!(spacing.next(later), later + Duration::from_millis(100));
    }
}

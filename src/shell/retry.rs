//! When to connect again (SPEC B11, B12).

use super::link::LinkError;
use rand::RngExt;
use std::time::Duration;

/// The first pause.
const FIRST: Duration = Duration::from_millis(100);
/// The longest pause, and the one after what only an admin can mend.
const LONGEST: Duration = Duration::from_secs(30);
/// A standby tries this often, to be ready within 2 s of the end of the other's
/// connection.
const STANDBY: Duration = Duration::from_secs(1);
/// A stream that lasted this long was a good one.
const GOOD: Duration = Duration::from_secs(10);

/// Pauses between tries.
#[derive(Debug, Default)]
pub struct Retry {
    failures: u32,
    last_error: Option<String>,
}

impl Retry {
    /// Notes that a stream has ended that had been open for `lasted`.
    pub fn was_open(&mut self, lasted: Duration) {
        self.last_error = None;
        if lasted >= GOOD {
            self.failures = 0;
        }
    }

    /// Whether this error differs from the one before, so that it is worth a
    /// line.
    pub fn is_news(&mut self, error: &LinkError) -> bool {
        let text = error.to_string();
        let news = self.last_error.as_ref() != Some(&text);
        self.last_error = Some(text);
        news
    }

    /// How long to wait before the next try. `established` says that the error
    /// ended an open stream.
    pub fn pause(&mut self, error: &LinkError, established: bool) -> Duration {
        match error {
            LinkError::Conflict { .. } if established => LONGEST,
            LinkError::Conflict { .. } => STANDBY,
            LinkError::NotAuthorized { .. } | LinkError::HostUnknown { .. } => LONGEST,
            LinkError::InvalidFrom { .. } => FIRST,
            _ => self.backoff(),
        }
    }

    fn backoff(&mut self) -> Duration {
        let full = (FIRST * 2u32.saturating_pow(self.failures.min(16))).min(LONGEST);
        self.failures += 1;
        // Jitter, so that several components do not come back in step.
        full.mul_f64(rand::rng().random_range(0.5..=1.0)).max(FIRST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closed() -> LinkError {
        let server = "127.0.0.1:5347".into();
        LinkError::Closed { server }
    }

    #[test]
    fn b11_pauses_grow_from_a_tenth_of_a_second_to_thirty() {
        let mut retry = Retry::default();
        let pauses: Vec<Duration> = (0..20).map(|_| retry.pause(&closed(), false)).collect();
        assert_eq!(pauses[0], FIRST);
        assert!(pauses.iter().all(|p| (FIRST..=LONGEST).contains(p)));
        assert!(pauses[19] >= LONGEST / 2);
        retry.was_open(GOOD);
        assert_eq!(retry.pause(&closed(), true), FIRST);
    }

    #[test]
    fn b12_a_standby_is_quick_and_one_that_lost_its_stream_is_not() {
        let (server, component) = ("h:1".to_owned(), "gavel.x".to_owned());
        let conflict = LinkError::Conflict { server, component };
        let mut retry = Retry::default();
        assert!(retry.pause(&conflict, false) < Duration::from_secs(2));
        assert_eq!(retry.pause(&conflict, true), LONGEST);
    }

    #[test]
    fn b11_the_same_error_is_told_once() {
        let mut retry = Retry::default();
        assert!(retry.is_news(&closed()));
        assert!(!retry.is_news(&closed()));
        retry.was_open(Duration::ZERO);
        assert!(retry.is_news(&closed()));
    }
}

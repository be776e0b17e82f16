//! When to connect again (SPEC B11, B12).

use super::link::LinkError;
use rand::RngExt;
use std::time::Duration;

/// The first pause.
const FIRST: Duration = Duration::from_millis(100);
/// The longest pause, and the one after a fault that only an admin can fix.
const LONGEST: Duration = Duration::from_secs(30);
/// A standby tries this often, to be ready within 2 s of the end of the other's
/// connection.
const STANDBY: Duration = Duration::from_secs(1);
/// A stream that lasted this long was a good one.
const GOOD: Duration = Duration::from_secs(10);
/// The longest pause while Prosody's port answers: somebody waits for gavel there.
const ANSWERED: Duration = Duration::from_secs(5);
/// A component that another one has replaced (`component_conflict_resolve =
/// "kick_old"`) comes back after [`LONGEST`], and then after twice as long each
/// time, up to this: two gavels that replace each other soon stop doing so.
const REPLACED: Duration = Duration::from_secs(60 * 60);
/// A stream that lasted this long ends such a row.
const UNDISPUTED: Duration = Duration::from_secs(2 * 60 * 60);

/// Pauses between tries.
#[derive(Debug, Default)]
pub struct Retry {
    /// Tries since the last open stream that reached nobody.
    unanswered: u32,
    /// Tries that were answered, or streams that soon ended, since the last
    /// good stream.
    answered: u32,
    /// Streams that another component has ended, since the last undisputed one.
    replaced: u32,
    last_error: Option<String>,
}

impl Retry {
    /// Notes that a stream has ended that had been open for `lasted`.
    pub fn was_open(&mut self, lasted: Duration) {
        self.last_error = None;
        self.unanswered = 0;
        if lasted >= GOOD {
            self.answered = 0;
        }
        if lasted >= UNDISPUTED {
            self.replaced = 0;
        }
    }

    /// Says whether this error differs from the one before, so that it is worth a line.
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
            LinkError::Conflict { .. } if established => {
                self.replaced += 1;
                doubled(LONGEST, self.replaced - 1, REPLACED)
            }
            LinkError::Conflict { .. } => STANDBY,
            LinkError::NotAuthorized { .. }
            | LinkError::NoSecret { .. }
            | LinkError::HostUnknown { .. }
            | LinkError::ClientPort { .. } => LONGEST,
            LinkError::InvalidFrom { .. } => FIRST,
            LinkError::Unreachable { .. } | LinkError::Timeout { .. } => {
                self.unanswered += 1;
                jittered(doubled(FIRST, self.unanswered - 1, LONGEST))
            }
            _ => {
                self.answered += 1;
                jittered(doubled(FIRST, self.answered - 1, ANSWERED))
            }
        }
    }
}

/// `first`, doubled so many `times`, up to `longest`.
fn doubled(first: Duration, times: u32, longest: Duration) -> Duration {
    (first * 2u32.saturating_pow(times.min(16))).min(longest)
}

/// Shortened at random, so that several components do not come back in step.
fn jittered(pause: Duration) -> Duration {
    let part = rand::rng().random_range(0.5..=1.0);
    pause.mul_f64(part).max(FIRST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closed() -> LinkError {
        let server = "127.0.0.1:5347".into();
        LinkError::Closed { server }
    }

    fn unreachable() -> LinkError {
        let (server, reason) = ("127.0.0.1:5347".into(), "refused".into());
        LinkError::Unreachable { server, reason }
    }

    #[test]
    fn b11_pauses_grow_from_a_tenth_of_a_second_to_thirty() {
        let mut retry = Retry::default();
        let pauses: Vec<_> = (0..20)
            .map(|_| retry.pause(&unreachable(), false))
            .collect();
        assert_eq!(pauses[0], FIRST);
        assert!(pauses.iter().all(|p| (FIRST..=LONGEST).contains(p)));
        assert!(pauses[19] >= LONGEST / 2);
        retry.was_open(GOOD);
        assert_eq!(retry.pause(&unreachable(), false), FIRST);
    }

    /// Prosody crashes again and again: each time the port is closed for a moment.
    #[test]
    fn b11_no_pause_is_longer_than_five_seconds_while_the_port_answers() {
        let mut retry = Retry::default();
        for _ in 0..20 {
            retry.was_open(Duration::from_secs(1));
            assert!(retry.pause(&closed(), true) <= ANSWERED);
            assert_eq!(retry.pause(&unreachable(), false), FIRST);
            assert!(retry.pause(&unreachable(), false) <= FIRST * 2);
        }
        retry.was_open(GOOD);
        assert_eq!(retry.pause(&closed(), true), FIRST);
    }

    #[test]
    fn b12_two_that_replace_each_other_do_so_ever_more_rarely() {
        let conflict = LinkError::Conflict {
            server: "h:1".to_owned(),
            component: "gavel.x".to_owned(),
        };
        let mut retry = Retry::default();
        let mut pauses = Vec::new();
        for _ in 0..9 {
            retry.was_open(Duration::from_secs(30));
            pauses.push(retry.pause(&conflict, true).as_secs());
        }
        assert_eq!(pauses, [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
        retry.was_open(UNDISPUTED);
        assert_eq!(retry.pause(&conflict, true), LONGEST);
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

//! The last decisions, for the admin API: kept once, read by any number of
//! followers who hold nothing but a place in it.

use crate::api::{Event, Time};
use crate::engine::Decision;
use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// Events that are kept (SPEC section 5).
const MAX_EVENTS: usize = 10_000;
/// Most bytes of them: ten times as many as they usually have. Participants
/// choose the names in them.
const MAX_BYTES: usize = 64 * 1024 * 1024;
/// Ids per millisecond between two starts, so that they grow over restarts too.
const IDS_PER_MS: u64 = 1000;

/// The last decisions.
#[derive(Debug)]
pub struct Journal {
    /// The id of the first event.
    first: u64,
    kept: Mutex<Kept>,
    newest: watch::Sender<u64>,
}

#[derive(Debug)]
struct Kept {
    /// As JSON, the oldest first. Their ids are without gap.
    events: VecDeque<Bytes>,
    /// When they were taken.
    times: VecDeque<Time>,
    bytes: usize,
    /// The id of the next event.
    next: u64,
}

/// Some events after a place.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Their ids and JSON, the oldest first.
    pub events: Vec<(u64, Bytes)>,
    /// Events after that place that are no longer kept.
    pub lost: u64,
}

impl Journal {
    /// An empty one, at `unix_ms` milliseconds since 1970-01-01 UTC.
    pub fn new(unix_ms: u64) -> Self {
        let next = unix_ms * IDS_PER_MS + 1;
        Self {
            first: next,
            kept: Mutex::new(Kept {
                events: VecDeque::new(),
                times: VecDeque::new(),
                bytes: 0,
                next,
            }),
            newest: watch::Sender::new(next - 1),
        }
    }

    /// Adds a decision taken at `unix_ms`; its JSON.
    pub fn add(&self, decision: &Decision, unix_ms: u64) -> Option<Bytes> {
        self.append(|id| decision.event(id, Time::from_unix_ms(unix_ms)))
    }

    /// Adds the event that `event` makes of an id; its JSON.
    pub(super) fn append(&self, event: impl FnOnce(u64) -> Event) -> Option<Bytes> {
        let mut kept = self.kept();
        let id = kept.next;
        let event = event(id);
        // Thousands are kept: each without the room that it was written in.
        let json = serde_json::to_vec(&event).ok()?.into_boxed_slice();
        let json = Bytes::from(json);
        kept.next += 1;
        kept.times.push_back(event.at);
        kept.bytes += json.len();
        kept.events.push_back(json.clone());
        while kept.events.len() > MAX_EVENTS || kept.bytes > MAX_BYTES {
            kept.times.pop_front();
            let oldest = kept.events.pop_front();
            kept.bytes -= oldest.map_or(0, |oldest| oldest.len());
        }
        drop(kept);
        self.newest.send_replace(id);
        Some(json)
    }

    /// The newest event's id, and a way to wait for newer ones.
    pub fn newest(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    /// The id of the last event before `at`: the later events are those since then.
    pub fn before(&self, at: Time) -> u64 {
        let kept = self.kept();
        let oldest = kept.next - kept.events.len() as u64;
        // Decisions come in the order of their times, give or take a clock that
        // is being set.
        let earlier = kept.times.partition_point(|time| *time < at);
        oldest + earlier as u64 - 1
    }

    /// Events whose id is greater than `since`: at least one if there is any,
    /// at most `events`, and no more once they have `bytes` bytes. An id that
    /// was never given comes from a clock that has gone back since: then all.
    pub fn after(&self, since: u64, events: usize, bytes: usize) -> Page {
        let kept = self.kept();
        let oldest = kept.next - kept.events.len() as u64;
        let since = if since < kept.next { since } else { 0 };
        // An event from before a restart is not lost here.
        let lost = match since {
            0 => 0,
            since => oldest.saturating_sub(self.first.max(since + 1)),
        };
        let skip = (since + 1).saturating_sub(oldest);
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        let mut page = Page {
            events: Vec::new(),
            lost,
        };
        let mut total = 0;
        for (id, json) in (oldest..).zip(&kept.events).skip(skip).take(events) {
            total += json.len();
            page.events.push((id, json.clone()));
            if total >= bytes {
                break;
            }
        }
        page
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Nothing that holds it can panic half-way.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::api::EventKind;

    /// Some event.
    pub(in crate::shell) fn event(id: u64) -> Event {
        Event {
            id,
            kind: EventKind::Affiliation,
            at: Time::from_unix_ms(id),
            room: "class@muc.meet.jitsi".to_owned(),
            nick: None,
            display_name: None,
            token_name: None,
            jid: "ann@meet.jitsi".to_owned(),
            from: None,
            to: None,
            cause: "join".to_owned(),
            rule: "guest".to_owned(),
            reason: String::new(),
            source: None,
            actor: None,
            outcome: "applied".to_owned(),
        }
    }

    fn ids(page: &Page) -> Vec<u64> {
        page.events.iter().map(|(id, _)| *id).collect()
    }

    #[test]
    fn the_last_events_are_kept_and_the_lost_are_counted() {
        let journal = Journal::new(0);
        let total = MAX_EVENTS as u64 + 5;
        for _ in 0..total {
            journal.append(event);
        }
        assert_eq!(*journal.newest().borrow(), total);
        let all = journal.after(0, usize::MAX, usize::MAX);
        assert_eq!((all.events.len(), all.lost), (MAX_EVENTS, 0));
        assert_eq!(all.events[0].0, 6);
        assert_eq!(journal.after(2, 3, usize::MAX).lost, 3);
        assert_eq!(ids(&journal.after(2, 3, usize::MAX)), [6, 7, 8]);
        assert_eq!(ids(&journal.after(7, 9, 1)), [8]);
        assert_eq!(journal.after(total, 9, 1), Page::default());
    }

    #[test]
    fn a_place_of_another_run_is_understood() {
        let journal = Journal::new(2);
        for _ in 0..3 {
            journal.append(event);
        }
        let from = |since| {
            (
                ids(&journal.after(since, 9, 99_999)),
                journal.after(since, 9, 1).lost,
            )
        };
        // The clock has gone on, or back.
        assert_eq!(from(1005), (vec![2001, 2002, 2003], 0));
        assert_eq!(from(9999), (vec![2001, 2002, 2003], 0));
    }
}

//! Requests that wait for their reply.

use crate::engine::asker::Asker;
use crate::engine::hash::HashMap;
use crate::engine::time::Tick;
use std::collections::VecDeque;
use std::time::Duration;

/// How long a reply is waited for. Prosody answers at once or not at all; a
/// reply that takes longer means that it is far behind, or lost.
pub const REPLY_TIMEOUT: Duration = Duration::from_secs(15);

#[derive(Debug)]
struct Open {
    /// The address that was asked: only it can answer.
    to: String,
    asker: Asker,
}

/// The open requests of one stream.
///
/// A reply counts only if id, sender and type match, and only the first one:
/// ids alone can be guessed (compare CVE-2024-46957).
#[derive(Debug, Default)]
pub struct Requests {
    open: HashMap<String, Open>,
    deadlines: VecDeque<(Tick, String)>,
    next: u64,
}

impl Requests {
    /// Notes a request to `to`; returns its id.
    pub fn open(&mut self, now: Tick, to: &str, asker: Asker) -> String {
        self.next += 1;
        let id = format!("g{}", self.next);
        let to = to.to_owned();
        self.open.insert(id.clone(), Open { to, asker });
        self.deadlines.push_back((now + REPLY_TIMEOUT, id.clone()));
        id
    }

    /// Takes the request that `from` answers with `id`.
    pub fn answer(&mut self, id: &str, from: &str) -> Option<Asker> {
        if self.open.get(id)?.to != from {
            return None;
        }
        let asker = self.open.remove(id).map(|open| open.asker);
        // Replies mostly come in order, so this keeps the queue short.
        let done = |(_, id): &(Tick, String)| !self.open.contains_key(id);
        while self.deadlines.front().is_some_and(done) {
            self.deadlines.pop_front();
        }
        asker
    }

    /// Takes a request whose reply has not come in time.
    pub fn take_overdue(&mut self, now: Tick) -> Option<Asker> {
        while let Some((deadline, id)) = self.deadlines.front() {
            let answered = !self.open.contains_key(id);
            if !answered && *deadline > now {
                return None;
            }
            let id = self.deadlines.pop_front().map(|(_, id)| id);
            if let Some(open) = id.and_then(|id| self.open.remove(&id)) {
                return Some(open.asker);
            }
        }
        None
    }

    /// When the oldest open request is given up.
    pub fn deadline(&self) -> Option<Tick> {
        let open = |(_, id): &&(Tick, String)| self.open.contains_key(id);
        self.deadlines.iter().find(open).map(|(at, _)| *at)
    }

    /// How many are open.
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// Says whether none is open.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Forgets all; ids go on, so that a late reply of an older stream matches
    /// nothing.
    pub fn clear(&mut self) {
        self.open.clear();
        self.deadlines.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b1_a_reply_counts_once_and_only_from_the_address_asked() {
        let mut requests = Requests::default();
        let id = requests.open(Tick::ZERO, "a@muc", Asker::Stream);
        assert_eq!(requests.answer(&id, "b@muc"), None);
        assert_eq!(requests.answer("g99", "a@muc"), None);
        assert_eq!(requests.answer(&id, "a@muc"), Some(Asker::Stream));
        assert_eq!(requests.answer(&id, "a@muc"), None);
    }

    #[test]
    fn b1_a_lost_reply_is_given_up_in_time() {
        let mut requests = Requests::default();
        let first = requests.open(Tick::ZERO, "a@muc", Asker::Nobody);
        requests.open(Tick::from_secs(1), "a@muc", Asker::Stream);
        requests.answer(&first, "a@muc");
        assert_eq!(requests.take_overdue(REPLY_TIMEOUT), None);
        let late = REPLY_TIMEOUT + Tick::from_secs(1);
        assert_eq!(requests.deadline(), Some(late));
        assert_eq!(requests.take_overdue(late), Some(Asker::Stream));
        assert_eq!(requests.take_overdue(late), None);
    }
}

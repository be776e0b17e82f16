//! Log lines that come again and again about one person, or one room.
//!
//! Anybody who may send presence can cause decisions, refusals and warnings as
//! fast as they like. The first lines of a kind about a person, and about a room,
//! are written; the rest of ten seconds is summed up in one line. The audit file
//! and `gavel events` have every decision all the same.

use crate::engine::event::Change;
use crate::engine::{Report, Warning};
use std::collections::HashMap;
use std::mem::{Discriminant, discriminant};
use std::time::Duration;
use tracing::warn;

/// Lines of one kind about one person, and about one room, that are written
/// within [`WINDOW`].
const LINES: (u32, u32) = (10, 500);
/// The time over which lines are counted.
const WINDOW: Duration = Duration::from_secs(10);
/// Persons and rooms that are counted at once; of more, only kinds are.
const MAX_KEYS: usize = 4096;
/// How often room is made for more: that looks at all of them.
const MAKE_ROOM: Duration = Duration::from_secs(1);

/// Kinds of lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Report(Discriminant<Report>),
    Change(Discriminant<Change>),
    Warning(Discriminant<Warning>),
}

/// The subject of lines of a kind: a room, and somebody in it.
type About = (String, Option<String>);

#[derive(Debug, Default)]
struct Count {
    lines: u32,
    left_out: u64,
    since: Duration,
}

/// The lines that were written, by their subject.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    counts: HashMap<(Kind, About), Count>,
    /// When lines that were left out are to be summed up.
    due: Option<Duration>,
    /// Room for more is not made before.
    full_until: Duration,
}

impl Repeats {
    /// Says whether a report is to be written to the log, at `now`.
    pub(super) fn admit(&mut self, report: &Report, now: Duration) -> bool {
        let Some((kind, room, person)) = about(report) else {
            return true;
        };
        self.take((kind, (room.clone(), Some(person))), LINES.0, now)
            && self.take((kind, (room, None)), LINES.1, now)
    }

    fn take(&mut self, key: (Kind, About), most: u32, now: Duration) -> bool {
        let key = match self.counts.contains_key(&key) || self.has_room(now) {
            true => key,
            false => (key.0, (String::new(), None)),
        };
        let new = || Count {
            since: now,
            ..Count::default()
        };
        let count = self.counts.entry(key).or_insert_with(new);
        if now >= count.since + WINDOW && count.left_out == 0 {
            *count = new();
        }
        count.lines += 1;
        let admitted = count.lines <= most;
        if !admitted {
            count.left_out += 1;
            let due = count.since + WINDOW;
            self.due = Some(self.due.map_or(due, |known| known.min(due)));
        }
        admitted
    }

    /// Says whether one more can be counted.
    fn has_room(&mut self, now: Duration) -> bool {
        if self.counts.len() >= MAX_KEYS && now >= self.full_until {
            self.full_until = now + MAKE_ROOM;
            self.sum_up(now);
        }
        self.counts.len() < MAX_KEYS
    }

    /// When to call [`sum_up`](Self::sum_up).
    pub(super) fn due(&self) -> Option<Duration> {
        self.due
    }

    /// Reports the lines that were left out until `now`, and forgets subjects without
    /// recent lines.
    pub(super) fn sum_up(&mut self, now: Duration) {
        let over = |count: &Count| now >= count.since + WINDOW;
        for ((_, (room, person)), count) in &self.counts {
            if count.left_out > 0 && over(count) {
                let lines = count.left_out;
                let jid = person.as_deref().unwrap_or("-");
                warn!(
                    %room, jid, lines,
                    "lines of one kind were left out of the log, as there were too many in 10 s; decisions are all in gavel events and log.audit"
                );
            }
        }
        self.counts.retain(|_, count| !over(count));
        let waiting = self.counts.values().filter(|count| count.left_out > 0);
        self.due = waiting.map(|count| count.since + WINDOW).min();
    }
}

/// Kind, room and person of a report that somebody outside can cause; none if nobody can,
/// or if it is told rarely.
fn about(report: &Report) -> Option<(Kind, String, String)> {
    let kind = Kind::Report(discriminant(report));
    match report {
        Report::Decision(decision) => {
            let kind = Kind::Change(discriminant(&decision.change));
            Some((kind, decision.room.to_string(), decision.jid.to_string()))
        }
        Report::ClaimsRejected { room, jid, .. } => Some((kind, room.to_string(), jid.to_string())),
        Report::Joined { room, .. }
        | Report::Left { room, .. }
        | Report::HostAbsent { room, .. } => Some((kind, room.to_string(), String::new())),
        Report::Warning(warning) => {
            let (room, person) = match warning {
                Warning::Contested { room, jid, .. }
                | Warning::UnshowableName { room, jid }
                | Warning::ServerAdmin { room, jid } => (room.to_string(), jid.clone()),
                Warning::JoinRefused { room, .. } | Warning::NotifyRefused { room, .. } => {
                    (room.to_string(), String::new())
                }
                _ => (String::new(), String::new()),
            };
            Some((Kind::Warning(discriminant(warning)), room, person))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::muc::RoomJid;

    fn of(room: &str, jid: &str) -> Report {
        Report::Warning(Warning::UnshowableName {
            room: RoomJid::parse(room).unwrap(),
            jid: jid.to_owned(),
        })
    }

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn b21_lines_about_one_person_are_summed_up_and_others_are_written() {
        let mut repeats = Repeats::default();
        let eve = of("r@m", "eve@x");
        let written = (0..20_000).filter(|_| repeats.admit(&eve, secs(1))).count();
        assert_eq!(written, 10);
        assert!(repeats.admit(&of("r@m", "ann@x"), secs(1)));
        assert!(repeats.admit(&of("s@m", "eve@x"), secs(1)));
        assert_eq!(repeats.due(), Some(secs(11)));
        repeats.sum_up(secs(11));
        assert_eq!(repeats.due(), None);
        assert!(repeats.admit(&eve, secs(11)));
    }

    #[test]
    fn b21_lines_about_one_room_have_an_end_and_so_has_their_count() {
        let mut repeats = Repeats::default();
        let all = (0..20_000).map(|number| of("r@m", &format!("g{number}@x")));
        let written = all.filter(|report| repeats.admit(report, secs(1))).count();
        assert_eq!(written, 500);
        assert!(
            repeats.counts.len() <= MAX_KEYS + 1,
            "{}",
            repeats.counts.len()
        );
        repeats.sum_up(secs(20));
        assert!(repeats.counts.is_empty());
    }

    /// A room of thousands fills in less than ten seconds: all of them are not gone
    /// through with each of them.
    #[test]
    fn b21_room_for_more_is_made_once_a_second() {
        let mut repeats = Repeats::default();
        let someone = |number| of(&format!("r{number}@m"), "g@x");
        for number in 0..MAX_KEYS {
            repeats.admit(&someone(number), secs(1));
        }
        assert!(repeats.counts.len() >= MAX_KEYS);
        assert_eq!(repeats.full_until, secs(2));
        repeats.admit(&someone(MAX_KEYS), secs(11));
        assert_eq!(repeats.full_until, secs(12));
        assert!(repeats.counts.len() < 10, "there was room to be made");
    }
}

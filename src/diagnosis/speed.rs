//! How long do people wait?

use super::facts::Facts;
use super::list::{List, people};
use std::time::Duration;

/// An answer that waits for the one before to be acknowledged waits 40 ms on
/// Linux; without nagle it comes within a few milliseconds.
const HELD_BACK: Duration = Duration::from_millis(30);
/// People notice more than this.
const SLOW: Duration = Duration::from_millis(200);

pub(super) fn add_findings(facts: &Facts, list: &mut List) {
    nagle(facts, list);
    settling(facts, list);
}

/// gavel's own wait says nothing of nagle: its requests carry acknowledgements.
/// The packet that waits is the one to the browser, which says who is moderator.
fn nagle(facts: &Facts, list: &mut List) {
    let answers = facts.answers.as_ref();
    let mut gaps = answers
        .map(|answers| answers.gaps.clone())
        .unwrap_or_default();
    gaps.sort_unstable();
    let Some(median) = gaps.get(gaps.len() / 2) else {
        return;
    };
    let ms = median.as_millis();
    if *median >= HELD_BACK {
        list.warn(
            "nagle",
            format!("Prosody holds back small packets ({ms} ms between two answers): each time, the news who is moderator reaches the browser 40 ms later than it could"),
            "set network_settings = { nagle = false } in the global section of Prosody's configuration",
        );
    } else {
        list.ok("nagle", "Prosody sends small packets at once");
    }
}

fn settling(facts: &Facts, list: &mut List) {
    let Some(daemon) = &facts.daemon else {
        return;
    };
    let times = &daemon.tally.settled;
    let (Some(median), Some(most)) = (times.percentile(50), times.percentile(90)) else {
        return;
    };
    let message = format!(
        "{} had what they should have within {} ms of their first presence (median; nine of ten within {} ms)",
        people(times.total()),
        median.as_millis(),
        most.as_millis()
    );
    if median <= SLOW {
        return list.ok("settling", message);
    }
    list.warn(
        "settling",
        message,
        "Prosody is one thread and behind with its work: see its CPU time, and the listing above where rooms are listed; with mod_gavel gavel costs it least",
    );
}

//! Counters and gauges for Prometheus (SPEC section 5). No label holds anything
//! that people choose, so their number is bounded; those that can occur are
//! there from the start, at 0, so that a first increase shows.

use crate::claims::{RejectReason, Source};
use crate::engine::event::{Cause, Change, Decision, Outcome, PartyKind};
use crate::engine::{Counts, Report};
use crate::muc::Affiliation;
use crate::stanza::Inbound;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Upper bounds of the settle times' buckets, in seconds: one round trip is about a
/// millisecond; somebody who waits 30 s waits until something is fixed.
const BUCKETS: [f64; 14] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

/// Why affiliations change (SPEC section 5): all words, so that each series is
/// there.
const CAUSES: [&str; 10] = [
    "join",
    "correction",
    "grant",
    "step_down",
    "fallback",
    "override",
    "expiry",
    "guest",
    "leave",
    "reload",
];

/// Labels: each a name and one of a few words.
type Labels<const N: usize> = [(&'static str, &'static str); N];

/// All that is counted. Cheap to change, from one task, and read by another.
#[derive(Debug)]
pub(super) struct Metrics {
    registry: Registry,
    connected: Gauge,
    rooms: Gauge,
    occupants: Gauge,
    changes: Family<Labels<2>, Counter>,
    corrections: Family<Labels<1>, Counter>,
    name_reverts: Counter,
    rejected: Family<Labels<2>, Counter>,
    stanzas: Family<Labels<1>, Counter>,
    unparsed: Counter,
    settle: Histogram,
    reconnects: Counter,
    log_dropped: Counter,
}

impl Metrics {
    /// Nothing has happened yet.
    pub(super) fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("gavel"),
            connected: Gauge::default(),
            rooms: Gauge::default(),
            occupants: Gauge::default(),
            changes: Family::default(),
            corrections: Family::default(),
            name_reverts: Counter::default(),
            rejected: Family::default(),
            stanzas: Family::default(),
            unparsed: Counter::default(),
            settle: Histogram::new(BUCKETS),
            reconnects: Counter::default(),
            log_dropped: Counter::default(),
        };
        metrics.register();
        metrics.begin_at_zero();
        metrics
    }

    fn register(&mut self) {
        let Self { registry, .. } = self;
        let m = "Whether the component stream is open";
        registry.register("connected", m, self.connected.clone());
        let m = "Rooms gavel is in";
        registry.register("rooms", m, self.rooms.clone());
        let m = "People in those rooms, without infrastructure";
        registry.register("occupants", m, self.occupants.clone());
        let m = "Affiliations that gavel has set or accepted, by what they became and why";
        registry.register("affiliation_changes", m, self.changes.clone());
        let m = "Changes of others that gavel has undone, by who made them";
        registry.register("corrections", m, self.corrections.clone());
        let m = "Names that gavel has changed back to the token's";
        registry.register("name_reverts", m, self.name_reverts.clone());
        let m = "Claims that were not believed, by where they came from and why";
        registry.register("claims_rejected", m, self.rejected.clone());
        let m = "Stanzas received";
        registry.register("stanzas", m, self.stanzas.clone());
        let m = "Stanzas that could not be read, or not all of what gavel reads";
        registry.register("stanzas_unparsed", m, self.unparsed.clone());
        let m = "Time from a person's first presence until they have what they should have";
        registry.register("settle_seconds", m, self.settle.clone());
        let m = "Times that the component stream was opened again";
        registry.register("reconnects", m, self.reconnects.clone());
        let m = "Log lines dropped because they were not taken fast enough";
        registry.register("log_lines_dropped", m, self.log_dropped.clone());
    }

    fn begin_at_zero(&self) {
        for cause in CAUSES {
            for to in Affiliation::ALL {
                let labels = [("to", to.as_str()), ("cause", cause)];
                let _ = self.changes.get_or_create(&labels);
            }
        }
        for actor in PartyKind::ALL {
            let _ = self.corrections.get_or_create(&[("actor", actor.as_str())]);
        }
        for source in Source::ALL {
            for reason in RejectReason::ALL {
                let labels = [("source", source.as_str()), ("reason", reason.as_str())];
                let _ = self.rejected.get_or_create(&labels);
            }
        }
        for kind in ["presence", "message", "iq"] {
            let _ = self.stanzas.get_or_create(&[("kind", kind)]);
        }
    }

    /// The engine tells something.
    pub(super) fn report(&self, report: &Report) {
        match report {
            Report::Decision(decision) => self.decision(decision),
            Report::ClaimsRejected { source, reason, .. } => {
                let labels = [("source", source.as_str()), ("reason", reason.as_str())];
                self.rejected.get_or_create(&labels).inc();
            }
            Report::Settled { after } => self.settle.observe(after.as_secs_f64()),
            _ => {}
        }
    }

    fn decision(&self, decision: &Decision) {
        if decision.outcome != Outcome::Applied {
            return;
        }
        match decision.change {
            Change::Affiliation { to, .. } => {
                let labels = [("to", to.as_str()), ("cause", decision.cause.as_str())];
                self.changes.get_or_create(&labels).inc();
            }
            Change::Name { .. } | Change::Nick { .. } => {
                self.name_reverts.inc();
            }
            Change::Role { .. } | Change::Override { .. } => {}
        }
        let undone = matches!(
            decision.change,
            Change::Affiliation { .. } | Change::Role { .. }
        );
        if let (Cause::Correction, true, Some(actor)) = (decision.cause, undone, &decision.actor) {
            let labels = [("actor", actor.kind.as_str())];
            self.corrections.get_or_create(&labels).inc();
        }
    }

    /// A stanza has come and could be read.
    pub(super) fn stanza(&self, stanza: &Inbound) {
        let kind = match stanza {
            Inbound::Presence(_) => "presence",
            Inbound::Message(_) => "message",
            Inbound::Iq(_) => "iq",
            // Counted as such.
            Inbound::Unread(_) => return,
        };
        self.stanzas.get_or_create(&[("kind", kind)]).inc();
    }

    /// A stanza could not be read, or not all of it.
    pub(super) fn unparsed(&self) {
        self.unparsed.inc();
    }

    /// The stream is open again.
    pub(super) fn reconnected(&self) {
        self.reconnects.inc();
    }

    /// Everything, with how it is now, in Prometheus' text format (version
    /// 0.0.4).
    pub(super) fn text(&self, connected: bool, counts: Counts) -> String {
        self.connected.set(connected.into());
        let dropped = &self.log_dropped;
        dropped.inc_by(super::lines::dropped().saturating_sub(dropped.get()));
        let gauge = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.rooms.set(gauge(counts.rooms));
        self.occupants.set(gauge(counts.occupants));
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = encode(&mut text, &self.registry);
        plain(&text)
    }
}

/// From OpenMetrics, where a counter's samples have `_total` and its metadata has
/// not, to the older format, which every tool reads and where both have it.
fn plain(open_metrics: &str) -> String {
    let names = open_metrics.lines().filter_map(|line| {
        let named = line.strip_prefix("# TYPE ")?;
        named.strip_suffix(" counter")
    });
    let counters: Vec<&str> = names.collect();
    let mut text = String::with_capacity(open_metrics.len() + 512);
    for line in open_metrics.lines().filter(|line| *line != "# EOF") {
        let mut words = line.splitn(4, ' ');
        let (hash, word, name) = (words.next(), words.next(), words.next());
        match (hash, word, name) {
            (Some("#"), Some(word), Some(name)) if counters.contains(&name) => {
                let rest = words.next().unwrap_or_default();
                text += &format!("# {word} {name}_total {rest}\n");
            }
            _ => {
                text += line;
                text.push('\n');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::process::{Command, Stdio};

    const NAMES: [&str; 12] = [
        "gavel_affiliation_changes_total",
        "gavel_claims_rejected_total",
        "gavel_connected",
        "gavel_corrections_total",
        "gavel_log_lines_dropped_total",
        "gavel_name_reverts_total",
        "gavel_occupants",
        "gavel_reconnects_total",
        "gavel_rooms",
        "gavel_settle_seconds",
        "gavel_stanzas_total",
        "gavel_stanzas_unparsed_total",
    ];

    #[test]
    fn the_names_are_those_of_the_contract_and_all_is_there_from_the_start() {
        let text = Metrics::new().text(true, Counts::default());
        let types = text.lines().filter_map(|line| {
            let rest = line.strip_prefix("# TYPE ")?;
            rest.split(' ').next()
        });
        let mut names: Vec<&str> = types.collect();
        names.sort_unstable();
        assert_eq!(names, NAMES);
        for sample in [
            "gavel_connected 1",
            "gavel_affiliation_changes_total{to=\"owner\",cause=\"join\"} 0",
            "gavel_affiliation_changes_total{to=\"outcast\",cause=\"override\"} 0",
            "gavel_corrections_total{actor=\"infrastructure\"} 0",
            "gavel_claims_rejected_total{source=\"bridge\",reason=\"mac\"} 0",
            "gavel_stanzas_total{kind=\"presence\"} 0",
            "gavel_stanzas_unparsed_total 0",
            "gavel_settle_seconds_bucket{le=\"0.001\"} 0",
            "gavel_settle_seconds_bucket{le=\"+Inf\"} 0",
        ] {
            assert!(text.lines().any(|line| line == sample), "{sample}:\n{text}");
        }
    }

    #[test]
    fn promtool_has_nothing_to_say() {
        let metrics = Metrics::new();
        metrics.settle.observe(0.003);
        metrics.unparsed();
        let text = metrics.text(false, Counts::default());
        let promtool = Command::new("promtool")
            .args(["check", "metrics"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        // It comes with Prometheus; not everybody who tests has it.
        let Ok(mut promtool) = promtool else {
            return eprintln!("promtool is not installed");
        };
        let mut stdin = promtool.stdin.take().expect("a pipe");
        stdin.write_all(text.as_bytes()).expect("promtool reads");
        drop(stdin);
        let ended = promtool.wait_with_output().expect("promtool ends");
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(ended.status.success() && said.is_empty(), "{said}");
    }
}

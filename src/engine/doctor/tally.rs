//! Counts of the things that gavel has seen since it started, for `gavel doctor`.
//! Everything here is bounded, whatever people send.

use crate::claims::{KeyNews, RejectReason, Source};
use crate::engine::event::{Party, PartyKind};
use crate::muc::BareJid;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Most promoters that are told apart; further ones are counted together.
const MAX_PROMOTERS: usize = 32;
/// Most services outside the configuration that are told apart.
const MAX_INVITING: usize = 8;
/// A token from so far in the future is not explained by rounding, in seconds.
const AHEAD: u64 = 5;

/// A party that promotes people, so that gavel lowers them again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Promoter {
    /// Its kind of party.
    pub kind: PartyKind,
    /// Its bare JID, else its nick; none of a server module.
    pub name: Option<String>,
    /// The MUC service.
    pub service: String,
}

/// How often.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Promotions {
    /// All.
    pub total: u64,
    /// Promotions of people who did not have yet the rights they should have: as they
    /// joined, or just before.
    pub at_join: u64,
    /// Promotions of people who had not come first into their room.
    pub not_first: u64,
}

/// People who came with claims.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WithToken {
    /// How often somebody's claims were judged.
    pub people: u64,
    /// How often they made a moderator.
    pub moderators: u64,
    /// Claims of one who did not become moderator that look as if they were meant
    /// to make one.
    pub hints: Vec<String>,
    /// Says whether the log was told.
    pub told: bool,
}

/// How the times in tokens compare with this machine's clock, when gavel first
/// sees each token; in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Clocks {
    /// Tokens with `iat`.
    pub tokens: u64,
    /// How many of those were issued in the future, by more than 5 s.
    pub ahead: u64,
    /// By how much, at most.
    pub furthest: u64,
    /// The age of the youngest of the others.
    pub youngest: Option<u64>,
}

impl Clocks {
    fn note(&mut self, iat: u64, now: u64) {
        self.tokens += 1;
        if iat > now + AHEAD {
            self.ahead += 1;
            self.furthest = self.furthest.max(iat - now);
        } else {
            let age = now.saturating_sub(iat);
            self.youngest = Some(self.youngest.map_or(age, |youngest| youngest.min(age)));
        }
    }
}

/// Times from first presence to settled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Times {
    /// How many took less than a step of [`Times::STEPS`], and not less than
    /// the step before; the last is for all that took longer.
    counts: [u64; Times::STEPS.len() + 1],
}

impl Times {
    /// In milliseconds.
    const STEPS: [u64; 16] = [
        1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 100, 200, 500, 1000, 5000, 30_000,
    ];

    /// Notes one.
    pub fn note(&mut self, took: Duration) {
        let reached = |step: &&u64| took >= Duration::from_millis(**step);
        self.counts[Self::STEPS.iter().take_while(reached).count()] += 1;
    }

    /// How many there are.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The time in which `percent` of them were done, rounded up to a step; none if there
    /// are none.
    pub fn percentile(&self, percent: u64) -> Option<Duration> {
        let total = self.total();
        let mut done = 0;
        let at = self.counts.iter().position(|count| {
            done += count;
            done > 0 && done * 100 >= total * percent
        })?;
        let step = Self::STEPS.get(at).or(Self::STEPS.last())?;
        Some(Duration::from_millis(*step))
    }
}

/// The counts of a MUC service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceTally {
    /// How often somebody was lowered by ad-hoc command only, muc#admin having
    /// been refused to gavel although it was owner.
    pub lowered_by_command_only: u64,
    /// How often a room that was listed was gone when gavel looked.
    pub gone: u64,
    /// The last list: how many rooms, and how long it took.
    pub listed: Option<(usize, Duration)>,
    /// Why the last list was refused.
    pub list_refused: Option<String>,
    /// Why gavel could not make itself owner the last time it tried.
    pub own_refused: Option<String>,
    /// How often a module of Prosody refused a request of gavel.
    pub refused_by_module: u64,
}

/// The counts since the start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Promotions that gavel took back.
    pub promotions: BTreeMap<Promoter, Promotions>,
    /// How many people each wanted to promote and could not, because the module's
    /// guard refused it.
    pub guarded: BTreeMap<Promoter, u64>,
    /// One for each MUC service.
    pub services: Vec<ServiceTally>,
    /// People who came in.
    pub people: u64,
    /// Presences with a token in them that was not looked at before.
    pub tokens: u64,
    /// Claims believed, by source.
    pub believed: BTreeMap<&'static str, u64>,
    /// Claims refused.
    pub rejected: BTreeMap<(&'static str, RejectReason), u64>,
    /// The fault of the key server, if its last answer was of no use: its address, and the
    /// fault.
    pub keys_missing: Option<(String, String)>,
    /// The clocks of those who make tokens.
    pub clocks: Clocks,
    /// How long it took until people had the rights they should have.
    pub settled: Times,
    /// Services outside the configuration that have invited gavel.
    pub invited_from: BTreeMap<String, u64>,
    /// Rules that matched somebody without claims and would have made them
    /// moderator.
    pub needs_claims: BTreeSet<String>,
    /// People with claims.
    pub with_token: WithToken,
    /// The domain of the first person without a token that the focus promoted while nobody
    /// had come with one.
    pub tokenless: Option<String>,
}

/// Names `party` as `known` counts it.
fn promoter<T>(known: &BTreeMap<Promoter, T>, party: &Party, service: &str) -> Promoter {
    let bare = party.jid.as_deref().and_then(BareJid::parse);
    let name = bare.map(|bare| bare.to_string());
    let mut promoter = Promoter {
        kind: party.kind,
        name: name.or_else(|| party.nick.as_deref().map(str::to_owned)),
        service: service.to_owned(),
    };
    // People are not told apart: any of them can come as somebody new.
    let machine = matches!(party.kind, PartyKind::None | PartyKind::Infrastructure);
    let full = known.len() >= MAX_PROMOTERS;
    if !machine || full && !known.contains_key(&promoter) {
        promoter.name = None;
    }
    promoter
}

impl Tally {
    /// Nothing counted yet.
    pub fn new(services: usize) -> Self {
        Self {
            services: vec![ServiceTally::default(); services],
            ..Self::default()
        }
    }

    /// Notes a promotion by `party` that is to be taken back.
    pub fn promoted(&mut self, party: &Party, service: &str, at_join: bool, not_first: bool) {
        let promoter = promoter(&self.promotions, party, service);
        let count = self.promotions.entry(promoter).or_default();
        count.total += 1;
        count.at_join += u64::from(at_join);
        count.not_first += u64::from(not_first);
    }

    /// Notes that the guard refused `party` the promotion of somebody.
    pub fn guarded(&mut self, party: &Party, service: &str) {
        let promoter = promoter(&self.guarded, party, service);
        *self.guarded.entry(promoter).or_default() += 1;
    }

    /// Notes an invitation from a service that is not configured; answers whether
    /// it is worth a word. Anybody may send some, so few services are kept.
    pub fn invited_from(&mut self, service: &str) -> bool {
        let full = self.invited_from.len() >= MAX_INVITING;
        if full && !self.invited_from.contains_key(service) {
            return false;
        }
        let count = self.invited_from.entry(service.to_owned()).or_default();
        *count += 1;
        *count == 1
    }

    /// Notes claims that were believed, and when their token was issued.
    pub fn believed(&mut self, source: Source, iat: Option<u64>, now: u64) {
        *self.believed.entry(source.as_str()).or_default() += 1;
        if let Some(iat) = iat.filter(|_| source.is_verified()) {
            self.clocks.note(iat, now);
        }
    }

    /// Notes the outcome of asking the key server at `server`.
    pub fn keys(&mut self, server: &str, news: &KeyNews) {
        let missing = match news {
            KeyNews::Failed { why, .. } => Some(why.clone()),
            KeyNews::Fetched { usable: 0, .. } => Some("it has no key of use".to_owned()),
            KeyNews::Fetched { .. } => None,
            KeyNews::Absent => return,
        };
        self.keys_missing = missing.map(|why| (server.to_owned(), why));
    }

    /// Notes claims that were not.
    pub fn rejected(&mut self, source: Source, reason: RejectReason) {
        *self.rejected.entry((source.as_str(), reason)).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn party(kind: PartyKind, jid: &str) -> Party {
        Party {
            kind,
            nick: None,
            jid: Some(jid.into()),
        }
    }

    #[test]
    fn however_many_promote_little_is_kept() {
        let mut tally = Tally::new(1);
        for n in 0..10_000 {
            let jid = format!("u{n}@h/r");
            tally.promoted(&party(PartyKind::Occupant, &jid), "muc.x", false, false);
            let jid = format!("focus{n}@auth/r");
            tally.promoted(
                &party(PartyKind::Infrastructure, &jid),
                "muc.x",
                true,
                false,
            );
        }
        assert!(tally.promotions.len() <= MAX_PROMOTERS + 4);
        let total: u64 = tally.promotions.values().map(|count| count.total).sum();
        assert_eq!(total, 20_000);
    }

    #[test]
    fn times_are_told_by_their_share() {
        let mut times = Times::default();
        assert_eq!(times.percentile(50), None);
        for ms in [0, 1, 2, 4, 4, 4, 4, 4, 4, 600_000] {
            times.note(Duration::from_millis(ms));
        }
        assert_eq!(times.total(), 10);
        assert_eq!(times.percentile(50), Some(Duration::from_millis(5)));
        assert_eq!(times.percentile(90), Some(Duration::from_millis(5)));
        assert_eq!(times.percentile(100), Some(Duration::from_secs(30)));
    }

    #[test]
    fn clocks_are_compared_without_mistaking_rounding_for_skew() {
        let mut clocks = Clocks::default();
        for iat in [1003, 990, 700, 1100] {
            clocks.note(iat, 1000);
        }
        let expected = Clocks {
            tokens: 4,
            ahead: 1,
            furthest: 100,
            youngest: Some(0),
        };
        assert_eq!(clocks, expected);
    }
}

//! People whose tokens wait for a key that has to be fetched (SPEC section 3).
//!
//! Until it is here they are guests, and nothing else waits with them. Their
//! newest evidence is kept and looked at again with each answer of the key
//! server. Which keys are wanted is never stored: it is asked of those who wait,
//! in the order in which they came, those whose key has failed before last. So
//! everybody has one place in the queue, and it ends with them.

use super::event::Report;
use super::timers::Timer;
use super::{Action, Engine, Tick};
use crate::claims::{FetchFault, KeyName, Occasion, RejectReason, Source};
use crate::muc::{Nick, OccupantJid, RoomJid};
use crate::stanza::Evidence;
use std::collections::BTreeSet;

/// What is known of those who wait.
#[derive(Debug, Default)]
pub(super) struct Waiters {
    /// Rooms where somebody waits, or has.
    rooms: BTreeSet<RoomJid>,
    /// How many have waited so far.
    count: u64,
    /// All who wait are to be gone through.
    due: bool,
}

/// Evidence that waits for a key.
#[derive(Debug)]
pub struct Waiting {
    evidence: Evidence,
    /// What has to be fetched.
    key: KeyName,
    /// It was found in the occupant list of a room.
    listed: bool,
    /// When it was shown, by both clocks.
    since: Tick,
    shown: u64,
    /// The place in the queue.
    number: u64,
    /// Why the key could not be had, where that has been tried and told.
    fault: Option<FetchFault>,
    /// What was refused of it and has been told.
    told: Vec<(Source, RejectReason)>,
}

impl Waiting {
    fn failed(&self) -> bool {
        self.fault.is_some()
    }

    /// What is waited for, in words.
    pub(super) fn words(&self) -> String {
        match &self.fault {
            None => "the key of the token is being fetched".to_owned(),
            Some(fault) => format!("the key of the token could not be had: {fault}"),
        }
    }
}

impl Engine {
    /// Looks at evidence that has just been shown.
    pub(super) fn look_at_evidence(
        &mut self,
        jid: &RoomJid,
        nick: &Nick,
        evidence: Evidence,
        listed: bool,
    ) {
        let waiting = Waiting {
            evidence,
            key: KeyName::Set,
            listed,
            since: self.now.tick,
            shown: self.now.unix(),
            number: self.waiters.count,
            fault: None,
            told: Vec::new(),
        };
        self.verify(jid, nick, waiting);
        let waiting = self.occupant(jid, nick).and_then(|o| o.waiting.as_ref());
        let Some((key, failed)) = waiting.map(|w| (w.key.clone(), w.failed())) else {
            return;
        };
        self.waiters.count += 1;
        self.waiters.rooms.insert(jid.clone());
        let now = self.now.tick;
        let keys = self.settings.verifier.remote_keys_mut();
        // Who came before and was turned away comes first.
        if let Some(keys) = keys.filter(|keys| !failed && !keys.is_busy()) {
            keys.want(&key, now);
            self.begin_fetches();
        }
    }

    /// Judges an occupant by evidence that is new, or that has waited.
    fn verify(&mut self, jid: &RoomJid, nick: &Nick, mut waiting: Waiting) {
        let Some(main) = self.rooms.get(jid).and_then(|room| room.meeting.clone()) else {
            return;
        };
        let Some(real) = self.occupant(jid, nick).and_then(|o| o.real.clone()) else {
            return;
        };
        let occupant = OccupantJid {
            room: jid.clone(),
            nick: nick.clone(),
        };
        let occasion = Occasion {
            stream_id: self.stream.as_ref().map_or("", |stream| &stream.id),
            real: &real,
            occupant: &occupant,
            room: &main,
            listed: waiting.listed,
            // What has failed once has failed for good, until the key comes.
            since: if waiting.failed() {
                Tick::ZERO
            } else {
                waiting.since
            },
            shown: waiting.shown,
            now: self.now.unix(),
        };
        let revision = self.bindings.revision();
        let verifier = &self.settings.verifier;
        let finding = verifier.examine(&waiting.evidence, &occasion, &mut self.bindings);
        self.changed |= self.bindings.revision() != revision;
        let refused = finding.rejected.clone();
        let awaiting = finding.awaiting.clone();
        self.found(jid, nick, &real, finding, &waiting.told);
        let Some(occupant) = self.occupant_mut(jid, nick) else {
            return;
        };
        occupant.waiting = awaiting.map(|awaited| {
            waiting.key = awaited.key;
            waiting.fault = awaited.fault;
            waiting.told = refused;
            Box::new(waiting)
        });
    }

    /// A fetch has ended: looks again at everybody who waits for it.
    pub(super) fn key_fetched(&mut self, key: &KeyName, result: Result<String, FetchFault>) {
        let now = self.now.tick;
        let Some(keys) = self.settings.verifier.remote_keys_mut() else {
            return;
        };
        let result = result.as_deref().map_err(Clone::clone);
        let news = keys.arrived(key, result, now);
        let server = keys.shown().clone();
        self.tally.keys(&server, &news);
        self.report(Report::Keys { server, news });
        self.examine_waiting(|waiting| waiting.key == *key);
        self.waiters.due = true;
    }

    /// Looks again at those who wait and whom `concerns` names, first come first:
    /// who showed a token first has it.
    fn examine_waiting(&mut self, concerns: impl Fn(&Waiting) -> bool) {
        let mut rooms = BTreeSet::new();
        let mut all = self.those_waiting();
        all.sort_unstable_by_key(|(_, number, ..)| *number);
        for (_, _, room, nick) in all {
            let occupant = self.occupant_mut(&room, &nick);
            let waiting = occupant.and_then(|o| o.waiting.take_if(|w| concerns(w)));
            if let Some(waiting) = waiting {
                self.verify(&room, &nick, *waiting);
                self.names.push((room.clone(), nick));
                rooms.insert(room);
            }
        }
        for room in &rooms {
            self.settle_tokens(room);
        }
    }

    /// Everybody who waits, in the order of their turns; forgets rooms where
    /// nobody does.
    fn those_waiting(&mut self) -> Vec<(bool, u64, RoomJid, Nick)> {
        let mut found = Vec::new();
        let rooms = &self.rooms;
        self.waiters.rooms.retain(|jid| {
            let before = found.len();
            let occupants = rooms.get(jid).map(|room| room.occupants.iter());
            let waiting = occupants
                .into_iter()
                .flatten()
                .filter_map(|(nick, occupant)| Some((nick, occupant.waiting.as_ref()?)));
            found.extend(waiting.map(|(nick, waiting)| {
                (waiting.failed(), waiting.number, jid.clone(), nick.clone())
            }));
            found.len() > before
        });
        found.sort_unstable();
        found
    }

    /// Goes through all who wait after this input.
    pub(super) fn keys_due(&mut self) {
        self.waiters.due = true;
    }

    /// Has the keys fetched that are wanted and may be fetched now.
    pub(super) fn look_at_keys(&mut self) {
        if !std::mem::take(&mut self.waiters.due) {
            return;
        }
        let now = self.now.tick;
        let Some(keys) = self.settings.verifier.remote_keys_mut() else {
            return;
        };
        keys.refresh(now);
        for (failed, _, room, nick) in self.those_waiting() {
            let Some(occupant) = self.occupant(&room, &nick) else {
                continue;
            };
            let key = occupant.waiting.as_ref().map(|waiting| waiting.key.clone());
            let keys = self.settings.verifier.remote_keys_mut();
            let (Some(key), Some(keys)) = (key, keys) else {
                continue;
            };
            // A set is there for all; who is not in it makes nobody ask again.
            if failed && key == KeyName::Set || !keys.want(&key, now) {
                break;
            }
        }
        self.begin_fetches();
    }

    fn begin_fetches(&mut self) {
        let now = self.now.tick;
        let Some(keys) = self.settings.verifier.remote_keys_mut() else {
            return;
        };
        while let Some(key) = keys.start() {
            self.actions.push_back(Action::FetchKey(key));
        }
        if let Some(at) = keys.next(now) {
            self.timers.set(at, Timer::Keys);
        }
    }
}

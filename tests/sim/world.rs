//! Engine and modelled server in virtual time, with a line between them that
//! keeps order, as TCP does.

use super::choice::Choice;
use super::history::History;
use super::server::{FOCUS, Server};
use super::spoil::Spoil;
use gavel::engine::room::Membership;
use gavel::engine::settings::AbsentHost;
use gavel::engine::{Action, Engine, Input, Now, Override, Report, SetOverride, State};
use gavel::muc::{Affiliation, RoomJid};
use gavel::policy::Policy;
use gavel::stanza::{Inbound, IqKind, Outbound};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Milliseconds since 1970 at which a simulation starts.
const EPOCH: u64 = 1_800_000_000_000;
/// How long a stanza is on its way, in milliseconds.
const LATENCY: u64 = 5;

enum Event {
    ToServer(u32, Outbound),
    ToGavel(u32, Inbound),
    Ended(RoomJid),
    Connect,
}

/// An admin's action.
enum Told {
    Policy(Policy),
    Override(SetOverride),
}

/// The whole simulation.
pub struct World {
    pub choice: Choice,
    pub now: u64,
    pub engine: Engine,
    pub server: Server,
    pub history: History,
    /// The stanzas that gavel sent, each with its time.
    pub sent: Vec<(u64, Outbound)>,
    pub reports: Vec<Report>,
    pub trace: Vec<String>,
    /// So many replies are yet to be lost.
    pub lose_replies: u32,
    /// The server neither hears nor says anything.
    pub mute: bool,
    /// By how much gavel's clock was set, in milliseconds.
    pub clock_set: i64,
    /// Added to the time a stanza takes to gavel.
    pub slow: u64,
    /// The focus makes every person who is lowered owner again, until then.
    pub focus_fights_until: u64,
    queue: BTreeMap<(u64, u64), Event>,
    next: u64,
    last_to_gavel: u64,
    stream: u32,
    pub connected: bool,
    pub reconnects: u32,
    pub(super) open: BTreeMap<String, (String, String)>,
    saved: Option<String>,
    stuck: u32,
    /// Stanzas that gavel has been given.
    pub delivered: usize,
    /// Some of them, by number, are not given to it as they are.
    pub spoil: Vec<(usize, Spoil)>,
    /// The spoilt stanza has been sent.
    pub spoilt: bool,
    /// Occupants whose evidence was longer than gavel reads, as they were shown last.
    pub(super) unread_claims: BTreeSet<String>,
}

impl World {
    pub fn new(choice: Choice) -> Self {
        let mut world = Self {
            now: 0,
            engine: Engine::new(choice.settings(), State::default()),
            server: Server::new(choice.module),
            history: History::new(
                choice.policy.clone(),
                choice.host_absent == AbsentHost::Lock,
            ),
            choice,
            sent: Vec::new(),
            reports: Vec::new(),
            trace: Vec::new(),
            lose_replies: 0,
            mute: false,
            clock_set: 0,
            slow: 0,
            focus_fights_until: 0,
            queue: BTreeMap::new(),
            next: 0,
            last_to_gavel: 0,
            stream: 0,
            connected: false,
            reconnects: 0,
            open: BTreeMap::new(),
            saved: None,
            stuck: 0,
            delivered: 0,
            spoil: Vec::new(),
            spoilt: false,
            unread_claims: BTreeSet::new(),
        };
        world.schedule(0, Event::Connect);
        world.run(100);
        world
    }

    fn schedule(&mut self, at: u64, event: Event) {
        self.next += 1;
        self.queue.insert((at, self.next), event);
    }

    /// Lets so many milliseconds pass.
    pub fn run(&mut self, ms: u64) {
        let until = self.now + ms;
        loop {
            let event = self.queue.first_key_value().map(|((at, _), _)| *at);
            let deadline = self.engine.deadline().map(|at| {
                let exact = at.as_millis() as u64;
                exact + u64::from(Duration::from_millis(exact) < at)
            });
            let next = match (event, deadline) {
                (Some(event), Some(deadline)) => event.min(deadline),
                (Some(at), None) | (None, Some(at)) => at,
                (None, None) => break,
            };
            if next > until {
                break;
            }
            self.stuck = if next > self.now { 0 } else { self.stuck + 1 };
            assert!(self.stuck < 10_000, "time stands still at {next} ms");
            self.now = self.now.max(next);
            self.history.pass(self.unix_ms());
            if event == Some(next) {
                let (_, event) = self.queue.pop_first().unwrap();
                self.happen(event);
            } else {
                self.handle(Input::Wake);
            }
        }
        self.now = until;
        self.history.pass(self.unix_ms());
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::ToServer(stream, stanza) if stream == self.stream && !self.mute => {
                self.server.receive(stanza);
                self.flush();
                if std::mem::take(&mut self.server.invalid_from) {
                    self.handle(Input::ImpersonationRefused);
                    self.disconnect();
                }
            }
            Event::ToGavel(stream, stanza) if stream == self.stream && self.connected => {
                self.deliver(stanza);
            }
            Event::Connect if !self.connected => {
                self.stream += 1;
                self.connected = true;
                let stream_id = format!("s{}", self.stream);
                self.server.connected(&stream_id);
                self.handle(Input::Connected { stream_id });
                self.flush();
            }
            Event::Ended(room) => {
                self.history.end(&room);
            }
            _ => {}
        }
    }

    fn deliver(&mut self, stanza: Inbound) {
        self.delivered += 1;
        let mut spoils = self.spoil.iter();
        if let Some(&(_, how)) = spoils.find(|(n, _)| *n == self.delivered) {
            return self.deliver_spoilt(stanza, how);
        }
        if let Inbound::Iq(iq) = &stanza {
            self.open.remove(&iq.id);
        }
        self.trace.push(match &stanza {
            Inbound::Presence(p) => {
                format!("{} < {} {:?} {:?}", self.now, p.from, p.kind, p.muc_user)
            }
            other => format!("{} < {other:?}", self.now),
        });
        if let Inbound::Presence(presence) = &stanza {
            self.unread_claims.remove(&presence.from);
        }
        self.show_history(&stanza);
        let stanza = self.on_the_wire(stanza);
        self.handle(Input::Stanza(stanza));
    }

    /// The history takes the news that gavel is told.
    pub(super) fn show_history(&mut self, stanza: &Inbound) {
        let from = match stanza {
            Inbound::Presence(presence) => &presence.from,
            Inbound::Message(message) => &message.from,
            Inbound::Iq(iq) => &iq.from,
            Inbound::Unread(unread) => unread.from.as_deref().unwrap_or_default(),
        };
        let room = RoomJid::parse(from.split('/').next().unwrap());
        let known = self
            .engine
            .rooms()
            .find(|known| Some(&known.jid) == room.as_ref());
        let follows = known
            .is_some_and(|known| matches!(known.membership, Membership::In | Membership::Joining));
        if follows {
            let payloads = &self.server.payloads;
            self.history.mains = self.server.breakouts.clone();
            self.history.see(stanza, payloads);
            if let Some(room) = &room {
                self.history.listed(room, stanza);
            }
        }
    }

    /// The time by gavel's clock.
    pub fn unix_ms(&self) -> u64 {
        (EPOCH + self.now).saturating_add_signed(self.clock_set)
    }

    /// Hands the engine an input and carries out its actions.
    pub fn handle(&mut self, input: Input) {
        let now = Now {
            tick: Duration::from_millis(self.now),
            unix_ms: self.unix_ms(),
        };
        let told = match &input {
            // Nothing can be set for a meeting that gavel does not know.
            Input::SetOverride(wish) if self.engine.meeting(&wish.main).is_none() => None,
            Input::SetOverride(wish) => Some(Told::Override((**wish).clone())),
            Input::Reload(reload) => Some(Told::Policy(reload.settings.policy.clone())),
            _ => None,
        };
        self.engine.handle(now, input);
        self.history.pass(self.unix_ms());
        self.note_ready();
        self.tell_history(told);
        self.note_ghosts();
        let mut hang_up = false;
        while let Some(action) = self.engine.poll() {
            match action {
                Action::Send(stanza) => self.send(stanza),
                Action::Report(report) => self.report(report),
                Action::Save => {
                    self.saved = Some(serde_json::to_string(&self.engine.state()).unwrap())
                }
                Action::FetchKey(key) => unreachable!("{key:?} is on no server"),
                Action::HangUp => hang_up = true,
            }
        }
        if self.connected && hang_up {
            self.reconnects += 1;
            self.disconnect();
        }
    }

    fn report(&mut self, report: Report) {
        if let Report::Left { room, .. } = &report {
            self.history.lose(room);
        }
        self.reports.push(report);
    }

    fn send(&mut self, stanza: Outbound) {
        assert!(self.connected, "sent without a stream: {stanza:?}");
        self.trace.push(format!("{} > {stanza:?}", self.now));
        self.check_request(&stanza);
        self.sent.push((self.now, stanza.clone()));
        let at = self.now + LATENCY;
        self.schedule(at, Event::ToServer(self.stream, stanza));
    }

    /// The server's stanzas go on their way to gavel.
    pub fn flush(&mut self) {
        self.server.forget_absent();
        let out = std::mem::take(&mut self.server.out);
        let mut provocations = Vec::new();
        for stanza in out {
            if self.mute || !self.connected {
                continue;
            }
            let reply = matches!(&stanza, Inbound::Iq(iq)
                if matches!(iq.kind, IqKind::Result | IqKind::Error(_)));
            if reply && self.lose_replies > 0 {
                self.lose_replies -= 1;
                self.lost(&stanza);
                continue;
            }
            provocations.extend(self.provocation(&stanza));
            let at = (self.now + LATENCY + self.slow).max(self.last_to_gavel);
            self.last_to_gavel = at;
            self.schedule(at, Event::ToGavel(self.stream, stanza));
        }
        for room in std::mem::take(&mut self.server.ended) {
            if !self.connected {
                self.history.end(&room);
                continue;
            }
            let at = self.now + LATENCY + self.slow;
            self.schedule(at.max(self.last_to_gavel), Event::Ended(room));
        }
        for (room, jid) in provocations {
            let server = &mut self.server;
            let _ = server.set_affiliation(Some(FOCUS), &room, &jid, Affiliation::Owner);
            self.flush();
        }
    }

    /// A reply that is lost is given up by gavel after a while.
    fn lost(&mut self, stanza: &Inbound) {
        if let Inbound::Iq(iq) = stanza {
            self.open.remove(&iq.id);
        }
    }

    /// A tenant's room has another name on the wire; replies keep theirs.
    pub(super) fn on_the_wire(&self, mut stanza: Inbound) -> Inbound {
        let from = match &mut stanza {
            Inbound::Presence(presence) => &mut presence.from,
            Inbound::Message(message) => &mut message.from,
            Inbound::Iq(_) | Inbound::Unread(_) => return stanza,
        };
        let tenant = from.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        if let Some((tenant, room)) = tenant.filter(|_| self.choice.tenants) {
            *from = room.replacen("@muc.", &format!("@muc.{tenant}."), 1);
        }
        stanza
    }

    /// Somebody whom gavel has lowered, and whom the focus makes owner again.
    fn provocation(&self, stanza: &Inbound) -> Option<(RoomJid, String)> {
        let Inbound::Presence(presence) = stanza else {
            return None;
        };
        let item = presence.muc_user.as_ref()?.items.first()?;
        let actor = item.actor.as_ref()?.jid.as_deref()?;
        let lowered = actor == self.server.gavel_full() && !item.affiliation?.moderates();
        let fights = self.now < self.focus_fights_until;
        let room = RoomJid::parse(presence.from.split('/').next()?)?;
        (lowered && fights).then_some((room, item.jid.clone()?))
    }

    /// The stream ends; a new one comes after a while.
    pub fn disconnect(&mut self) {
        if !std::mem::take(&mut self.connected) {
            return;
        }
        self.stream += 1;
        self.open.clear();
        self.history.lose_all();
        self.handle(Input::Disconnected);
        self.server.disconnected();
        let queue = std::mem::take(&mut self.queue).into_iter();
        let (ended, queue): (BTreeMap<_, _>, BTreeMap<_, _>) =
            queue.partition(|(_, event)| matches!(event, Event::Ended(_)));
        self.queue = queue;
        for event in ended.into_values() {
            self.happen(event);
        }
        self.flush();
        self.schedule(self.now + 200, Event::Connect);
    }

    /// The process ends without a word; another starts with the saved state.
    pub fn restart(&mut self) {
        let saved = serde_json::to_string(&self.engine.state()).unwrap();
        self.disconnect();
        let state: State = serde_json::from_str(&saved).unwrap();
        self.engine = Engine::new(self.choice.settings(), state);
        self.server.arrivals.judged_anew();
        self.history.restarted();
        if *self.history.policy != self.choice.policy {
            self.history.configure(self.choice.policy.clone());
        }
    }

    /// The rooms that gavel knows enough of.
    fn note_ready(&mut self) {
        let known = self.engine.rooms().filter(|room| room.is_ready());
        self.history.ready = known.map(|room| room.jid.clone()).collect();
    }

    fn tell_history(&mut self, told: Option<Told>) {
        match told {
            Some(Told::Policy(policy)) => {
                self.server.arrivals.judged_anew();
                self.history.configure(policy);
            }
            Some(Told::Override(wish)) => {
                let until = |set: &Override| set.until.unwrap_or(u64::MAX);
                let set = wish.set.as_ref();
                let set = set.map(|set| (set.affiliation, until(set)));
                self.history.overridden(&wish.main, wish.jid.as_str(), set);
            }
            None => {}
        }
    }
}

//! The one task: reads stanzas, drives the engine, carries out its actions.

use super::clock::Clock;
use super::condition::Condition;
use super::handle::{Call, Calls, Handle};
use super::keys::Fetcher;
use super::link::{Link, LinkConfig, LinkError, LinkEvent};
use super::notify::Notifier;
use super::repeats::Repeats;
use super::report;
use super::state_file::StateFile;
use super::stats::Stats;
use crate::api;
use crate::config::Config;
use crate::engine::{Action, Engine, Input, Module, Report, release_of};
use crate::stanza::{Inbound, Outbound};
use crate::wire::{self, Decoder, Encoder, MAX_SENT};
use bytes::Bytes;
use std::future::Future;
use std::pin::{Pin, pin};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};
use tracing::{debug, error, info, warn};

/// So many stanzas that were read at once are taken before anything else is looked at: a
/// flood holds up due work for a few milliseconds.
const BURST: usize = 32;

/// Questions to the task that has the engine.
pub(super) type EngineHandle = Handle<Driver>;
/// Those that have been asked.
pub(super) type EngineCalls = Calls<Driver>;

/// Everything the task works with.
pub struct Driver {
    pub(super) engine: Engine,
    pub(super) clock: Clock,
    pub(super) decoder: Decoder,
    pub(super) encoder: Encoder,
    pub(super) state_file: StateFile,
    /// The lines that were logged, by the person they are about.
    pub(super) repeats: Repeats,
    pub(super) notifier: Notifier,
    pub(super) condition: Condition,
    pub(super) calls: EngineCalls,
    pub(super) stats: Stats,
    pub(super) fetcher: Fetcher,
    /// Stanzas that were not sent, since the start.
    pub(super) unsent: u64,
    /// The configuration that holds now.
    pub(super) config: Config,
    /// Requests that wait for Prosody's answers to a probe.
    pub(super) probing: Vec<oneshot::Sender<()>>,
}

/// The engine's actions that are still to be done.
#[derive(Default)]
struct Collected {
    /// To be sent in one write.
    batch: Vec<u8>,
    /// To be told.
    reports: Vec<Report>,
    /// Says whether to end the stream.
    hang_up: bool,
}

/// Why a stream is over.
pub(super) enum End {
    /// The process is to end.
    Shutdown,
    /// The link has ended.
    Link(LinkError),
    /// The server was silent for too long.
    Silent,
}

impl Driver {
    /// Runs over one link until it ends or `shutdown` does.
    pub(super) async fn serve<S>(&mut self, link: &mut Link, shutdown: &mut Pin<&mut S>) -> End
    where
        S: Future<Output = ()>,
    {
        let stream_id = link.stream_id().to_owned();
        self.notifier.status("connected; finding rooms");
        self.condition.up(self.clock.now().unix_ms);
        self.stats.connected();
        if let Some(state) = self.state_file.take() {
            let state = Box::new(state);
            self.engine.handle(self.clock.now(), Input::TakeOver(state));
        }
        let mut silent = self.drive(link, Input::Connected { stream_id }).await;
        while !silent {
            self.save_if_due();
            let wake = self.engine.deadline().map(|tick| self.clock.at(tick));
            let repeated = self.repeats.due().map(|tick| self.clock.at(tick));
            tokio::select! {
                // Reading comes last: a flood of stanzas must hold up neither the end nor
                // due work.
                biased;
                () = shutdown.as_mut() => {
                    self.drive(link, Input::Shutdown).await;
                    return End::Shutdown;
                }
                () = self.notifier.due() => self.alive(),
                () = sleep_until_some(repeated) => self.sum_up(),
                () = sleep_until_some(wake) => silent = self.drive(link, Input::Wake).await,
                () = self.state_file.progress() => {}
                call = self.calls.next() => silent = self.carry_out(link, call).await,
                (key, result) = self.fetcher.next() => {
                    silent = self.drive(link, Input::KeyFetched { key, result }).await;
                }
                event = link.next() => match event {
                    LinkEvent::Stanza(bytes) => silent = self.stanzas(link, bytes).await,
                    LinkEvent::Ended(error) => return End::Link(error),
                }
            }
        }
        End::Silent
    }

    /// Hands one input to the engine and carries out its actions, in one write. Answers
    /// whether to hang up.
    async fn drive(&mut self, link: &mut Link, input: Input) -> bool {
        self.engine.handle(self.clock.now(), input);
        self.send_collected(link).await
    }

    /// Answers somebody, and sends the stanzas that follow from it.
    async fn carry_out(&mut self, link: &mut Link, call: Call<Driver>) -> bool {
        self.carry(call);
        self.send_collected(link).await
    }

    /// Answers somebody while there is no stream: nothing can be sent.
    pub(super) fn answer(&mut self, call: Call<Driver>) {
        self.carry(call);
        self.collect_unsent();
    }

    fn carry(&mut self, call: Call<Driver>) {
        let start = Instant::now();
        call(self);
        self.calls.done(start.elapsed());
    }

    async fn send_collected(&mut self, link: &mut Link) -> bool {
        let mut collected = Collected::default();
        self.collect(&mut collected);
        self.send(link, collected).await
    }

    /// People who wait to be settled wait for stanzas to be sent, and for no log. Answers
    /// whether to hang up.
    async fn send(&mut self, link: &mut Link, collected: Collected) -> bool {
        let Collected {
            mut batch,
            reports,
            hang_up,
        } = collected;
        if !batch.is_empty() {
            wire::pad(&mut batch);
            link.send(&batch).await;
        }
        reports.iter().for_each(|report| self.told(report));
        hang_up
    }

    /// Carries out the engine's actions while there is no stream: nothing is sent.
    fn collect_unsent(&mut self) {
        let mut collected = Collected::default();
        self.collect(&mut collected);
        let reports = collected.reports;
        reports.iter().for_each(|report| self.told(report));
    }

    /// Takes the engine's actions.
    fn collect(&mut self, collected: &mut Collected) {
        while let Some(action) = self.engine.poll() {
            match action {
                Action::Send(stanza) => match self.encoder.encode(&stanza) {
                    Ok(bytes) if bytes.len() <= MAX_SENT => {
                        collected.batch.extend_from_slice(&bytes);
                    }
                    Ok(bytes) => {
                        let why = format!("it is {} bytes long", bytes.len());
                        self.unsent(stanza, &why);
                    }
                    Err(error) => self.unsent(stanza, &error.to_string()),
                },
                Action::Report(report) => collected.reports.push(report),
                Action::Save => self.state_file.want(),
                Action::FetchKey(key) => self.fetcher.start(key),
                Action::HangUp => collected.hang_up = true,
            }
        }
    }

    /// Tells the engine that a stanza was not sent. Others can bring that about as
    /// often as they like, so only every doubling of the number is an error.
    fn unsent(&mut self, stanza: Outbound, why: &str) {
        self.unsent += 1;
        let total = self.unsent;
        if total.is_power_of_two() {
            error!(total, "a stanza was not sent: {why}");
        } else {
            debug!(total, "a stanza was not sent: {why}");
        }
        let stanza = Box::new(stanza);
        self.engine.handle(self.clock.now(), Input::Unsent(stanza));
    }

    fn told(&mut self, report: &Report) {
        if self.repeats.admit(report, self.clock.now().tick) {
            report::log(report);
        }
        self.stats.report(report, self.clock.now().unix_ms);
        match report {
            Report::Resynchronised { .. } => self.tell_manager(),
            // A client that has gone away meanwhile need not be told.
            Report::Probed => self.probing.drain(..).for_each(|waiting| {
                let _ = waiting.send(());
            }),
            _ => {}
        }
    }

    /// Reports the lines that were left out of the log.
    pub(super) fn sum_up(&mut self) {
        self.repeats.sum_up(self.clock.now().tick);
    }

    /// Gives a sign of life, and brings the status up to date.
    fn alive(&mut self) {
        self.notifier.alive();
        if self.engine.is_ready() {
            self.tell_manager();
        }
    }

    /// Tells the service manager how gavel is, now that it is in all rooms. A
    /// gavel that can do nothing on any service is not ready; one that works on
    /// some is, or its restarts would disturb those.
    fn tell_manager(&mut self) {
        let unserved = self.engine.unserved();
        if unserved.is_empty() {
            let rooms = self.engine.rooms().filter(|room| room.is_in());
            return self.notifier.ready(&in_rooms(rooms.count()));
        }
        let status = unserved_words(&unserved);
        match unserved.len() < self.config.muc.len() {
            true => self.notifier.ready(&status),
            false => self.notifier.status(&status),
        }
    }

    /// Takes a stanza and those that were read with it, up to [`BURST`], and answers
    /// them in one write.
    async fn stanzas(&mut self, link: &mut Link, first: Bytes) -> bool {
        let mut collected = Collected::default();
        let mut next = Some(first);
        for left in (0..BURST).rev() {
            let Some(bytes) = next.take() else {
                break;
            };
            self.stanza(&bytes);
            self.collect(&mut collected);
            // The stream may be over with the stanza that was just taken.
            if left > 0 && !collected.hang_up {
                next = link.at_hand();
            }
        }
        self.send(link, collected).await
    }

    fn stanza(&mut self, bytes: &Bytes) {
        let stanza = match self.decoder.decode(bytes.clone()) {
            Ok(stanza) => {
                self.stats.stanza(&stanza);
                if stanza.is_partial() {
                    self.left_out("a part of it is too long or malformed");
                }
                stanza
            }
            Err(error) => {
                self.left_out(&error.to_string());
                Inbound::Unread(Box::new(self.decoder.unread(bytes, &error)))
            }
        };
        self.engine.handle(self.clock.now(), Input::Stanza(stanza));
    }

    /// Counts a stanza that could not be read, or not all of it. Any participant
    /// can send as many as they like, so only every doubling of their number is a
    /// warning.
    fn left_out(&mut self, why: &str) {
        let total = self.stats.unparsed();
        if total.is_power_of_two() {
            warn!(total, why, "a stanza was not read, or not all of it");
        } else {
            debug!(total, why, "a stanza was not read, or not all of it");
        }
    }

    pub(super) fn save_if_due(&mut self) {
        if self.state_file.is_due() {
            let state = self.engine.state();
            self.state_file.write(&state);
        }
    }

    /// Begins the actions that need not wait for a link: fetching keys.
    pub(super) fn prepare(&mut self) {
        self.engine.handle(self.clock.now(), Input::Wake);
        self.collect_unsent();
    }

    /// Tells the engine that the stream is over.
    pub(super) fn disconnected(&mut self, error: Option<&LinkError>) {
        let now = self.clock.now();
        if let Some(LinkError::InvalidFrom { .. }) = error {
            self.engine.handle(now, Input::ImpersonationRefused);
        }
        if error.is_some_and(LinkError::is_our_fault) {
            self.engine.handle(now, Input::StreamRefused);
        }
        self.engine.handle(now, Input::Disconnected);
        // Nothing can be sent; reports go out.
        self.collect_unsent();
    }

    /// Writes the state that outlives the process. From then on the file may be another's.
    pub(super) async fn finish(&mut self) {
        let state = self.engine.state();
        self.state_file.finish(&state).await;
        self.state_file.leave();
    }

    /// Connects, unless `shutdown` ends first.
    pub(super) async fn connect<S>(
        &mut self,
        config: &LinkConfig,
        shutdown: &mut Pin<&mut S>,
    ) -> Option<Result<Link, LinkError>>
    where
        S: Future<Output = ()>,
    {
        debug!(server = config.server, "connecting");
        let mut opening = pin!(Link::open(config));
        let link = loop {
            self.save_if_due();
            tokio::select! {
                biased;
                () = shutdown.as_mut() => return None,
                () = self.notifier.due() => self.notifier.alive(),
                () = self.state_file.progress() => {}
                call = self.calls.next() => self.answer(call),
                link = opening.as_mut() => break link,
            }
        };
        if link.is_ok() {
            info!(
                server = config.server,
                component = config.component,
                "connected"
            );
        }
        Some(link)
    }

    /// How gavel is.
    pub(super) fn status(&self) -> api::Status {
        let counts = self.engine.counts();
        let condition = &self.condition;
        api::Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            connected: condition.connected,
            standby: condition.standby,
            since: api::Time::from_unix_ms(condition.since),
            rooms: counts.rooms,
            occupants: counts.occupants,
            pending: counts.pending,
            can_impersonate: self.engine.can_impersonate(),
            ready: self.engine.works(),
            problem: condition.problem.clone(),
            resynchronised: self.engine.is_ready(),
            unserved: self.engine.unserved(),
            moderators: self.engine.moderators(),
            unsettled: self.engine.unsettled(),
            modules: self
                .engine
                .modules()
                .map(|(service, of)| module(service, of, self.engine.is_guarded(service)))
                .collect(),
        }
    }
}

/// A service's module, as the API tells it.
fn module(service: &str, module: &Module, guard: bool) -> api::ModuleStatus {
    api::ModuleStatus {
        service: service.to_owned(),
        state: match module {
            Module::Unknown => api::ModuleState::Unknown,
            Module::Serves(_) => api::ModuleState::Active,
            Module::Refuses => api::ModuleState::ServesAnother,
            Module::Absent => api::ModuleState::Absent,
            Module::NoService => api::ModuleState::NoService,
        },
        version: module
            .said()
            .map(|said| release_of(&said.version).to_owned()),
        guard,
    }
}

/// The status line of one whose module is missing.
fn unserved_words(services: &[String]) -> String {
    let services = services.join(", ");
    format!(
        "mod_gavel is not active on {services}: nobody there gets a role from a token; see gavel doctor"
    )
}

/// The status line of a gavel that does its work.
fn in_rooms(rooms: usize) -> String {
    let s = if rooms == 1 { "" } else { "s" };
    format!("connected; in {rooms} room{s}")
}

pub(super) async fn sleep_until_some(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

//! `gavel doctor` without a daemon: a connection of its own, which joins nothing
//! and leaves.

use super::Clock;
use super::link::{Link, LinkConfig, LinkError, LinkEvent};
use crate::config::Config;
use crate::diagnosis::{Connection, Facts, Setup, Trouble};
use crate::engine::probe::{Plan, Probe, Question, Step};
use crate::engine::probed::Answers;
use crate::engine::settings::Freeze;
use crate::muc::RealJid;
use crate::stanza::{Inbound, Iq, IqKind, Outbound};
use crate::wire::{Decoder, Encoder};
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Longest wait for all answers together: a list of rooms can take seconds.
const PATIENCE: Duration = Duration::from_secs(15);
/// Longest wait for Prosody's reaction to a foreign sender.
const FOREIGN: Duration = Duration::from_secs(3);

/// Connects as gavel would, asks, and leaves. If gavel is connected elsewhere, its
/// connection may end by that (`component_conflict_resolve = "kick_old"`), so a running
/// daemon is to be asked first.
pub async fn probe(config: &Config) -> Facts {
    let mut facts = Facts {
        setup: setup(config),
        connection: Connection::Up,
        answers: None,
        impersonation: None,
        daemon: None,
    };
    let link = match Link::open(&link_config(config)).await {
        Ok(link) => link,
        Err(error) => {
            facts.connection = Connection::Down(trouble(&error, true));
            return facts;
        }
    };
    let mut session = Session::new(link, config);
    match session.ask_all(config).await {
        Ok(answers) => facts.answers = Some(answers),
        Err(error) => facts.connection = Connection::Down(trouble(&error, false)),
    }
    // Last, since the answer may be the end of the stream.
    if facts.wants_impersonation() {
        facts.impersonation = session.impersonates().await;
    }
    session.link.shutdown().await;
    facts
}

/// How to connect.
pub(super) fn link_config(config: &Config) -> LinkConfig {
    LinkConfig {
        server: config.component.server.to_string(),
        component: config.component.jid.clone(),
        secret: config.component.secret.expose().clone(),
        services: config.muc.iter().map(|s| s.domain.clone()).collect(),
        token_elements: token_elements(config),
    }
}

/// Presence children that hold a token.
pub(super) fn token_elements(config: &Config) -> Vec<String> {
    let jwt = config.claims.jwt.as_ref();
    jwt.map(|jwt| jwt.elements.clone()).unwrap_or_default()
}

/// The part of the configuration that a diagnosis must know.
pub(super) fn setup(config: &Config) -> Setup {
    Setup {
        component: config.component.jid.clone(),
        server: config.component.server.to_string(),
        services: config.muc.iter().map(|s| s.domain.clone()).collect(),
        sources: config.claims.sources.clone(),
        trusted_domains: config.claims.trusted_domains.clone(),
        reverts: config.names.freeze == Freeze::Revert,
        poll: config.discovery.poll,
        guard: config.policy.guard,
        permissions: super::settings::policy(&config.policy).has_permissions(),
        socket: config.admin.socket.display().to_string(),
        logins: config.policy.trusted_logins.clone(),
        machines: super::settings::infrastructure(config).hosts(),
    }
}

/// Why there is no connection, as a diagnosis tells it. `opening` says that there was none:
/// a server that hangs up then is hardly a component port.
pub(super) fn trouble(error: &LinkError, opening: bool) -> Trouble {
    match error {
        LinkError::Closed { .. } if opening => {
            Trouble::NotXmpp("it hangs up before it lets anybody in".to_owned())
        }
        LinkError::Unreachable { reason, .. } => Trouble::Unreachable(reason.clone()),
        LinkError::Timeout { step, .. } => Trouble::NotXmpp(format!("it did not {step}")),
        LinkError::NotXmpp { reason, .. } => Trouble::NotXmpp(reason.clone()),
        LinkError::NotAuthorized { .. } => Trouble::NotAuthorized,
        LinkError::NoSecret { .. } => Trouble::NoSecret,
        LinkError::HostUnknown { .. } => Trouble::HostUnknown,
        LinkError::ClientPort { .. } => Trouble::ClientPort,
        LinkError::Conflict { .. } => Trouble::Conflict,
        other => Trouble::Other(other.to_string()),
    }
}

/// An open connection that asks.
struct Session {
    link: Link,
    clock: Clock,
    decoder: Decoder,
    encoder: Encoder,
    /// By id: the address, and the question.
    open: HashMap<String, (String, Question)>,
    next: u64,
}

impl Session {
    fn new(link: Link, config: &Config) -> Self {
        Self {
            link,
            clock: Clock::start(),
            decoder: Decoder::new(Vec::new()),
            encoder: Encoder::new(&config.component.jid),
            open: HashMap::new(),
            next: 0,
        }
    }

    /// Asks everything, and waits for the answers.
    async fn ask_all(&mut self, config: &Config) -> Result<Answers, LinkError> {
        let Some(gavel) = RealJid::parse(self.encoder.full_jid()) else {
            return Ok(Answers::default());
        };
        let plan = Plan {
            gavel,
            services: config.muc.clone(),
            poll: config.discovery.poll,
            lists: true,
            nonce: rand::random(),
        };
        let (mut probe, steps) = Probe::begin(plan, self.clock.now().tick);
        self.take(steps).await;
        let deadline = Instant::now() + PATIENCE;
        while !probe.is_over() {
            let Ok(event) = timeout_at(deadline, self.link.next()).await else {
                break;
            };
            let stanza = match event {
                LinkEvent::Stanza(bytes) => self.decoder.decode(bytes).ok(),
                LinkEvent::Ended(error) => return Err(error),
            };
            if let Some(Inbound::Iq(iq)) = stanza {
                let steps = self.answered(&mut probe, *iq);
                self.take(steps).await;
            }
        }
        Ok(probe.answers())
    }

    /// A reply counts by id and sender (SPEC B1).
    fn answered(&mut self, probe: &mut Probe, iq: Iq) -> Vec<Step> {
        let known = self.open.get(&iq.id).is_some_and(|(to, _)| *to == iq.from);
        let answer = match &iq.kind {
            IqKind::Result => Ok(&iq.payload),
            IqKind::Error(error) => Err(error),
            IqKind::Get | IqKind::Set => return Vec::new(),
        };
        match self.open.remove(&iq.id).filter(|_| known) {
            Some((_, question)) => probe.answered(question, answer, self.clock.now().tick),
            None => Vec::new(),
        }
    }

    async fn take(&mut self, steps: Vec<Step>) {
        let mut batch = Vec::new();
        for step in steps {
            let stanza = match step {
                Step::Space(length) => Outbound::Space(length),
                Step::Ask {
                    to,
                    request,
                    question,
                } => {
                    let id = self.id();
                    if let Some(question) = question {
                        self.open.insert(id.clone(), (to.clone(), question));
                    }
                    Outbound::Iq { id, to, request }
                }
            };
            // None of them has a character that XML forbids.
            batch.extend(self.encoder.encode(&stanza).unwrap_or_default());
        }
        self.link.send(&batch).await;
    }

    fn id(&mut self) -> String {
        self.next += 1;
        format!("doctor{}", self.next)
    }

    /// Sends gavel itself a message from a foreign address: it comes back, or Prosody ends
    /// this stream with `invalid-from`. None if neither happens in time.
    async fn impersonates(&mut self) -> Option<bool> {
        let id = self.id();
        // It is not of the component's domain, which is all that Prosody looks at.
        let parent = self.encoder.full_jid().split(['@', '/']).nth(1)?;
        let from = RealJid::parse(&format!("doctor@not-{parent}/doctor"))?;
        let foreign = Outbound::Foreign {
            from,
            id: id.clone(),
        };
        let bytes = self.encoder.encode(&foreign).ok()?;
        self.link.send(&bytes).await;
        let deadline = Instant::now() + FOREIGN;
        loop {
            match timeout_at(deadline, self.link.next()).await.ok()? {
                LinkEvent::Stanza(bytes) => match self.decoder.decode(bytes) {
                    Ok(Inbound::Message(message)) if message.id.as_ref() == Some(&id) => {
                        return Some(true);
                    }
                    _ => {}
                },
                LinkEvent::Ended(LinkError::InvalidFrom { .. }) => return Some(false),
                LinkEvent::Ended(_) => return None,
            }
        }
    }
}

//! The facts of a deployment.

use crate::claims::Source;
use crate::engine::probed::{Answers, Module};
use crate::engine::settings::Poll;
use crate::engine::{Survey, Tally};

/// Everything that is known.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The configuration.
    pub setup: Setup,
    /// How the connection is.
    pub connection: Connection,
    /// Prosody's answers, if it could be asked.
    pub answers: Option<Answers>,
    /// Says whether Prosody lets gavel send in others' names, if that is known.
    pub impersonation: Option<bool>,
    /// The running daemon's knowledge; none if none runs.
    pub daemon: Option<Daemon>,
}

/// The configuration.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The component's domain.
    pub component: String,
    /// host:port of Prosody's component listener.
    pub server: String,
    /// The domains of the MUC services.
    pub services: Vec<String>,
    /// The sources of claims.
    pub sources: Vec<Source>,
    /// `claims.trusted_domains`.
    pub trusted_domains: Vec<String>,
    /// Says whether changed names are turned back (`names.freeze = "revert"`).
    pub reverts: bool,
    /// How rooms are found beside invitations.
    pub poll: Poll,
    /// Says whether the module is to guard moderation (`policy.guard`).
    pub guard: bool,
    /// Says whether anything is configured about permissions.
    pub permissions: bool,
    /// `admin.socket`.
    pub socket: String,
    /// `policy.trusted_logins`.
    pub logins: Vec<String>,
    /// The VirtualHosts that infrastructure logs in on.
    pub machines: Vec<String>,
}

/// Something remarkable in the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The place.
    pub place: String,
    /// The fault.
    pub problem: String,
    /// The remedy.
    pub remedy: String,
}

/// How the connection is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Connection {
    /// It stands.
    Up,
    /// Another gavel has it, and this one waits.
    Standby,
    /// There is none.
    Down(Trouble),
}

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// Nobody takes it; the system's words.
    Unreachable(String),
    /// The server behind the port is no component listener; its fault.
    NotXmpp(String),
    /// The secret is refused.
    NotAuthorized,
    /// The server has no secret for the component.
    NoSecret,
    /// The server has no such component.
    HostUnknown,
    /// The port is the one for clients.
    ClientPort,
    /// Another has it.
    Conflict,
    /// Anything else, in words with the remedy.
    Other(String),
}

/// The way in which the state that outlives a restart is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// In this file.
    File(String),
    /// In memory, as configured.
    Memory,
    /// In memory for now, because the file cannot be written; file and reason.
    Failed(String, String),
}

/// The running daemon's knowledge.
#[derive(Debug, Clone)]
pub struct Daemon {
    /// Its version.
    pub version: String,
    /// Since when the connection is as it is, RFC 3339.
    pub since: String,
    /// Says whether all rooms found after the connection are joined.
    pub ready: bool,
    /// Its counts since it started.
    pub tally: Tally,
    /// The present state.
    pub survey: Survey,
    /// The way in which the state is kept.
    pub kept: Kept,
    /// How often another gavel has ended its connection.
    pub replaced: u32,
}

impl Facts {
    /// Says whether something shows that this is Jitsi: its focus, or the component for it.
    pub(super) fn is_jitsi(&self) -> bool {
        let component = self.answers.as_ref().is_some_and(|answers| answers.focus);
        let seen = |daemon: &Daemon| daemon.survey.services.iter().any(|s| s.focus);
        component || self.daemon.as_ref().is_some_and(seen)
    }

    /// Says whether the module serves the service; none if that is not known.
    pub(super) fn module(&self, service: usize) -> Option<Module> {
        let answers = self.answers.as_ref()?;
        answers.services.get(service)?.module
    }

    /// The release that the module of a service belongs to, if it is known.
    pub(super) fn release(&self, service: usize) -> Option<&str> {
        let answers = self.answers.as_ref()?;
        answers.services.get(service)?.version.as_deref()
    }

    /// Says whether claims can come from the module alone.
    pub(super) fn needs_module(&self) -> bool {
        self.setup.sources == [Source::Bridge]
    }

    /// Says whether nothing but the module helps: claims come from it, or Jitsi breaks
    /// without it.
    pub(super) fn only_module_helps(&self) -> bool {
        self.needs_module() || self.is_jitsi()
    }

    /// The services that are known to be without the module, or not to be served by it, for
    /// people; none if there are none.
    pub(super) fn without_module(&self) -> Option<String> {
        let absent = |n: &usize| matches!(self.module(*n), Some(Module::Absent | Module::Refuses));
        let services = (0..self.setup.services.len()).filter(absent);
        let services: Vec<&str> = services.map(|n| &*self.setup.services[n]).collect();
        (!services.is_empty()).then(|| services.join(", "))
    }

    /// Says whether the module serves one of the services.
    pub(super) fn is_served_somewhere(&self) -> bool {
        (0..self.setup.services.len()).any(|n| self.module(n) == Some(Module::Serves))
    }

    /// Says whether the module serves every service; false if that is not known.
    pub(super) fn module_everywhere(&self) -> bool {
        (0..self.setup.services.len()).all(|n| self.module(n) == Some(Module::Serves))
    }

    /// Says whether it matters that gavel may send in others' names: names are to be turned
    /// back, and the module does not keep all of them.
    pub fn wants_impersonation(&self) -> bool {
        let plain = !self.module_everywhere() && !self.needs_module();
        self.setup.reverts && self.answers.is_some() && plain
    }

    /// gavel's bare JID.
    pub(super) fn gavel(&self) -> String {
        format!("gavel@{}", self.setup.component)
    }
}

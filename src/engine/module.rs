//! What is known of the Prosody module on each MUC service (SPEC section 6).
//!
//! Each service is asked as the stream begins; gavel's own presence in a room
//! says it too, and may be newer: a module can be loaded or unloaded at any time.

use super::asker::{Answer, Asker, ServiceAsk};
use super::{Engine, Warning};
use crate::stanza::{IqPayload, Module as Said, Request, StanzaError};

/// The release of this gavel, and of the module that belongs to it.
pub const RELEASE: &str = env!("CARGO_PKG_VERSION");

/// What is known of the module on one MUC service, on this stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Module {
    /// The service has not answered yet.
    #[default]
    Unknown,
    /// It serves gavel there.
    Serves(Said),
    /// It is loaded there, and takes another address for gavel's.
    Refuses,
    /// It is not loaded there.
    Absent,
    /// There is no such service.
    NoService,
}

impl Module {
    /// Whether it serves gavel there.
    pub fn serves(&self) -> bool {
        matches!(self, Self::Serves(_))
    }

    /// What it says of itself, where it serves gavel.
    pub fn said(&self) -> Option<&Said> {
        match self {
            Self::Serves(said) => Some(said),
            _ => None,
        }
    }

    fn of_error(error: &StanzaError) -> Self {
        match error.condition.as_str() {
            "forbidden" => Self::Refuses,
            // `not-allowed` is Prosody's answer for other servers' domains where
            // it has no connection to any.
            "not-allowed"
            | "item-not-found"
            | "remote-server-not-found"
            | "remote-server-timeout" => Self::NoService,
            _ => Self::Absent,
        }
    }
}

impl Engine {
    /// The MUC services by their domains, with what is known of the module on
    /// each.
    pub fn modules(&self) -> impl Iterator<Item = (&str, &Module)> {
        let domains = self.settings.services.iter();
        domains
            .map(|service| service.domain.as_str())
            .zip(self.services.iter().map(|state| &state.module))
    }

    /// Whether the module guards a service, by its domain.
    pub fn is_guarded(&self, domain: &str) -> bool {
        let services = self.settings.services.iter().zip(&self.services);
        let mut of = services.filter(|(service, _)| service.domain == domain);
        of.any(|(_, state)| state.leased && state.module.serves())
    }

    /// Asks a service what its module is.
    pub(super) fn ask_module(&mut self, service: usize) {
        let domain = self.settings.services[service].domain.clone();
        self.out.ask(
            &domain,
            Request::Module,
            Asker::Service(service, ServiceAsk::Module),
        );
    }

    /// The module has answered, or somebody else has, or nobody.
    pub(super) fn module_answered(&mut self, service: usize, answer: Answer<'_>) {
        match answer {
            Answer::Result(IqPayload::Module(said)) | Answer::Partial(IqPayload::Module(said)) => {
                self.module_said(service, said.clone());
            }
            Answer::Result(_) | Answer::Partial(_) => {}
            Answer::Error(error) => self.module_refused(service, error),
            Answer::Silence | Answer::Unread => self.ask_module(service),
        }
    }

    fn module_said(&mut self, service: usize, said: Said) {
        self.compare_releases(service, &said.version);
        let (logins, permitted) = (said.logins.clone(), said.permitted.clone());
        self.services[service].module = Module::Serves(said);
        self.tell_unserved(service);
        self.logins_told(service, logins);
        self.tell_unchecked();
        self.permissions_anew_on(service);
        self.permitted_on(service, permitted);
    }

    /// It has refused to, or somebody else has answered.
    fn module_refused(&mut self, service: usize, error: &StanzaError) {
        self.services[service].module = Module::of_error(error);
        self.tell_unserved(service);
        self.tell_unpermitted(service);
        self.logins_told(service, None);
    }

    /// gavel has joined a room of the service; `said` is in its own presence
    /// where the module serves the room.
    pub(super) fn module_shown(&mut self, service: usize, said: Option<&Said>) {
        let state = &mut self.services[service];
        state.had_module = said.is_some();
        // Loaded again, the module knows of no lease.
        state.leased &= said.is_some();
        let Some(said) = said else {
            if state.module != Module::Refuses {
                state.module = Module::Absent;
            }
            self.tell_unpermitted(service);
            return self.tell_unserved(service);
        };
        let permitted = said.permitted.clone();
        // Loaded since, or another: only its answer says all.
        if state.module.said().map(|known| &known.version) != Some(&said.version) {
            self.compare_releases(service, &said.version);
            let said = Said {
                room: None,
                ..said.clone()
            };
            self.services[service].module = Module::Serves(said);
            self.ask_module(service);
        }
        self.permitted_on(service, permitted);
    }

    /// The services on which nobody gets claims: they come from the module alone,
    /// and it does not serve these, though they exist. Where no service exists at
    /// all, these are all of them.
    pub fn unserved(&self) -> Vec<String> {
        if !self.settings.verifier.needs_module() {
            return Vec::new();
        }
        let nowhere = self
            .modules()
            .all(|(_, module)| *module == Module::NoService);
        let without = self.modules().filter(|(_, module)| match module {
            Module::Absent | Module::Refuses => true,
            Module::NoService => nowhere,
            Module::Unknown | Module::Serves(_) => false,
        });
        without.map(|(domain, _)| domain.to_owned()).collect()
    }

    /// Whether gavel does its work: it is in all rooms, and claims can arrive.
    pub fn works(&self) -> bool {
        self.is_ready() && self.unserved().is_empty()
    }

    /// Tells at once that nobody on a service gets claims, and again where that
    /// was over.
    fn tell_unserved(&mut self, service: usize) {
        let domain = self.settings.services[service].domain.clone();
        let missing = Warning::ModuleMissing {
            service: domain.clone(),
            gavel: self.settings.gavel(),
            refuses: self.services[service].module == Module::Refuses,
        };
        match self.unserved().contains(&domain) {
            true if self.services[service].module != Module::NoService => {
                self.out.warn_once(missing)
            }
            true => {}
            false => {
                self.out.keep_told(|told| *told != missing);
            }
        }
    }

    fn compare_releases(&mut self, service: usize, version: &str) {
        if version != RELEASE {
            self.out.warn_once(Warning::OtherRelease {
                service: self.settings.services[service].domain.clone(),
                version: version.to_owned(),
            });
        }
    }
}

//! The state of the Prosody module on each MUC service (SPEC section 6).
//!
//! Each service is asked as the stream begins; gavel's own presence in a room
//! says it too, and may be newer: a module can be loaded or unloaded at any time.

pub use crate::engine::warning::RELEASE;

use super::authentication::{self, Unloaded};
use super::logins::{Logins, Trust};
use crate::engine::settings::Settings;
use crate::engine::time::Tick;
use crate::stanza::{Login, Module as Said, StanzaError};

/// The state of the module on one MUC service, on this stream.
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
    /// Says whether it serves gavel there.
    pub fn serves(&self) -> bool {
        matches!(self, Self::Serves(_))
    }

    /// The module's description of itself, if it serves gavel.
    pub fn said(&self) -> Option<&Said> {
        match self {
            Self::Serves(said) => Some(said),
            _ => None,
        }
    }

    /// The module's state according to a refusal.
    pub fn of_error(error: &StanzaError) -> Self {
        match error.condition.as_str() {
            "forbidden" => Self::Refuses,
            // `not-allowed` is Prosody's answer for other servers' domains if it has no
            // connection to any.
            "not-allowed"
            | "item-not-found"
            | "remote-server-not-found"
            | "remote-server-timeout" => Self::NoService,
            _ => Self::Absent,
        }
    }
}

/// The state of a MUC service.
#[derive(Debug, Default)]
pub struct ServiceState {
    /// The state of the module there.
    pub module: Module,
    /// How people log in on its server.
    pub logins: Logins,
    /// Says whether the module served gavel on the last stream: then its invitations come
    /// first, and its rooms need not be listed at once.
    pub had_module: bool,
    /// When the last list was asked for.
    pub polled_at: Tick,
    /// A list is being read.
    pub polling: bool,
    /// A list was refused before.
    pub refused: bool,
    /// Rooms of it may be breakout rooms.
    pub breakouts: bool,
}

/// The services on which nobody gets claims: claims come from the module alone, and it does
/// not serve these services, though they exist. If no service exists at all, these are all
/// of them.
pub fn unserved(settings: &Settings, services: &[ServiceState]) -> Vec<String> {
    if !settings.verifier.needs_module() {
        return Vec::new();
    }
    let nowhere = services
        .iter()
        .all(|state| state.module == Module::NoService);
    let domains = settings.services.iter().map(|service| &service.domain);
    let without = domains
        .zip(services)
        .filter(|(_, state)| match state.module {
            Module::Absent | Module::Refuses => true,
            Module::NoService => nowhere,
            Module::Unknown | Module::Serves(_) => false,
        });
    without.map(|(domain, _)| domain.clone()).collect()
}

/// The module's news of logins. All services are of one server.
fn told(services: &[ServiceState]) -> Option<&[Login]> {
    services.iter().find_map(|state| match &state.logins {
        Logins::Told(told) => Some(told.as_slice()),
        Logins::Unknown | Logins::Untold => None,
    })
}

/// Says whether logins on `domain` count, if it is in `policy.trusted_logins`.
pub fn trust(services: &[ServiceState], domain: &str) -> Trust {
    let untold = || services.iter().any(|s| s.logins == Logins::Untold);
    match told(services) {
        Some(told) => Trust::of(domain, told),
        None if untold() => Trust::Untold,
        None => Trust::Unknown,
    }
}

/// The VirtualHosts whose authentication is not loaded.
pub fn unloaded(settings: &Settings, services: &[ServiceState]) -> Vec<Unloaded> {
    let machines = settings.infrastructure.hosts();
    let users = |host: &str| {
        let mut services = settings.services.iter().map(|service| &*service.domain);
        let trusted = settings.policy.trusts(host);
        authentication::users_of(host, &mut services, trusted, &machines)
    };
    authentication::unloaded(told(services).unwrap_or_default(), users)
}

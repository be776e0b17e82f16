//! A MUC service's news of its module, and of logins.

use super::authentication::Users;
use super::event::RoomEvent;
use super::logins::Logins;
use super::module::{Module, RELEASE, trust, unloaded, unserved};
use super::part::RoomPart;
use crate::engine::asker::{Answer, Asker, ServiceAsk};
use crate::engine::warning::Warning;
use crate::stanza::{IqPayload, Login, Module as Said, Request, StanzaError};

impl RoomPart<'_> {
    /// Asks a service about its module.
    pub fn ask_module(&mut self, service: usize) {
        let domain = self.settings.services[service].domain.clone();
        self.out.ask(
            &domain,
            Request::Module,
            Asker::Service(service, ServiceAsk::Module),
        );
    }

    /// The module has answered, or somebody else has, or nobody.
    pub fn module_answered(&mut self, service: usize, answer: Answer<'_>) {
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
        self.out.emit(RoomEvent::ModuleSaid {
            service,
            permitted,
            anew: true,
        });
    }

    /// It has refused to, or somebody else has answered.
    fn module_refused(&mut self, service: usize, error: &StanzaError) {
        self.services[service].module = Module::of_error(error);
        self.tell_unserved(service);
        self.out.emit(RoomEvent::ModuleMissing { service });
        self.logins_told(service, None);
    }

    /// gavel has joined a room of the service; `said` is in its own presence if the module
    /// serves the room.
    pub fn module_shown(&mut self, service: usize, said: Option<&Said>) {
        let state = &mut self.services[service];
        state.had_module = said.is_some();
        let Some(said) = said else {
            if state.module != Module::Refuses {
                state.module = Module::Absent;
            }
            self.out.emit(RoomEvent::ModuleMissing { service });
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
        self.out.emit(RoomEvent::ModuleSaid {
            service,
            permitted,
            anew: false,
        });
    }

    /// Tells at once that nobody on a service gets claims, and again if that was over.
    fn tell_unserved(&mut self, service: usize) {
        let domain = self.settings.services[service].domain.clone();
        let missing = Warning::ModuleMissing {
            service: domain.clone(),
            gavel: self.settings.gavel(),
            refuses: self.services[service].module == Module::Refuses,
        };
        match unserved(self.settings, self.services).contains(&domain) {
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

    /// A service has told of logins, or has shown that it does not.
    pub fn logins_told(&mut self, service: usize, told: Option<Vec<Login>>) {
        let told = told.map_or(Logins::Untold, |mut told| {
            told.sort_unstable_by(|a, b| a.host.cmp(&b.host));
            Logins::Told(told)
        });
        let old = std::mem::replace(&mut self.services[service].logins, told);
        if old == self.services[service].logins {
            return;
        }
        self.tell_logins();
        self.out.emit(RoomEvent::LoginsTold);
    }

    /// Tells once of each host of people, and of machines, that its authentication is not
    /// loaded, and again if that was over.
    fn tell_unloaded(&mut self) {
        let mut faults = unloaded(self.settings, self.services);
        faults.retain(|fault| fault.users != Users::Others);
        self.out.keep_told(|told| match told {
            Warning::AuthenticationUnloaded(known) => faults.contains(known),
            _ => true,
        });
        for fault in faults {
            self.out.warn_once(Warning::AuthenticationUnloaded(fault));
        }
    }

    /// Tells once for each domain that its logins do not count, and again if that was over.
    pub fn tell_logins(&mut self) {
        self.tell_unloaded();
        for domain in self.settings.policy.trusted_logins.clone() {
            let problem = trust(self.services, &domain).problem(&domain);
            self.out.keep_told(|told| {
                let of = matches!(told, Warning::LoginsDoNotCount { domain: known, .. } if *known == domain);
                !of || problem.is_some()
            });
            if let Some((problem, remedy)) = problem {
                self.out.warn_once(Warning::LoginsDoNotCount {
                    domain,
                    problem,
                    remedy,
                });
            }
        }
    }
}

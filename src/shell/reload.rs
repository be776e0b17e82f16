//! SIGHUP: the configuration is read again, and the audit file opened again.

use super::driver::Driver;
use super::driver::EngineHandle;
use super::keys::Fetcher;
use super::settings;
use crate::config::{Config, Invalid, Loaded, Problem};
use crate::engine::{Input, Reload};
use crate::wire::Decoder;
use std::sync::Arc;
use tokio::sync::mpsc;
use tracing::{error, info, warn};

/// How the configuration is read again, and when.
pub struct Reloads {
    /// Something comes out of it each time it is wanted.
    pub wanted: mpsc::Receiver<()>,
    /// Reads it, from the same file and environment as at the start.
    pub load: Arc<dyn Fn() -> Result<Loaded, Invalid> + Send + Sync>,
}

impl Reloads {
    /// Never.
    pub fn never() -> Self {
        let (_, wanted) = mpsc::channel(1);
        Self {
            wanted,
            load: Arc::new(|| {
                Err(Invalid {
                    errors: Vec::new(),
                    warnings: Vec::new(),
                })
            }),
        }
    }

    /// Reads it whenever it is wanted, and has the driver take it.
    pub(super) async fn run(mut self, handle: EngineHandle) {
        while self.wanted.recv().await.is_some() {
            let load = self.load.clone();
            // Secrets and keys are in files.
            let Ok(loaded) = tokio::task::spawn_blocking(move || load()).await else {
                continue;
            };
            if handle
                .ask(move |driver| driver.reload(loaded))
                .await
                .is_err()
            {
                return;
            }
        }
    }
}

impl Driver {
    fn reload(&mut self, loaded: Result<Loaded, Invalid>) {
        self.notifier.reloading();
        match loaded {
            Ok(loaded) => self.take(loaded),
            Err(invalid) => refuse(&invalid),
        }
        // After logrotate, too.
        self.stats.open_audit(self.config.log.audit.clone());
        self.notifier.reloaded();
    }

    fn take(&mut self, loaded: Loaded) {
        tell(&loaded.warnings);
        let mut config = loaded.config;
        let later = keep_fixed(&self.config, &mut config);
        // The seed is for nicks, which stay.
        let settings = match settings::engine(&config, 0) {
            Ok(settings) => settings,
            Err(error) => {
                return error!("the configuration is refused, the old one stays in force: {error}");
            }
        };
        let changed = changed(&self.config, &config);
        let claims_changed = self.config.claims != config.claims;
        if claims_changed {
            let jwt = config.claims.jwt.as_ref();
            self.decoder = Decoder::new(jwt.map(|jwt| jwt.elements.clone()).unwrap_or_default());
            self.fetcher = Fetcher::new(jwt.and_then(|jwt| jwt.key.url()));
        }
        self.config = config;
        let reload = Box::new(Reload {
            settings,
            claims_changed,
        });
        self.engine.handle(self.clock.now(), Input::Reload(reload));
        let changed = match changed.as_slice() {
            [] => "nothing".to_owned(),
            sections => sections.join(", "),
        };
        info!(changed, "the configuration was read again");
        if !later.is_empty() {
            let keys = later.join(", ");
            warn!("{keys}: changed, which takes effect when gavel is started again");
        }
    }
}

fn refuse(invalid: &Invalid) {
    for Problem {
        place,
        problem,
        remedy,
    } in &invalid.errors
    {
        error!(%place, %remedy, "{problem}");
    }
    error!("the configuration is refused, the old one stays in force: mend it and reload again");
}

/// Says the warnings of a configuration.
fn tell(warnings: &[Problem]) {
    for Problem {
        place,
        problem,
        remedy,
    } in warnings
    {
        warn!(%place, %remedy, "{problem}");
    }
}

/// Puts back the settings that hold for the whole run; answers the keys that have changed.
fn keep_fixed(old: &Config, new: &mut Config) -> Vec<&'static str> {
    let mut later = Vec::new();
    let mut keep = |key, changed| {
        if changed {
            later.push(key);
        }
    };
    let (was, is) = (&old.component, &new.component);
    keep("component.jid", was.jid != is.jid);
    keep("component.server", was.server != is.server);
    keep(
        "component.secret",
        was.secret.expose() != is.secret.expose(),
    );
    keep("component.nick", was.nick != is.nick);
    keep("muc", old.muc != new.muc);
    keep("state.file", old.state != new.state);
    let (was, is) = (&old.admin, &new.admin);
    keep("admin.socket", was.socket != is.socket);
    keep("admin.listen", was.listen != is.listen);
    keep("admin.web", was.web != is.web);
    keep("admin.web_token", was.web_token != is.web_token);
    keep("log.format", old.log.format != new.log.format);
    new.component = old.component.clone();
    new.muc.clone_from(&old.muc);
    new.state = old.state.clone();
    new.admin = old.admin.clone();
    new.log.format = old.log.format;
    later
}

/// The sections that differ.
fn changed(old: &Config, new: &Config) -> Vec<&'static str> {
    let sections = [
        ("discovery", old.discovery != new.discovery),
        ("claims", old.claims != new.claims),
        ("policy", old.policy != new.policy),
        ("names", old.names != new.names),
        ("infrastructure", old.infrastructure != new.infrastructure),
        ("log", old.log != new.log),
    ];
    let changed = sections.into_iter().filter(|(_, changed)| *changed);
    changed.map(|(section, _)| section).collect()
}

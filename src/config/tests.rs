//! Tables of good and bad configurations.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::muc::Service;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What a configuration needs at least.
const LEAST: &str = "[component]\njid = 'gavel.meet.jitsi'\nserver = '127.0.0.1:5347'\n\
                     secret = 'hush'\n[[muc]]\nservice = 'muc.meet.jitsi'\n";

/// The same in the environment.
const LEAST_ENVIRONMENT: [(&str, &str); 4] = [
    ("GAVEL_COMPONENT__JID", "gavel.meet.jitsi"),
    ("GAVEL_COMPONENT__SERVER", "127.0.0.1:5347"),
    ("GAVEL_COMPONENT__SECRET", "hush"),
    ("GAVEL_MUC", "muc.meet.jitsi"),
];

/// A folder with a `gavel.toml`, removed in the end.
struct Folder(tempfile::TempDir);

impl Folder {
    fn with(text: &str) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("gavel.toml", text.as_bytes());
        folder
    }

    fn write(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn load(&self, environment: &[(&str, &str)]) -> Result<Loaded, Invalid> {
        let nowhere = self.path("nowhere.toml");
        load_from(Some(&self.path("gavel.toml")), &nowhere, vars(environment))
    }

    /// The errors and warnings, with this folder's path left out.
    fn notes(&self, environment: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
        let (errors, warnings) = match self.load(environment) {
            Ok(loaded) => (Vec::new(), loaded.warnings),
            Err(invalid) => (invalid.errors, invalid.warnings),
        };
        let folder = format!("{}/", self.0.path().display());
        let texts = |problems: Vec<Problem>| {
            let text = |problem: Problem| problem.to_string().replace(&folder, "");
            problems.into_iter().map(text).collect()
        };
        (texts(errors), texts(warnings))
    }
}

fn vars(environment: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    let pair = |(name, value): &(&str, &str)| (name.into(), value.into());
    environment.iter().map(pair).collect()
}

fn loaded(text: &str, environment: &[(&str, &str)]) -> Loaded {
    let result = Folder::with(text).load(environment);
    result.unwrap_or_else(|invalid| panic!("{text}\n{invalid}"))
}

fn config(text: &str) -> Config {
    loaded(text, &[]).config
}

#[test]
fn defaults_are_those_of_the_contract() {
    let config = config(LEAST);
    assert_eq!(config.component.nick.as_str(), "gavel");
    assert_eq!(config.component.address(), "gavel@gavel.meet.jitsi/gavel");
    assert_eq!(config.component.server.to_string(), "127.0.0.1:5347");
    assert_eq!(config.component.secret.expose(), "hush");
    let muc = Service {
        domain: "muc.meet.jitsi".into(),
        tenants: true,
    };
    assert_eq!(config.muc, [muc]);
    assert!(config.discovery.invites);
    assert_eq!(config.discovery.poll, Poll::Auto);
    assert_eq!(config.discovery.interval, Duration::from_secs(30));
    assert!(config.discovery.rooms.is_empty());
    assert_eq!(config.claims.sources, [ClaimSource::Bridge]);
    assert_eq!(config.claims.trusted_domains, ["meet.jitsi"]);
    assert_eq!(config.claims.jwt, None);
    assert_eq!(config.policy.preset, Preset::Jitsi);
    assert_eq!(config.policy.guests, Guests::Strip);
    assert_eq!(config.policy.fallback, Fallback::None);
    assert_eq!(config.policy.grants, Grants::Owner);
    assert!(config.policy.protect_hosts);
    assert_eq!(config.policy.on_expiry, OnExpiry::Keep);
    assert_eq!(config.names.freeze, Freeze::Revert);
    let state = config.state.file.unwrap();
    assert_eq!(state, Path::new("/var/lib/gavel/state.json"));
    let jids: Vec<_> = config
        .infrastructure
        .jids
        .iter()
        .map(|j| j.as_str())
        .collect();
    assert_eq!(jids, ["focus@auth.meet.jitsi"]);
    assert_eq!(
        config.infrastructure.domains,
        [
            "auth.meet.jitsi",
            "hidden.meet.jitsi",
            "recorder.meet.jitsi"
        ]
    );
    assert_eq!(config.admin.socket, Path::new("/run/gavel/admin.sock"));
    assert_eq!(config.admin.listen.unwrap().to_string(), "127.0.0.1:9318");
    assert_eq!(config.log.format, LogFormat::Text);
}

#[test]
fn defaults_of_tokens_are_those_of_the_contract() {
    let text = format!("{LEAST}[claims]\nsources = ['jwt']\n[claims.jwt]\nsecret = 'x'\n");
    let jwt = config(&text).claims.jwt.unwrap();
    assert_eq!(jwt.elements, ["jwt", "token", "jitsi_participant_jwt"]);
    assert_eq!(jwt.algorithms, [Algorithm::Hs256]);
    assert!(jwt.verify_tenant);
    assert!(!jwt.require_exp);
    assert_eq!(jwt.issuers, ["jitsi"]);
    assert_eq!(jwt.audiences, ["jitsi"]);
    assert_eq!(jwt.leeway, Duration::from_secs(30));
    assert_eq!(jwt.key, KeySource::Secret(Secret::new(b"x".to_vec())));
}

#[test]
fn the_environment_alone_is_enough() {
    let nowhere = Path::new("/nonexistent/gavel.toml");
    let loaded = load_from(None, nowhere, vars(&LEAST_ENVIRONMENT)).unwrap();
    assert_eq!(loaded.config, config(LEAST));
    assert_eq!((loaded.file, loaded.warnings), (None, Vec::new()));
}

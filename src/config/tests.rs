//! Tables of good and bad configurations.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::claims::{Algorithm, Source};
use crate::engine::settings::{AbsentHost, Freeze, Poll};
use crate::muc::Service;
use crate::policy::{Fallback, Grants, Guests, OnExpiry, Preset};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

mod bad;
mod docs;
mod environment;
mod files;
mod permissions;
mod secrets;

/// The least that a configuration needs.
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
fn tenants_are_checked_as_said_where_no_token_is_verified_here() {
    let text = format!("{LEAST}[claims.jwt]\nverify_tenant = false\n");
    let given = config(&text);
    assert_eq!(
        (given.claims.verify_tenant, &given.claims.jwt),
        (false, &None)
    );
    let variable = [("GAVEL_CLAIMS__JWT__VERIFY_TENANT", "false")];
    assert_eq!(loaded(LEAST, &variable).config, given);
    let written = toml::to_string(&given).unwrap();
    assert!(
        written.contains("[claims.jwt]\nverify_tenant = false"),
        "{written}"
    );
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
    assert_eq!(config.claims.sources, [Source::Bridge]);
    assert_eq!(config.claims.trusted_domains, ["meet.jitsi"]);
    assert_eq!(config.claims.jwt, None);
    assert!(config.claims.verify_tenant);
    assert_eq!(config.policy.preset, Preset::Jitsi);
    assert_eq!(config.policy.guests, Guests::Strip);
    assert_eq!(config.policy.fallback, Fallback::None);
    assert_eq!(config.policy.grants, Grants::Owner);
    assert!(config.policy.protect_hosts);
    assert!(config.policy.guard);
    assert_eq!(config.policy.on_expiry, OnExpiry::Keep);
    assert_eq!(config.policy.host_absent.action, AbsentHost::None);
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
    assert_eq!(jwt.algorithms, [Algorithm::HS256]);
    assert!(jwt.verify_tenant);
    assert!(!jwt.require_exp);
    assert_eq!(jwt.issuers, ["jitsi"]);
    assert_eq!(jwt.audiences, ["jitsi"]);
    assert_eq!(jwt.leeway, Duration::from_secs(30));
    assert_eq!(jwt.key, KeySource::Secret(Secret::new(b"x".to_vec())));
}

/// The contract's sample, without later additions; `$D` is a folder.
const SAMPLE: &str = r#"
[component]
jid = "gavel.meet.jitsi"
server = "127.0.0.1:5347"
secret_file = "$D/gavel"
nick = "gavel"

[[muc]]
service = "muc.meet.jitsi"
tenants = true

[discovery]
invites = true
poll = "auto"
interval = "30s"
rooms = []

[claims]
sources = ["bridge"]
trusted_domains = ["meet.jitsi"]

[claims.jwt]
elements = ["jwt", "token", "jitsi_participant_jwt"]
algorithms = ["HS256"]
secret_file = "$D/jwt"
verify_tenant = true
require_exp = false
issuers = ["jitsi"]
audiences = ["jitsi"]
leeway = "30s"

[policy]
preset = "jitsi"
guests = "strip"
fallback = "none"
grants = "owner"
protect_hosts = true
guard = true
on_expiry = "keep"
trusted_logins = []
fallback_services = ["muc.meet.jitsi"]

[policy.host_absent]
after = "5m"
action = "none"
services = ["muc.meet.jitsi"]

[policy.permissions]
breakout-enter = "everyone"
lobby-bypass = "owners"

[names]
freeze = "revert"
guests = "free"

[state]
file = "/var/lib/gavel/state.json"

[infrastructure]
jids = ["focus@auth.meet.jitsi"]
domains = ["auth.meet.jitsi", "hidden.meet.jitsi", "recorder.meet.jitsi"]

[admin]
socket = "/run/gavel/admin.sock"
listen = "127.0.0.1:9318"
web = ""

[log]
format = "text"
audit = ""
"#;

/// A folder whose `gavel.toml` is `text`, with the two secrets of [`SAMPLE`].
fn with_secrets(text: &str) -> Folder {
    let folder = Folder::with("");
    let text = text.replace("$D", folder.0.path().to_str().unwrap());
    folder.write("gavel.toml", text.as_bytes());
    folder.write("gavel", b"hush\n");
    folder.write("jwt", b"hushhush\n");
    folder
}

#[test]
fn the_sample_holds_the_defaults_and_is_printed_as_it_was_read() {
    let folder = with_secrets(SAMPLE);
    let loaded = folder.load(&[]).unwrap();
    let printed = toml::to_string(&loaded.config).unwrap();
    let sample = std::fs::read_to_string(folder.path("gavel.toml")).unwrap();
    let lines = |text: &str| -> Vec<String> {
        let filled = text.lines().filter(|line| !line.is_empty());
        filled.map(str::to_owned).collect()
    };
    assert_eq!(lines(&printed), lines(&sample));
    // Only the secrets differ from the defaults.
    let least = format!("{LEAST}[claims.jwt]\nsecret = 'hushhush'\n");
    let without_secrets = |mut config: Config| {
        config.component.secret = Secret::new(String::new());
        config.claims.jwt.as_mut().unwrap().key = KeySource::Secret(Secret::new(Vec::new()));
        config
    };
    assert_eq!(loaded.config.component.secret.expose(), "hush");
    assert_eq!(
        without_secrets(loaded.config),
        without_secrets(config(&least))
    );
}

#[test]
fn derived_settings_are_the_union_over_the_services() {
    let derived = |services: &str| {
        let config = loaded(LEAST, &[("GAVEL_MUC", services)]).config;
        let jids = config.infrastructure.jids.iter().map(ToString::to_string);
        (
            config.claims.trusted_domains.join(" "),
            jids.collect::<Vec<_>>().join(" "),
            config.infrastructure.domains.join(" "),
        )
    };
    let is = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
    assert_eq!(
        derived("muc.a,breakout.a"),
        is("a", "focus@auth.a", "auth.a hidden.a recorder.a")
    );
    assert_eq!(
        derived("muc.a.b,muc.c.d"),
        is(
            "a.b c.d",
            "focus@auth.a.b focus@auth.c.d",
            "auth.a.b hidden.a.b recorder.a.b auth.c.d hidden.c.d recorder.c.d"
        )
    );
    assert_eq!(derived("muc"), is("", "", ""));
}

#[test]
fn addresses_are_normalised() {
    let text = LEAST
        .replace("gavel.meet", "Gavel.Meet")
        .replace("muc.meet", "MUC.Meet")
        + "[discovery]\nrooms = ['Room@MUC.meet.jitsi', 'R@muc.Tenant.meet.jitsi', '[t]r@muc.meet.jitsi']\n\
           [infrastructure]\njids = ['Focus@Auth.x', 'focus@auth.x']\ndomains = ['A.b', 'a.b']\n";
    let config = config(&text);
    assert_eq!(config.component.jid, "gavel.meet.jitsi");
    assert_eq!(config.muc[0].domain, "muc.meet.jitsi");
    let rooms: Vec<_> = config
        .discovery
        .rooms
        .iter()
        .map(|room| room.as_str())
        .collect();
    assert_eq!(
        rooms,
        [
            "room@muc.meet.jitsi",
            "[tenant]r@muc.meet.jitsi",
            "[t]r@muc.meet.jitsi"
        ]
    );
    assert_eq!(config.infrastructure.jids.len(), 1);
    assert_eq!(config.infrastructure.domains, ["a.b"]);
}

/// As in commands: each spelling of a room means one room.
#[test]
fn rooms_to_be_in_are_named_as_people_name_them() {
    let more = "[discovery]\nrooms = ['How To Be', 'täst', 't%C3%A4st@muc.meet.jitsi', \
        '[school]lesson', 'https://meet.jitsi/School/Physics?jwt=e.y.J']\n";
    let config = config(&(LEAST.to_owned() + more));
    let rooms = config.discovery.rooms.iter();
    let rooms: Vec<_> = rooms.map(|room| room.as_str()).collect();
    assert_eq!(
        rooms,
        [
            "how%20to%20be@muc.meet.jitsi",
            "t%c3%a4st@muc.meet.jitsi",
            "[school]lesson@muc.meet.jitsi",
            "[school]physics@muc.meet.jitsi",
        ]
    );
}

#[test]
fn servers_are_host_and_port() {
    for (text, host, port) in [
        ("127.0.0.1:5347", "127.0.0.1", 5347),
        ("[::1]:5347", "::1", 5347),
        ("[0::0:1]:1", "::1", 1),
        ("xmpp.meet.jitsi:65535", "xmpp.meet.jitsi", 65535),
    ] {
        let server = Server::parse(text).unwrap();
        assert_eq!((server.host.as_str(), server.port), (host, port), "{text}");
        assert_eq!(Server::parse(&server.to_string()), Some(server), "{text}");
    }
    for text in [
        "",
        ":",
        "x",
        "x:",
        ":1",
        "x:0",
        "x:65536",
        "x:+1",
        "x:-1",
        "x:1x",
        "::1:5347",
        "[::1]",
        "[x]:1",
        "[]:1",
        "a b:1",
        "http://x:1",
        "u@x:1",
        "x:1 ",
        "x\n:1",
    ] {
        assert_eq!(Server::parse(text), None, "{text:?}");
    }
}

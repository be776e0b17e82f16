//! Tables of good and bad configurations.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::muc::Service;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

mod bad;
mod docs;

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
    assert!(!config.policy.guard);
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
fn an_empty_secret_in_the_environment_is_none() {
    let secret = "GAVEL_CLAIMS__JWT__SECRET";
    let issuers = ("GAVEL_CLAIMS__JWT__ISSUERS", "school");
    assert_eq!(
        loaded(LEAST, &[(secret, ""), issuers]).config.claims.jwt,
        None
    );
    let jwt = loaded(LEAST, &[(secret, "x"), issuers]).config.claims.jwt;
    assert_eq!(jwt.unwrap().issuers, ["school"]);
    let both = loaded(LEAST, &[("GAVEL_COMPONENT__SECRET", "")]).config;
    assert_eq!(both.component.secret.expose(), "hush");
    let jwt = ("GAVEL_CLAIMS__SOURCES", "jwt");
    let (errors, _) = Folder::with(LEAST).notes(&[jwt, (secret, ""), issuers]);
    assert!(errors[0].contains("[claims.jwt] is missing"), "{errors:?}");
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

/// The contract's sample, without what comes later; `$D` is a folder.
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
guard = false
on_expiry = "keep"
fallback_services = ["muc.meet.jitsi"]

[policy.host_absent]
after = "5m"
action = "none"
services = ["muc.meet.jitsi"]

[names]
freeze = "revert"

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
    // Nothing but the secrets differs from what is there without writing it.
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

/// Every key with a value that is not its default, as TOML and as environment.
const OTHERS: &[(&str, &str, &str)] = &[
    ("component.jid", "'g.x'", "g.x"),
    ("component.server", "'[::1]:5348'", "[::1]:5348"),
    ("component.secret", "'psst'", "psst"),
    ("component.nick", "'G_1'", "G_1"),
    ("discovery.invites", "false", "false"),
    ("discovery.poll", "'disco'", "disco"),
    ("discovery.interval", "'1m30s'", "1m30s"),
    (
        "discovery.rooms",
        "['a@muc.meet.jitsi', 'b@muc.t.meet.jitsi']",
        " a@muc.meet.jitsi,b@muc.t.meet.jitsi , ",
    ),
    ("claims.sources", "['jwt', 'identity']", "jwt,identity"),
    ("claims.trusted_domains", "['a.b', 'c.d']", "a.b, c.d"),
    ("claims.jwt.elements", "['t']", "t"),
    ("claims.jwt.algorithms", "['HS512', 'HS384']", "HS512,HS384"),
    ("claims.jwt.secret", "'tok'", "tok"),
    ("claims.jwt.verify_tenant", "false", "false"),
    ("claims.jwt.require_exp", "true", "true"),
    ("claims.jwt.issuers", "['*']", "*"),
    ("claims.jwt.audiences", "['a', 'b']", "a,b"),
    ("claims.jwt.leeway", "'0s'", "0s"),
    ("policy.preset", "'none'", "none"),
    ("policy.guests", "'ignore'", "ignore"),
    ("policy.fallback", "'first'", "first"),
    ("policy.grants", "'admin'", "admin"),
    ("policy.protect_hosts", "false", "false"),
    ("policy.guard", "true", "true"),
    ("policy.on_expiry", "'demote'", "demote"),
    ("policy.fallback_services", "[]", ""),
    ("policy.host_absent.after", "'90s'", "90s"),
    ("policy.host_absent.action", "'lock'", "lock"),
    ("policy.host_absent.services", "[]", ""),
    ("names.freeze", "'notify'", "notify"),
    ("state.file", "''", ""),
    ("infrastructure.jids", "[]", ""),
    ("infrastructure.domains", "['a.b']", "a.b"),
    ("admin.listen", "''", ""),
    ("admin.web", "'127.0.0.1:9319'", "127.0.0.1:9319"),
    ("log.format", "'json'", "json"),
    ("log.audit", "'/a'", "/a"),
];

#[test]
fn each_key_can_be_given_in_the_environment_and_beats_the_file() {
    // A token's section needs a key, whatever else is tried in it.
    let base = format!("{LEAST}[claims.jwt]\nsecret = 'hush'\n");
    for (key, written, value) in OTHERS.iter().copied() {
        let (section, name) = key.rsplit_once('.').unwrap();
        let line = format!("{name} = {written}\n");
        let text = match base.split_once(&format!("[{section}]\n")) {
            // There already: its header stays, and a key that is there goes.
            Some((before, after)) => {
                let same = |line: &&str| !line.starts_with(&format!("{name} = "));
                let (own, rest) = after.split_once('[').unwrap_or((after, ""));
                let own: String = own.lines().filter(same).map(|l| format!("{l}\n")).collect();
                let rest = if rest.is_empty() {
                    String::new()
                } else {
                    format!("[{rest}")
                };
                format!("{before}[{section}]\n{line}{own}{rest}")
            }
            None => format!("{base}[{section}]\n{line}"),
        };
        let variable = variable(key);
        let from_file = config(&text);
        let from_environment = loaded(&base, &[(&variable, value)]).config;
        assert_eq!(from_environment, from_file, "{key}");
        let both = loaded(SAMPLE_WITHOUT_FILES, &[(&variable, value)]).config;
        let shown = |config: &Config| lookup(config, key);
        assert_eq!(shown(&both), shown(&from_file), "{key} over the sample");
        let same = ["component.secret", "claims.jwt.secret"];
        if !same.contains(&key) {
            assert_ne!(
                shown(&from_file),
                shown(&config(&base)),
                "{key} is no other value"
            );
        }
    }
    // The rest is about files, URLs, sockets or refused, and tried elsewhere.
    let rest: Vec<_> = KEYS
        .iter()
        .filter(|key| OTHERS.iter().all(|other| other.0 != **key))
        .collect();
    assert_eq!(
        rest,
        [
            &"component.secret_file",
            &"muc.service",
            &"muc.tenants",
            &"claims.jwt.secret_file",
            &"claims.jwt.public_key_file",
            &"claims.jwt.jwks_url",
            &"claims.jwt.jwks_file",
            &"claims.jwt.asap_key_server",
            &"policy.rule.name",
            &"policy.rule.when",
            &"policy.rule.affiliation",
            &"admin.socket",
            &"admin.web_token",
            &"admin.web_token_file",
        ]
    );
}

/// Like [`SAMPLE`], for a test without secret files.
const SAMPLE_WITHOUT_FILES: &str = "
component = { jid = 'gavel.meet.jitsi', server = '127.0.0.1:5347', secret = 'hush', nick = 'x' }
muc = [{ service = 'muc.meet.jitsi' }]
claims.jwt = { secret = 'hush', leeway = '5s', issuers = ['x'], audiences = ['x'], elements = ['x'] }
discovery = { invites = true, poll = 'off', interval = '5s', rooms = ['z@muc.meet.jitsi'] }
";

/// The effective value of `key`.
fn lookup(config: &Config, key: &str) -> serde_json::Value {
    let path = format!("/{}", key.replace('.', "/"));
    let value = serde_json::to_value(config).unwrap();
    value
        .pointer(&path)
        .unwrap_or_else(|| panic!("{key}"))
        .clone()
}

#[test]
fn a_secret_in_the_environment_replaces_whatever_the_file_has_in_its_place() {
    let folder = with_secrets(SAMPLE);
    let file = folder.path("other").display().to_string();
    folder.write("other", b"from another file");
    let found = |environment: &[(&str, &str)]| {
        let config = folder.load(environment).unwrap().config;
        let KeySource::Secret(jwt) = config.claims.jwt.unwrap().key else {
            panic!("not a secret");
        };
        let jwt = String::from_utf8(jwt.expose().clone()).unwrap();
        (config.component.secret.expose().clone(), jwt)
    };
    let is = |component: &str, jwt: &str| (component.to_owned(), jwt.to_owned());
    assert_eq!(found(&[]), is("hush", "hushhush"));
    let environment = [
        ("GAVEL_COMPONENT__SECRET", "a"),
        ("GAVEL_CLAIMS__JWT__SECRET", "b"),
    ];
    assert_eq!(found(&environment), is("a", "b"));
    let environment = [
        ("GAVEL_COMPONENT__SECRET_FILE", file.as_str()),
        ("GAVEL_CLAIMS__JWT__SECRET_FILE", &file),
    ];
    assert_eq!(
        found(&environment),
        is("from another file", "from another file")
    );
    // A file that cannot be read does not matter once it is replaced.
    let text = LEAST.replace("secret = 'hush'", "secret_file = '/nonexistent'");
    let replaced = loaded(&text, &[("GAVEL_COMPONENT__SECRET", "a")]).config;
    assert_eq!(replaced.component.secret.expose(), "a");
    // Nor does a secret in the file, where the environment names a file.
    let over = Folder::with(LEAST).load(&[("GAVEL_COMPONENT__SECRET_FILE", &file)]);
    assert_eq!(
        over.unwrap().config.component.secret.expose(),
        "from another file"
    );
}

#[test]
fn one_trailing_newline_of_a_secret_file_is_cut() {
    for (content, secret, warned) in [
        ("hush", "hush", false),
        ("hush\n", "hush", false),
        ("hush\r\n", "hush", false),
        ("hush\n\n", "hush\n", true),
        ("hush \n", "hush ", true),
        ("\nhush\n", "\nhush", false),
        (" hush", " hush", false),
    ] {
        let folder = with_secrets(SAMPLE);
        folder.write("gavel", content.as_bytes());
        let loaded = folder.load(&[]).unwrap();
        assert_eq!(
            loaded.config.component.secret.expose(),
            secret,
            "{content:?}"
        );
        let warning = loaded.warnings.iter().any(|warning| {
            warning.problem == "the secret in the file ends in white space"
                && warning
                    .place
                    .ends_with("gavel.toml:5, component.secret_file")
        });
        assert_eq!(warning, warned, "{content:?}");
    }
    let folder = with_secrets(SAMPLE);
    folder.write("jwt", b"\xff\x00\n");
    let jwt = folder.load(&[]).unwrap().config.claims.jwt.unwrap();
    assert!(matches!(jwt.key, KeySource::Secret(secret) if secret.expose() == b"\xff\x00"));
    folder.write("gavel", b"\xff\x00\n");
    let error = folder.load(&[]).unwrap_err().errors.remove(0);
    assert_eq!(error.problem, "the file is not text");
}

#[test]
fn services_in_the_environment_replace_those_of_the_file_but_not_their_tenants() {
    let text = format!("{LEAST}tenants = false\n[[muc]]\nservice = 'breakout.meet.jitsi'\n");
    let services = |environment: &[(&str, &str)]| -> Vec<(String, bool)> {
        let services = loaded(&text, environment).config.muc;
        services
            .into_iter()
            .map(|s| (s.domain, s.tenants))
            .collect()
    };
    let is = |list: &[(&str, bool)]| -> Vec<(String, bool)> {
        list.iter()
            .map(|(name, tenants)| ((*name).to_owned(), *tenants))
            .collect()
    };
    let file = [("muc.meet.jitsi", false), ("breakout.meet.jitsi", true)];
    assert_eq!(services(&[]), is(&file));
    let listed = services(&[("GAVEL_MUC", "muc.x, MUC.meet.jitsi")]);
    assert_eq!(listed, is(&[("muc.x", true), ("muc.meet.jitsi", false)]));
}

#[test]
fn what_is_derived_is_the_union_over_the_services() {
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

#[test]
fn a_file_that_is_named_must_be_there_and_the_default_need_not() {
    let folder = Folder::with(LEAST);
    let nowhere = folder.path("nowhere.toml");
    let there = folder.path("gavel.toml");
    let refused = |file: Option<&Path>, environment: &[(&str, &str)]| {
        let found = load_from(file, &nowhere, vars(environment));
        let problem = found.unwrap_err().errors.remove(0).to_string();
        problem.replace(&format!("{}/", folder.0.path().display()), "")
    };
    let error = "cannot read \"nowhere.toml\": No such file or directory (os error 2); \
                 create the file, or name another with --config";
    assert_eq!(
        refused(Some(&nowhere), &LEAST_ENVIRONMENT),
        format!("--config: {error}")
    );
    let named = nowhere.to_str().unwrap();
    assert_eq!(
        refused(None, &[("GAVEL_CONFIG", named)]),
        format!("environment GAVEL_CONFIG: {error}")
    );
    assert_eq!(
        refused(None, &[]),
        "nowhere.toml (not there), component.jid: is required; write jid = \
         \"gavel.meet.jitsi\" under [component], or set GAVEL_COMPONENT__JID"
    );
    // What is named first wins: the argument, the variable, the default.
    let file = |file: Option<&Path>, default: &Path, environment: &[(&str, &str)]| {
        load_from(file, default, vars(environment))
            .unwrap()
            .file
            .unwrap()
    };
    let variable = [("GAVEL_CONFIG", there.to_str().unwrap())];
    let wrong = [("GAVEL_CONFIG", named)];
    assert_eq!(file(Some(&there), &nowhere, &wrong), there);
    assert_eq!(file(None, &nowhere, &variable), there);
    assert_eq!(file(None, &there, &[("GAVEL_CONFIG", "")]), there);
    // The default is as strict as any once it is there.
    let error = load_from(None, folder.0.path(), [])
        .unwrap_err()
        .to_string();
    assert!(error.contains("Is a directory"), "{error}");
    folder.write("gavel.toml", b"\xff");
    let error = load_from(None, &there, []).unwrap_err().to_string();
    assert!(
        error.contains("is not text; name a file of TOML"),
        "{error}"
    );
}

#[test]
fn a_variable_that_is_not_text_is_an_error_without_its_value() {
    use std::os::unix::ffi::OsStringExt;
    let odd = OsString::from_vec(b"hush\xff".to_vec());
    let environment = [("GAVEL_COMPONENT__SECRET".into(), odd)];
    let error = load_from(None, Path::new("/nonexistent"), environment).unwrap_err();
    assert_eq!(
        error.errors[0].to_string(),
        "environment GAVEL_COMPONENT__SECRET: is not text in UTF-8; set it to text, or unset it"
    );
}

/// A configuration with a marker wherever a secret is.
fn secretive() -> Folder {
    let folder = with_secrets(SAMPLE);
    folder.write("gavel", b"markermarker");
    folder.write("jwt", b"markermarker");
    folder
}

#[test]
fn b14_the_url_of_keys_is_printed_without_its_credentials() {
    for (key, name) in [
        ("jwks_url", "JWKS_URL"),
        ("asap_key_server", "ASAP_KEY_SERVER"),
    ] {
        let url = "https://marker:marker@id.example:8443/keys?marker";
        let text = format!("{LEAST}[claims.jwt]\nalgorithms = ['RS256']\n{key} = '{url}'\n");
        let from_file = config(&text);
        let other = text.replace(url, "https://other.example");
        let variable = format!("GAVEL_CLAIMS__JWT__{name}");
        let from_environment = loaded(&other, &[(&variable, url)]).config;
        assert_eq!(from_environment, from_file, "{key}");
        let printed = toml::to_string(&from_file).unwrap();
        let line = format!("{key} = \"https://id.example:8443/keys?***\"");
        assert!(printed.contains(&line), "{printed}");
        for text in [printed, format!("{from_file:?}")] {
            assert!(!text.contains("marker"), "{text}");
        }
        let url = from_file.claims.jwt.unwrap();
        assert_eq!(url.key.url().unwrap().expose().password(), Some("marker"));
    }
}

#[test]
fn b14_no_secret_is_printed() {
    let jwks = secretive();
    let path = jwks.write(
        "keys.json",
        b"{\"keys\": [{\"kty\": \"oct\", \"k\": \"markermarker\"}]}",
    );
    let key_set = [("GAVEL_CLAIMS__JWT__JWKS_FILE", path.to_str().unwrap())];
    let inline = [
        ("GAVEL_COMPONENT__SECRET", "markermarker"),
        ("GAVEL_CLAIMS__JWT__SECRET", "markermarker"),
    ];
    for environment in [&[] as &[_], &key_set, &inline] {
        let loaded = jwks.load(environment).unwrap();
        let shown = [
            format!("{loaded:?}"),
            format!("{loaded:#?}"),
            toml::to_string(&loaded.config).unwrap(),
            serde_json::to_string(&loaded.config).unwrap(),
        ];
        for text in shown {
            assert!(!text.contains("marker"), "{text}");
            // Nor as the bytes they are.
            assert!(!text.contains("109, 97"), "{text}");
        }
    }
    let shown = toml::to_string(&jwks.load(&inline).unwrap().config).unwrap();
    assert_eq!(shown.matches("secret = \"***\"").count(), 2, "{shown}");
}

proptest::proptest! {
    /// However a file is damaged, no error shows a secret, and nothing panics.
    #[test]
    fn b14_no_error_about_a_damaged_file_shows_a_secret(
        at in 0usize..500,
        cut in 0usize..8,
        put in "[\\PC\n\"'=\\[\\]#\\\\]{0,3}",
    ) {
        let text = format!(
            "{}[claims.jwt]\nsecret = \"\"\"markermarker\"\"\"\n[policy]\nguests = 'strip'\n\
             [discovery]\ninterval = '30s'\nrooms = [\n  'a@muc.meet.jitsi',\n]\n",
            LEAST.replace("hush", "markermarker")
        );
        let mut letters: Vec<char> = text.chars().collect();
        let at = at.min(letters.len());
        let end = (at + cut).min(letters.len());
        letters.splice(at..end, put.chars());
        let text: String = letters.into_iter().collect();
        let folder = Folder::with(&text);
        let shown = format!("{:?}", folder.load(&[]));
        proptest::prop_assert!(!shown.contains("marker"), "{}\n{}", text, shown);
    }
}

/// The socket that a file `text`, named or the default one, and an environment
/// tell.
fn socket_of(text: &str, named: bool, environment: &[(&str, &str)]) -> Result<PathBuf, String> {
    let folder = Folder::with(text);
    let file = folder.path("gavel.toml");
    let nowhere = folder.path("nowhere.toml");
    let socket = match named {
        true => admin_socket_from(Some(&file), &nowhere, vars(environment)),
        false => admin_socket_from(None, &file, vars(environment)),
    };
    let shown = format!("{}/", folder.0.path().display());
    socket.map_err(|invalid| invalid.to_string().replace(&shown, ""))
}

#[test]
fn the_socket_needs_nothing_else_of_the_configuration() {
    let usual = PathBuf::from("/run/gavel/admin.sock");
    let set = [("GAVEL_ADMIN__SOCKET", "e.sock")];
    for text in [
        "",
        "[component]\nsecret_file = '/nowhere'\n[nonsense]\nx = 1\n",
    ] {
        assert_eq!(socket_of(text, true, &[]).as_ref(), Ok(&usual));
        assert_eq!(socket_of(text, true, &set), Ok("e.sock".into()));
        let text = format!("{text}[admin]\nsocket = 'f.sock'\nother = 1\n");
        assert_eq!(socket_of(&text, false, &[]), Ok("f.sock".into()));
        assert_eq!(socket_of(&text, false, &set), Ok("e.sock".into()));
    }
    let folder = Folder::with("");
    let nowhere = folder.path("nowhere.toml");
    assert_eq!(admin_socket_from(None, &nowhere, []), Ok(usual));
    for (text, error) in [
        ("[admin", "gavel.toml:1: not valid TOML"),
        (
            "[admin]\nsocket = ''\n",
            "gavel.toml:2, admin.socket: is empty",
        ),
        (
            "[admin]\nsocket = 1\n",
            "gavel.toml:2, admin.socket: is a number",
        ),
    ] {
        let found = socket_of(text, true, &[]).unwrap_err();
        assert!(found.starts_with(error), "{found}");
    }
    let missing = admin_socket_from(Some(&nowhere), &nowhere, []).unwrap_err();
    assert_eq!(missing.errors[0].place, "--config");
}

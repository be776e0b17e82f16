//! Reads the whole tree into a [`Config`], section by section.

use super::address;
use super::admin;
use super::claims::{self, distinct, domains};
use super::files;
use super::fitting::{self, Places};
use super::model::{
    Component, Config, Discovery, HostAbsent, Infrastructure, Log, Names, Policy, Server, State,
};
use super::notes::{Given, Notes};
use super::permissions;
use super::problem::{listing, quoted};
use super::rules;
use super::secret::Secret;
use super::section::Section;
use super::services::services;
use super::tree::Table;
use crate::engine::settings::{Freeze, GuestNames, Poll};
use crate::muc::{BareJid, Nick, Service};
use std::path::PathBuf;
use std::time::Duration;

/// The least time between two lists of a service.
const LEAST_INTERVAL: Duration = Duration::from_secs(1);
/// The shortest time that a meeting is left without host.
const LEAST_ABSENCE: Duration = Duration::from_secs(1);

/// Reads `tree`; `listed` is the value of `GAVEL_MUC`. `None` if something required is
/// missing; each fault is noted.
pub(super) fn config(notes: &Notes, tree: Table, listed: Option<&str>) -> Option<Config> {
    let mut root = Section::root(notes, tree);
    let places = Places::of(&root);
    let component = component(&mut root);
    let muc = services(&mut root, listed);
    let parents = distinct(
        muc.iter()
            .filter_map(|service| address::parent(&service.domain))
            .map(str::to_owned),
    );
    let discovery = discovery(&mut root, &muc);
    let claims = claims::read(&mut root, &parents);
    let policy = policy(&mut root, &muc);
    let names = names(&mut root);
    let state = state(&mut root);
    let infrastructure = infrastructure(&mut root, &parents);
    let admin = admin::read(&mut root);
    let log = log(&mut root);
    root.finish();
    if let Some(component) = &component {
        let logins = &policy.trusted_logins;
        fitting::check(notes, &places, component, &muc, &infrastructure, logins);
    }
    Some(Config {
        component: component?,
        muc,
        discovery,
        claims,
        policy,
        names,
        state,
        infrastructure,
        admin,
        log,
    })
}

fn component(root: &mut Section<'_>) -> Option<Component> {
    let mut section = root.section("component");
    let notes = section.notes;
    let jid = section.required("jid", "gavel.meet.jitsi");
    let jid = jid.and_then(|given| address::domain_of(notes, &given));
    let server = section.required("server", "127.0.0.1:5347");
    let server = server.and_then(|given| server_of(notes, &given));
    let secret = component_secret(&mut section);
    let nick = nick(&mut section);
    section.finish();
    Some(Component {
        jid: jid?,
        server: server?,
        secret: secret?,
        nick,
    })
}

fn server_of(notes: &Notes, given: &Given) -> Option<Server> {
    let server = Server::parse(&given.value);
    if server.is_none() {
        let problem = format!("{} is not host:port", quoted(&given.value));
        let remedy = "write a host and a port such as 127.0.0.1:5347";
        notes.error(&given.place, problem, remedy);
    }
    server
}

fn component_secret(section: &mut Section<'_>) -> Option<Secret> {
    let keys = ["secret", "secret_file"];
    section.prefer_environment(&keys);
    let remedy = "write secret_file (or secret) under [component], or set \
                  GAVEL_COMPONENT__SECRET_FILE or GAVEL_COMPONENT__SECRET";
    let (key, given) = section.one_of(&keys, Some(remedy))?;
    if key == "secret_file" {
        return secret_text(section.notes, &given);
    }
    if given.value.is_empty() {
        let remedy = "write what Prosody has as component_secret";
        section.notes.error(given.place, "is empty", remedy);
        return None;
    }
    Some(Secret::new(given.value))
}

/// The secret in a file; Prosody's is text, so this must be.
fn secret_text(notes: &Notes, given: &Given) -> Option<Secret> {
    let secret = files::secret(notes, given)?;
    if std::str::from_utf8(secret.expose()).is_err() {
        let remedy = "write into it what Prosody has as component_secret";
        notes.error(&given.place, "the file is not text", remedy);
        return None;
    }
    Some(secret.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

fn nick(section: &mut Section<'_>) -> Nick {
    let Some(given) = section.text("nick") else {
        return Nick::new(section.text_or_standard("nick"));
    };
    let mut letters = given.value.chars();
    let starts = letters.next().is_some_and(|c| c.is_ascii_alphanumeric());
    if !starts || !letters.all(|c| c.is_ascii_alphanumeric() || c == '_') {
        let problem = format!(
            "{} does not match ^[A-Za-z0-9][A-Za-z0-9_]*$",
            quoted(&given.value)
        );
        let remedy = "use the letters A to Z, digits and _, and no _ first";
        section.notes.error(given.place, problem, remedy);
    }
    Nick::new(given.value)
}

fn discovery(root: &mut Section<'_>, services: &[Service]) -> Discovery {
    let mut section = root.section("discovery");
    let invites = section.flag("invites");
    let poll = section.choice("poll");
    let interval = section.duration("interval", LEAST_INTERVAL);
    let rooms = section.list("rooms").map(|given| given.value);
    let read = |given: &Given| address::room_of(section.notes, given, services);
    let rooms = distinct(rooms.iter().flatten().filter_map(read));
    if !invites && poll == Poll::Off && rooms.is_empty() {
        let problem = "no way to find rooms is left, so gavel will be in none";
        let remedy = "set invites = true, choose a poll, or list rooms";
        section
            .notes
            .warn(section.notes.absent("discovery"), problem, remedy);
    }
    section.finish();
    Discovery {
        invites,
        poll,
        interval,
        rooms,
    }
}

fn policy(root: &mut Section<'_>, services: &[Service]) -> Policy {
    let mut section = root.section("policy");
    let rules = rules::read(&mut section);
    let policy = Policy {
        preset: section.choice("preset"),
        guests: section.choice("guests"),
        fallback: section.choice("fallback"),
        grants: section.choice("grants"),
        protect_hosts: section.flag("protect_hosts"),
        guard: section.flag("guard"),
        on_expiry: section.choice("on_expiry"),
        trusted_logins: trusted_logins(&mut section),
        fallback_services: main_services(&mut section, "fallback_services", services),
        host_absent: host_absent(&mut section, services),
        permissions: permissions::settings(&mut section),
        rules,
    };
    section.finish();
    policy
}

/// The domains on which a login counts; none by default.
fn trusted_logins(section: &mut Section<'_>) -> Vec<String> {
    let given = section.list("trusted_logins");
    given.map_or_else(Vec::new, |given| domains(section, &given))
}

/// `[policy.host_absent]`.
fn host_absent(policy: &mut Section<'_>, services: &[Service]) -> HostAbsent {
    let mut section = policy.section("policy.host_absent");
    let after = section.duration("after", LEAST_ABSENCE);
    let action = section.choice("action");
    let services = main_services(&mut section, "services", services);
    section.finish();
    HostAbsent {
        after,
        action,
        services,
    }
}

/// The MUC services that `key` lists, each a configured one; by default those
/// that are not for breakout rooms, as far as their names tell.
fn main_services(section: &mut Section<'_>, key: &str, services: &[Service]) -> Vec<String> {
    let known = || services.iter().map(|service| service.domain.as_str());
    let Some(given) = section.list(key) else {
        let main = known().filter(|domain| !domain.starts_with("breakout."));
        return main.map(str::to_owned).collect();
    };
    let configured = |item: &Given| {
        let domain = address::domain_of(section.notes, item)?;
        if known().any(|service| service == domain) {
            return Some(domain);
        }
        let problem = format!("{} is no configured MUC service", quoted(&domain));
        let remedy = format!("use {}, or add a [[muc]] for it", listing(known(), "or"));
        section.notes.error(&item.place, problem, remedy);
        None
    };
    distinct(given.value.iter().filter_map(configured))
}

fn names(root: &mut Section<'_>) -> Names {
    let mut section = root.section("names");
    let freeze = section.choice("freeze");
    let place = section.place_of("guests");
    let guests = section.choice("guests");
    if guests == GuestNames::Distinct && freeze == Freeze::Off {
        section.notes.warn(
            place,
            "has no effect, because names.freeze is \"off\": no name is anybody's own",
            "set names.freeze = \"revert\", or take guests out",
        );
    }
    section.finish();
    Names { freeze, guests }
}

fn state(root: &mut Section<'_>) -> State {
    let mut section = root.section("state");
    let file = section.text_or_standard("file");
    section.finish();
    State {
        file: (!file.is_empty()).then(|| PathBuf::from(file)),
    }
}

fn infrastructure(root: &mut Section<'_>, parents: &[String]) -> Infrastructure {
    let mut section = root.section("infrastructure");
    let jids = match section.list("jids") {
        Some(given) => {
            let read = |item: &Given| address::bare_jid_of(section.notes, item);
            distinct(given.value.iter().filter_map(read))
        }
        None => {
            let focus = |parent: &String| BareJid::parse(&format!("focus@auth.{parent}"));
            parents.iter().filter_map(focus).collect()
        }
    };
    let domains = match section.list("domains") {
        Some(given) => domains(&section, &given),
        None => {
            let below = |parent: &String| {
                ["auth", "hidden", "recorder"].map(|prefix| format!("{prefix}.{parent}"))
            };
            parents.iter().flat_map(below).collect()
        }
    };
    section.finish();
    Infrastructure { jids, domains }
}

fn log(root: &mut Section<'_>) -> Log {
    let mut section = root.section("log");
    let format = section.choice("format");
    let audit = section.text_or_standard("audit");
    section.finish();
    let audit = (!audit.is_empty()).then(|| PathBuf::from(audit));
    Log { format, audit }
}

//! The checked configuration: plain values, every default filled in.

use super::choices::{self, LogFormat};
use super::duration;
use super::key_url::KeyUrl;
use super::secret::Secret;
use crate::claims::{Algorithm, Source};
use crate::engine::settings::{AbsentHost, Freeze, GuestNames, Poll};
use crate::muc::{BareJid, Nick, RoomJid, Service};
use crate::policy::{Fallback, Grants, Guests, OnExpiry, Permissions, Preset, Rules};
use serde::ser::{SerializeMap, SerializeSeq, SerializeStruct};
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// All settings. Serialised it is the effective configuration, in the shape of
/// the file and with secrets as `***`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Config {
    /// How gavel connects.
    pub component: Component,
    /// The MUC services whose rooms are managed; at least one.
    #[serde(serialize_with = "services")]
    pub muc: Vec<Service>,
    /// How rooms are found.
    pub discovery: Discovery,
    /// The claims that gavel believes.
    pub claims: Claims,
    /// The rights that follow from them.
    pub policy: Policy,
    /// Names that tokens give.
    pub names: Names,
    /// The state that outlives a restart.
    pub state: State,
    /// The accounts that are never managed and never counted.
    pub infrastructure: Infrastructure,
    /// The admin API.
    pub admin: Admin,
    /// How gavel logs.
    pub log: Log,
}

/// `[component]`: the connection to Prosody (XEP-0114).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Component {
    /// The component's domain.
    pub jid: String,
    /// Prosody's component listener.
    pub server: Server,
    /// The value that Prosody has as `component_secret`.
    #[serde(flatten, serialize_with = "secret_or_file")]
    pub secret: Secret,
    /// gavel's nick in rooms.
    pub nick: Nick,
}

impl Component {
    /// gavel's full JID, `gavel@<jid>/gavel`.
    pub fn address(&self) -> String {
        format!("gavel@{}/gavel", self.jid)
    }
}

/// A host and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// A name, or an IP address without brackets.
    pub host: String,
    /// Never 0.
    pub port: u16,
}

impl Server {
    /// Reads `host:port`; an IPv6 address stands in brackets. `None` for
    /// anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        let bracketed = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
        let host = match bracketed {
            Some(address) => address.parse::<std::net::Ipv6Addr>().ok()?.to_string(),
            None => host.to_owned(),
        };
        let odd = |c: char| c.is_whitespace() || c.is_control() || "/@[]".contains(c);
        if host.is_empty() || host.contains(odd) || bracketed.is_none() && host.contains(':') {
            return None;
        }
        // `parse` alone would take "+5347".
        let digits = port.bytes().all(|byte| byte.is_ascii_digit());
        let port = port.parse().ok().filter(|port| *port > 0 && digits)?;
        Some(Self { host, port })
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl Serialize for Server {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// `[discovery]`: how rooms are found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Discovery {
    /// Says whether an invitation by a room of a configured service is followed.
    pub invites: bool,
    /// How services are asked for their rooms.
    #[serde(serialize_with = "choices::serialize")]
    pub poll: Poll,
    /// The time between two lists of a service; at least a second.
    #[serde(serialize_with = "duration::serialize")]
    pub interval: Duration,
    /// Rooms to be in whenever they exist, each of a configured service.
    pub rooms: Vec<RoomJid>,
}

/// `[claims]`: the claims that gavel believes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// The sources in order; the first that yields claims wins.
    pub sources: Vec<Source>,
    /// The domains of real JIDs whose `<identity/>` is believed.
    pub trusted_domains: Vec<String>,
    /// `claims.jwt.verify_tenant`, which holds for the module's claims, too. Says whether
    /// in a tenant's room `sub` must be the tenant, or `*`.
    pub verify_tenant: bool,
    /// How tokens are verified; there if the source `jwt` is listed.
    pub jwt: Option<Jwt>,
}

impl Serialize for Claims {
    /// `[claims.jwt]` without a key is written, too: it says how tenants are
    /// checked.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let keyless = BTreeMap::from([("verify_tenant", self.verify_tenant)]);
        let mut written = serializer.serialize_struct("Claims", 3)?;
        written.serialize_field("sources", &self.sources)?;
        written.serialize_field("trusted_domains", &self.trusted_domains)?;
        match &self.jwt {
            Some(jwt) => written.serialize_field("jwt", jwt)?,
            None => written.serialize_field("jwt", &keyless)?,
        }
        written.end()
    }
}

/// `[claims.jwt]`: how tokens are verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Jwt {
    /// Local names of presence children that hold a token.
    pub elements: Vec<String>,
    /// The algorithms a token may be signed with; each fits [`Self::key`].
    #[serde(serialize_with = "choices::serialize_all")]
    pub algorithms: Vec<Algorithm>,
    /// The key that verifies signatures.
    #[serde(flatten)]
    pub key: KeySource,
    /// Says whether in a tenant's room `sub` must be the tenant, or `*`.
    pub verify_tenant: bool,
    /// Says whether a token without `exp` is refused.
    pub require_exp: bool,
    /// Accepted values of `iss`; `*` is any.
    pub issuers: Vec<String>,
    /// Accepted values of `aud`; `*` is any.
    pub audiences: Vec<String>,
    /// How far clocks may differ when `exp` and `nbf` are judged.
    #[serde(serialize_with = "duration::serialize")]
    pub leeway: Duration,
}

/// The key that verifies signatures, read and ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// The shared secret of HS256 and its kin.
    Secret(Secret<Vec<u8>>),
    /// A public key in PEM.
    PublicKey(KeyFile),
    /// A JSON Web Key Set (RFC 7517 §5).
    Jwks(KeyFile),
    /// The same, fetched.
    JwksUrl(KeyUrl),
    /// The server on which Jitsi's `asap_key_server` has keys by key id, each a file in PEM.
    AsapKeyServer(KeyUrl),
}

impl KeySource {
    /// The URL that keys are fetched from, if they are.
    pub fn url(&self) -> Option<&KeyUrl> {
        match self {
            Self::JwksUrl(url) | Self::AsapKeyServer(url) => Some(url),
            Self::Secret(_) | Self::PublicKey(_) | Self::Jwks(_) => None,
        }
    }
}

impl Serialize for KeySource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        match self {
            Self::Secret(secret) => match secret.file() {
                Some(file) => map.serialize_entry("secret_file", file)?,
                None => map.serialize_entry("secret", secret)?,
            },
            Self::PublicKey(file) => map.serialize_entry("public_key_file", &file.path)?,
            Self::Jwks(file) => map.serialize_entry("jwks_file", &file.path)?,
            Self::JwksUrl(url) => map.serialize_entry("jwks_url", url)?,
            Self::AsapKeyServer(url) => map.serialize_entry("asap_key_server", url)?,
        }
        map.end()
    }
}

/// A file with keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFile {
    /// Its path as configured.
    pub path: PathBuf,
    /// Its content; a key set may hold secrets.
    pub text: Secret,
}

/// `[policy]`: the rights that follow from claims.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Policy {
    /// The rules that gavel brings along.
    #[serde(serialize_with = "choices::serialize")]
    pub preset: Preset,
    /// The treatment of moderators without claims.
    #[serde(serialize_with = "choices::serialize")]
    pub guests: Guests,
    /// The way in which a room without moderator gets one.
    #[serde(serialize_with = "choices::serialize")]
    pub fallback: Fallback,
    /// The right that a promotion by a moderator becomes.
    #[serde(serialize_with = "choices::serialize")]
    pub grants: Grants,
    /// Says whether a token-entitled owner demoted by another gets owner back.
    pub protect_hosts: bool,
    /// Says whether the module keeps the unentitled from ever moderating.
    pub guard: bool,
    /// The consequence when a token's `exp` passes during the meeting.
    #[serde(serialize_with = "choices::serialize")]
    pub on_expiry: OnExpiry,
    /// Domains on which every login is an account of somebody who may moderate.
    pub trusted_logins: Vec<String>,
    /// The MUC services in whose rooms [`Self::fallback`] elects.
    pub fallback_services: Vec<String>,
    /// `[policy.host_absent]`: meetings without host.
    pub host_absent: HostAbsent,
    /// `[policy.permissions]`: the holders of each permission.
    #[serde(serialize_with = "permissions")]
    pub permissions: Permissions,
    /// `[[policy.rule]]`: one's own rules, ready to be tried before the preset's.
    #[serde(rename = "rule", serialize_with = "rules")]
    #[serde(skip_serializing_if = "Rules::is_empty")]
    pub rules: Rules,
}

/// `[policy.host_absent]`: meetings without host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HostAbsent {
    /// After how long without a host something becomes of them.
    #[serde(serialize_with = "duration::serialize")]
    pub after: Duration,
    /// The treatment of them.
    #[serde(serialize_with = "choices::serialize")]
    pub action: AbsentHost,
    /// The MUC services whose meetings it holds for, by the main room.
    pub services: Vec<String>,
}

/// `[names]`: names that tokens give.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Names {
    /// The treatment of changed ones.
    #[serde(serialize_with = "choices::serialize")]
    pub freeze: Freeze,
    /// The names that others may show.
    #[serde(serialize_with = "choices::serialize")]
    pub guests: GuestNames,
}

/// `[state]`: the state that outlives a restart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct State {
    /// The file that keeps it; `None` is in memory only, written `""`.
    #[serde(serialize_with = "path_or_empty")]
    pub file: Option<PathBuf>,
}

/// `[infrastructure]`: the occupants that are never managed and never counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Infrastructure {
    /// Bare JIDs.
    pub jids: Vec<BareJid>,
    /// Domains of real JIDs.
    pub domains: Vec<String>,
}

/// `[admin]`: the admin API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Admin {
    /// The unix socket.
    pub socket: PathBuf,
    /// The TCP address of health and metrics; `None` is nowhere, written `""`.
    #[serde(serialize_with = "address_or_empty")]
    pub listen: Option<SocketAddr>,
    /// The TCP address of the status page; `None` is nowhere, written `""`. It asks other
    /// machines for [`Self::web_token`].
    #[serde(serialize_with = "address_or_empty")]
    pub web: Option<SocketAddr>,
    /// The token that the status page asks for, if it does.
    #[serde(flatten, serialize_with = "token_or_file")]
    pub web_token: Option<Secret<Vec<u8>>>,
}

/// `[log]`: how gavel logs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Log {
    /// How lines look.
    #[serde(serialize_with = "choices::serialize")]
    pub format: LogFormat,
    /// The file that decisions are written to, a line of JSON each; `None` is nowhere,
    /// written `""`.
    #[serde(serialize_with = "path_or_empty")]
    pub audit: Option<PathBuf>,
}

/// Writes permissions as `[policy.permissions]` does; those that are left to Jitsi
/// are not there.
fn permissions<S: Serializer>(permissions: &Permissions, serializer: S) -> Result<S::Ok, S::Error> {
    let named = permissions.iter();
    serializer.collect_map(named.map(|(name, holders)| (name.as_str(), holders.as_str())))
}

/// Writes rules as `[[policy.rule]]` does.
fn rules<S: Serializer>(rules: &Rules, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Written<'a> {
        name: &'a str,
        when: &'a str,
        affiliation: &'static str,
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        permissions: BTreeMap<&'static str, bool>,
    }
    serializer.collect_seq(rules.iter().map(|rule| {
        let permissions = rule.permissions().iter();
        Written {
            name: rule.name(),
            when: rule.when(),
            affiliation: rule.gives().as_str(),
            permissions: permissions
                .map(|(name, allowed)| (name.as_str(), *allowed))
                .collect(),
        }
    }))
}

/// Writes services as `[[muc]]` does.
fn services<S: Serializer>(services: &[Service], serializer: S) -> Result<S::Ok, S::Error> {
    struct Muc<'a>(&'a Service);
    impl Serialize for Muc<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut table = serializer.serialize_struct("Muc", 2)?;
            table.serialize_field("service", &self.0.domain)?;
            table.serialize_field("tenants", &self.0.tenants)?;
            table.end()
        }
    }
    let mut list = serializer.serialize_seq(Some(services.len()))?;
    for service in services {
        list.serialize_element(&Muc(service))?;
    }
    list.end()
}

/// Writes `secret_file = …`, or `secret = "***"` if there is no file.
fn secret_or_file<T, S: Serializer>(secret: &Secret<T>, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    match secret.file() {
        Some(file) => map.serialize_entry("secret_file", file)?,
        None => map.serialize_entry("secret", secret)?,
    }
    map.end()
}

/// Writes `web_token_file = …`, `web_token = "***"` or nothing.
fn token_or_file<T, S: Serializer>(
    token: &Option<Secret<T>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    if let Some(token) = token {
        match token.file() {
            Some(file) => map.serialize_entry("web_token_file", file)?,
            None => map.serialize_entry("web_token", token)?,
        }
    }
    map.end()
}

fn path_or_empty<S: Serializer>(path: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
    path.as_deref()
        .unwrap_or(Path::new(""))
        .serialize(serializer)
}

fn address_or_empty<S: Serializer>(
    address: &Option<SocketAddr>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match address {
        Some(address) => serializer.collect_str(address),
        None => serializer.serialize_str(""),
    }
}

//! Addresses as types, so that a room's, an occupant's and a person's cannot be
//! taken for one another (RFC 7622, XEP-0045 §4.1).
//!
//! The server has normalised all addresses that arrive, so these types only split; an
//! address that an admin writes goes through the `jid` crate in [`crate::config`].

use arcstr::ArcStr;
use serde::{Deserialize, Serialize, Serializer};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

macro_rules! shown_as_text {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(self.as_str(), f)
            }
        }
    };
}

macro_rules! text_type {
    ($name:ident) => {
        impl $name {
            /// The address as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        shown_as_text!($name);
    };
}

/// Splits an address into (local part, domain, resource), without judging them.
fn split(address: &str) -> (Option<&str>, &str, Option<&str>) {
    let (bare, resource) = match address.split_once('/') {
        Some((bare, resource)) => (bare, Some(resource)),
        None => (address, None),
    };
    match bare.split_once('@') {
        Some((local, domain)) => (Some(local), domain, resource),
        None => (None, bare, resource),
    }
}

/// A room's bare JID, as Prosody stores it (`[tenant]room@service` in Jitsi).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RoomJid(ArcStr);
text_type!(RoomJid);

impl RoomJid {
    /// A room of `service`; `None` unless `address` is `local@domain`.
    pub fn parse(address: &str) -> Option<Self> {
        match split(address) {
            (Some(local), domain, None) if !local.is_empty() && !domain.is_empty() => {
                Some(Self(address.into()))
            }
            _ => None,
        }
    }

    /// The local part, `[tenant]` prefix included.
    pub fn local(&self) -> &str {
        split(&self.0).0.unwrap_or_default()
    }

    /// The domain of the MUC service.
    pub fn service(&self) -> &str {
        split(&self.0).1
    }

    /// The `[tenant]` prefix of the local part, without brackets.
    pub fn tenant(&self) -> Option<&str> {
        let rest = self.local().strip_prefix('[')?;
        rest.split_once(']').map(|(tenant, _)| tenant)
    }

    /// The room's name: the local part without its `[tenant]` prefix.
    pub fn name(&self) -> &str {
        match self.tenant() {
            Some(tenant) => &self.local()[tenant.len() + 2..],
            None => self.local(),
        }
    }
}

/// An occupant's nick: the resource of its occupant JID.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Nick(ArcStr);
text_type!(Nick);

impl Nick {
    /// A nick as it was received or configured.
    pub fn new(text: impl Into<ArcStr>) -> Self {
        Self(text.into())
    }
}

/// An occupant's address in a room, as Prosody stores it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OccupantJid {
    /// The room.
    pub room: RoomJid,
    /// The occupant's nick there.
    pub nick: Nick,
}

impl fmt::Display for OccupantJid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.room, self.nick)
    }
}

/// A person's bare JID, which affiliations belong to.
///
/// Its text may be that of the full JID which it was read from; the bare JID ends at the
/// first slash. So both are one text in memory, and this is one word.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct BareJid(ArcStr);
shown_as_text!(BareJid);

impl PartialEq for BareJid {
    fn eq(&self, other: &Self) -> bool {
        ArcStr::ptr_eq(&self.0, &other.0) || self.as_str() == other.as_str()
    }
}

impl Eq for BareJid {}

impl PartialOrd for BareJid {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for BareJid {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for BareJid {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl Serialize for BareJid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Says whether no part that an address needs is missing, nor one empty that is there.
fn is_address(address: &str) -> bool {
    let (local, domain, _) = split(address);
    !domain.is_empty() && local != Some("")
}

/// An address without its resource.
fn bare(address: &str) -> &str {
    let end = memchr::memchr(b'/', address.as_bytes());
    &address[..end.unwrap_or(address.len())]
}

impl BareJid {
    /// The address as text.
    pub fn as_str(&self) -> &str {
        bare(&self.0)
    }

    /// The bare part of `address`, which may have a resource.
    pub fn parse(address: &str) -> Option<Self> {
        is_address(address).then(|| Self(bare(address).into()))
    }

    /// The domain.
    pub fn domain(&self) -> &str {
        split(self.as_str()).1
    }

    /// Says whether it names one person, and not a domain with everybody there.
    pub fn is_person(&self) -> bool {
        split(self.as_str()).0.is_some()
    }
}

/// A person's full JID: the one session behind an occupant.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RealJid(ArcStr);
text_type!(RealJid);

impl RealJid {
    /// `address` with or without resource, as an `<item jid=…/>` shows it.
    pub fn parse(address: &str) -> Option<Self> {
        is_address(address).then(|| Self(address.into()))
    }

    /// The JID without its resource.
    pub fn bare(&self) -> BareJid {
        BareJid(self.0.clone())
    }

    /// The JID without its resource, borrowed.
    pub fn bare_str(&self) -> &str {
        bare(&self.0)
    }

    /// The domain.
    pub fn domain(&self) -> &str {
        split(&self.0).1
    }

    /// Says whether there is a resource, so that one session can be addressed.
    pub fn is_full(&self) -> bool {
        self.0.contains('/')
    }
}

/// A configured MUC service and how its rooms are addressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its domain, e.g. `muc.meet.jitsi`.
    pub domain: String,
    /// Says whether Jitsi's `muc_domain_mapper` rewrites its rooms' addresses.
    pub tenants: bool,
}

impl Service {
    /// The tenant in `domain`, if it is this service's domain for a tenant:
    /// `muc.<tenant>.meet.jitsi` for `muc.meet.jitsi`.
    fn tenant_in<'a>(&self, domain: &'a str) -> Option<&'a str> {
        let (prefix, base) = self.domain.split_once('.')?;
        let rest = domain.strip_prefix(prefix)?.strip_prefix('.')?;
        let tenant = rest.strip_suffix(base)?.strip_suffix('.')?;
        (self.tenants && !tenant.is_empty()).then_some(tenant)
    }

    /// The room that `address` (as received, resource ignored) is in, if it is
    /// one of this service's, and the resource.
    ///
    /// With tenants, `room@muc.<tenant>.<base>` is `[tenant]room@muc.<base>`.
    pub fn locate<'a>(&self, address: &'a str) -> Option<(RoomJid, Option<&'a str>)> {
        let (local, domain, resource) = split(address);
        let local = local.filter(|local| !local.is_empty())?;
        if domain == self.domain {
            let bare = &address[..local.len() + 1 + domain.len()];
            return Some((RoomJid(bare.into()), resource));
        }
        let tenant = self.tenant_in(domain)?;
        let room = format!("[{tenant}]{local}@{}", self.domain);
        Some((RoomJid(room.into()), resource))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(tenants: bool) -> Service {
        Service {
            domain: "muc.meet.jitsi".into(),
            tenants,
        }
    }

    #[test]
    fn b16_a_tenants_room_has_the_name_prosody_stores() {
        let (room, nick) = service(true)
            .locate("a@muc.school.meet.jitsi/x/y")
            .expect("a valid address");
        assert_eq!(room.as_str(), "[school]a@muc.meet.jitsi");
        assert_eq!(nick, Some("x/y"));
        assert_eq!(room.tenant(), Some("school"));
        assert_eq!(room.name(), "a");
        assert_eq!(room.service(), "muc.meet.jitsi");
    }

    #[test]
    fn b16_without_tenants_only_the_service_itself_counts() {
        assert!(service(false).locate("a@muc.school.meet.jitsi").is_none());
        assert!(service(true).locate("a@muc.other.example").is_none());
        assert!(service(true).locate("muc.meet.jitsi").is_none());
        let (room, nick) = service(false)
            .locate("a@muc.meet.jitsi")
            .expect("a valid address");
        assert_eq!((room.as_str(), nick), ("a@muc.meet.jitsi", None));
        assert_eq!((room.tenant(), room.name()), (None, "a"));
    }

    #[test]
    fn real_jids_split_into_bare_and_domain() {
        let jid = RealJid::parse("u@example.org/a@b/c").expect("a valid address");
        assert_eq!(jid.bare().as_str(), "u@example.org");
        assert_eq!(jid.domain(), "example.org");
        assert!(jid.is_full());
        let alone = BareJid::parse("u@example.org").expect("a valid address");
        assert_eq!(
            (jid.bare(), jid.bare().cmp(&alone)),
            (alone.clone(), Ordering::Equal)
        );
        let one: std::collections::HashSet<_> = [jid.bare(), alone].into();
        assert_eq!(
            one.len(),
            1,
            "the same by itself and as a part of a full JID"
        );
        assert_eq!(
            serde_json::to_value(one).ok(),
            Some(serde_json::json!(["u@example.org"]))
        );
        assert!(RealJid::parse("@example.org").is_none());
        assert!(RealJid::parse("").is_none());
    }
}

//! The engine's settings.

use crate::claims::Verifier;
use crate::muc::{BareJid, Nick, RealJid, RoomJid, Service};
use crate::policy::{Fallback, Policy};
use std::time::Duration;

/// How rooms are found beside invitations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Poll {
    /// By ad-hoc command, for services the module does not serve.
    #[default]
    Auto,
    /// By ad-hoc command.
    AdHoc,
    /// By disco#items.
    Disco,
    /// Not at all.
    Off,
}

/// The treatment of changed names, for occupants whose claims carry a name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Freeze {
    /// They are changed back.
    #[default]
    Revert,
    /// The occupant is told.
    Notify,
    /// Nothing.
    Off,
}

/// The names that people without a name in their claims may show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum GuestNames {
    /// Any.
    #[default]
    Free,
    /// None that looks like the name of somebody whose claims carry one.
    Distinct,
}

/// The end of a meeting that has had no host for some time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AbsentHost {
    /// It ends.
    End,
    /// Its room becomes members-only until one comes.
    Lock,
    /// Nothing.
    #[default]
    None,
}

/// Meetings without host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostAbsent {
    /// The treatment of such meetings.
    pub action: AbsentHost,
    /// After how long.
    pub after: Duration,
    /// The MUC services whose main rooms are meant.
    pub services: Vec<String>,
}

impl Default for HostAbsent {
    /// They are left alone.
    fn default() -> Self {
        Self {
            action: AbsentHost::None,
            after: Duration::from_secs(300),
            services: Vec::new(),
        }
    }
}

/// The accounts that are never managed and never counted as people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Infrastructure {
    /// By bare JID.
    pub jids: Vec<BareJid>,
    /// By domain.
    pub domains: Vec<String>,
}

impl Infrastructure {
    /// Says whether the bare JID `bare` of `domain` is infrastructure.
    fn has(&self, bare: &str, domain: &str) -> bool {
        self.jids.iter().any(|jid| jid.as_str() == bare)
            || self.domains.iter().any(|known| known == domain)
    }

    /// All of them: bare JIDs, and domains.
    pub fn addresses(&self) -> Vec<String> {
        let jids = self.jids.iter().map(ToString::to_string);
        jids.chain(self.domains.iter().cloned()).collect()
    }

    /// The domains that its addresses are of.
    pub fn hosts(&self) -> Vec<String> {
        let jids = self.jids.iter().map(|jid| jid.domain().to_owned());
        jids.chain(self.domains.iter().cloned()).collect()
    }

    /// Says whether somebody is infrastructure.
    pub fn contains(&self, real: &RealJid) -> bool {
        self.has(real.bare_str(), real.domain())
    }

    /// Says whether a bare JID is infrastructure.
    pub fn contains_bare(&self, bare: &BareJid) -> bool {
        self.has(bare.as_str(), bare.domain())
    }
}

/// Says whether people of meetings log in on a VirtualHost, which is so by default: it is
/// the domain above a MUC service, or the one for guests.
pub fn is_peoples<'a>(host: &str, mut services: impl Iterator<Item = &'a str>) -> bool {
    let host = host.strip_prefix("guest.").unwrap_or(host);
    services.any(|service| {
        let parent = service.split_once('.').map(|(_, parent)| parent);
        parent == Some(host)
    })
}

/// Everything that can be set. Without `Debug`: it holds keys.
pub struct Settings {
    /// The component's domain; gavel is `gavel@<domain>/gavel`.
    pub component: String,
    /// The nick to join with.
    pub nick: Nick,
    /// The MUC services.
    pub services: Vec<Service>,
    /// Says whether invitations are followed.
    pub invites: bool,
    /// How rooms are found beside that.
    pub poll: Poll,
    /// Time between two looks at a list.
    pub interval: Duration,
    /// Rooms to be in whenever they exist.
    pub rooms: Vec<RoomJid>,
    /// Evidence → claims.
    pub verifier: Verifier,
    /// Claims → entitlement.
    pub policy: Policy,
    /// The MUC services whose rooms get an elected moderator if nobody is entitled
    /// (`policy.fallback`).
    pub fallback_services: Vec<String>,
    /// The treatment of meetings without a host (`policy.host_absent`).
    pub host_absent: HostAbsent,
    /// How much later than its `exp` a token ends (`policy.on_expiry`).
    pub leeway: Duration,
    /// The treatment of changed names.
    pub freeze: Freeze,
    /// The names that others may show.
    pub guests: GuestNames,
    /// The occupants that are never managed.
    pub infrastructure: Infrastructure,
    /// The source of the random parts of nicks and ids.
    pub seed: u64,
}

impl Settings {
    /// Says whether gavel takes somebody who declares to be a recorder or a gateway for
    /// one. Jicofo does if the domain is one of its `trusted-domains`, and no client can
    /// write its domain. gavel knows only this much about domains that only machines log in
    /// to: they are not the domains that people log in to, which a MUC service and its
    /// guests have by default. Somebody who declares it falsely gives up being elected, and
    /// gains nothing.
    pub fn believes_machine(&self, real: Option<&RealJid>) -> bool {
        let domain = real.map(RealJid::domain);
        domain.is_some_and(|domain| !self.is_peoples(domain))
    }

    /// Says whether people of meetings log in on a VirtualHost; see [`is_peoples`].
    pub fn is_peoples(&self, host: &str) -> bool {
        is_peoples(host, self.services.iter().map(|service| &*service.domain))
    }

    /// Says whether nobody may bear a name that looks like one from a token.
    pub fn distinguishes(&self) -> bool {
        self.guests == GuestNames::Distinct && self.freeze != Freeze::Off
    }

    /// gavel's bare JID.
    pub fn gavel(&self) -> String {
        format!("gavel@{}", self.component)
    }

    /// The room and resource that `address` means, if it is in a configured
    /// service, and that service's number.
    pub fn locate<'a>(&self, address: &'a str) -> Option<(usize, RoomJid, Option<&'a str>)> {
        let mut services = self.services.iter().enumerate();
        services.find_map(|(i, service)| service.locate(address).map(|(room, res)| (i, room, res)))
    }

    /// The number of the service that a room is in, if it is a configured one.
    pub fn service_of(&self, jid: &RoomJid) -> Option<usize> {
        let mut services = self.services.iter();
        services.position(|service| service.domain == jid.service())
    }

    /// Says whether `jid` is gavel's own, with or without resource.
    pub fn is_own(&self, jid: &str) -> bool {
        let bare = jid.split('/').next().unwrap_or(jid);
        bare.strip_prefix("gavel@") == Some(self.component.as_str())
    }

    /// Says whether elections are held at all.
    pub fn elects(&self) -> bool {
        self.policy.fallback == Fallback::First
    }

    /// Says whether hosts are missed anywhere.
    pub fn misses_hosts(&self) -> bool {
        self.host_absent.action != AbsentHost::None
    }

    /// Says whether anybody asks for a census of a meeting's people.
    pub fn takes_census(&self) -> bool {
        self.elects() || self.misses_hosts()
    }

    /// Keeps the settings that belong to the connection as they were in `old`, and the keys
    /// that have been fetched.
    pub fn keep_connection(&mut self, old: &mut Self) {
        self.verifier.keep_keys(&mut old.verifier);
        self.component.clone_from(&old.component);
        self.nick = old.nick.clone();
        self.services.clone_from(&old.services);
    }
}

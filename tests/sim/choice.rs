//! The choices of a simulation, and the settings they give gavel.

use super::claims::verifier;
use super::room::bare;
use super::server::{COMPONENT, FOCUS};
use gavel::engine::Settings;
use gavel::engine::settings::{AbsentHost, Freeze, GuestNames, HostAbsent, Infrastructure, Poll};
use gavel::muc::{BareJid, Nick, RoomJid, Service};
use gavel::policy::Policy;
use std::time::Duration;

pub const MUC: &str = "muc.meet.jitsi";
pub const BREAKOUT: &str = "breakout.meet.jitsi";

pub fn room(name: &str) -> RoomJid {
    RoomJid::parse(&format!("{name}@{MUC}")).unwrap()
}

pub fn breakout(name: &str) -> RoomJid {
    RoomJid::parse(&format!("{name}@{BREAKOUT}")).unwrap()
}

/// The choices of a simulation.
#[derive(Clone)]
pub struct Choice {
    pub module: bool,
    pub policy: Policy,
    pub freeze: Freeze,
    pub guests: GuestNames,
    pub host_absent: AbsentHost,
    pub host_absent_after: Duration,
    pub leeway: Duration,
    pub poll: Poll,
    pub rooms: Vec<RoomJid>,
    /// muc_domain_mapper rewrites stanzas from tenants' rooms.
    pub tenants: bool,
}

impl Default for Choice {
    fn default() -> Self {
        Self {
            module: true,
            policy: Policy::default(),
            freeze: Freeze::Revert,
            guests: GuestNames::Free,
            host_absent: AbsentHost::None,
            host_absent_after: Duration::from_secs(300),
            leeway: Duration::from_secs(30),
            poll: Poll::Auto,
            rooms: Vec::new(),
            tenants: false,
        }
    }
}

impl Choice {
    pub fn settings(&self) -> Settings {
        let service = |domain: &str| Service {
            domain: domain.to_owned(),
            tenants: self.tenants,
        };
        Settings {
            component: COMPONENT.to_owned(),
            nick: Nick::new("gavel"),
            services: vec![service(MUC), service(BREAKOUT)],
            invites: true,
            poll: self.poll,
            interval: Duration::from_secs(30),
            rooms: self.rooms.clone(),
            verifier: verifier(),
            policy: self.policy.clone(),
            fallback_services: vec![MUC.to_owned()],
            host_absent: HostAbsent {
                action: self.host_absent,
                after: self.host_absent_after,
                services: vec![MUC.to_owned()],
            },
            leeway: self.leeway,
            freeze: self.freeze,
            guests: self.guests,
            infrastructure: Infrastructure {
                jids: vec![BareJid::parse(&bare(FOCUS)).unwrap()],
                domains: vec!["auth.meet.jitsi".to_owned()],
            },
            seed: 1,
        }
    }
}

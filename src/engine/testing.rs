//! Helpers that the unit tests of the engine's parts share.

use crate::claims::{self, Source, Verifier};
use crate::engine::settings::{Freeze, GuestNames, Infrastructure, Poll, Settings};
use crate::muc::{Nick, Service};
use crate::policy::Policy;
use std::time::Duration;

/// Settings for two services, without the guard.
pub fn settings() -> Settings {
    let verifier = Verifier::new(claims::Settings {
        sources: vec![Source::Bridge],
        trusted_domains: Vec::new(),
        bridge_secret: b"secret".to_vec(),
        verify_tenant: true,
        jwt: None,
    });
    Settings {
        component: "gavel.x".into(),
        nick: Nick::new("gavel"),
        services: ["muc.x", "breakout.x"]
            .map(|domain| Service {
                domain: domain.into(),
                tenants: false,
            })
            .into(),
        invites: true,
        poll: Poll::Off,
        interval: Duration::from_secs(30),
        rooms: Vec::new(),
        verifier: verifier.unwrap_or_else(|error| panic!("{error}")),
        policy: Policy {
            guard: false,
            ..Policy::default()
        },
        host_absent: Default::default(),
        fallback_services: Vec::new(),
        leeway: Duration::from_secs(30),
        freeze: Freeze::Off,
        guests: GuestNames::Free,
        infrastructure: Infrastructure::default(),
        seed: 1,
    }
}

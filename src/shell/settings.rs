//! This module turns the configuration into the settings of claims, policy and engine.

use crate::claims::{self, JwtSettings, KeyError, KeyLayout, KeyServer, KeySource, Verifier};
use crate::config::{self, Config};
use crate::engine::Settings;
use crate::engine::settings::{HostAbsent, Infrastructure};
use crate::policy::Policy;
use std::time::Duration;

/// `claims.jwt.leeway` if there is no `[claims.jwt]`.
const DEFAULT_LEEWAY: Duration = Duration::from_secs(30);

/// The engine's settings; `seed` is for random parts of nicks.
///
/// # Errors
///
/// Fails if a key cannot be used.
pub fn engine(config: &Config, seed: u64) -> Result<Settings, KeyError> {
    let component = &config.component;
    Ok(Settings {
        component: component.jid.clone(),
        nick: component.nick.clone(),
        services: config.muc.clone(),
        invites: config.discovery.invites,
        poll: config.discovery.poll,
        interval: config.discovery.interval,
        rooms: config.discovery.rooms.clone(),
        verifier: Verifier::new(claims(config))?,
        policy: policy(&config.policy),
        fallback_services: config.policy.fallback_services.clone(),
        host_absent: host_absent(&config.policy.host_absent),
        leeway: leeway(config),
        freeze: config.names.freeze,
        guests: config.names.guests,
        infrastructure: infrastructure(config),
        seed,
    })
}

/// The settings with which claims are verified.
pub fn claims(config: &Config) -> claims::Settings {
    claims::Settings {
        sources: config.claims.sources.clone(),
        trusted_domains: config.claims.trusted_domains.clone(),
        bridge_secret: config.component.secret.expose().as_bytes().to_vec(),
        verify_tenant: config.claims.verify_tenant,
        jwt: config.claims.jwt.as_ref().map(jwt),
    }
}

fn jwt(jwt: &config::Jwt) -> JwtSettings {
    JwtSettings {
        keys: match &jwt.key {
            config::KeySource::Secret(secret) => KeySource::Secret(secret.expose().clone()),
            config::KeySource::PublicKey(file) => KeySource::Pem(file.text.expose().clone()),
            config::KeySource::Jwks(file) => KeySource::Jwks(file.text.expose().clone()),
            config::KeySource::JwksUrl(url) => remote(KeyLayout::Set, url),
            config::KeySource::AsapKeyServer(url) => remote(KeyLayout::Named, url),
        },
        algorithms: jwt.algorithms.clone(),
        verify_tenant: jwt.verify_tenant,
        require_exp: jwt.require_exp,
        issuers: jwt.issuers.clone(),
        audiences: jwt.audiences.clone(),
        leeway: jwt.leeway,
    }
}

fn remote(layout: KeyLayout, url: &config::KeyUrl) -> KeySource {
    KeySource::Remote(KeyServer {
        layout,
        url: url.expose().to_string(),
        shown: url.to_string().into(),
    })
}

/// The occupants that are infrastructure.
pub(super) fn infrastructure(config: &Config) -> Infrastructure {
    Infrastructure {
        jids: config.infrastructure.jids.clone(),
        domains: config.infrastructure.domains.clone(),
    }
}

/// The policy that decides from claims.
pub fn policy(policy: &config::Policy) -> Policy {
    Policy {
        rules: policy.rules.clone(),
        preset: policy.preset,
        guests: policy.guests,
        grants: policy.grants,
        protect_hosts: policy.protect_hosts,
        guard: policy.guard,
        fallback: policy.fallback,
        on_expiry: policy.on_expiry,
        trusted_logins: policy.trusted_logins.clone(),
        permissions: policy.permissions.clone(),
    }
}

/// The delay between a token's `exp` and its end, whatever source its claims came from.
fn leeway(config: &Config) -> Duration {
    let jwt = config.claims.jwt.as_ref();
    jwt.map_or(DEFAULT_LEEWAY, |jwt| jwt.leeway)
}

/// The treatment of meetings without a host.
fn host_absent(absent: &config::HostAbsent) -> HostAbsent {
    HostAbsent {
        action: absent.action,
        after: absent.after,
        services: absent.services.clone(),
    }
}

//! From the configuration to what claims, policy and engine are set with.

use crate::claims::{
    self, Algorithm, JwtSettings, KeyError, KeyLayout, KeyServer, KeySource, Source, Verifier,
};
use crate::config::{self, Config};
use crate::engine::Settings;
use crate::engine::settings::{AbsentHost, Freeze, HostAbsent, Infrastructure, Poll};
use crate::policy::{Fallback, Grants, Guests, OnExpiry, Policy, Preset};
use std::time::Duration;

/// `claims.jwt.leeway` where there is no `[claims.jwt]`.
const DEFAULT_LEEWAY: Duration = Duration::from_secs(30);

/// What the engine is set with; `seed` is for random parts of nicks.
///
/// # Errors
///
/// Where a key cannot be used.
pub fn engine(config: &Config, seed: u64) -> Result<Settings, KeyError> {
    let component = &config.component;
    Ok(Settings {
        component: component.jid.clone(),
        nick: component.nick.clone(),
        services: config.muc.clone(),
        invites: config.discovery.invites,
        poll: poll(config.discovery.poll),
        interval: config.discovery.interval,
        rooms: config.discovery.rooms.clone(),
        verifier: Verifier::new(claims(config))?,
        policy: policy(&config.policy),
        fallback_services: config.policy.fallback_services.clone(),
        host_absent: host_absent(&config.policy.host_absent),
        leeway: leeway(config),
        freeze: freeze(config.names.freeze),
        infrastructure: Infrastructure {
            jids: config.infrastructure.jids.clone(),
            domains: config.infrastructure.domains.clone(),
        },
        seed,
    })
}

/// What claims are verified with.
pub fn claims(config: &Config) -> claims::Settings {
    let sources = config.claims.sources.iter().map(|source| match source {
        config::ClaimSource::Bridge => Source::Bridge,
        config::ClaimSource::Jwt => Source::Jwt,
        config::ClaimSource::Identity => Source::Identity,
    });
    claims::Settings {
        sources: sources.collect(),
        trusted_domains: config.claims.trusted_domains.clone(),
        bridge_secret: config.component.secret.expose().as_bytes().to_vec(),
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
        algorithms: jwt.algorithms.iter().copied().map(algorithm).collect(),
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

/// The algorithm that the configuration names.
pub fn algorithm(algorithm: config::Algorithm) -> Algorithm {
    match algorithm {
        config::Algorithm::Hs256 => Algorithm::HS256,
        config::Algorithm::Hs384 => Algorithm::HS384,
        config::Algorithm::Hs512 => Algorithm::HS512,
        config::Algorithm::Rs256 => Algorithm::RS256,
        config::Algorithm::Rs384 => Algorithm::RS384,
        config::Algorithm::Rs512 => Algorithm::RS512,
        config::Algorithm::Ps256 => Algorithm::PS256,
        config::Algorithm::Ps384 => Algorithm::PS384,
        config::Algorithm::Ps512 => Algorithm::PS512,
        config::Algorithm::Es256 => Algorithm::ES256,
        config::Algorithm::Es384 => Algorithm::ES384,
        config::Algorithm::EdDsa => Algorithm::EdDSA,
    }
}

/// What decides from claims.
pub fn policy(policy: &config::Policy) -> Policy {
    Policy {
        rules: policy.rules.clone(),
        preset: match policy.preset {
            config::Preset::Jitsi => Preset::Jitsi,
            config::Preset::Jaas => Preset::Jaas,
            config::Preset::Authenticated => Preset::Authenticated,
            config::Preset::None => Preset::None,
        },
        guests: match policy.guests {
            config::Guests::Strip => Guests::Strip,
            config::Guests::Ignore => Guests::Ignore,
        },
        grants: match policy.grants {
            config::Grants::Owner => Grants::Owner,
            config::Grants::Admin => Grants::Admin,
            config::Grants::None => Grants::None,
        },
        protect_hosts: policy.protect_hosts,
        guard: policy.guard,
        fallback: match policy.fallback {
            config::Fallback::None => Fallback::None,
            config::Fallback::First => Fallback::First,
        },
        on_expiry: match policy.on_expiry {
            config::OnExpiry::Keep => OnExpiry::Keep,
            config::OnExpiry::Demote => OnExpiry::Demote,
        },
    }
}

/// How much later than its `exp` a token ends, whatever source its claims came
/// from.
fn leeway(config: &Config) -> Duration {
    let jwt = config.claims.jwt.as_ref();
    jwt.map_or(DEFAULT_LEEWAY, |jwt| jwt.leeway)
}

/// How rooms are found beside invitations.
pub(super) fn poll(poll: config::Poll) -> Poll {
    match poll {
        config::Poll::Auto => Poll::Auto,
        config::Poll::Adhoc => Poll::AdHoc,
        config::Poll::Disco => Poll::Disco,
        config::Poll::Off => Poll::Off,
    }
}

/// What becomes of meetings without host.
fn host_absent(absent: &config::HostAbsent) -> HostAbsent {
    HostAbsent {
        action: match absent.action {
            config::AbsentHost::End => AbsentHost::End,
            config::AbsentHost::Lock => AbsentHost::Lock,
            config::AbsentHost::None => AbsentHost::None,
        },
        after: absent.after,
        services: absent.services.clone(),
    }
}

fn freeze(freeze: config::Freeze) -> Freeze {
    match freeze {
        config::Freeze::Revert => Freeze::Revert,
        config::Freeze::Notify => Freeze::Notify,
        config::Freeze::Off => Freeze::Off,
    }
}

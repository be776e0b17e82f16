//! Do claims arrive, and are they believed?

use super::facts::{Daemon, Facts};
use super::list::{List, count, people};
use crate::claims::{RejectReason, Source};
use crate::engine::tally::Clocks;

/// This many tokens say something about clocks.
const ENOUGH_TOKENS: u64 = 10;
/// A token that is shown this long after it was made was not made for the
/// occasion, or a clock is wrong; in seconds.
const OLD: u64 = 300;

pub(super) fn add_findings(facts: &Facts, list: &mut List) {
    bridge(facts, list);
    let Some(daemon) = &facts.daemon else {
        return;
    };
    tokens(facts, daemon, list);
    keys(daemon, list);
    rejected(facts, daemon, list);
    without(daemon, list);
    believed(daemon, list);
    clocks(daemon, list);
}

/// Source bridge needs the module; if it is the only one, that the module is missing is
/// told of each service.
fn bridge(facts: &Facts, list: &mut List) {
    let listed = facts.setup.sources.contains(&Source::Bridge);
    if !listed || facts.answers.is_none() || facts.only_module_helps() {
        return;
    }
    if let Some(place) = facts.without_module() {
        list.ok(
            "sources",
            format!("claims.sources lists \"bridge\", which has no effect on {place}, because mod_gavel is not active there"),
        );
    }
}

/// Source jwt needs clients that put tokens into presence.
fn tokens(facts: &Facts, daemon: &Daemon, list: &mut List) {
    let listed = facts.setup.sources.contains(&Source::Jwt);
    if !listed || daemon.tally.people == 0 || daemon.tally.tokens > 0 {
        return;
    }
    list.warn(
        "tokens",
        format!("claims.sources lists \"jwt\", and none of the {} who came since the start had a token in their presence", people(daemon.tally.people)),
        "stock Jitsi clients put none there: load mod_gavel and set claims.sources = [\"bridge\"]; for clients of your own see that claims.jwt.elements has the name of the element they send",
    );
}

fn keys(daemon: &Daemon, list: &mut List) {
    if let Some((server, why)) = &daemon.tally.keys_missing {
        list.warn(
            "keys",
            format!("gavel cannot fetch keys from {server} ({why}): people whose tokens need a key that it does not have are guests"),
            "see that claims.jwt.jwks_url or asap_key_server is the issuer's and answers this machine; try a token with gavel token verify",
        );
    }
}

fn rejected(facts: &Facts, daemon: &Daemon, list: &mut List) {
    for ((source, reason), times) in &daemon.tally.rejected {
        let refused = count(*times, "time", "times");
        if *reason == RejectReason::Untrusted {
            let trusted = facts.setup.trusted_domains.join(", ");
            list.warn(
                "untrusted",
                format!("{refused} since the start somebody showed an <identity/> whose domain is not trusted (claims.trusted_domains is [{trusted}]): gavel ignores it"),
                "add that domain to claims.trusted_domains only if Prosody loads presence_identity there; anybody can write an identity elsewhere",
            );
            continue;
        }
        list.warn(
            "rejected",
            format!("{refused} since the start claims from {source} were refused: {reason}"),
            match (*source, *reason) {
                ("bridge", RejectReason::Malformed) => {
                    "let the issuer write each token's payload as one JSON object in UTF-8 (not in ISO-8859-1, say); gavel's log has room and person of each"
                }
                _ => remedy(*reason),
            },
        );
    }
}

/// The remedy for a refusal; the log has room and person of each.
fn remedy(reason: RejectReason) -> &'static str {
    match reason {
        RejectReason::BadSignature => {
            "set claims.jwt.secret (or the key) to that of whoever makes the tokens; try one with gavel token verify"
        }
        RejectReason::Algorithm => {
            "add the algorithm that the tokens are signed with to claims.jwt.algorithms, or let the issuer use one that is there"
        }
        RejectReason::Expired => {
            "give tokens a later exp, and see that the clocks of issuer and this machine agree (timedatectl)"
        }
        RejectReason::NotYet => {
            "see that the clocks of issuer and this machine agree (timedatectl), or raise claims.jwt.leeway"
        }
        RejectReason::Issuer => "add the tokens' iss to claims.jwt.issuers",
        RejectReason::Audience => "add the tokens' aud to claims.jwt.audiences",
        RejectReason::Room => {
            "nothing, where people try tokens of other rooms; else let the issuer set room to the room's name or \"*\""
        }
        RejectReason::RoomPattern => {
            "let the issuer set room to a simpler Lua pattern, or to a name"
        }
        RejectReason::Tenant => {
            "let the issuer set sub to the tenant or \"*\", or set claims.jwt.verify_tenant = false"
        }
        RejectReason::Replayed => {
            "give each login a token of its own, since a token belongs to the first bare JID that shows it (a reload is a new one for anonymous users); with mod_gavel and claims.sources = [\"bridge\"] this does not arise"
        }
        RejectReason::Mac => {
            "nothing, where somebody tries to forge claims (gavel's log says who); else see that no two Prosody components share the domain and restart Prosody, so that mod_gavel and gavel have the same component_secret"
        }
        RejectReason::Untrusted => "see claims.trusted_domains",
        RejectReason::Malformed => {
            "let the issuer write each token's payload as one JSON object in UTF-8, and let clients put nothing but a compact JWT into the elements of claims.jwt.elements"
        }
        RejectReason::TooLarge => "let the issuer put less into tokens",
    }
}

fn without(daemon: &Daemon, list: &mut List) {
    for domain in &daemon.survey.domains {
        if domain.without_claims == 0 {
            continue;
        }
        let name = &domain.domain;
        let example = domain.example.as_deref().unwrap_or("-");
        list.warn(
            "without_claims",
            format!(
                "{} of {} of {name} now in rooms have no claims (e.g. {example}), though it is a trusted domain",
                domain.without_claims,
                people(domain.people)
            ),
            format!("let clients of {name} log in with a token; where people may come without one, take {name} out of claims.trusted_domains"),
        );
    }
}

fn believed(daemon: &Daemon, list: &mut List) {
    let believed = &daemon.tally.believed;
    if believed.is_empty() {
        return;
    }
    let each: Vec<String> = believed
        .iter()
        .map(|(source, times)| format!("{times} from {source}"))
        .collect();
    let each = each.join(", ");
    list.ok("claims", format!("claims believed since the start: {each}"));
}

/// A token from the future is proof of a wrong clock. An old one is not: it may have been
/// made long before. If even the youngest of many is old, that is worth a word, no more.
fn clocks(daemon: &Daemon, list: &mut List) {
    let Clocks {
        tokens,
        ahead,
        furthest,
        youngest,
    } = daemon.tally.clocks;
    let early = daemon.tally.rejected.iter();
    let early: u64 = early
        .filter(|((_, reason), _)| *reason == RejectReason::NotYet)
        .map(|(_, times)| times)
        .sum();
    let remedy =
        "set the clocks of issuer, Prosody and this machine by NTP (timedatectl set-ntp true)";
    if ahead > 0 {
        return list.warn(
            "clock",
            format!("{ahead} of {} with iat were issued in the future, by up to {furthest} s (judged by this machine's clock as each was first seen): the issuer's clock is ahead, or this one is behind", count(tokens, "token", "tokens")),
            remedy,
        );
    }
    if early > 0 {
        return list.warn(
            "clock",
            format!("{} not valid yet (nbf, beyond claims.jwt.leeway): the issuer's clock is ahead, this one is behind, or they are meant for later", count(early, "token was", "tokens were")),
            remedy,
        );
    }
    let Some(youngest) = youngest else {
        return;
    };
    if tokens >= ENOUGH_TOKENS && youngest > OLD {
        return list.warn(
            "clock",
            format!("even the youngest of {tokens} tokens was issued {youngest} s before it was first seen (iat): if tokens are made as people enter, this clock is ahead or the issuer's behind; if they are made earlier, all is well"),
            remedy,
        );
    }
    list.ok(
        "clock",
        format!("none of {} was issued in the future; the youngest was {youngest} s old when first seen", count(tokens, "token", "tokens")),
    );
}

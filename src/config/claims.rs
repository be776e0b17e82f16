//! Reads `[claims]` and `[claims.jwt]`.

use super::address;
use super::choices::{self, Choice};
use super::files;
use super::key_url;
use super::model::{Claims, Jwt, KeyFile, KeySource};
use super::notes::Given;
use super::problem::quoted;
use super::secret::Secret;
use super::section::Section;
use crate::claims::{Algorithm, Source};
use std::time::Duration;

/// The keys of which `[claims.jwt]` has exactly one.
const KEY_SOURCES: [&str; 6] = [
    "secret",
    "secret_file",
    "public_key_file",
    "jwks_file",
    "jwks_url",
    "asap_key_server",
];

/// Reads `[claims]`; `parents` are the domains above the MUC services.
pub(super) fn read(root: &mut Section<'_>, parents: &[String]) -> Claims {
    let mut section = root.section("claims");
    let (sources, place) = sources(&mut section);
    let trusted_domains = trusted_domains(&mut section, &sources, parents);
    // One set of variables for all deployments may tell of issuers even if there is no
    // secret.
    let (verify_tenant, jwt) = tenants(&mut section);
    let jwt = jwt.filter(|jwt| !jwt.is_only_variables_without(&KEY_SOURCES));
    if jwt.is_none() && sources.contains(&Source::Jwt) {
        let remedy = "add [claims.jwt] with a key, or take \"jwt\" out of the list";
        let problem = "lists \"jwt\", but [claims.jwt] is missing";
        section.notes.error(place, problem, remedy);
    }
    let jwt = jwt.and_then(|jwt| jwt_section(jwt, verify_tenant));
    section.finish();
    Claims {
        sources,
        trusted_domains,
        verify_tenant,
        jwt,
    }
}

/// Takes `verify_tenant` out of `[claims.jwt]`. A section that says nothing else needs no
/// key: it is about the module's claims.
fn tenants<'n>(claims: &mut Section<'n>) -> (bool, Option<Section<'n>>) {
    let name = "claims.jwt";
    let Some(mut jwt) = claims.subsection(name) else {
        return (claims.section(name).flag("verify_tenant"), None);
    };
    let alone = jwt.entries.len() == 1 && jwt.has("verify_tenant");
    let verify_tenant = jwt.flag("verify_tenant");
    (verify_tenant, (!alone).then_some(jwt))
}

/// The sources, and their place.
fn sources(section: &mut Section<'_>) -> (Vec<Source>, String) {
    let given = section.list_or_standard("sources");
    let sources = words(section, &given);
    if given.value.is_empty() {
        let problem = "is empty, so nobody ever has claims";
        let remedy = "list at least one of \"bridge\", \"jwt\" and \"identity\"";
        section.notes.warn(&given.place, problem, remedy);
    }
    (sources, given.place)
}

fn trusted_domains(
    section: &mut Section<'_>,
    sources: &[Source],
    parents: &[String],
) -> Vec<String> {
    let given = section.list("trusted_domains");
    let domains = match &given {
        Some(given) => domains(section, given),
        None => parents.to_vec(),
    };
    let empty = given
        .as_ref()
        .map_or(domains.is_empty(), |g| g.value.is_empty());
    if empty && sources.contains(&Source::Identity) {
        let place = given.map_or_else(|| section.absent("trusted_domains"), |g| g.place);
        let problem = "is empty, so the source \"identity\" is never believed";
        let remedy = "list the domains where presence_identity is loaded";
        section.notes.warn(place, problem, remedy);
    }
    domains
}

/// A list of domains, each once.
pub(super) fn domains(section: &Section<'_>, given: &Given<Vec<Given>>) -> Vec<String> {
    let read = |item: &Given| address::domain_of(section.notes, item);
    distinct(given.value.iter().filter_map(read))
}

/// The items without repetitions, in their order.
pub(super) fn distinct<T: PartialEq>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut found = Vec::new();
    for item in items {
        if !found.contains(&item) {
            found.push(item);
        }
    }
    found
}

/// A list of words; one that is there twice is noted.
fn words<T: Choice>(section: &Section<'_>, given: &Given<Vec<Given>>) -> Vec<T> {
    let mut found: Vec<T> = Vec::new();
    for item in &given.value {
        match section.spelled(item) {
            Some(word) if found.contains(&word) => {
                let problem = format!("{} is listed twice", quoted(&item.value));
                section.notes.error(&item.place, problem, "keep one");
            }
            Some(word) => found.push(word),
            None => {}
        }
    }
    found
}

fn jwt_section(mut section: Section<'_>, verify_tenant: bool) -> Option<Jwt> {
    let key = key_source(&mut section);
    let elements = texts(&mut section, "elements", "jwt");
    let algorithms = algorithms(&mut section, key.as_ref());
    let require_exp = section.flag("require_exp");
    let issuers = texts(&mut section, "issuers", "*");
    let audiences = texts(&mut section, "audiences", "*");
    let leeway = section.duration("leeway", Duration::ZERO);
    section.finish();
    Some(Jwt {
        elements,
        algorithms,
        key: key?,
        verify_tenant,
        require_exp,
        issuers,
        audiences,
        leeway,
    })
}

/// A list of texts of which there must be one, e.g. `example`.
fn texts(section: &mut Section<'_>, key: &str, example: &str) -> Vec<String> {
    let given = section.list_or_standard(key);
    if given.value.is_empty() {
        let problem = "is empty, so no token is ever accepted";
        let remedy = format!("list at least one, e.g. [{}]", quoted(example));
        section.notes.error(&given.place, problem, remedy);
    }
    if let Some(item) = given.value.iter().find(|item| item.value.is_empty()) {
        section
            .notes
            .error(&item.place, "holds an empty string", "remove it");
    }
    distinct(given.value.into_iter().map(|item| item.value))
}

fn algorithms(section: &mut Section<'_>, key: Option<&KeySource>) -> Vec<Algorithm> {
    let given = section.list_or_standard("algorithms");
    let algorithms = words(section, &given);
    let place = given.place;
    if given.value.is_empty() {
        let problem = "is empty, so no token is ever accepted";
        let remedy = "list at least one, e.g. [\"HS256\"]";
        section.notes.error(place, problem, remedy);
        return algorithms;
    }
    // A key of the other kind would verify nothing; and a public key taken for
    // a secret would let anybody sign.
    let symmetric = match key {
        Some(KeySource::Secret(_)) => true,
        Some(KeySource::PublicKey(_) | KeySource::JwksUrl(_) | KeySource::AsapKeyServer(_)) => {
            false
        }
        Some(KeySource::Jwks(_)) | None => return algorithms,
    };
    let (wants, remedy) = match symmetric {
        true => (
            "a public key",
            "list HS256, HS384 or HS512, or give public_key_file",
        ),
        false => (
            "a secret",
            "list what the key is for, e.g. [\"RS256\"], or give secret_file",
        ),
    };
    for odd in algorithms
        .iter()
        .filter(|odd| choices::is_symmetric(**odd) != symmetric)
    {
        let has = match key {
            Some(KeySource::Secret(_)) => "a secret is given",
            Some(KeySource::PublicKey(_)) => "a public key is given",
            _ => "what a server hands out are public keys",
        };
        let problem = format!("{odd:?} needs {wants}, and {has}");
        section.notes.error(&place, problem, remedy);
    }
    algorithms
}

/// The key that verifies signatures: exactly one of the settings for it.
fn key_source(section: &mut Section<'_>) -> Option<KeySource> {
    section.prefer_environment(&KEY_SOURCES);
    let remedy = "write secret_file, secret, public_key_file, jwks_file, jwks_url or \
                  asap_key_server under [claims.jwt]";
    let (key, given) = section.one_of(&KEY_SOURCES, Some(remedy))?;
    match key {
        "secret" => inline(section, given),
        "secret_file" => files::secret(section.notes, &given).map(KeySource::Secret),
        "public_key_file" => public_key(section, &given),
        "jwks_url" => key_url::read(section.notes, &given).map(KeySource::JwksUrl),
        "asap_key_server" => key_url::read(section.notes, &given).map(KeySource::AsapKeyServer),
        _ => jwks(section, &given),
    }
}

fn inline(section: &Section<'_>, given: Given) -> Option<KeySource> {
    if given.value.is_empty() {
        section
            .notes
            .error(given.place, "is empty", "write the secret");
        return None;
    }
    if files::is_token(given.value.as_bytes()) {
        let (problem, remedy) = files::TOKEN_FOR_SECRET;
        section.notes.error(given.place, problem, remedy);
        return None;
    }
    Some(KeySource::Secret(Secret::new(given.value.into_bytes())))
}

fn public_key(section: &Section<'_>, given: &Given) -> Option<KeySource> {
    let (path, text) = files::text(section.notes, given)?;
    let problem = if text.contains("PRIVATE KEY-----") {
        "holds a private key, which gavel must not have"
    } else if !text.contains("-----BEGIN ") {
        "is not in PEM"
    } else {
        let text = Secret::from_file(text, path.clone());
        return Some(KeySource::PublicKey(KeyFile { path, text }));
    };
    let problem = format!("the file {} {problem}", quoted(&given.value));
    let remedy = "name the public key's file, which begins with -----BEGIN PUBLIC KEY-----";
    section.notes.error(&given.place, problem, remedy);
    None
}

fn jwks(section: &Section<'_>, given: &Given) -> Option<KeySource> {
    let (path, text) = files::text(section.notes, given)?;
    let json: Option<serde_json::Value> = serde_json::from_str(&text).ok();
    if json.is_none_or(|json| !json["keys"].is_array()) {
        let problem = format!("the file {} is no key set", quoted(&given.value));
        let remedy = "name a file of JSON such as {\"keys\": [{\"kty\": …}]}";
        section.notes.error(&given.place, problem, remedy);
        return None;
    }
    let text = Secret::from_file(text, path.clone());
    Some(KeySource::Jwks(KeyFile { path, text }))
}

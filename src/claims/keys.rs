//! Keys that tokens are verified with.

use super::{Algorithm, KeySource};
use jsonwebtoken::crypto;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{AlgorithmFamily, DecodingKey, DecodingKeyKind};
use serde_json::Value;
use thiserror::Error;

use super::fault::KeysTried;

/// RSA moduli accepted, in bits: RFC 7518 §3.3 forbids shorter ones, and our
/// implementation refuses longer ones.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;

/// Keys that cannot be used. None of these repeats a key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KeyError {
    /// No algorithm is configured.
    #[error("claims.jwt.algorithms is empty: name the algorithm that the issuer signs with")]
    NoAlgorithm,
    /// With an empty secret anybody could sign.
    #[error("the secret of claims.jwt is empty: set it to the issuer's")]
    EmptySecret,
    /// Not a PEM file.
    #[error(
        "claims.jwt.public_key_file is not a PEM public key (-----BEGIN PUBLIC KEY-----): export one with `openssl pkey -in KEY -pubout`"
    )]
    NotPem,
    /// A private key, which has no business here.
    #[error(
        "claims.jwt.public_key_file holds a private key: export the public one with `openssl pkey -in KEY -pubout`, and keep the private one with the issuer"
    )]
    PrivateKey,
    /// A certificate.
    #[error(
        "claims.jwt.public_key_file holds a certificate: export its key with `openssl x509 -in CERT -pubkey -noout`"
    )]
    Certificate,
    /// A key of a size that is not accepted.
    #[error("an RSA key of claims.jwt has {bits} bits: use one of 2048 to 4096")]
    RsaSize {
        /// Bits of its modulus.
        bits: usize,
    },
    /// An algorithm that the key cannot do.
    #[error(
        "claims.jwt.algorithms has {algorithm:?}, which {key} cannot verify: {}",
        remedy(key)
    )]
    Mismatch {
        /// The algorithm.
        algorithm: Algorithm,
        /// The name of the key.
        key: &'static str,
    },
    /// Not a key set.
    #[error("claims.jwt.jwks_file is not a JSON Web Key Set ({{\"keys\": […]}})")]
    NotJwks,
    /// A key set in which no key fits.
    #[error(
        "claims.jwt.jwks_file has no key for {algorithms}{}: check that it holds the issuer's public keys, and claims.jwt.algorithms",
        list(skipped)
    )]
    NoUsableKey {
        /// The configured algorithms.
        algorithms: String,
        /// The faults of the keys that are there.
        skipped: Vec<String>,
    },
}

fn remedy(key: &str) -> &'static str {
    match key {
        "a shared secret" => "a secret does HS256, HS384 and HS512",
        "an RSA key" => "it does RS256 to RS512 and PS256 to PS512",
        "an EC key" => "a P-256 key does ES256, a P-384 key ES384",
        _ => "an Ed25519 key does EdDSA",
    }
}

fn list(skipped: &[String]) -> String {
    match skipped {
        [] => String::new(),
        skipped => format!(" ({})", skipped.join("; ")),
    }
}

/// One key and its allowed uses.
struct Key {
    kid: Option<String>,
    algorithms: Vec<Algorithm>,
    key: DecodingKey,
}

/// The most keys that one token's signature is checked with: a signature costs
/// the better part of a millisecond, and anybody can show tokens.
const MAX_TRIED: usize = 16;

/// Keys to verify with. No `Debug`: they may be secrets.
pub(super) struct KeySet {
    keys: Vec<Key>,
    /// Says whether a `kid` that no key has may mean any of them.
    lenient: bool,
}

impl KeySet {
    /// Reads the keys and sees which of `algorithms` each can do.
    pub(super) fn new(source: &KeySource, algorithms: &[Algorithm]) -> Result<Self, KeyError> {
        if algorithms.is_empty() {
            return Err(KeyError::NoAlgorithm);
        }
        match source {
            KeySource::Secret(secret) if secret.is_empty() => Err(KeyError::EmptySecret),
            KeySource::Secret(secret) => single(DecodingKey::from_secret(secret), algorithms),
            KeySource::Pem(text) => single(from_pem(text)?, algorithms),
            KeySource::Jwks(text) => from_file(text, algorithms),
            // No key is here before it is fetched.
            KeySource::Remote(_) => Ok(Self::of(Vec::new())),
        }
    }

    /// Keys of the configuration.
    fn of(keys: Vec<Key>) -> Self {
        Self {
            keys,
            lenient: true,
        }
    }

    /// Reads the key set that a server answered with. Keys that are no public key for one
    /// of `algorithms` are left out, and named.
    ///
    /// # Errors
    /// [`KeyError::NotJwks`].
    pub(super) fn fetched(
        text: &str,
        algorithms: &[Algorithm],
    ) -> Result<(Self, Vec<String>), KeyError> {
        let (keys, skipped) = from_jwks(text, algorithms, Secrets::Refused)?;
        let set = Self {
            keys,
            lenient: false,
        };
        Ok((set, skipped))
    }

    /// Reads the one key, in PEM, that a server answered with.
    ///
    /// # Errors
    /// [`KeyError`] if it is no public key for any of `algorithms`.
    pub(super) fn fetched_pem(text: &str, algorithms: &[Algorithm]) -> Result<Self, KeyError> {
        let key = from_pem(text)?;
        check_size(&key)?;
        let fitting = algorithms.iter().copied().filter(|a| can(&key, *a));
        let algorithms: Vec<_> = fitting.collect();
        if algorithms.is_empty() {
            return Err(KeyError::NoUsableKey {
                algorithms: describe(&key).to_owned(),
                skipped: Vec::new(),
            });
        }
        let kid = None;
        Ok(Self::of(vec![Key {
            kid,
            algorithms,
            key,
        }]))
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Says whether `signature` is one of `signed` by the keys that `kid` names or, if it
    /// names none, by any key that is for `algorithm`; of a fetched set only by those
    /// without a name. At most [`MAX_TRIED`] are tried.
    pub(super) fn verify(
        &self,
        algorithm: Algorithm,
        kid: Option<&str>,
        signed: &str,
        signature: &str,
    ) -> Result<(), KeysTried> {
        let by_kid = kid.is_some() && self.keys.iter().any(|key| key.kid.as_deref() == kid);
        let named = |key: &&Key| match kid {
            Some(_) if by_kid => key.kid.as_deref() == kid,
            Some(_) => self.lenient || key.kid.is_none(),
            None => true,
        };
        let fitting = |key: &&Key| key.algorithms.contains(&algorithm);
        let mut count = 0;
        for key in self
            .keys
            .iter()
            .filter(named)
            .filter(fitting)
            .take(MAX_TRIED)
        {
            count += 1;
            let verified = crypto::verify(signature, signed.as_bytes(), &key.key, algorithm);
            if verified.unwrap_or(false) {
                return Ok(());
            }
        }
        Err(KeysTried { count, by_kid })
    }
}

/// A single key must be able to do every algorithm configured.
fn single(key: DecodingKey, algorithms: &[Algorithm]) -> Result<KeySet, KeyError> {
    check_size(&key)?;
    if let Some(algorithm) = algorithms.iter().find(|a| !can(&key, **a)) {
        return Err(KeyError::Mismatch {
            algorithm: *algorithm,
            key: describe(&key),
        });
    }
    Ok(KeySet::of(vec![Key {
        kid: None,
        algorithms: algorithms.to_vec(),
        key,
    }]))
}

fn describe(key: &DecodingKey) -> &'static str {
    match key.family() {
        AlgorithmFamily::Hmac => "a shared secret",
        AlgorithmFamily::Rsa => "an RSA key",
        AlgorithmFamily::Ec => "an EC key",
        AlgorithmFamily::Ed => "an Ed25519 key",
    }
}

/// Says whether the key can verify signatures of this algorithm: curves and lengths show
/// only when a verifier is made.
fn can(key: &DecodingKey, algorithm: Algorithm) -> bool {
    key.family() == algorithm.family() && crypto::verify("", b"", key, algorithm).is_ok()
}

fn check_size(key: &DecodingKey) -> Result<(), KeyError> {
    if key.family() != AlgorithmFamily::Rsa {
        return Ok(());
    }
    let bits = match key.kind() {
        DecodingKeyKind::RsaModulusExponent { n, .. } => bits(n),
        DecodingKeyKind::SecretOrDer(der) => {
            let utils = &crypto::rust_crypto::DEFAULT_PROVIDER.key_utils;
            let components = (utils.rsa_pub_components_from_public_key)(der);
            components.map_or(0, |(n, _)| bits(&n))
        }
    };
    match bits {
        // Not even a modulus could be read.
        0 => Err(KeyError::NotPem),
        bits if RSA_BITS.contains(&bits) => Ok(()),
        bits => Err(KeyError::RsaSize { bits }),
    }
}

/// The length of a big-endian number, in bits.
fn bits(number: &[u8]) -> usize {
    match number.iter().position(|byte| *byte != 0) {
        Some(first) => (number.len() - first) * 8 - number[first].leading_zeros() as usize,
        None => 0,
    }
}

fn from_pem(text: &str) -> Result<DecodingKey, KeyError> {
    let header = text.lines().map(str::trim).find(|line| !line.is_empty());
    let label = header
        .and_then(|line| line.strip_prefix("-----BEGIN "))
        .and_then(|line| line.strip_suffix("-----"))
        .ok_or(KeyError::NotPem)?;
    match label {
        "PUBLIC KEY" | "RSA PUBLIC KEY" => {}
        "CERTIFICATE" => return Err(KeyError::Certificate),
        label if label.ends_with("PRIVATE KEY") => return Err(KeyError::PrivateKey),
        _ => return Err(KeyError::NotPem),
    }
    let pem = text.as_bytes();
    DecodingKey::from_rsa_pem(pem)
        .or_else(|_| DecodingKey::from_ec_pem(pem))
        .or_else(|_| DecodingKey::from_ed_pem(pem))
        .map_err(|_| KeyError::NotPem)
}

/// Shared secrets (`oct`) in a key set: accepted or refused.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Secrets {
    /// They are keys like others: the file is the admin's own.
    Accepted,
    /// They are left out: a key that a server hands to everybody is no secret, and anybody
    /// who has it could sign.
    Refused,
}

fn from_file(text: &str, algorithms: &[Algorithm]) -> Result<KeySet, KeyError> {
    let (keys, skipped) = from_jwks(text, algorithms, Secrets::Accepted)?;
    if keys.is_empty() {
        return Err(KeyError::NoUsableKey {
            algorithms: names(algorithms),
            skipped,
        });
    }
    Ok(KeySet::of(keys))
}

/// The keys of a set that are for `algorithms`, and why each other one is not.
fn from_jwks(
    text: &str,
    algorithms: &[Algorithm],
    secrets: Secrets,
) -> Result<(Vec<Key>, Vec<String>), KeyError> {
    let set: Value = serde_json::from_str(text).map_err(|_| KeyError::NotJwks)?;
    let entries = set.get("keys").and_then(Value::as_array);
    let mut keys = Vec::new();
    let mut skipped = Vec::new();
    for (index, entry) in entries.ok_or(KeyError::NotJwks)?.iter().enumerate() {
        match from_jwk(entry, algorithms, secrets) {
            Ok(key) => keys.push(key),
            Err(why) => {
                let kid = entry.get("kid").and_then(Value::as_str);
                let which = kid.map_or_else(|| (index + 1).to_string(), str::to_owned);
                skipped.push(format!("key {which} {why}"));
            }
        }
    }
    Ok((keys, skipped))
}

/// Reads one key of a set by itself, so that an odd one costs only itself.
fn from_jwk(entry: &Value, algorithms: &[Algorithm], secrets: Secrets) -> Result<Key, String> {
    let jwk: Jwk =
        serde_json::from_value(entry.clone()).map_err(|_| "is not a JSON Web Key".to_owned())?;
    let signs =
        !matches!(jwk.common.public_key_use, Some(ref usage) if *usage != PublicKeyUse::Signature);
    let operations = jwk.common.key_operations.as_deref();
    if !signs || operations.is_some_and(|ops| !ops.contains(&KeyOperations::Verify)) {
        return Err("is not for signatures".to_owned());
    }
    if let AlgorithmParameters::OctetKey(secret) = &jwk.algorithm {
        if secret.value.is_empty() {
            return Err("is an empty secret".to_owned());
        }
        if secrets == Secrets::Refused {
            return Err("is a shared secret, which no server may hand out".to_owned());
        }
    }
    let key = DecodingKey::from_jwk(&jwk).map_err(|_| "is of an unknown kind".to_owned())?;
    check_size(&key).map_err(|_| "has an RSA modulus not of 2048 to 4096 bits".to_owned())?;
    let own = entry.get("alg").and_then(Value::as_str);
    let fitting: Vec<_> = algorithms
        .iter()
        .copied()
        .filter(|algorithm| own.is_none_or(|own| own.parse().ok() == Some(*algorithm)))
        .filter(|algorithm| can(&key, *algorithm))
        .collect();
    if fitting.is_empty() {
        return Err(format!("is {} for another algorithm", describe(&key)));
    }
    Ok(Key {
        kid: jwk.common.key_id,
        algorithms: fitting,
        key,
    })
}

/// Algorithms as people write them.
pub(super) fn names(algorithms: &[Algorithm]) -> String {
    let names: Vec<_> = algorithms.iter().map(|a| format!("{a:?}")).collect();
    names.join(", ")
}

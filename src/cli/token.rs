//! `gavel token`: makes test tokens, verifies one, shows one.

use super::text::{escape, escape_lines};
use super::verification::{self, CheckLine};
use super::{DecodeArgs, Error, Output, SignArgs, Status, TokenCommand, VerifyArgs};
use super::{read_input, room};
use crate::claims::{Algorithm, Token};
use crate::config::{self, Config, KeySource, Loaded, duration, is_symmetric};
use anstyle::AnsiColor;
use jsonwebtoken::{EncodingKey, Header};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::path::Path;
use std::time::Duration;

const NO_JWT: &str = "[claims.jwt] is missing in the configuration, so there is no key: add it \
                      with secret_file, public_key_file, jwks_file, jwks_url or asap_key_server";

/// Runs one of the commands about tokens.
pub(super) fn run(
    command: &TokenCommand,
    file: Option<&Path>,
    output: &mut Output,
) -> Result<Status, Error> {
    match command {
        TokenCommand::Sign(args) => sign(args, &config::load(file)?.config, output),
        TokenCommand::Verify(args) => verify(args, &config::load(file)?, output),
        TokenCommand::Decode(args) => decode(args, output),
    }
}

/// Signs claims. `exp` is added if it was asked for, `iss` and `aud` if they are missing
/// and the configuration accepts only certain ones.
fn sign(args: &SignArgs, config: &Config, output: &mut Output) -> Result<Status, Error> {
    let algorithm = args.alg.or_else(|| {
        let jwt = config.claims.jwt.as_ref()?;
        jwt.algorithms.first().copied()
    });
    let algorithm = algorithm.ok_or_else(|| Error::Usage(NO_JWT.to_owned()))?;
    let key = signing_key(config, algorithm)?;
    let mut claims = object(&read_input(&args.claims)?, &args.claims)?;
    if let Some(exp) = args.exp {
        let exp = verification::now().saturating_add(exp.as_secs());
        claims.insert("exp".to_owned(), exp.into());
    }
    let jwt = config.claims.jwt.as_ref();
    for (key, accepted) in [
        ("iss", jwt.map(|jwt| &jwt.issuers)),
        ("aud", jwt.map(|jwt| &jwt.audiences)),
    ] {
        let accepted = accepted.into_iter().flatten();
        let first = accepted
            .clone()
            .next()
            .filter(|_| accepted.clone().all(|a| a != "*"));
        if let (Some(first), None) = (first, claims.get(key)) {
            claims.insert(key.to_owned(), first.clone().into());
        }
    }
    let header = Header::new(algorithm);
    let token = jsonwebtoken::encode(&header, &claims, &key)
        .map_err(|error| Error::Failed(format!("cannot sign: {error}")))?;
    if args.json {
        let exp = claims.get("exp");
        output.json(&json!({"token": token, "algorithm": algorithm, "exp": exp}))?;
    } else {
        output.line(token)?;
    }
    Ok(Status::Done)
}

/// The key to sign with: only a shared secret is one.
fn signing_key(config: &Config, algorithm: Algorithm) -> Result<EncodingKey, Error> {
    let usage = |text: String| Err(Error::Usage(text));
    match config.claims.jwt.as_ref().map(|jwt| &jwt.key) {
        None => usage(NO_JWT.to_owned()),
        Some(KeySource::Secret(_)) if !is_symmetric(algorithm) => usage(format!(
            "{algorithm:?} needs a private key, and [claims.jwt] has a secret: take --alg HS256, HS384 or HS512"
        )),
        Some(KeySource::Secret(secret)) => Ok(EncodingKey::from_secret(secret.expose())),
        Some(_) => usage(
            "[claims.jwt] has public keys, which verify and do not sign: sign with the issuer's private key, or configure secret_file for tests".to_owned(),
        ),
    }
}

/// The JSON object in `text`, which was read from `path`.
pub(super) fn object(text: &str, path: &Path) -> Result<Map<String, Value>, Error> {
    let why = match serde_json::from_str(text) {
        Ok(Value::Object(claims)) => return Ok(claims),
        Ok(other) => format!("it is {}, no object", kind(&other)),
        Err(_) if text.trim().is_empty() => "it is empty".to_owned(),
        Err(error) => format!("it cannot be read as JSON: {error}"),
    };
    let name = match path == Path::new("-") {
        true => "stdin".to_owned(),
        false => format!("{:?}", path.to_string_lossy()),
    };
    Err(Error::Failed(format!(
        "{name} holds no claims ({why}): write one JSON object such as {{\"context\": {{\"user\": {{\"moderator\": true}}}}}}"
    )))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The result of `token verify`.
#[derive(Serialize)]
struct Verified {
    valid: bool,
    /// The label of the first thing wrong.
    reason: Option<&'static str>,
    room: Option<String>,
    checks: Vec<CheckLine>,
    /// The payload, if the token is valid.
    claims: Option<Value>,
    /// Further notes.
    notes: Vec<String>,
}

/// Makes every check; a token that is not valid is status 1.
fn verify(args: &VerifyArgs, loaded: &Loaded, output: &mut Output) -> Result<Status, Error> {
    let mut verifier = verification::verifier(loaded)?;
    let room = args.room.as_deref();
    let room = room
        .map(|room| room::resolve(room, &loaded.config.muc))
        .transpose()?;
    let text = read_input(&args.token)?;
    verification::fetch_key(&mut verifier, &loaded.config, &text)?;
    let inspection = verifier
        .inspect(&text, room.as_ref(), verification::now())
        .ok_or_else(|| Error::Usage(NO_JWT.to_owned()))?;
    let verified = Verified {
        valid: inspection.claims.is_some(),
        reason: inspection.reason().map(|reason| reason.as_str()),
        room: room.map(|room| room.to_string()),
        checks: verification::lines(&inspection),
        claims: inspection.claims.as_ref().map(|claims| claims.value()),
        notes: match Token::parse(&text) {
            Ok(token) => verification::milliseconds(&Value::Object(token.payload)),
            Err(_) => Vec::new(),
        },
    };
    match args.json {
        true => output.json(&verified)?,
        false => tell_verified(&verified, output)?,
    }
    Ok(match verified.valid {
        true => Status::Done,
        false => Status::Failed,
    })
}

fn tell_verified(verified: &Verified, output: &mut Output) -> Result<(), Error> {
    let word = match verified.reason {
        None => output.styled(AnsiColor::Green.on_default(), "valid"),
        Some(reason) => {
            let word = output.styled(AnsiColor::Red.on_default(), "not valid");
            format!("{word}: {reason}")
        }
    };
    output.line(word)?;
    output.text(verification::table(&verified.checks))?;
    for note in &verified.notes {
        output.line(format_args!("note: {}", escape(note)))?;
    }
    Ok(())
}

/// Shows header and payload, verifying nothing.
fn decode(args: &DecodeArgs, output: &mut Output) -> Result<Status, Error> {
    let text = read_input(&args.token)?;
    let token = Token::parse(&text).map_err(|fault| Error::Failed(fault.to_string()))?;
    if args.json {
        let (header, payload) = (&token.header, &token.payload);
        output.json(&json!({"verified": false, "header": header, "payload": payload}))?;
        return Ok(Status::Done);
    }
    let word = output.styled(AnsiColor::Yellow.on_default(), "NOT VERIFIED");
    output.line(format_args!("{word}: anybody can have written this"))?;
    for (title, part) in [("header", token.header), ("payload", token.payload)] {
        let times = times(&part, verification::now());
        let part = Value::Object(part);
        let text = serde_json::to_string_pretty(&part);
        let text = text.map_err(|error| Error::Failed(error.to_string()))?;
        output.line(format_args!("{title}\n{}", escape_lines(&text)))?;
        output.text(times)?;
        for note in verification::milliseconds(&part) {
            output.line(format_args!("note: {}", escape(&note)))?;
        }
    }
    Ok(Status::Done)
}

/// A payload's times in words: one line each.
fn times(payload: &Map<String, Value>, now: u64) -> String {
    let mut text = String::new();
    for key in ["iat", "nbf", "exp"] {
        let Some(at) = payload.get(key).and_then(Value::as_u64) else {
            continue;
        };
        let words = distance(at, now);
        text.push_str(&format!("{key} is {}\n", escape(&words)));
    }
    text
}

/// How far `at` is from `now`, both in seconds since 1970.
fn distance(at: u64, now: u64) -> String {
    let words = |seconds| duration::format(Duration::from_secs(seconds));
    match at.checked_sub(now) {
        Some(0) => "now".to_owned(),
        Some(ahead) => format!("in {}", words(ahead)),
        None => format!("{} ago", words(now - at)),
    }
}

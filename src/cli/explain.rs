//! `gavel explain`: which affiliation and name claims get, and why.

mod report;
mod tell;

use super::verification::{self, CheckLine};
use super::{Error, ExplainArgs, Output, Status, read_input, room, token};
use crate::claims::Source;
use crate::claims::{Claims, Token, Verifier, check_room};
use crate::config::{self, Config};
use crate::muc::{BareJid, RoomJid};
use report::Evidence;
use std::path::Path;

const NO_ROOM: &str = "no room given";

/// Explains the things that `args` name; status 0 for any verdict.
pub(super) fn run(
    args: &ExplainArgs,
    file: Option<&Path>,
    output: &mut Output,
) -> Result<Status, Error> {
    let loaded = config::load(file)?;
    let mut verifier = verification::verifier(&loaded)?;
    let config = loaded.config;
    let room = args.room.as_deref();
    let room = room
        .map(|room| room::resolve(room, &config.muc))
        .transpose()?;
    let now = verification::now();
    let evidence = match (&args.jwt, &args.claims) {
        (Some(path), _) => {
            let text = read_input(path)?;
            verification::fetch_key(&mut verifier, &config, &text)?;
            token_evidence(&text, &config, &verifier, room.as_ref(), now)
        }
        (None, Some(path)) => {
            let claims = token::object(&read_input(path)?, path)?;
            let empty = claims.is_empty();
            let mut evidence = claims_evidence(Claims::from_object(claims), room.as_ref());
            if empty {
                let note = "{} stands for a token without any claim; for somebody without a token use --guest";
                evidence.notes.push(note.to_owned());
            }
            evidence
        }
        (None, None) => Evidence {
            kind: "guest",
            checks: Vec::new(),
            claims: None,
            notes: Vec::new(),
        },
    };
    let person = report::Person {
        room: room.as_ref(),
        jid: args.jid.as_ref().map(BareJid::as_str),
        nick: args.nick.as_deref(),
    };
    let report = report::report(evidence, &config, &person);
    match args.json {
        true => output.json(&report)?,
        false => tell::tell(&report, output)?,
    }
    Ok(Status::Done)
}

/// Claims taken as verified: only their room is checked.
fn claims_evidence(claims: Claims, room: Option<&RoomJid>) -> Evidence {
    Evidence {
        kind: "claims",
        checks: vec![room_line(&claims, room)],
        claims: Some(claims),
        notes: Vec::new(),
    }
}

fn room_line(claims: &Claims, room: Option<&RoomJid>) -> CheckLine {
    match room.map(|room| check_room(claims, room)) {
        None => CheckLine::skipped("room", NO_ROOM),
        Some(Ok(())) => CheckLine::ok("room"),
        Some(Err(fault)) => CheckLine::failed("room", &fault),
    }
}

/// A token, verified as its source would be: here with the configured keys or, if there are
/// none, by Prosody, whose module hands its payload over.
fn token_evidence(
    text: &str,
    config: &Config,
    verifier: &Verifier,
    room: Option<&RoomJid>,
    now: u64,
) -> Evidence {
    let notes = source_notes(config);
    let payload = Token::parse(text).map(|token| Claims::from_object(token.payload));
    let checks = match (verifier.inspect(text, room, now), &payload) {
        (Some(inspection), _) => verification::lines(&inspection),
        (None, Err(fault)) => vec![CheckLine::failed("form", fault)],
        (None, Ok(claims)) => {
            let why = "there is no [claims.jwt]; Prosody verifies it";
            vec![
                CheckLine::skipped("signature", why),
                room_line(claims, room),
            ]
        }
    };
    Evidence {
        kind: "jwt",
        checks,
        claims: payload.ok(),
        notes,
    }
}

/// The configured sources' treatment of tokens.
fn source_notes(config: &Config) -> Vec<String> {
    let has = |source| config.claims.sources.contains(&source);
    let note = match (has(Source::Jwt), has(Source::Bridge)) {
        (true, _) => return Vec::new(),
        (false, true) => {
            "claims.sources has \"bridge\" and not \"jwt\": this token counts where Prosody has verified it and mod_gavel hands its claims over"
        }
        (false, false) => {
            "claims.sources has neither \"jwt\" nor \"bridge\": no token counts; add one of them"
        }
    };
    vec![note.to_owned()]
}

//! Completions. A shell asks gavel itself for the words that fit at the cursor, so that
//! rooms and people are those there are now. Without a daemon nothing is offered, at once
//! and without a word.

use super::ask;
use crate::api::{RoomDetail, RoomSummary};
use crate::claims::Algorithm;
use crate::config::Choice as _;
use crate::muc::{Affiliation, readable};
use crate::shell::client::{Client, segment};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use std::ffi::OsStr;
use std::time::Duration;

/// Somebody who presses a key does not wait longer.
const PATIENCE: Duration = Duration::from_millis(500);

/// ROOM: those that gavel is in.
pub(super) fn rooms() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        let rooms: Vec<RoomSummary> = get("/v1/rooms").unwrap_or_default();
        let names: Vec<String> = rooms.iter().map(|room| shortest(room, &rooms)).collect();
        let people = |room: &RoomSummary| format!("{} people", room.occupants);
        let all = names.into_iter().zip(rooms.iter().map(people));
        starting(typed, all)
    })
}

/// A name of `room` that means no other room of `rooms`.
fn shortest(room: &RoomSummary, rooms: &[RoomSummary]) -> String {
    let local = |jid: &str| jid.split('@').next().unwrap_or(jid).to_owned();
    let own = local(&room.room);
    let alone = rooms.iter().filter(|r| local(&r.room) == own).count() == 1;
    let name = if alone { &own } else { &room.room };
    let shown = readable(name);
    // A shell would split it.
    match shown.contains(char::is_whitespace) {
        true => name.clone(),
        false => shown.into_owned(),
    }
}

/// WHO: the nicks in the room that stands before, with the names.
pub(super) fn people() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        let words: Vec<String> = std::env::args().skip_while(|word| word != "--").collect();
        let Some(room) = room_before(&words) else {
            return Vec::new();
        };
        let room: Option<RoomDetail> = get(&format!("/v1/rooms/{}", segment(room)));
        let people = room.into_iter().flat_map(|room| room.occupants);
        let people = people.filter(|person| !person.infrastructure);
        let typed_name = typed.to_string_lossy().to_lowercase();
        let named = people.filter_map(|person| {
            let name = person
                .display_name
                .or(person.token_name)
                .unwrap_or_default();
            let starts = |text: &str| text.to_lowercase().starts_with(&typed_name);
            let wanted = starts(&person.nick) || starts(&name);
            wanted.then_some((person.nick, name))
        });
        named.filter_map(candidate).collect()
    })
}

/// The room in `gavel room set ROOM …`.
fn room_before(words: &[String]) -> Option<&str> {
    let command = words
        .iter()
        .position(|word| word == "set" || word == "unset")?;
    let mut after = words[command + 1..].iter();
    let room = after.find(|word| !word.starts_with('-'))?;
    Some(room.trim_matches(['"', '\'']))
}

/// Affiliations that can be set.
pub(super) fn affiliations() -> ArgValueCompleter {
    words(&|| {
        let all = Affiliation::ALL.iter();
        all.map(|word| (word.to_string(), String::new())).collect()
    })
}

/// Algorithms of tokens.
pub(super) fn algorithms() -> ArgValueCompleter {
    words(&|| {
        let all = Algorithm::WORDS.iter();
        all.map(|(word, _)| ((*word).to_owned(), String::new()))
            .collect()
    })
}

/// How long ago something was.
pub(super) fn ages() -> ArgValueCompleter {
    words(&|| {
        let ages = ["5m", "15m", "1h", "8h", "24h"];
        ages.map(|age| (age.to_owned(), format!("the last {age}")))
            .into()
    })
}

fn words(all: &'static (dyn Fn() -> Vec<(String, String)> + Sync)) -> ArgValueCompleter {
    ArgValueCompleter::new(move |typed: &OsStr| starting(typed, all()))
}

fn starting(
    typed: &OsStr,
    all: impl IntoIterator<Item = (String, String)>,
) -> Vec<CompletionCandidate> {
    let typed = typed.to_string_lossy().to_lowercase();
    let all = all.into_iter();
    let wanted = all.filter(|(word, _)| word.to_lowercase().starts_with(&typed));
    wanted.filter_map(candidate).collect()
}

/// People choose names freely: a name that a shell would split or run is not offered, and
/// characters that steer a terminal are escaped.
fn candidate((word, help): (String, String)) -> Option<CompletionCandidate> {
    let plain = |c: char| c.is_alphanumeric() || "@.-_%[]+=:,~".contains(c);
    let help = super::text::escape(&help).into_owned();
    let candidate = CompletionCandidate::new(word.clone());
    word.chars().all(plain).then(|| match help.is_empty() {
        true => candidate,
        false => candidate.help(Some(help.into())),
    })
}

/// The daemon's answer, if it comes soon.
fn get<T: serde::de::DeserializeOwned>(path: &str) -> Option<T> {
    let client: Client = ask::client(None).ok()?.with_patience(PATIENCE);
    let asking = async {
        let answer = tokio::time::timeout(PATIENCE, client.get(path)).await;
        Ok(answer.ok().and_then(Result::ok))
    };
    ask::run(asking).ok().flatten()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_room_is_the_word_behind_the_command() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let found = |text| room_before(&words(text)).map(str::to_owned);
        assert_eq!(
            found("-- gavel room set lesson a").as_deref(),
            Some("lesson")
        );
        assert_eq!(
            found("-- gavel room unset --json 'lesson' a").as_deref(),
            Some("lesson")
        );
        assert_eq!(found("-- gavel room show lesson"), None);
    }

    #[test]
    fn completions_hold_nothing_that_a_shell_splits_or_runs() {
        let offered = |word: &str| candidate((word.to_owned(), "\u{1b}".to_owned()));
        for word in ["ea3a8210", "[school]täst@muc.meet.jitsi", "how%20to"] {
            let offered = offered(word).unwrap();
            assert_eq!(offered.get_help().unwrap().to_string(), "\\u{1b}");
        }
        for word in ["a b", "$(id)", "a;b", "`a`", "a\nb", "'", "\u{202e}a", "*"] {
            assert!(offered(word).is_none(), "{word}");
        }
    }
}

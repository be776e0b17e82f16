//! Addresses as people write them, checked and brought into the form in which
//! the server sends them (RFC 7622).

use super::notes::{Given, Notes};
use super::problem::quoted;
use crate::muc::{BareJid, RoomJid, Service, Spelling, without_query};

/// The remedy for something that is not a domain.
const WRITE_DOMAIN: &str = "write a domain such as meet.jitsi, without @ and /";

/// A domain, normalised.
pub(crate) fn domain(text: &str) -> Result<String, String> {
    let jid = parse(text)?;
    if jid.node().is_some() {
        return Err(format!("{} is not a domain alone", quoted(text)));
    }
    Ok(jid.to_string())
}

/// A bare JID, normalised.
fn bare(text: &str) -> Result<BareJid, String> {
    let jid = parse(text)?;
    BareJid::parse(jid.as_str()).ok_or_else(|| format!("{} is not a JID", quoted(text)))
}

/// Any address without resource, normalised.
pub(crate) fn parse(text: &str) -> Result<jid::BareJid, String> {
    if text.is_empty() {
        return Err("is empty".to_owned());
    }
    let wrong = |why: &dyn std::fmt::Display| format!("{} is not valid: {why}", quoted(text));
    if text.contains('*') {
        return Err(wrong(&"* is no wildcard here, so list each domain"));
    }
    if let Some(odd) = text.chars().find(|c| c.is_whitespace() || c.is_control()) {
        return Err(wrong(&format_args!(
            "it holds {}",
            quoted(&odd.to_string())
        )));
    }
    let jid = jid::BareJid::new(text).map_err(|error| wrong(&words(&error)))?;
    if jid.domain().is_empty() {
        return Err(wrong(&"it has no domain"));
    }
    Ok(jid)
}

/// The fault, for people who know addresses and not the library's words.
fn words(error: &jid::Error) -> String {
    use jid::Error::{
        Idna, NamePrep, NodeEmpty, NodePrep, NodeTooLong, ResourceEmpty, ResourceInBareJid,
        TooManyAts,
    };
    let words = match error {
        NodeEmpty => "nothing stands before the @",
        NodeTooLong => "the part before the @ is longer than 1023 bytes",
        NodePrep => "the part before the @ holds a character that JIDs cannot have",
        TooManyAts => "it has two @",
        NamePrep | Idna => "this is not a valid domain",
        ResourceEmpty | ResourceInBareJid => "it has a /",
        other => return other.to_string(),
    };
    words.to_owned()
}

/// The domain in `given`; a fault is noted.
pub(super) fn domain_of(notes: &Notes, given: &Given) -> Option<String> {
    noted(notes, given, domain(&given.value), WRITE_DOMAIN)
}

/// The bare JID in `given`; a fault is noted.
pub(super) fn bare_jid_of(notes: &Notes, given: &Given) -> Option<BareJid> {
    let remedy = "write a JID such as focus@auth.meet.jitsi, without /";
    noted(notes, given, bare(&given.value), remedy)
}

/// The room in `given`, written as people write rooms, by the name that Prosody stores; a
/// fault is noted, without a part that may be a token in a pasted URL.
pub(super) fn room_of(notes: &Notes, given: &Given, services: &[Service]) -> Option<RoomJid> {
    // Without services there is an error about that already.
    if services.is_empty() {
        return None;
    }
    let shown = quoted(without_query(&given.value));
    let remedy = "write a room's name, as in the meeting's URL, or lobby@muc.meet.jitsi";
    let is_service = services.iter().any(|s| s.domain == given.value);
    let spelling = match Spelling::parse(&given.value) {
        Ok(_) if is_service => Err(format!("{shown} is a MUC service, no room")),
        spelling => spelling.map_err(|why| format!("{shown} {why}")),
    };
    let spelling = noted(notes, given, spelling, remedy)?;
    let found = services.iter().find_map(|s| spelling.on_wire(s));
    let found = found.ok_or_else(|| format!("{shown} is in none of the configured MUC services"));
    let missing = spelling.domain().unwrap_or_default();
    let add = format!("add a [[muc]] with service = {}", quoted(missing));
    let room = noted(notes, given, found, &add)?;
    let valid = jid::BareJid::new(room.as_str());
    let valid = valid.map_err(|error| format!("{shown} is not valid: {}", words(&error)));
    noted(notes, given, valid, remedy).map(|_| room)
}

fn noted<T>(notes: &Notes, given: &Given, result: Result<T, String>, remedy: &str) -> Option<T> {
    result
        .map_err(|problem| notes.error(&given.place, problem, remedy))
        .ok()
}

/// The domain above `domain`: `meet.jitsi` of `muc.meet.jitsi`.
pub(crate) fn parent(domain: &str) -> Option<&str> {
    let (_, parent) = domain.split_once('.')?;
    (!parent.is_empty()).then_some(parent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_checked_and_normalised() {
        for (text, normal) in [
            ("meet.jitsi", "meet.jitsi"),
            ("Meet.Jitsi", "meet.jitsi"),
            ("localhost", "localhost"),
            ("bücher.example", "bücher.example"),
            ("127.0.0.1", "127.0.0.1"),
        ] {
            assert_eq!(domain(text).as_deref(), Ok(normal), "{text}");
        }
        for text in [
            "",
            "a@b",
            "a b",
            "b/c",
            "a\nb",
            "@b",
            "a@",
            "\u{202e}b",
            "-",
            "a..b",
        ] {
            assert!(domain(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn bare_jids_are_checked_and_normalised() {
        let read = |text| bare(text).map(|jid| jid.to_string());
        assert_eq!(read("Focus@Auth.x").as_deref(), Ok("focus@auth.x"));
        for text in ["", "@x", "a@", "a@b/c", "a@b@c", "a b@c"] {
            assert!(read(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn parents() {
        assert_eq!(parent("muc.meet.jitsi"), Some("meet.jitsi"));
        assert_eq!(parent("muc"), None);
        assert_eq!(parent("muc."), None);
    }
}

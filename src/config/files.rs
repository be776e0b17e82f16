//! The files that a configuration names.

use super::notes::{Given, Notes};
use super::problem::quoted;
use super::secret::Secret;
use crate::claims::Token;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

/// The most a secret, key or configuration file may hold, in bytes: far more
/// than any needs, and little enough that a device given by mistake ends.
pub(super) const LARGEST: u64 = 1 << 20;

/// Reads a whole file of at most [`LARGEST`] bytes.
pub(super) fn read(path: &std::path::Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    let file = File::open(path)?;
    let read = file.take(LARGEST + 1).read_to_end(&mut content)?;
    if read as u64 > LARGEST {
        let why = format!("it holds more than {LARGEST} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
    }
    Ok(content)
}

/// The secret in the file that `given` names, without one trailing newline; a fault is
/// noted.
///
/// No note quotes the name: if the secret itself was written in its place, that would show
/// it.
pub(super) fn secret(notes: &Notes, given: &Given) -> Option<Secret<Vec<u8>>> {
    let (path, mut content) = open(notes, given, "the file")?;
    for newline in [b"\r\n".as_slice(), b"\n"] {
        if content.ends_with(newline) {
            content.truncate(content.len() - newline.len());
            break;
        }
    }
    if content.is_empty() {
        let remedy = "write the secret into it";
        notes.error(&given.place, "the file is empty", remedy);
        return None;
    }
    if is_token(&content) {
        notes.error(&given.place, TOKEN_FOR_SECRET.0, TOKEN_FOR_SECRET.1);
        return None;
    }
    if content.last().is_some_and(u8::is_ascii_whitespace) {
        let problem = "the secret in the file ends in white space";
        let remedy = "remove it, unless it belongs to the secret; only one newline is cut";
        notes.warn(&given.place, problem, remedy);
    }
    Some(Secret::from_file(content, path))
}

/// The fault of a token that stands in the place of a secret, and the remedy.
pub(super) const TOKEN_FOR_SECRET: (&str, &str) = (
    "is a whole token (JWT), not the secret that tokens are signed with",
    "write the secret itself, which the issuer signs with and Prosody has as app_secret",
);

/// Says whether `secret` is a token.
pub(super) fn is_token(secret: &[u8]) -> bool {
    let text = std::str::from_utf8(secret).map(str::trim);
    text.is_ok_and(|text| text.starts_with("eyJ") && Token::parse(text).is_ok())
}

/// The text in the file that `given` names; a fault is noted.
pub(super) fn text(notes: &Notes, given: &Given) -> Option<(PathBuf, String)> {
    let (path, content) = open(notes, given, &quoted(&given.value))?;
    let text = String::from_utf8(content)
        .map_err(|_| {
            let problem = format!("the file {} is not text", quoted(&given.value));
            notes.error(&given.place, problem, "name a text file in UTF-8");
        })
        .ok()?;
    Some((path, text))
}

/// Reads the file that `given` names and errors call `shown`.
fn open(notes: &Notes, given: &Given, shown: &str) -> Option<(PathBuf, Vec<u8>)> {
    if given.value.is_empty() {
        notes.error(&given.place, "is empty", "write the path of a file");
        return None;
    }
    let path = PathBuf::from(&given.value);
    match read(&path) {
        Ok(content) => Some((path, content)),
        Err(error) => {
            let problem = format!("cannot read {shown}: {error}");
            let remedy = match error.kind() {
                io::ErrorKind::NotFound => "create it, or name another",
                io::ErrorKind::PermissionDenied => "let gavel's user read it",
                _ => "name a readable file",
            };
            notes.error(&given.place, problem, remedy);
            None
        }
    }
}

//! The address that keys are fetched from: a URL that may hold credentials.

use super::notes::{Given, Notes};
use reqwest::Url;
use serde::{Serialize, Serializer};
use std::fmt;

/// A URL of `http` or `https`. It is shown without user, password and query,
/// any of which may be a secret (SPEC B14).
#[derive(Clone, PartialEq, Eq)]
pub struct KeyUrl(Url);

impl KeyUrl {
    /// Reads a URL.
    ///
    /// # Errors
    /// The fault and the remedy; neither repeats the URL.
    pub fn parse(text: &str) -> Result<Self, (String, &'static str)> {
        let example = "write one such as https://id.example/keys";
        let url = Url::parse(text).map_err(|error| (format!("is no URL: {error}"), example))?;
        if !matches!(url.scheme(), "https" | "http") {
            // Another scheme is at most a word; a longer one may be a user.
            return Err(("is not a URL of https or http".to_owned(), example));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(("has no host".to_owned(), example));
        }
        if url.fragment().is_some() {
            let problem = "has a fragment (#…), which no server is told";
            return Err((problem.to_owned(), "remove it"));
        }
        Ok(Self(url))
    }

    /// The URL itself, with its credentials.
    pub fn expose(&self) -> &Url {
        &self.0
    }

    /// Says whether somebody on the way can change the keys it fetches: neither encrypted
    /// nor within this machine.
    pub fn is_exposed(&self) -> bool {
        self.0.scheme() == "http" && !self.is_loopback()
    }

    /// Says whether its host is this machine.
    pub fn is_loopback(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default();
        let address = host.trim_start_matches('[').trim_end_matches(']');
        match address.parse::<std::net::IpAddr>() {
            Ok(address) => address.is_loopback(),
            Err(_) => host == "localhost" || host.ends_with(".localhost"),
        }
    }
}

impl fmt::Display for KeyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = &self.0;
        write!(
            f,
            "{}://{}",
            url.scheme(),
            url.host_str().unwrap_or_default()
        )?;
        if let Some(port) = url.port() {
            write!(f, ":{port}")?;
        }
        f.write_str(url.path())?;
        match url.query() {
            Some(_) => f.write_str("?***"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for KeyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyUrl({self})")
    }
}

impl Serialize for KeyUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Reads the URL that `given` is; a fault is noted, without the URL.
pub(super) fn read(notes: &Notes, given: &Given) -> Option<KeyUrl> {
    let url = KeyUrl::parse(&given.value)
        .map_err(|(problem, remedy)| notes.error(&given.place, problem, remedy))
        .ok()?;
    if url.is_exposed() {
        let problem = format!(
            "keys come unprotected from {url}: whoever can change them on the way makes anybody a moderator"
        );
        let remedy = "use https, or a server on this machine";
        notes.warn(&given.place, problem, remedy);
    }
    Some(url)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn b14_a_key_url_is_shown_without_its_credentials() {
        for (text, shown) in [
            ("https://id.example/keys", "https://id.example/keys"),
            (
                "https://user:pa%20ss@id.example:8443/a/b",
                "https://id.example:8443/a/b",
            ),
            ("https://token@[::1]/k?key=hush", "https://[::1]/k?***"),
            ("http://127.0.0.1:80", "http://127.0.0.1/"),
        ] {
            let url = KeyUrl::parse(text).unwrap();
            assert_eq!(url.to_string(), shown);
            assert_eq!(format!("{url:?}"), format!("KeyUrl({shown})"));
            assert_eq!(serde_json::to_value(&url).unwrap(), shown);
        }
    }

    #[test]
    fn b14_text_that_is_no_url_is_not_repeated() {
        for text in [
            "hush:hush@h",
            "hush",
            "",
            "ftp://hush@h/",
            "https://",
            "https://h/#hush",
            "https://hush:x y@:8/",
        ] {
            let (problem, remedy) = KeyUrl::parse(text).unwrap_err();
            assert!(
                !problem.contains("hush") && !remedy.contains("hush"),
                "{problem}"
            );
        }
    }

    #[test]
    fn only_this_machine_needs_no_tls() {
        for (text, exposed) in [
            ("http://localhost:1/", false),
            ("http://127.8.8.8/", false),
            ("http://[::1]/", false),
            ("http://keys:8080/", true),
            ("http://127.0.0.1.example/", true),
            ("https://keys/", false),
        ] {
            assert_eq!(KeyUrl::parse(text).unwrap().is_exposed(), exposed, "{text}");
        }
    }
}

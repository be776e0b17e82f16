//! Reads `[admin]`: the ways to ask and steer a running gavel, and the people who may.

use super::files;
use super::model::Admin;
use super::notes::Notes;
use super::problem::quoted;
use super::secret::Secret;
use super::section::Section;
use super::tree::Table;
use std::net::SocketAddr;
use std::path::PathBuf;

/// The least a token may have, in bytes: shorter ones can be guessed.
const LEAST_TOKEN: usize = 16;

pub(super) fn read(root: &mut Section<'_>) -> Admin {
    let mut section = root.section("admin");
    // Once a key is read its place is no longer known.
    let web_place = section.place_of("web");
    let mut tokens = ["web_token", "web_token_file"].into_iter();
    let given = tokens.find(|key| section.has(key));
    let token_place = given.map(|key| section.place_of(key));
    let admin = Admin {
        socket: socket(&mut section),
        listen: address(&mut section, "listen"),
        web: address(&mut section, "web"),
        web_token: token(&mut section),
    };
    let token = admin.web_token.as_ref().and(token_place);
    match (admin.web, token) {
        // The page shows who is in which room.
        (Some(web), None) if !web.ip().is_loopback() => {
            let problem = format!("{web} can be reached from other machines, without a token");
            let remedy = "set admin.web_token_file, or listen on 127.0.0.1";
            section.notes.error(web_place, problem, remedy);
        }
        (None, Some(place)) => {
            let remedy = "set admin.web to an address such as 127.0.0.1:9319, or remove it";
            let problem = "has no effect without admin.web";
            section.notes.warn(place, problem, remedy);
        }
        _ => {}
    }
    section.finish();
    admin
}

/// `admin.socket` alone, from `tree`.
pub(super) fn socket_of(notes: &Notes, tree: Table) -> PathBuf {
    socket(&mut Section::root(notes, tree).section("admin"))
}

fn socket(section: &mut Section<'_>) -> PathBuf {
    let socket = section.text("socket");
    if let Some(given) = socket.as_ref().filter(|given| given.value.is_empty()) {
        let remedy = "write the path of a socket such as /run/gavel/admin.sock";
        section.notes.error(&given.place, "is empty", remedy);
    }
    match socket {
        Some(given) => given.value.into(),
        None => section.text_or_standard("socket").into(),
    }
}

/// An address to listen on; `""` is none.
fn address(section: &mut Section<'_>, key: &str) -> Option<SocketAddr> {
    let Some(given) = section.text(key) else {
        return section.text_or_standard(key).parse().ok();
    };
    if given.value.is_empty() {
        return None;
    }
    let address = given.value.parse();
    if address.is_err() {
        let problem = format!("{} is not address:port", quoted(&given.value));
        let remedy = "write an IP address and a port such as 127.0.0.1:9318";
        section.notes.error(given.place, problem, remedy);
    }
    address.ok()
}

fn token(section: &mut Section<'_>) -> Option<Secret<Vec<u8>>> {
    let keys = ["web_token", "web_token_file"];
    section.prefer_environment(&keys);
    let (key, given) = section.one_of(&keys, None)?;
    let token = match key {
        "web_token_file" => files::secret(section.notes, &given)?,
        // As secrets of containers may be: not set.
        _ if given.value.is_empty() => return None,
        _ => Secret::new(given.value.into_bytes()),
    };
    if token.expose().len() < LEAST_TOKEN {
        let problem = format!("a token of fewer than {LEAST_TOKEN} characters can be guessed");
        let remedy = "make one with `openssl rand -hex 24`";
        section.notes.error(given.place, problem, remedy);
    }
    Some(token)
}

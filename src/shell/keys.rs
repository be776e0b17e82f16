//! Fetches keys (`claims.jwt.jwks_url`, `claims.jwt.asap_key_server`).
//!
//! Each fetch is a task of its own: nothing else waits for one. A server's power over gavel
//! is bounded: the time, the size of the answer, redirects to its own host only.

use crate::claims::{FetchFault, KeyName, Verifier};
use crate::config::KeyUrl;
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Client, Response, StatusCode, Url};
use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::JoinSet;

/// Longest wait for a connection, TLS included.
const CONNECT: Duration = Duration::from_secs(5);
/// Longest wait for the whole answer.
const ANSWER: Duration = Duration::from_secs(10);
/// Redirects followed.
const REDIRECTS: usize = 3;
/// The longest key set read, in bytes: some hundred keys.
const MAX_SET: usize = 256 * 1024;
/// The longest PEM file read, in bytes.
const MAX_PEM: usize = 16 * 1024;

/// The result of a fetch: the answer's text.
pub type Fetched = Result<String, FetchFault>;

/// Fetches keys from one server.
#[derive(Default)]
pub struct Fetcher {
    server: Option<Arc<Server>>,
    under_way: JoinSet<(KeyName, Fetched)>,
}

impl Fetcher {
    /// One that fetches from `url`.
    pub fn new(url: Option<&KeyUrl>) -> Self {
        let server = url.map(|url| Server {
            url: url.clone(),
            client: Mutex::default(),
        });
        Self {
            server: server.map(Arc::new),
            under_way: JoinSet::new(),
        }
    }

    /// Begins to fetch a key.
    pub fn start(&mut self, key: KeyName) {
        if let Some(server) = self.server.clone() {
            self.under_way.spawn(async move {
                let fetched = server.fetch(&key).await;
                (key, fetched)
            });
        }
    }

    /// Waits for the next one to end. Cancel-safe; never ends if none is under way.
    pub async fn next(&mut self) -> (KeyName, Fetched) {
        loop {
            match self.under_way.join_next().await {
                Some(Ok(ended)) => return ended,
                // A task that panicked: the engine takes its fetch for lost.
                Some(Err(_)) => {}
                None => std::future::pending().await,
            }
        }
    }
}

/// Fetches the key that verifying `token` takes, for commands.
///
/// # Errors
/// Fails if not even a runtime can be made; the verifier reports a key that cannot be had.
pub fn fetch_for(
    verifier: &mut Verifier,
    url: Option<&KeyUrl>,
    token: &str,
) -> std::io::Result<()> {
    let (Some(url), Some(key)) = (url, verifier.key_of(token)) else {
        return Ok(());
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut fetcher = Fetcher::new(Some(url));
    let (key, fetched) = runtime.block_on(async {
        fetcher.start(key);
        fetcher.next().await
    });
    // Name resolution that hangs must not hold up the command's end.
    runtime.shutdown_background();
    if let Some(keys) = verifier.remote_keys_mut() {
        keys.want(&key, Duration::ZERO);
        keys.arrived(
            &key,
            fetched.as_deref().map_err(Clone::clone),
            Duration::ZERO,
        );
    }
    Ok(())
}

/// A key server and how to reach it.
struct Server {
    url: KeyUrl,
    /// Made when first needed, and again after a failure: then the system's certificates
    /// are read again.
    client: Mutex<Option<Client>>,
}

impl Server {
    async fn fetch(&self, key: &KeyName) -> Fetched {
        let fetched = self.ask(key).await;
        if let (Err(FetchFault::Failed(_)), Ok(mut client)) = (&fetched, self.client.lock()) {
            *client = None;
        }
        fetched
    }

    async fn ask(&self, key: &KeyName) -> Fetched {
        let client = self.client().await?;
        let asked = client.get(address(&self.url, key)).send().await;
        let response = asked.map_err(|error| failed(words(error)))?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND | StatusCode::GONE => {
                let status = response.status();
                let why = match key {
                    KeyName::Named(name) => {
                        let shown = self.url.to_string();
                        let folder = shown.split('?').next().unwrap_or_default();
                        let folder = folder.trim_end_matches('/');
                        format!(
                            "{folder}/{name}.pem is not there ({status}); the file's name is the SHA-256 of the token's kid"
                        )
                    }
                    KeyName::Set => format!("there is nothing at that URL ({status})"),
                };
                return Err(FetchFault::Absent(why));
            }
            status => return Err(failed(format!("the server answered {status}"))),
        }
        let limit = match key {
            KeyName::Set => MAX_SET,
            KeyName::Named(_) => MAX_PEM,
        };
        read(response, limit).await
    }

    async fn client(&self) -> Result<Client, FetchFault> {
        let known = self.client.lock().ok().and_then(|client| client.clone());
        if let Some(client) = known {
            return Ok(client);
        }
        let loopback = self.url.is_loopback();
        // Reading the system's certificates takes a while.
        let made = tokio::task::spawn_blocking(move || make_client(loopback)).await;
        let made = made.map_err(|error| failed(error.to_string()))?;
        let client = made.map_err(|error| failed(words(error)))?;
        if let Ok(mut known) = self.client.lock() {
            *known = Some(client.clone());
        }
        Ok(client)
    }
}

fn failed(why: String) -> FetchFault {
    FetchFault::Failed(why)
}

fn make_client(loopback: bool) -> reqwest::Result<Client> {
    // An error only says that there is one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder()
        .user_agent(concat!("gavel/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT)
        .timeout(ANSWER)
        .redirect(Policy::custom(redirect))
        .referer(false);
    // A proxy for the world outside knows nothing of this machine.
    let builder = match loopback {
        true => builder.no_proxy(),
        false => builder,
    };
    builder.build()
}

/// Follows redirects of a host to itself, and none to a less protected address.
fn redirect(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    let allowed = attempt.previous().first().is_some_and(|first| {
        let to = attempt.url();
        let weaker = first.scheme() == "https" && to.scheme() != "https";
        first.host_str() == to.host_str() && !weaker
    });
    if !allowed {
        return attempt.error("it redirects to another host, or from https to http");
    }
    if attempt.previous().len() > REDIRECTS {
        return attempt.error("it redirects too often");
    }
    attempt.follow()
}

/// The address of a key: the URL itself for a key set, else the file below it.
fn address(url: &KeyUrl, key: &KeyName) -> Url {
    let mut address = url.expose().clone();
    if let KeyName::Named(name) = key {
        let folder = address.path().trim_end_matches('/');
        let path = format!("{folder}/{name}.pem");
        address.set_path(&path);
    }
    address
}

/// The answer's text, up to `limit` bytes.
async fn read(mut response: Response, limit: usize) -> Fetched {
    let mut text = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if text.len() + chunk.len() > limit => {
                return Err(failed(format!("the answer is longer than {limit} bytes")));
            }
            Ok(Some(chunk)) => text.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(error) => return Err(failed(words(error))),
        }
    }
    String::from_utf8(text).map_err(|_| failed("the answer is not text".to_owned()))
}

/// The innermost reason of an error, which says it best; without the URL.
fn words(error: reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("no answer within {} s", ANSWER.as_secs());
    }
    let error = error.without_url();
    let mut reason: &dyn Error = &error;
    while let Some(source) = reason.source() {
        reason = source;
    }
    reason.to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_named_key_lies_below_the_url() {
        let name = KeyName::of_kid("my key/../../x");
        let KeyName::Named(file) = &name else {
            panic!("not named");
        };
        assert!(file.len() == 64 && file.bytes().all(|b| b.is_ascii_hexdigit()));
        for base in ["https://h/a", "https://h/a/"] {
            let url = KeyUrl::parse(base).unwrap();
            let expected = format!("https://h/a/{file}.pem");
            assert_eq!(address(&url, &name).as_str(), expected);
            assert_eq!(address(&url, &KeyName::Set).as_str(), base);
        }
        let url = KeyUrl::parse("https://h").unwrap();
        assert_eq!(address(&url, &name).path(), format!("/{file}.pem"));
    }

    #[test]
    fn a_kid_is_named_as_jitsi_names_it() {
        // The first of RFC 6234's test vectors for SHA-256.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(KeyName::of_kid("abc"), KeyName::Named(abc.into()));
    }
}

//! Keys that a server has (`claims.jwt.jwks_url`, `claims.jwt.asap_key_server`):
//! which of them are here, and which are to be fetched when.
//!
//! Nothing is fetched here. [`KeyCache::start`] names the fetches that are to begin,
//! [`KeyCache::arrived`] takes the outcome of one. A person who waits for a key says so
//! with [`KeyCache::want`] whenever they are looked at again; nobody's wish is stored, so
//! nobody who can invent key ids can fill anything.

mod named;
mod news;
mod set;

use super::keys::KeySet;
use super::token::Token;
use super::{Algorithm, KeysTried};
use named::NamedKeys;
pub use news::{FetchFault, KeyLayout, KeyNews, KeyServer};
use set::SharedSet;
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The name of a thing that a [`KeyServer`] has.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyName {
    /// The key set.
    Set,
    /// The key in the file `<this>.pem`: the lower-case hex SHA-256 of a token's
    /// `kid`, as in Jitsi's token library, so that no `kid` can name another
    /// path.
    Named(Arc<str>),
}

impl KeyName {
    /// The file of the key that `kid` names.
    pub fn of_kid(kid: &str) -> Self {
        Self::Named(hex::encode(Sha256::digest(kid)).into())
    }
}

/// A key that a token waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Awaited {
    /// The key to fetch.
    pub key: KeyName,
    /// Why it could not be had, if that has been tried since the token was shown; waiting
    /// goes on all the same.
    pub fault: Option<FetchFault>,
}

/// Why a signature is not verified.
pub(super) enum Unverified {
    /// It fits none of these keys.
    Tried(KeysTried),
    /// The token does not say by which key.
    NoKid,
    /// The key is not here.
    Awaited(Awaited),
}

/// The keys of a server, as far as they are here. No `Debug`: it knows the URL.
pub struct KeyCache {
    server: KeyServer,
    algorithms: Vec<Algorithm>,
    keys: Store,
}

enum Store {
    Set(SharedSet),
    Named(NamedKeys),
}

impl KeyCache {
    pub(super) fn new(server: KeyServer, algorithms: Vec<Algorithm>) -> Self {
        let keys = match server.layout {
            KeyLayout::Set => Store::Set(SharedSet::default()),
            KeyLayout::Named => Store::Named(NamedKeys::default()),
        };
        Self {
            server,
            algorithms,
            keys,
        }
    }

    /// Says whether `other` keeps keys of the same server for the same algorithms.
    pub(super) fn is_for_the_same(&self, other: &Self) -> bool {
        self.server == other.server && self.algorithms == other.algorithms
    }

    /// The server's URL as it may be shown.
    pub fn shown(&self) -> &Arc<str> {
        &self.server.shown
    }

    /// The key that verifies `token`; `None` if the token does not say.
    pub(super) fn name_of(&self, token: &Token<'_>) -> Option<KeyName> {
        match &self.keys {
            Store::Set(_) => Some(KeyName::Set),
            Store::Named(_) => token.key_id().map(KeyName::of_kid),
        }
    }

    /// Says whether `token` is signed with a key that is here. `since` is when it was first
    /// shown: an answer that the server gave later tells for certain which keys are not
    /// there.
    pub(super) fn verify(
        &self,
        algorithm: Algorithm,
        token: &Token<'_>,
        since: Duration,
    ) -> Result<(), Unverified> {
        let key = self.name_of(token).ok_or(Unverified::NoKid)?;
        let verify = |keys: &KeySet| {
            let (signed, signature) = (token.signed, token.signature);
            keys.verify(algorithm, token.key_id(), signed, signature)
        };
        let fault = match (&self.keys, &key) {
            (Store::Set(set), _) => {
                match set.keys().map(verify) {
                    Some(Ok(())) => return Ok(()),
                    Some(Err(tried)) if tried.by_kid => return Err(Unverified::Tried(tried)),
                    Some(Err(_)) | None => {}
                }
                set.fault(since)
            }
            (Store::Named(named), KeyName::Named(name)) => match named.key(name).map(verify) {
                Some(verified) => return verified.map_err(Unverified::Tried),
                None => named.fault(name, since),
            },
            (Store::Named(_), KeyName::Set) => None,
        };
        Err(Unverified::Awaited(Awaited { key, fault }))
    }

    /// Begins the fetches that are due by themselves at `now`: the first fetch and the
    /// hourly ones. To be called before [`want`](Self::want) when all who wait are gone
    /// through.
    pub fn refresh(&mut self, now: Duration) {
        match &mut self.keys {
            Store::Set(set) => set.refresh(now),
            Store::Named(named) => named.refresh(now),
        }
    }

    /// Somebody waits for `key`. Answers whether others need to be asked: not if no more
    /// fetches may begin now.
    pub fn want(&mut self, key: &KeyName, now: Duration) -> bool {
        match (&mut self.keys, key) {
            (Store::Set(set), _) => {
                set.want(now);
                false
            }
            (Store::Named(named), KeyName::Named(name)) => named.want(name, now),
            (Store::Named(_), KeyName::Set) => true,
        }
    }

    /// Somebody has just come, or came last, and waits for `key`: there is a small
    /// lane for them beside the turns of those who wait.
    pub fn want_newest(&mut self, key: &KeyName, now: Duration) {
        match (&mut self.keys, key) {
            (Store::Named(named), KeyName::Named(name)) => named.want_newest(name, now),
            _ => {
                self.want(key, now);
            }
        }
    }

    /// Says whether somebody who waits was turned away and has the next turn.
    pub fn is_busy(&self) -> bool {
        matches!(&self.keys, Store::Named(named) if named.is_busy())
    }

    /// The next fetch to begin; none when all have been taken.
    pub fn start(&mut self) -> Option<KeyName> {
        match &mut self.keys {
            Store::Set(set) => set.start().then_some(KeyName::Set),
            Store::Named(named) => named.start().map(KeyName::Named),
        }
    }

    /// Takes the result of a fetch: the text, or why there is none.
    pub fn arrived(
        &mut self,
        key: &KeyName,
        result: Result<&str, FetchFault>,
        now: Duration,
    ) -> KeyNews {
        match (&mut self.keys, key) {
            (Store::Set(set), _) => set.arrived(result, &self.algorithms, now),
            (Store::Named(named), KeyName::Named(name)) => {
                named.arrived(name, result, &self.algorithms, now)
            }
            (Store::Named(_), KeyName::Set) => KeyNews::Absent,
        }
    }

    /// When to call [`refresh`](Self::refresh) and [`want`](Self::want) again, if nothing
    /// arrives before.
    pub fn next(&self, now: Duration) -> Option<Duration> {
        match &self.keys {
            Store::Set(set) => Some(set.next()),
            Store::Named(named) => named.next(now),
        }
    }
}

impl fmt::Debug for KeyCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyCache({})", self.server.shown)
    }
}

//! Hash maps of the engine: a join looks up some hundred keys, most of them addresses.
//!
//! People choose their nicks, and often their addresses. Somebody who knew how keys are
//! hashed could choose keys that all fall into one place of a map, so that each look-up
//! compares all of them. Two things prevent that:
//!
//! - aHash is a keyed hash that is made to resist such floods. The keys are made once in
//!   a process from what the operating system gives the standard library for its own
//!   maps; nobody outside is shown a hash, or an order that depends on one.
//! - A map holds a key for each person who is there, or is remembered, and for each room
//!   that gavel is in. So a flood of keys would take as many people who are in rooms at
//!   the same time, and would cost no more than one comparison for each of them.

use ahash::{AHasher, RandomState};
use std::hash::{BuildHasher, RandomState as Standard};
use std::sync::LazyLock;

/// Like the standard library's, and several times as fast with addresses.
pub type HashMap<K, V> = std::collections::HashMap<K, V, Keyed>;
/// The same without values.
pub type HashSet<T> = std::collections::HashSet<T, Keyed>;

static KEYS: LazyLock<RandomState> = LazyLock::new(|| {
    let standard = Standard::new();
    let [a, b, c, d] = [0, 1, 2, 3].map(|n| standard.hash_one(n));
    RandomState::with_seeds(a, b, c, d)
});

/// Hashes with the keys of the process. A map has no keys of its own: each meeting has
/// several maps.
#[derive(Debug, Clone, Copy, Default)]
pub struct Keyed;

impl BuildHasher for Keyed {
    type Hasher = AHasher;

    fn build_hasher(&self) -> AHasher {
        KEYS.build_hasher()
    }
}

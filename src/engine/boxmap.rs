//! A hash map of things that are large, each in a place of its own.
//!
//! A hash map has room for up to twice as many values as are in it. With rooms, meetings
//! and people in it as they are, most of its memory would be empty.

use super::hash::HashMap;
use std::borrow::Borrow;
use std::collections::hash_map;
use std::hash::Hash;
use std::iter::Map;

/// A hash map that keeps its values outside of itself.
#[derive(Debug)]
pub struct BoxMap<K, V>(HashMap<K, Box<V>>);

impl<K, V> Default for BoxMap<K, V> {
    fn default() -> Self {
        Self(HashMap::default())
    }
}

impl<K: Eq + Hash, V> BoxMap<K, V> {
    /// The value of `key`.
    pub fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.0.get(key).map(|value| &**value)
    }

    /// The same, with the key that is in the map.
    pub fn get_key_value<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<(&K, &V)>
    where
        K: Borrow<Q>,
    {
        let (key, value) = self.0.get_key_value(key)?;
        Some((key, value))
    }

    /// The value of `key`, to be changed.
    pub fn get_mut<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.0.get_mut(key).map(|value| &mut **value)
    }

    /// The value of `key`, made first where there is none.
    pub fn get_or_insert_with(&mut self, key: K, new: impl FnOnce() -> V) -> &mut V {
        self.0.entry(key).or_insert_with(|| Box::new(new()))
    }

    /// Says whether there is a value of `key`.
    pub fn contains_key<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.0.contains_key(key)
    }

    /// Takes `value` for that of `key`, and gives what was there.
    pub fn insert(&mut self, key: K, value: impl Into<Box<V>>) -> Option<Box<V>> {
        self.0.insert(key, value.into())
    }

    /// Takes the value of `key` out.
    pub fn remove<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<Box<V>>
    where
        K: Borrow<Q>,
    {
        self.0.remove(key)
    }

    /// Keeps those of which `keep` says so.
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        self.0.retain(|key, value| keep(key, value));
    }
}

impl<K, V> BoxMap<K, V> {
    /// All keys with their values.
    pub fn iter(&self) -> Iter<'_, K, V> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// The same, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        self.0.iter_mut().map(|(key, value)| (key, &mut **value))
    }

    /// All keys.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.0.keys()
    }

    /// All values.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.0.values().map(|value| &**value)
    }

    /// All values, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.0.values_mut().map(|value| &mut **value)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Says whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes all out.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

/// Keys with their values.
pub type Iter<'a, K, V> = Map<hash_map::Iter<'a, K, Box<V>>, Unboxed<'a, K, V>>;
type Unboxed<'a, K, V> = fn((&'a K, &'a Box<V>)) -> (&'a K, &'a V);

impl<'a, K, V> IntoIterator for &'a BoxMap<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<K, V> IntoIterator for BoxMap<K, V> {
    type Item = (K, Box<V>);
    type IntoIter = hash_map::IntoIter<K, Box<V>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

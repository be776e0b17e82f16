//! Keys that exclude one another, such as `secret` and `secret_file`.

use super::notes::Given;
use super::section::Section;
use super::tree::{Node, Origin};

impl Section<'_> {
    /// Of `keys`, which exclude one another: if one is given in the environment, drops
    /// those of the file.
    pub(super) fn prefer_environment(&mut self, keys: &[&str]) {
        let from_environment = |node: &Node| matches!(node.origin, Origin::Variable(_));
        let given = |key: &&str| self.entries.get(*key).is_some_and(from_environment);
        if keys.iter().any(given) {
            self.entries
                .retain(|key, node| !keys.contains(&key.as_str()) || from_environment(node));
        }
    }

    /// The one of `keys` that is given, and its text. None at all is an error with
    /// `remedy`, if there is one; so is more than one.
    pub(super) fn one_of<'k>(
        &mut self,
        keys: &[&'k str],
        remedy: Option<&str>,
    ) -> Option<(&'k str, Given)> {
        let given: Vec<&'k str> = keys.iter().copied().filter(|key| self.has(key)).collect();
        if let (true, Some(remedy)) = (given.is_empty(), remedy) {
            let place = self.absent(keys.first().copied().unwrap_or_default());
            let problem = format!("one of {} is required", keys.join(", "));
            self.notes.error(place, problem, remedy);
        }
        if let [_, second, ..] = given.as_slice() {
            let place = self.place_of(second);
            let problem = format!("{} exclude one another", given.join(" and "));
            self.notes.error(place, problem, "keep one of them");
        }
        let texts = given.iter().map(|key| (*key, self.text(key)));
        let texts: Vec<_> = texts.collect();
        match texts.into_iter().next() {
            Some((key, Some(text))) if given.len() == 1 => Some((key, text)),
            _ => None,
        }
    }
}

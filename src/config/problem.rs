//! The faults of a configuration, with their remedies.

use std::fmt;
use strsim::levenshtein;

/// One thing to fix: an error, or a warning.
///
/// None of the texts ever holds the value of a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}; {remedy}")]
pub struct Problem {
    /// The place: `gavel.toml:12, component.nick` or `environment GAVEL_COMPONENT__NICK`.
    pub place: String,
    /// The fault there.
    pub problem: String,
    /// The remedy.
    pub remedy: String,
}

/// A configuration that cannot be used, with everything found wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// The errors, in the order of the sections; never empty.
    pub errors: Vec<Problem>,
    /// The warnings besides.
    pub warnings: Vec<Problem>,
}

impl std::error::Error for Invalid {}

impl fmt::Display for Invalid {
    /// One error a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.errors.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

/// A value's or key's spelling for an error text: quoted, with everything that
/// could disturb a terminal escaped.
pub(super) fn quoted(text: &str) -> String {
    format!("{text:?}")
}

/// `a, b and c`, quoted.
pub(super) fn listing<'a>(words: impl IntoIterator<Item = &'a str>, last: &str) -> String {
    let words: Vec<String> = words.into_iter().map(quoted).collect();
    match words.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [most @ .., end] => format!("{} {last} {end}", most.join(", ")),
    }
}

/// The candidate nearest to `word`, if one is near enough to be a likely slip;
/// capitals do not count.
pub(super) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let word = word.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (levenshtein(&word, &candidate.to_lowercase()), candidate))
        // A third of the letters wrong is still a slip; more is another word.
        .filter(|(distance, candidate)| *distance <= candidate.chars().count().div_ceil(3))
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_a_likely_slip_or_nothing() {
        let known = ["service", "tenants", "sources"];
        assert_eq!(nearest("servce", known), Some("service"));
        assert_eq!(nearest("tenant", known), Some("tenants"));
        assert_eq!(nearest("Sources", known), Some("sources"));
        assert_eq!(nearest("hs256", ["ES256", "HS256"]), Some("HS256"));
        assert_eq!(nearest("moderators", known), None);
        assert_eq!(nearest("", known), None);
    }

    #[test]
    fn lists_read_like_sentences() {
        assert_eq!(listing(["a"], "or"), "\"a\"");
        assert_eq!(listing(["a", "b", "c"], "or"), "\"a\", \"b\" or \"c\"");
    }
}

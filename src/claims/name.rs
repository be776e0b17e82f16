//! Display names that tokens give, as clients show them (SPEC section 4, B8).

use arcstr::Substr;
use std::borrow::Cow;
use thiserror::Error;

/// How many UTF-16 code units of a name clients keep.
const SHOWN_UNITS: usize = 50;

/// A UTF-16 surrogate without its other half becomes this on its way to us: a client cuts
/// names by code units, and UTF-8 cannot carry half a character.
const REPLACEMENT: char = '\u{FFFD}';

/// A token's name with characters that XML 1.0 forbids: no client can show it,
/// so gavel does not freeze it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "context.user.name has a character that XML 1.0 forbids (U+{:04X}), so this name is not frozen; let the issuer of the token leave it out",
    *.0 as u32
)]
pub struct ForbiddenCharacters(pub char);

/// A display name that a token gives and gavel freezes; a part of the claims' text if it
/// was taken from them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenName(Substr);

impl TokenName {
    /// The name in `context.user.name`.
    ///
    /// # Errors
    /// [`ForbiddenCharacters`] if no XML stanza could carry it.
    pub fn new(name: impl Into<Substr>) -> Result<Self, ForbiddenCharacters> {
        let name = name.into();
        match name.chars().find(|c| !is_xml_char(*c)) {
            Some(forbidden) => Err(ForbiddenCharacters(forbidden)),
            None => Ok(Self(name.substr_from(trim_as_clients(&name)))),
        }
    }

    /// The whole name, trimmed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as clients show it and as gavel sets it: trimmed, and cut to 50 UTF-16 code
    /// units or 49 if the 50th is half a character.
    pub fn form(&self) -> Cow<'_, str> {
        line_ends(cut(&self.0).0)
    }

    /// Says whether a presence that shows `shown` shows this name.
    pub fn matches(&self, shown: &str) -> bool {
        let shown = line_ends(shown);
        let shown = trim(&shown);
        if shown == trim(&line_ends(&self.0)) {
            return true;
        }
        let (kept, halved) = cut(&self.0);
        let kept = line_ends(kept);
        let half_shown = shown.strip_suffix(REPLACEMENT);
        // A form that ends in half a character is trimmed at the start only: the text
        // before that half is not at the end.
        shown == trim(&kept) || halved && half_shown.is_some_and(|shown| shown == trim_start(&kept))
    }
}

/// The part of `name` that fits into [`SHOWN_UNITS`], and whether the next
/// character would fit by half.
fn cut(name: &str) -> (&str, bool) {
    let mut units = 0;
    for (at, c) in name.char_indices() {
        units += c.len_utf16();
        if units > SHOWN_UNITS {
            return (&name[..at], units - c.len_utf16() < SHOWN_UNITS);
        }
    }
    (name, false)
}

/// The text as an XML reader reads its carriage returns (XML 1.0 §2.11).
fn line_ends(text: &str) -> Cow<'_, str> {
    if text.contains('\r') {
        Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(text)
    }
}

/// `Char` of XML 1.0 §2.2.
fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

/// White space of JavaScript's `String.prototype.trim` (ECMA-262 §22.1.3.32):
/// Unicode's without U+0085, with U+FEFF.
fn is_client_space(c: char) -> bool {
    c == '\u{FEFF}' || c.is_whitespace() && c != '\u{85}'
}

fn trim_as_clients(text: &str) -> &str {
    text.trim_matches(is_client_space)
}

/// White space by anybody's notion: two names that differ only in this are one.
fn is_space(c: char) -> bool {
    c == '\u{FEFF}' || c.is_whitespace()
}

/// Cuts white space from both ends.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches(is_space)
}

fn trim_start(text: &str) -> &str {
    text.trim_start_matches(is_space)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn name(text: &str) -> TokenName {
        TokenName::new(text).unwrap()
    }

    #[test]
    fn b8_names_are_equal_after_trimming() {
        for (token, shown, expected) in [
            ("Ada", "Ada", true),
            (" Ada\t", "Ada", true),
            ("Ada", "\u{A0}Ada\u{FEFF}", true),
            ("\u{FEFF}Ada", "Ada", true),
            ("Ada", "\u{85}Ada", true),
            ("\u{85}Ada", "Ada", true),
            ("Ada", "ada", false),
            ("Ada", "Ada L", false),
            ("Ada L", "Ada  L", false),
            ("Ada", "", false),
            ("A\r\nB", "A\nB", true),
            ("A\rB", "A\nB", true),
            ("Ada", "Ada\u{FFFD}", false),
        ] {
            assert_eq!(name(token).matches(shown), expected, "{token:?} {shown:?}");
        }
    }

    #[test]
    fn b8_clients_cut_names_at_50_units() {
        let long = "x".repeat(60);
        assert_eq!(name(&long).form(), "x".repeat(50));
        for (length, expected) in [(49, false), (50, true), (51, false), (60, true)] {
            let shown = "x".repeat(length);
            assert_eq!(name(&long).matches(&shown), expected, "{length}");
        }
        let padded = format!("   {long}");
        assert_eq!(name(&padded).form(), "x".repeat(50), "cut after trimming");
        assert!(name(&padded).matches(&"x".repeat(50)));
        let spaced = format!("{} {long}", "x".repeat(49));
        assert_eq!(name(&spaced).form(), format!("{} ", "x".repeat(49)));
        assert!(name(&spaced).matches(&"x".repeat(49)));
        assert!(name(&spaced).matches(&format!("{} ", "x".repeat(49))));
        let exact = "x".repeat(50);
        assert_eq!(name(&exact).form(), exact);
        let with_half = format!("{exact}\u{FFFD}");
        assert!(!name(&long).matches(&with_half), "nothing was halved");
    }

    /// A client cuts between the halves of a character; the half arrives as U+FFFD.
    #[test]
    fn b8_half_a_character_is_not_set_and_is_no_change() {
        let start = "x".repeat(49);
        let token = format!("{start}🎓 and more");
        assert_eq!(name(&token).form(), start);
        assert!(name(&token).matches(&start));
        assert!(name(&token).matches(&format!("{start}\u{FFFD}")));
        assert!(!name(&token).matches(&format!("{start}🎓")));
        assert!(name(&token).matches(&token));
        let ends_spaced = format!("{} 🎓🎓", "x".repeat(48));
        assert!(name(&ends_spaced).matches(&format!("{} \u{FFFD}", "x".repeat(48))));
        assert!(name(&ends_spaced).matches(&"x".repeat(48)));
        let whole = format!("{}🎓 and more", "x".repeat(48));
        assert_eq!(name(&whole).form(), format!("{}🎓", "x".repeat(48)));
        assert!(!name(&whole).matches(&format!("{}\u{FFFD}", "x".repeat(48))));
    }

    #[test]
    fn b8_names_that_xml_forbids_are_not_frozen() {
        for c in [
            '\0', '\u{8}', '\u{B}', '\u{C}', '\u{1F}', '\u{FFFE}', '\u{FFFF}',
        ] {
            let found = TokenName::new(format!("A{c}B"));
            assert_eq!(found, Err(ForbiddenCharacters(c)));
        }
        for c in [
            '\t',
            '\n',
            '\r',
            '\u{7F}',
            '\u{85}',
            '\u{FFFD}',
            '\u{10FFFF}',
        ] {
            assert!(TokenName::new(format!("A{c}B")).is_ok(), "{c:?}");
        }
        let words = ForbiddenCharacters('\u{8}').to_string();
        assert!(words.contains("U+0008"), "{words}");
    }
}

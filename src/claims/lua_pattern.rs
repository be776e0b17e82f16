//! Lua patterns (Lua 5.4 manual §6.4.1), translated to the linear-time `regex`
//! crate: Jitsi's tokens may carry one as `room`, and a hostile one must not
//! cost anything.
//!
//! Lua matches bytes and repeats single characters only, so each item becomes a
//! class of bytes with its quantifier; both engines prefer the same match
//! (leftmost, then as a backtracker would try).

use regex::bytes::{Regex, RegexBuilder};
use thiserror::Error;

/// The longest pattern translated, in bytes; a room's name is at most 1023.
const MAX_PATTERN_BYTES: usize = 1024;

/// How much memory a translated pattern may take, in bytes.
const MAX_COMPILED_BYTES: usize = 1 << 20;

/// Lua's LUA_MAXCAPTURES.
const MAX_CAPTURES: usize = 32;

/// Why a pattern cannot be translated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Untranslatable {
    /// `%b`, `%f`, `%1` to `%9`, or a position capture.
    #[error("uses {0}, which gavel cannot evaluate")]
    Unsupported(&'static str),
    /// Lua would refuse it as well.
    #[error("is malformed: {0}")]
    Malformed(&'static str),
    /// Longer, or larger when compiled, than gavel accepts.
    #[error("is too large")]
    TooLarge,
}

/// A translated pattern.
pub struct LuaPattern {
    regex: Regex,
    captures: bool,
}

impl LuaPattern {
    /// Translates `pattern`.
    ///
    /// # Errors
    /// [`Untranslatable`] if that cannot be done.
    pub fn new(pattern: &str) -> Result<Self, Untranslatable> {
        if pattern.len() > MAX_PATTERN_BYTES {
            return Err(Untranslatable::TooLarge);
        }
        let mut translation = Translation::new(pattern.as_bytes());
        translation.run()?;
        let regex = RegexBuilder::new(&translation.regex)
            .unicode(false)
            .size_limit(MAX_COMPILED_BYTES)
            .build()
            .map_err(|_| Untranslatable::TooLarge)?;
        Ok(Self {
            regex,
            captures: translation.opened > 0,
        })
    }

    /// The first result of Lua's `string.match`: the first capture if there are any, else
    /// the whole match.
    pub fn first_match<'a>(&self, text: &'a str) -> Option<&'a [u8]> {
        let found = self.regex.captures(text.as_bytes())?;
        found.get(usize::from(self.captures)).map(|m| m.as_bytes())
    }
}

/// A translation under way: the pattern's bytes from `at` on are still to do.
struct Translation<'a> {
    pattern: &'a [u8],
    at: usize,
    regex: String,
    /// Captures begun.
    opened: usize,
    /// Captures begun and not ended.
    open: usize,
}

impl<'a> Translation<'a> {
    fn new(pattern: &'a [u8]) -> Self {
        Self {
            pattern,
            at: 0,
            regex: String::new(),
            opened: 0,
            open: 0,
        }
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.pattern.get(self.at + ahead).copied()
    }

    fn run(&mut self) -> Result<(), Untranslatable> {
        if self.peek(0) == Some(b'^') {
            self.regex.push_str(r"\A");
            self.at = 1;
        }
        while let Some(byte) = self.peek(0) {
            match byte {
                b'(' => self.open_capture()?,
                b')' => self.close_capture()?,
                b'$' if self.peek(1).is_none() => {
                    self.regex.push_str(r"\z");
                    self.at += 1;
                }
                _ => self.item()?,
            }
        }
        match self.open {
            0 => Ok(()),
            _ => Err(Untranslatable::Malformed("a ( without its )")),
        }
    }

    fn open_capture(&mut self) -> Result<(), Untranslatable> {
        if self.peek(1) == Some(b')') {
            return Err(Untranslatable::Unsupported("a position capture ()"));
        }
        if self.opened == MAX_CAPTURES {
            return Err(Untranslatable::Malformed("more than 32 captures"));
        }
        self.opened += 1;
        self.open += 1;
        self.regex.push('(');
        self.at += 1;
        Ok(())
    }

    fn close_capture(&mut self) -> Result<(), Untranslatable> {
        if self.open == 0 {
            return Err(Untranslatable::Malformed("a ) without its ("));
        }
        self.open -= 1;
        self.regex.push(')');
        self.at += 1;
        Ok(())
    }

    /// One single-character class and its quantifier, if any.
    fn item(&mut self) -> Result<(), Untranslatable> {
        let set = self.class()?;
        set.write(&mut self.regex);
        let quantifier = match self.peek(0) {
            Some(b'*') => "*",
            Some(b'+') => "+",
            Some(b'?') => "?",
            Some(b'-') => "*?",
            _ => return Ok(()),
        };
        self.regex.push_str(quantifier);
        self.at += 1;
        Ok(())
    }

    fn class(&mut self) -> Result<Set, Untranslatable> {
        match self.peek(0) {
            Some(b'.') => {
                self.at += 1;
                Ok(Set::of(|_| true))
            }
            Some(b'%') => self.escape(),
            Some(b'[') => self.bracket(),
            byte => {
                self.at += 1;
                Ok(Set::of(|b| Some(b) == byte))
            }
        }
    }

    fn escape(&mut self) -> Result<Set, Untranslatable> {
        let class = match self.peek(1) {
            None => return Err(Untranslatable::Malformed("ends with %")),
            Some(b'b') => return Err(Untranslatable::Unsupported("%b")),
            Some(b'f') => return Err(Untranslatable::Unsupported("%f")),
            Some(b'0'..=b'9') => return Err(Untranslatable::Unsupported("a back reference")),
            Some(class) => class,
        };
        self.at += 2;
        Ok(Set::of(|b| in_class(b, class)))
    }

    /// A set in brackets, whose members are read exactly as Lua reads them: the first one
    /// may be `]`, and a `-` at either end is itself.
    fn bracket(&mut self) -> Result<Set, Untranslatable> {
        let negated = self.peek(1) == Some(b'^');
        let start = self.at + 1 + usize::from(negated);
        let end = self.bracket_end(start)?;
        let members = &self.pattern[start..end];
        let mut set = Set::of(|_| false);
        let mut rest = members;
        while let Some((&first, after)) = rest.split_first() {
            rest = match (first, after) {
                (b'%', [class, after @ ..]) => {
                    set.add(|b| in_class(b, *class));
                    after
                }
                (low, [b'-', high, after @ ..]) => {
                    set.add(|b| (low..=*high).contains(&b));
                    after
                }
                // The end of a range took the escape's own %: Lua then reads
                // the closing bracket as the class.
                (b'%', []) => {
                    set.add(|b| b == b']');
                    &[]
                }
                (byte, after) => {
                    set.add(|b| b == byte);
                    after
                }
            };
        }
        if negated {
            set.negate();
        }
        self.at = end + 1;
        Ok(set)
    }

    /// The place of the `]` that closes the set whose members begin at `start`.
    fn bracket_end(&self, start: usize) -> Result<usize, Untranslatable> {
        let missing = Untranslatable::Malformed("a [ without its ]");
        let mut at = start;
        loop {
            let byte = *self.pattern.get(at).ok_or(missing)?;
            at += if byte == b'%' { 2 } else { 1 };
            if self.pattern.get(at) == Some(&b']') {
                return Ok(at);
            }
        }
    }
}

/// Says whether `byte` is in the class that `%` and `class` name, in the C locale; a class
/// in upper case is the complement, and a character that is no letter stands for itself.
fn in_class(byte: u8, class: u8) -> bool {
    let inside = match class.to_ascii_lowercase() {
        b'a' => byte.is_ascii_alphabetic(),
        b'c' => byte.is_ascii_control(),
        b'd' => byte.is_ascii_digit(),
        b'g' => byte.is_ascii_graphic(),
        b'l' => byte.is_ascii_lowercase(),
        b'p' => byte.is_ascii_punctuation(),
        b's' => matches!(byte, b' ' | b'\t'..=b'\r'),
        b'u' => byte.is_ascii_uppercase(),
        b'w' => byte.is_ascii_alphanumeric(),
        b'x' => byte.is_ascii_hexdigit(),
        // Undocumented since 5.2, still there.
        b'z' => byte == 0,
        _ => return byte == class,
    };
    inside != class.is_ascii_uppercase()
}

/// A set of bytes.
struct Set([bool; 256]);

impl Set {
    fn of(member: impl Fn(u8) -> bool) -> Self {
        let mut set = Self([false; 256]);
        set.add(member);
        set
    }

    fn add(&mut self, member: impl Fn(u8) -> bool) {
        for byte in 0..=u8::MAX {
            self.0[usize::from(byte)] |= member(byte);
        }
    }

    fn negate(&mut self) {
        self.0.iter_mut().for_each(|member| *member = !*member);
    }

    /// Writes the set as a class of byte ranges; an empty one as the complement
    /// of everything.
    fn write(&self, regex: &mut String) {
        use std::fmt::Write;
        let mut ranges = String::new();
        let mut start = None;
        for at in 0..=256 {
            let member = self.0.get(at).copied().unwrap_or(false);
            match (member, start) {
                (true, None) => start = Some(at),
                (false, Some(first)) => {
                    let _ = write!(ranges, r"\x{first:02x}-\x{:02x}", at - 1);
                    start = None;
                }
                _ => {}
            }
        }
        match ranges.as_str() {
            "" => regex.push_str(r"[^\x00-\xff]"),
            ranges => {
                let _ = write!(regex, "[{ranges}]");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Pattern, text, and the first result of Lua 5.4's `string.match`.
    const ROWS: &[(&str, &str, Option<&str>)] = &[
        ("", "abc", Some("")),
        ("class", "class", Some("class")),
        ("a", "ba", Some("a")),
        ("..", "ä", Some("ä")),
        ("a*", "aaa", Some("aaa")),
        ("a-", "aaa", Some("")),
        ("a-$", "aaa", Some("aaa")),
        ("a+", "baa", Some("aa")),
        ("ab?c", "ac", Some("ac")),
        ("^a", "ba", None),
        ("a^b", "a^b", Some("a^b")),
        ("a$b", "a$b", Some("a$b")),
        ("a$$", "a$", Some("a$")),
        ("$", "ab", Some("")),
        ("^$", "", Some("")),
        ("^*", "*", Some("*")),
        ("*a", "*a", Some("*a")),
        ("(a)(b)", "ab", Some("a")),
        ("((a)b)", "ab", Some("ab")),
        ("(ab)+", "ab+", Some("ab")),
        ("(ab)+", "abab", None),
        ("(a*)b", "aab", Some("aa")),
        ("room%-%d+", "room-12", Some("room-12")),
        ("%a+", "1ab2", Some("ab")),
        ("%A+", "ab1-c", Some("1-")),
        ("%l%u", "aB", Some("aB")),
        ("%s%S", "a b", Some(" b")),
        ("%p+", "a.-_b", Some(".-_")),
        ("%x+", "xyz1fg", Some("1f")),
        ("%g+", " a~ ", Some("a~")),
        ("%c", "a\tb", Some("\t")),
        ("%w+", "äa1", Some("a1")),
        ("%%", "a%", Some("%")),
        ("%.", "a.b", Some(".")),
        ("%y", "xyz", Some("y")),
        ("[a-c]+", "xabcd", Some("abc")),
        ("[^a-c]+", "abxyc", Some("xy")),
        ("[a%-c]+", "x-ca", Some("-ca")),
        ("[%w_]+", "-a_1-", Some("a_1")),
        ("[]]", "a]", Some("]")),
        ("[^]]", "]a", Some("a")),
        ("[]-a]+", "]^_`a", Some("]^_`a")),
        ("[a-]+", "b-a", Some("-a")),
        ("[-a]+", "b-a", Some("-a")),
        ("[%]]", "]", Some("]")),
        ("[%a-z]+", "a-z", Some("a-z")),
        ("[a-%%]", "%", None),
        ("[a-%%]", "]", Some("]")),
        ("[z-a]", "z", None),
        ("[.]", "a.", Some(".")),
        ("[^%d]+", "12ab", Some("ab")),
        ("[[]", "[", Some("[")),
        ("[(]", "(", Some("(")),
        ("a.-b", "a1b2b", Some("a1b")),
        ("\0a", "\0a", Some("\0a")),
        ("%z", "a\0", Some("\0")),
    ];

    #[test]
    fn patterns_match_as_in_lua() {
        for (pattern, text, expected) in ROWS {
            let translated = LuaPattern::new(pattern).unwrap_or_else(|e| panic!("{pattern}: {e}"));
            let found = translated.first_match(text);
            assert_eq!(found, expected.map(str::as_bytes), "{pattern} on {text}");
        }
    }

    #[test]
    fn a_pattern_that_cannot_be_translated_is_refused() {
        use Untranslatable::*;
        let long = "a".repeat(2000);
        let captures = "(a)".repeat(33);
        for (pattern, expected) in [
            ("%b()", Unsupported("%b")),
            ("%f[a]", Unsupported("%f")),
            ("(a)%1", Unsupported("a back reference")),
            ("%0", Unsupported("a back reference")),
            ("a()", Unsupported("a position capture ()")),
            ("a%", Malformed("ends with %")),
            ("[a", Malformed("a [ without its ]")),
            ("[]", Malformed("a [ without its ]")),
            ("[^]", Malformed("a [ without its ]")),
            ("[a%]", Malformed("a [ without its ]")),
            ("[%", Malformed("a [ without its ]")),
            ("(a", Malformed("a ( without its )")),
            ("a)", Malformed("a ) without its (")),
            (captures.as_str(), Malformed("more than 32 captures")),
            (long.as_str(), TooLarge),
        ] {
            assert_eq!(LuaPattern::new(pattern).err(), Some(expected), "{pattern}");
        }
    }

    /// A backtracking matcher would take longer than the universe has left.
    #[test]
    fn a_hostile_pattern_costs_little() {
        let pattern = format!("{}b", "a*".repeat(500));
        let translated = LuaPattern::new(&pattern);
        if let Ok(translated) = translated {
            assert_eq!(translated.first_match(&"a".repeat(1000)), None);
        }
        let lazy = format!("^{}$", ".-x".repeat(300));
        if let Ok(translated) = LuaPattern::new(&lazy) {
            assert_eq!(translated.first_match(&"a".repeat(1000)), None);
        }
    }
}

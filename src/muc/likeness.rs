//! This module finds display names that look alike (SPEC section 2, `names.guests`).
//!
//! A name has one or two *looks*. Two names look alike if they share one. The looks leave
//! out everything that people do not see or notice: upper and lower case, accents, spaces,
//! invisible characters, width. Letters of all scripts that look alike become one, by
//! Unicode's list of confusables (UTS #39 §4).
//!
//! There are two, since writing in lower case and replacing letters by similar ones do not
//! commute: a capital I looks like a small l, and is the capital of i.

use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;
use unicode_security::skeleton;

/// So many characters of a name are compared: clients show no more.
const SHOWN: usize = 50;
/// How often a look is looked at again. It is stable after two rounds, mostly.
const ROUNDS: usize = 4;
/// Writes the text that runs from right to left, up to [`POP`].
const RIGHT_TO_LEFT: char = '\u{202e}';
const POP: char = '\u{202c}';

/// The references that Jitsi's client replaces in the text of a name
/// (`Strophe.xmlunescape`), although its XML reader has done so before: `A&apos;da` is
/// shown as `A'da`. It leaves `&amp;` and numbers as they are.
const REPLACED: [(&str, &str); 4] = [
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&apos;", "'"),
    ("&quot;", "\""),
];

/// The looks of a name: keys to find names by that look like it. None for a name of
/// which nothing is seen.
pub fn looks(name: &str) -> Vec<Box<str>> {
    let name = &*unescaped(name);
    let mut looks = Vec::with_capacity(2);
    add_looks(&visible(name), &mut looks);
    if name.contains(RIGHT_TO_LEFT) {
        add_looks(&visible(&turned(name)), &mut looks);
    }
    looks
}

/// Says whether two names look alike.
pub fn are_alike(one: &str, other: &str) -> bool {
    let others = looks(other);
    looks(one).iter().any(|look| others.contains(look))
}

/// A name as Jitsi's client shows its text.
fn unescaped(name: &str) -> Cow<'_, str> {
    let mut shown = Cow::Borrowed(name);
    for (escape, character) in REPLACED {
        if shown.contains(escape) {
            shown = Cow::Owned(shown.replace(escape, character));
        }
    }
    shown
}

fn add_looks(visible: &str, looks: &mut Vec<Box<str>>) {
    let as_written = settled(skeleton(visible).collect());
    let in_lower_case = settled(lower(visible));
    for look in [as_written, in_lower_case] {
        if !look.is_empty() && !looks.contains(&look) {
            looks.push(look);
        }
    }
}

/// The visible part of a name, without accents, in letters of common width.
fn visible(name: &str) -> String {
    let seen = name.nfkd().filter(|c| !is_unseen(*c) && !is_accent(*c));
    let spaced = seen.map(|c| if is_blank(c) { ' ' } else { c });
    let mut after_blank = true;
    let once = spaced.filter(move |c| {
        let again = *c == ' ' && after_blank;
        after_blank = *c == ' ';
        !again
    });
    let shown: String = once.take(SHOWN).collect();
    shown.nfkc().collect()
}

/// Replaces letters by similar ones until nothing changes.
fn settled(mut text: String) -> Box<str> {
    for _ in 0..ROUNDS {
        // A letter that looks like ø is an o with a mark.
        let plain = skeleton(&text).filter(|c| !is_accent(*c));
        let next = lower(&plain.collect::<String>());
        if next == text {
            break;
        }
        text = next;
    }
    let seen = text.chars().filter(|c| !is_blank(*c));
    // A capital I looks like a small l.
    seen.map(|c| if c == 'i' { 'l' } else { c }).collect()
}

/// In lower case, small capitals too. By way of upper case, as ß, ſ and ς have more
/// than one form. A sigma is the same at the end of a word and elsewhere, or a space
/// would make another name.
fn lower(text: &str) -> String {
    let text = text.to_uppercase().to_lowercase();
    text.chars()
        .map(|c| if c == 'ς' { 'σ' } else { small(c) })
        .collect()
}

/// The small letter for a small capital, which has no other case in Unicode.
fn small(c: char) -> char {
    const CAPITALS: &str = "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡʏᴢĸ";
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwyzk";
    if c.is_ascii() {
        return c;
    }
    let at = CAPITALS.chars().position(|capital| capital == c);
    let letter = at.and_then(|at| LETTERS.get(at));
    letter.map_or(c, |letter| char::from(*letter))
}

/// A name whose parts after [`RIGHT_TO_LEFT`] stand as they are seen.
fn turned(name: &str) -> String {
    let mut turned = String::new();
    for (n, part) in name.split(RIGHT_TO_LEFT).enumerate() {
        let (backwards, rest) = match n {
            0 => ("", part),
            _ => part.split_once(POP).unwrap_or((part, "")),
        };
        turned.extend(backwards.chars().rev());
        turned.push_str(rest);
    }
    turned
}

/// Spaces, and characters that look like one.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == '\u{2800}'
}

/// Nobody sees it: controls and the characters that Unicode calls default ignorable, with
/// those that only steer in which direction text runs.
fn is_unseen(c: char) -> bool {
    let control = c.is_control() && !c.is_whitespace();
    control
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// A mark on a letter that people leave out or put there. Not the vowels of Indian
/// scripts and the marks of Japanese ones: these make other letters.
fn is_accent(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5bd}'
        | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}' | '\u{670}'
        | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}'
        | '\u{fe20}'..='\u{fe2f}')
}

#[cfg(test)]
mod tests;

//! Characters, names and references of XML 1.0.

use super::error::DecodeError;
use std::borrow::Cow;

/// The character that the reference `name` (without `&` and `;`) stands for.
pub(super) fn resolve_reference(name: &str) -> Result<char, DecodeError> {
    Ok(match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let digits = name.strip_prefix('#').ok_or(DecodeError::Entity)?;
            let (digits, radix) = match digits.strip_prefix('x') {
                Some(hex) => (hex, 16),
                None => (digits, 10),
            };
            if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_alphanumeric()) {
                return Err(DecodeError::Entity);
            }
            let code = u32::from_str_radix(digits, radix).map_err(|_| DecodeError::Character)?;
            let found = char::from_u32(code).filter(|&c| is_char(c));
            found.ok_or(DecodeError::Character)?
        }
    })
}

/// `text` with line ends as XML 1.0 §2.11 wants them.
pub(super) fn line_ends(text: &str) -> Cow<'_, str> {
    match text.contains('\r') {
        true => Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")),
        false => Cow::Borrowed(text),
    }
}

/// Bytes as text that XML allows.
pub(super) fn allowed(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    forbidden(text).is_none().then_some(text)
}

/// Text or an attribute's value as it is meant: references resolved, line ends
/// as XML 1.0 §2.11 wants them and, in an `attribute`, white space as §3.3.3 does.
pub(super) fn unescaped(bytes: &[u8], attribute: bool) -> Option<Cow<'_, str>> {
    let raw = allowed(bytes)?;
    let special =
        |b: u8| matches!(b, b'&' | b'\r' | b'<') | (attribute & matches!(b, b'\t' | b'\n'));
    // Without an early end, so that the compiler vectorises it.
    if !raw.bytes().fold(false, |any, b| any | special(b)) {
        return Some(Cow::Borrowed(raw));
    }
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.bytes().position(special) {
        text.push_str(&rest[..at]);
        let (next, length) = match &rest[at..] {
            r if r.starts_with('<') => return None,
            r if r.starts_with('&') => {
                let end = r.find(';')?;
                (resolve_reference(&r[1..end]).ok()?, end + 1)
            }
            r => {
                let length = if r.starts_with("\r\n") { 2 } else { 1 };
                (if attribute { ' ' } else { '\n' }, length)
            }
        };
        text.push(next);
        rest = &rest[at + length..];
    }
    text.push_str(rest);
    Some(Cow::Owned(text))
}

/// Says whether XML 1.0 §2.2 allows the character.
fn is_char(c: char) -> bool {
    !matches!(c, '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\u{fffe}' | '\u{ffff}')
}

/// The first character of `text` that XML 1.0 §2.2 forbids.
pub(super) fn forbidden(text: &str) -> Option<char> {
    // Branchless, so that the compiler vectorises it; 0xEF starts U+FFFE.
    let suspect = |b: &u8| (*b < 0x20 && !matches!(*b, b'\t' | b'\n' | b'\r')) | (*b == 0xef);
    let any = text
        .as_bytes()
        .iter()
        .fold(false, |any, b| any | suspect(b));
    match any {
        true => text.chars().find(|&c| !is_char(c)),
        false => None,
    }
}

/// Says whether `text` is a name without colon (Namespaces in XML 1.0 §3).
pub(super) fn is_name(text: &str) -> bool {
    if let [first, rest @ ..] = text.as_bytes()
        && (first.is_ascii_alphabetic() || *first == b'_')
        && rest
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
    {
        return true;
    }
    let first = text.chars().next();
    first.is_some_and(starts_name) && text.chars().skip(1).all(continues_name)
}

/// `NameStartChar` of XML 1.0 §2.3, without the colon.
fn starts_name(c: char) -> bool {
    matches!(c,
        'A'..='Z' | '_' | 'a'..='z' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}'
        | '\u{f8}'..='\u{2ff}' | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}'
        | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}' | '\u{2c00}'..='\u{2fef}'
        | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}'
        | '\u{10000}'..='\u{effff}')
}

/// `NameChar` of XML 1.0 §2.3, without the colon.
fn continues_name(c: char) -> bool {
    starts_name(c)
        || matches!(c,
            '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}

//! A `room` claim that was written as a regular expression, while Jitsi, and so gavel,
//! reads it as a Lua pattern: this file finds the pattern that was meant.

use super::lua_pattern::LuaPattern;
use regex::RegexBuilder;

/// The longest expression that is looked at, in bytes.
const MAX_BYTES: usize = 256;
/// How much memory it may take as a regular expression, in bytes.
const MAX_COMPILED_BYTES: usize = 1 << 16;
/// How often `{n}` repeats at most.
const MAX_TIMES: usize = 20;

/// The pattern to write in place of `claim`, which as a regular expression matches the room
/// `name` and as a Lua pattern does not.
pub(super) fn advice(claim: &str, name: &str) -> Option<String> {
    let whole = format!("^(?:{claim})$");
    let regex = RegexBuilder::new(&whole)
        .size_limit(MAX_COMPILED_BYTES)
        .case_insensitive(true)
        .build();
    if claim.len() > MAX_BYTES || !regex.is_ok_and(|regex| regex.is_match(name)) {
        return None;
    }
    let lua = translate(claim).filter(|lua| matches(lua, name));
    Some(match lua {
        Some(lua) => format!("as a Lua pattern this is {lua:?}"),
        None if claim.contains('|') => {
            "Lua patterns have no | between words: give each room a token of its own, or write a pattern that fits all, such as \"math%-.*\"".to_owned()
        }
        None => "Lua patterns have no {n}, no \\d and no groups that repeat: write each character, as in \"[0-9][0-9]\"".to_owned(),
    })
}

fn matches(lua: &str, name: &str) -> bool {
    let pattern = LuaPattern::new(&lua.to_ascii_lowercase());
    pattern.is_ok_and(|pattern| pattern.first_match(name) == Some(name.as_bytes()))
}

/// The regular expression as a Lua pattern, if it has one.
fn translate(regex: &str) -> Option<String> {
    let regex = letters(regex);
    let mut lua = String::new();
    // The last item, for a quantifier that repeats it.
    let mut last = String::new();
    let mut rest = regex.chars().peekable();
    while let Some(c) = rest.next() {
        let item = match c {
            '{' => {
                let times: String = rest.by_ref().take_while(|c| *c != '}').collect();
                // The item is there once already.
                lua.push_str(repeated(&last, &times)?.strip_prefix(last.as_str())?);
                continue;
            }
            '?' if lua.ends_with(['*', '+', '?']) => return None,
            '*' | '+' | '?' => {
                lua.push(c);
                continue;
            }
            '(' | ')' | '|' => return None,
            '\\' => escaped(rest.next()?, false)?,
            '[' => set(&mut rest)?,
            '-' => "%-".to_owned(),
            '%' => "%%".to_owned(),
            c => c.to_string(),
        };
        lua.push_str(&item);
        last = item;
    }
    Some(lua)
}

/// `(a|b)` of single characters is a set; other groups that nothing repeats are
/// left out.
fn letters(regex: &str) -> String {
    let mut text = regex.to_owned();
    while let Some((before, inner, after)) = group(&text) {
        let options: Vec<&str> = inner.split('|').collect();
        let short = options.iter().all(|option| option.chars().count() == 1);
        let plain = match (options.len(), short) {
            (1, _) if !after.starts_with(['*', '+', '?', '{']) => inner.to_owned(),
            (2.., true) => format!("[{}]", options.concat()),
            _ => return regex.to_owned(),
        };
        text = format!("{before}{plain}{after}");
    }
    text
}

/// The innermost first group, without its parentheses.
fn group(text: &str) -> Option<(&str, &str, &str)> {
    let end = text.find(')')?;
    let start = text[..end].rfind('(')?;
    let inner = &text[start + 1..end];
    let inner = inner.strip_prefix("?:").unwrap_or(inner);
    Some((&text[..start], inner, &text[end + 1..]))
}

/// The pattern for the character behind a backslash; `inside` a set.
fn escaped(c: char, inside: bool) -> Option<String> {
    Some(match c {
        'd' | 's' | 'D' | 'S' => format!("%{c}"),
        'w' if inside => "%w_".to_owned(),
        'w' => "[%w_]".to_owned(),
        c if c.is_ascii_alphanumeric() => return None,
        c => format!("%{c}"),
    })
}

fn set(rest: &mut impl Iterator<Item = char>) -> Option<String> {
    let mut set = "[".to_owned();
    loop {
        match rest.next()? {
            ']' if set.len() > 1 => return Some(set + "]"),
            '\\' => set += &escaped(rest.next()?, true)?,
            '%' => set += "%%",
            c => set.push(c),
        }
    }
}

/// `item` as often as `{times}` says.
fn repeated(item: &str, times: &str) -> Option<String> {
    let (least, most) = match times.split_once(',') {
        None => (times, Some(times)),
        Some((least, "")) => (least, None),
        Some((least, most)) => (least, Some(most)),
    };
    let least: usize = least.parse().ok()?;
    let most: Option<usize> = most.map(str::parse).transpose().ok()?;
    if item.is_empty() || least == 0 || least.max(most.unwrap_or(0)) > MAX_TIMES {
        return None;
    }
    let more = match most {
        None => format!("{item}*"),
        Some(most) => format!("{item}?").repeat(most.checked_sub(least)?),
    };
    Some(item.repeat(least) + &more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_regular_expression_is_told_as_a_lua_pattern() {
        for (claim, name, lua) in [
            ("[0-9]{3}", "123", "[0-9][0-9][0-9]"),
            ("room[0-9]{1,3}", "room12", "room[0-9][0-9]?[0-9]?"),
            ("a{2,}", "aaa", "aaa*"),
            ("\\d+", "42", "%d+"),
            ("class-\\d+", "class-7", "class%-%d+"),
            ("math-.*", "math-1", "math%-.*"),
            ("\\w+", "a_b", "[%w_]+"),
            ("[\\w.]+", "a_b.c", "[%w_.]+"),
            ("a\\.b", "a.b", "a%.b"),
            ("(a|b)1", "b1", "[ab]1"),
            ("(class)-1", "class-1", "class%-1"),
            ("(?:class)-1", "class-1", "class%-1"),
            ("Class-[0-9]{2}", "class-10", "Class%-[0-9][0-9]"),
        ] {
            let advice = advice(claim, name).unwrap_or_else(|| panic!("{claim}"));
            assert_eq!(
                advice,
                format!("as a Lua pattern this is {lua:?}"),
                "{claim}"
            );
        }
    }

    #[test]
    fn syntax_that_lua_lacks_is_named() {
        let words = advice("(math|art)-1", "art-1").expect("it matches");
        assert!(words.contains("no | between words"), "{words}");
        let words = advice("(ab){2}", "abab").expect("it matches");
        assert!(words.contains("no groups that repeat"), "{words}");
        // If it does not match as a regular expression either, it is no such mistake.
        assert_eq!(advice("[0-9]{3}", "lesson"), None);
        assert_eq!(advice("(", "lesson"), None);
        assert_eq!(advice(&"a".repeat(300), "lesson"), None);
    }
}

//! Limits on an expression's text, checked before the parser sees it: it
//! recurses with what is nested.

use super::fault::Flaw;

/// The longest expression, in bytes: some hundred addresses in a list.
pub const MAX_BYTES: usize = 16 * 1024;

/// How deep brackets may nest.
pub const MAX_DEPTH: u16 = 24;

/// How many operators and dots there may be: each can nest what is before it.
pub const MAX_OPERATORS: usize = 300;

/// Looks at the text only: brackets and operators outside of quotes.
pub(super) fn check(source: &str) -> Result<(), Flaw> {
    let flaw = |at: usize, problem: String| {
        let remedy = "write several rules".to_owned();
        Err(Flaw::at(source, at, problem, Some(remedy)))
    };
    if source.trim().is_empty() {
        return Err(Flaw::at(source, 0, "is empty".to_owned(), None));
    }
    if source.len() > MAX_BYTES {
        return flaw(0, format!("is longer than {MAX_BYTES} bytes"));
    }
    let (mut depth, mut operators) = (0_u16, 0);
    for (at, c) in unquoted(source) {
        match c {
            '(' | '[' | '{' => depth = depth.saturating_add(1),
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            '.' | '+' | '-' | '*' | '/' | '%' | '<' | '>' | '=' | '!' | '&' | '|' | '?' => {
                operators += 1;
            }
            _ => {}
        }
        if depth > MAX_DEPTH {
            return flaw(at, format!("is nested deeper than {MAX_DEPTH} levels"));
        }
        if operators > MAX_OPERATORS {
            return flaw(at, format!("has more than {MAX_OPERATORS} operators"));
        }
    }
    Ok(())
}

/// The characters outside of quotes, with their position in bytes. Of a
/// text whose quotes do not match, as much as can be told.
fn unquoted(source: &str) -> impl Iterator<Item = (usize, char)> {
    let mut quote: Option<char> = None;
    let mut escaped = false;
    source.char_indices().filter(move |(_, c)| {
        if std::mem::take(&mut escaped) {
            return false;
        }
        match quote {
            Some(_) if *c == '\\' => escaped = true,
            Some(open) if *c == open || *c == '\n' => quote = None,
            Some(_) => {}
            None if matches!(c, '"' | '\'') => quote = Some(*c),
            None => return true,
        }
        false
    })
}

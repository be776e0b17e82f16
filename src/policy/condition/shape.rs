//! Limits on an expression's text, checked before the parser sees it: the parser recurses
//! into each nesting.

use super::fault::Flaw;

/// The longest expression, in bytes: some hundred addresses in a list.
pub const MAX_BYTES: usize = 16 * 1024;

/// How deep brackets may nest. The parser takes up to 200 KiB of stack for each level if it
/// is not optimised.
pub const MAX_DEPTH: u16 = 8;

/// How many operators and dots there may be.
pub const MAX_OPERATORS: usize = 300;

/// How many of them may follow one another without `&&`, `||` or a comma between them: each
/// nests the part before it, and evaluation recurses.
pub const MAX_CHAIN: usize = 20;

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
    let mut operators = 0;
    // One for the whole, and one for each bracket that is open.
    let mut chains: Vec<usize> = vec![0];
    for (at, c) in unquoted(source) {
        match c {
            '(' | '[' | '{' => chains.push(0),
            ')' | ']' | '}' if chains.len() > 1 => {
                chains.pop();
            }
            ',' | '&' | '|' | '?' | ':' => {
                operators += usize::from(c != ',');
                chains.pop();
                chains.push(0);
            }
            '.' | '+' | '-' | '*' | '/' | '%' | '<' | '>' | '=' | '!' => {
                operators += 1;
                let chain = chains.pop().unwrap_or(0);
                chains.push(chain + 1);
            }
            _ => {}
        }
        if chains.len() > usize::from(MAX_DEPTH) + 1 {
            return flaw(at, format!("is nested deeper than {MAX_DEPTH} levels"));
        }
        if operators > MAX_OPERATORS {
            return flaw(at, format!("has more than {MAX_OPERATORS} operators"));
        }
        if chains.iter().sum::<usize>() > MAX_CHAIN {
            return flaw(at, format!("has more than {MAX_CHAIN} operators in a row"));
        }
    }
    Ok(())
}

/// The characters outside of quotes, with their position in bytes. If a text's quotes do
/// not match, as much as can be told.
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

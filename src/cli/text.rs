//! Text for people's terminals: nothing that somebody else chose may steer one.

use std::borrow::Cow;

/// `text` with everything escaped that could start a line, steer a terminal or
/// turn the direction of writing: names, nicks and claims are whatever somebody
/// chose.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match steers(c) {
            true => escaped.extend(c.escape_default()),
            false => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

/// Like [`escape`], for text of ours whose lines are meant to be lines.
pub fn escape_lines(text: &str) -> String {
    let lines: Vec<_> = text.split('\n').map(escape).collect();
    lines.join("\n")
}

/// Whether `c` is a control character (C0, DEL, C1), breaks the line, or turns
/// the direction of writing.
pub(super) fn steers(c: char) -> bool {
    let turns = matches!(
        c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    c.is_control() || turns || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Rows of cells as lines, each column as wide as its widest cell; the last one
/// is not padded. Cells are escaped.
pub fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let rows = rows.iter().map(|row| row.each_ref().map(|c| escape(c)));
    let rows: Vec<_> = rows.collect();
    let width = |column: usize| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..N).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(&format!("{cell:width$}  "));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_is_escaped() {
        for (text, expected) in [
            ("Ädà 🎓 \"x\"", "Ädà 🎓 \"x\""),
            ("a\nb\tc\r", "a\\nb\\tc\\r"),
            ("\u{1b}[31m", "\\u{1b}[31m"),
            ("\u{9b}1m\u{7f}", "\\u{9b}1m\\u{7f}"),
            ("\u{202e}evil\u{2066}", "\\u{202e}evil\\u{2066}"),
            ("\u{2028}", "\\u{2028}"),
            ("\0", "\\u{0}"),
        ] {
            assert_eq!(escape(text), expected);
        }
        assert_eq!(escape_lines("a\n\u{1b}b\n"), "a\n\\u{1b}b\n");
    }

    #[test]
    fn columns_are_as_wide_as_they_must_be() {
        let cell = str::to_owned;
        let rows = [
            [cell("a"), cell("long cell"), cell("x")],
            [cell("ccc"), cell("\n"), cell("")],
        ];
        assert_eq!(columns(&rows), "a    long cell  x\nccc  \\n\n");
    }
}

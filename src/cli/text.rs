//! Text for people's terminals: nothing that somebody else chose may steer one.

use std::borrow::Cow;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// `text` with everything escaped that could start a line, steer a terminal or turn the
/// direction of writing: people choose names, nicks and claims freely.
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

/// Says whether `c` is a control character (C0, DEL, C1), breaks the line, or turns the
/// direction of writing.
pub(super) fn steers(c: char) -> bool {
    let turns = matches!(
        c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    c.is_control() || turns || matches!(c, '\u{2028}' | '\u{2029}')
}

/// How many columns `text` takes on a terminal (Unicode's UAX #11 and UTS #51):
/// a Chinese letter or an emoji two, a combining mark none.
pub fn width(text: &str) -> usize {
    text.width()
}

/// `text`, cut to `columns` with `…` if it is wider.
pub fn fit(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let room = columns.saturating_sub(1);
    let mut taken = 0;
    // Marks that take no room are cut too if they never end.
    let mut letters = columns.saturating_mul(4);
    let end = text.char_indices().find(|(_, c)| {
        taken += c.width().unwrap_or(0);
        letters = letters.saturating_sub(1);
        taken > room || letters == 0
    });
    let end = end.map_or(text.len(), |(at, _)| at);
    match columns {
        0 => Cow::Borrowed(""),
        _ => Cow::Owned(format!("{}…", &text[..end])),
    }
}

/// `text` broken into lines of at most `columns` at spaces; a word that is longer has a
/// line of its own.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut taken = 0;
    for word in text.split(' ') {
        let wide = width(word);
        match lines.last_mut() {
            Some(line) if taken + 1 + wide <= columns => {
                line.push(' ');
                line.push_str(word);
                taken += 1 + wide;
            }
            _ => {
                lines.push(word.to_owned());
                taken = wide;
            }
        }
    }
    lines
}

/// A line below one that it belongs to is indented by this.
pub const INDENT: &str = "    ";
/// The narrowest that words are broken to; a terminal breaks them further.
const LEAST: usize = 20;

/// `text`, escaped, as it stands below the line it belongs to: broken at the `columns` of a
/// terminal, in a pipe whole.
pub fn indented(text: &str, columns: Option<usize>) -> Vec<String> {
    let text = escape(text);
    let lines = match columns {
        None => vec![text.into_owned()],
        Some(columns) => wrap(&text, columns.saturating_sub(INDENT.len()).max(LEAST)),
    };
    lines.iter().map(|line| format!("{INDENT}{line}")).collect()
}

/// `text` and as many spaces as fill `columns`.
pub fn pad(text: &str, columns: usize) -> String {
    let missing = columns.saturating_sub(width(text));
    format!("{text}{}", " ".repeat(missing))
}

/// Rows of cells as lines, each column as wide as its widest cell; the last one
/// is not padded. Cells are escaped.
pub fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let rows = rows.iter().map(|row| row.each_ref().map(|c| escape(c)));
    let rows: Vec<_> = rows.collect();
    let widest = |column: usize| rows.iter().map(|row| width(&row[column])).max();
    let widths: Vec<_> = (0..N).map(|column| widest(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(&widths);
        let line: Vec<_> = cells.map(|(cell, width)| pad(cell, *width)).collect();
        text.push_str(line.join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_steer_a_terminal_are_escaped() {
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
        let rows = [[cell("日本"), cell("x")], [cell("a"), cell("👩‍🏫")]];
        assert_eq!(columns(&rows), "日本  x\na     👩‍🏫\n");
    }

    #[test]
    fn width_is_as_a_terminal_shows_it() {
        for (text, columns) in [("abc", 3), ("日本", 4), ("e\u{301}", 1), ("👍", 2), ("", 0)] {
            assert_eq!(width(text), columns, "{text}");
        }
    }

    #[test]
    fn text_that_is_too_wide_is_cut_between_letters() {
        for (text, columns, cut) in [
            ("abcdef", 6, "abcdef"),
            ("abcdef", 5, "abcd…"),
            ("日本語", 5, "日本…"),
            ("日本語", 4, "日…"),
            ("ae\u{301}bc", 3, "ae\u{301}…"),
            ("abc", 1, "…"),
            ("abc", 0, ""),
        ] {
            assert_eq!(fit(text, columns), cut, "{text} {columns}");
            assert!(width(&fit(text, columns)) <= columns);
        }
        let marks = format!("ab{}c", "\u{301}".repeat(10_000));
        assert!(fit(&marks, 2).chars().count() < 20);
    }

    #[test]
    fn lines_break_at_spaces() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("日本 語 x", 7), ["日本 語", "x"]);
        assert_eq!(wrap("averylongword a b", 4), ["averylongword", "a b"]);
        assert_eq!(wrap("", 4), [""]);
    }
}

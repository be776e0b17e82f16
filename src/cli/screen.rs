//! A page on a terminal, drawn again as it changes.

use super::{Error, Output};
use std::fmt::Write as _;

/// The alternate screen, without cursor, where long lines are cut and not
/// broken (ECMA-48; xterm's private modes 1049, 25 and 7).
const ENTER: &str = "\u{1b}[?1049h\u{1b}[?25l\u{1b}[?7l\u{1b}[H\u{1b}[2J";
const LEAVE: &str = "\u{1b}[?7h\u{1b}[?25h\u{1b}[?1049l";
/// Home; the rest of the line, and of the page, is erased.
const HOME: &str = "\u{1b}[H";
const REST_OF_LINE: &str = "\u{1b}[K";
const REST_OF_PAGE: &str = "\u{1b}[J";

/// The terminal, as long as a page is shown on it; its old content comes back when this is
/// dropped.
pub(super) struct Screen<'o> {
    output: &'o mut Output,
    shown: String,
}

impl<'o> Screen<'o> {
    /// Takes the terminal behind `output`.
    pub(super) fn enter(output: &'o mut Output) -> Result<Self, Error> {
        // Made first, so that it is given back in any case.
        let screen = Self {
            output,
            shown: String::new(),
        };
        screen.output.text(ENTER)?;
        screen.output.flush()?;
        Ok(screen)
    }

    /// Columns, and whether colour may be used.
    pub(super) fn looks(&self) -> (Option<usize>, bool) {
        (self.output.columns(), self.output.colour())
    }

    /// Shows `lines`; the lines below the terminal's last row are counted there. Each is
    /// written over the one before, in one write, so nothing flickers.
    pub(super) fn show(&mut self, lines: &[String]) -> Result<(), Error> {
        let (_, rows) = self.output.size().unwrap_or((80, 24));
        let page = page(lines, rows);
        if page == self.shown {
            return Ok(());
        }
        self.output.text(&page)?;
        self.output.flush()?;
        self.shown = page;
        Ok(())
    }
}

impl Drop for Screen<'_> {
    fn drop(&mut self) {
        // A terminal that has gone needs nothing back.
        let _ = self.output.text(LEAVE);
        let _ = self.output.flush();
    }
}

/// `lines` in `rows` of a terminal.
fn page(lines: &[String], rows: usize) -> String {
    let cut = lines.len() > rows;
    let shown = if cut { rows.saturating_sub(1) } else { rows };
    let mut page = HOME.to_owned();
    for (index, line) in lines.iter().take(shown).enumerate() {
        if index > 0 {
            page.push_str("\r\n");
        }
        page.push_str(line);
        page.push_str(REST_OF_LINE);
    }
    if cut {
        let more = lines.len() - shown;
        // Writing to a String cannot fail.
        let _ = write!(page, "\r\n… {more} more lines{REST_OF_LINE}");
    }
    page.push_str(REST_OF_PAGE);
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(count: usize) -> Vec<String> {
        (1..=count).map(|n| n.to_string()).collect()
    }

    #[test]
    fn a_page_fits_its_rows() {
        assert_eq!(page(&lines(2), 3), "\u{1b}[H1\u{1b}[K\r\n2\u{1b}[K\u{1b}[J");
        assert_eq!(page(&lines(3), 3).matches("\r\n").count(), 2);
        let cut = page(&lines(9), 3);
        assert_eq!(cut.matches("\r\n").count(), 2);
        assert!(cut.contains("… 7 more lines"), "{cut}");
    }
}

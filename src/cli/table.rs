//! Aligned columns for people: measured as a terminal shows them, cut to its
//! width, and in a pipe never cut.

use super::text::{escape, fit, pad, width};
use anstyle::Style;

/// Columns are this far apart.
const GAP: usize = 2;

/// A column.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    title: &'static str,
    /// To how many columns of the terminal it may be cut; `None` is never.
    least: Option<usize>,
    right: bool,
}

impl Column {
    /// One that is never cut: words whose half says nothing.
    pub const fn whole(title: &'static str) -> Self {
        Self {
            title,
            least: None,
            right: false,
        }
    }

    /// One that may be cut, but not below `least`.
    pub const fn cut(title: &'static str, least: usize) -> Self {
        Self {
            title,
            least: Some(least),
            right: false,
        }
    }

    /// One of numbers, aligned to the right.
    pub const fn number(title: &'static str) -> Self {
        Self {
            title,
            least: None,
            right: true,
        }
    }
}

/// A cell: text, escaped, and its look if colour is allowed.
#[derive(Debug, Clone)]
pub struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    /// In `style`.
    pub fn styled(text: impl AsRef<str>, style: Style) -> Self {
        Self {
            text: escape(text.as_ref()).into_owned(),
            style,
        }
    }
}

impl<T: AsRef<str>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::styled(text, Style::new())
    }
}

/// How rows become lines.
#[derive(Debug, Clone)]
pub struct Layout<const N: usize> {
    columns: [Column; N],
    /// The widest cell of each column so far: rows that come later line up.
    widest: [usize; N],
}

impl<const N: usize> Layout<N> {
    /// A layout of `columns`, as wide as their titles.
    pub fn new(columns: [Column; N]) -> Self {
        Self {
            widest: columns.map(|column| width(column.title)),
            columns,
        }
    }

    /// The line of titles, once the rows are known.
    pub fn titles(&self, columns: Option<usize>, colour: bool) -> String {
        let cells = self.columns.map(|column| {
            let style = Style::new().bold();
            Cell::styled(column.title, style)
        });
        self.line(&cells, &self.widths(columns), colour)
    }

    /// Makes room for `rows`.
    pub fn measure(&mut self, rows: &[[Cell; N]]) {
        for row in rows {
            for (widest, cell) in self.widest.iter_mut().zip(row) {
                *widest = width(&cell.text).max(*widest);
            }
        }
    }

    /// `rows` as lines, cut to `columns` of a terminal.
    pub fn lines(&self, rows: &[[Cell; N]], columns: Option<usize>, colour: bool) -> Vec<String> {
        let widths = self.widths(columns);
        let rows = rows.iter();
        rows.map(|row| self.line(row, &widths, colour)).collect()
    }

    /// Titles and `rows`.
    pub fn table(
        &mut self,
        rows: &[[Cell; N]],
        columns: Option<usize>,
        colour: bool,
    ) -> Vec<String> {
        self.measure(rows);
        let mut lines = vec![self.titles(columns, colour)];
        lines.extend(self.lines(rows, columns, colour));
        lines
    }

    /// Says whether everything measured fits into `columns` uncut.
    pub fn fits(&self, columns: usize) -> bool {
        self.widest.iter().sum::<usize>() + gaps(&self.widest) <= columns
    }

    /// How wide each column is in `columns` of a terminal: the widest of those
    /// that may be cut gives way first.
    fn widths(&self, columns: Option<usize>) -> [usize; N] {
        let mut widths = self.widest;
        let Some(columns) = columns else {
            return widths;
        };
        let room = columns.saturating_sub(gaps(&widths));
        while widths.iter().sum::<usize>() > room {
            let may_be_cut = (0..N).filter(|i| {
                let least = self.columns[*i].least;
                least.is_some_and(|least| widths[*i] > least)
            });
            let Some(widest) = may_be_cut.max_by_key(|i| widths[*i]) else {
                break;
            };
            widths[widest] -= 1;
        }
        widths
    }

    fn line(&self, row: &[Cell; N], widths: &[usize; N], colour: bool) -> String {
        let mut line = String::new();
        let mut spaces = 0;
        for ((cell, width_of), column) in row.iter().zip(widths).zip(&self.columns) {
            if *width_of == 0 {
                continue;
            }
            let text = fit(&cell.text, *width_of);
            let missing = width_of - width(&text);
            let (before, after) = match column.right {
                true => (missing, 0),
                false => (0, missing),
            };
            if text.is_empty() {
                spaces += before + after + GAP;
                continue;
            }
            line.push_str(&pad("", spaces + before));
            match colour && cell.style != Style::new() {
                true => line.push_str(&format!("{}{text}{:#}", cell.style, cell.style)),
                false => line.push_str(&text),
            }
            spaces = after + GAP;
        }
        line
    }
}

/// The room between columns; a column without title and cells is not there.
fn gaps(widths: &[usize]) -> usize {
    let there = widths.iter().filter(|width| **width > 0).count();
    GAP * there.saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use anstyle::AnsiColor;

    const COLUMNS: [Column; 3] = [
        Column::cut("NAME", 4),
        Column::number("N"),
        Column::whole("STATE"),
    ];

    fn rows() -> [[Cell; 3]; 2] {
        [
            ["山田太郎\u{1b}[2J".into(), "7".into(), "ok".into()],
            [
                "Ada".into(),
                "12".into(),
                Cell::styled("pending", AnsiColor::Yellow.on_default()),
            ],
        ]
    }

    fn table(columns: Option<usize>, colour: bool) -> Vec<String> {
        Layout::new(COLUMNS).table(&rows(), columns, colour)
    }

    #[test]
    fn a_pipe_gets_everything_aligned() {
        let expected = [
            "NAME                N  STATE",
            "山田太郎\\u{1b}[2J   7  ok",
            "Ada                12  pending",
        ];
        assert_eq!(table(None, false), expected);
        assert_eq!(table(Some(80), false), expected);
    }

    #[test]
    fn a_narrow_terminal_gets_the_columns_that_fit() {
        let expected = ["NAME    N  STATE", "山田…   7  ok", "Ada    12  pending"];
        assert_eq!(table(Some(18), false), expected);
        // Nothing is cut below its least, however narrow.
        assert_eq!(table(Some(3), false)[1], "山…    7  ok");
    }

    #[test]
    fn colour_is_beside_the_text() {
        let lines = table(None, true);
        assert_eq!(
            lines[2],
            "Ada                12  \u{1b}[33mpending\u{1b}[0m"
        );
    }

    #[test]
    fn later_rows_line_up() {
        let mut layout = Layout::new([Column::cut("A", 1), Column::whole("B")]);
        let row = |a: &str, b: &str| [[Cell::from(a), Cell::from(b)]];
        layout.measure(&row("aaa", "b"));
        assert_eq!(layout.lines(&row("a", "b"), None, false), ["a    b"]);
        layout.measure(&row("aaaaa", "b"));
        assert_eq!(layout.lines(&row("a", "b"), None, false), ["a      b"]);
        assert_eq!(layout.lines(&row("", ""), None, false), [""]);
    }

    #[test]
    fn a_column_without_title_and_cells_is_not_there() {
        let columns = ["A", "", "C"].map(Column::whole);
        let mut layout = Layout::new(columns);
        let rows = [["aa", "", "c"].map(Cell::from)];
        assert_eq!(layout.table(&rows, None, false), ["A   C", "aa  c"]);
        assert!(layout.fits(5) && !layout.fits(4));
    }
}

//! The commented sample of a configuration file, made from the settings' rows.

use super::keys::header;
use super::rows::{ROWS, Row, SECTIONS, SectionRow, Standard};

/// How wide the comments are, in columns.
const WIDTH: usize = 80;

/// The values of a sample that are not the defaults.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filled<'a> {
    /// Keys and their values in TOML, in place of the examples.
    pub values: &'a [(&'a str, String)],
    /// The MUC services, in place of the example.
    pub services: &'a [String],
}

/// A configuration file with the values of `filled`, and every other key as a comment.
pub fn sample(filled: Filled<'_>) -> String {
    let mut text = String::from(
        "# gavel's configuration. A line that begins with # and no space is a default: remove\n\
         # the # to change it. `gavel check` prints the configuration in effect.\n\
         #\n\
         # Each key can be set in the environment instead, as GAVEL_<SECTION>__<KEY>\n\
         # (GAVEL_COMPONENT__SECRET, GAVEL_CLAIMS__JWT__SECRET; lists separated by commas).\n\
         # GAVEL_MUC lists the MUC services. The environment beats this file.\n",
    );
    for section in SECTIONS {
        text += "\n";
        text += &comment(section.help);
        text += &keys_of(section, filled);
        if section.name == "muc" {
            for service in filled.services.iter().skip(1) {
                text += &format!("\n[[muc]]\nservice = \"{service}\"\n");
            }
        }
    }
    text
}

/// A section's header and keys.
fn keys_of(section: &SectionRow, filled: Filled<'_>) -> String {
    // Rules, permissions and the keys of tokens are there only if somebody wants them.
    let mark = match section.name {
        "policy.rule" => "# ",
        "claims.jwt" => "#",
        _ => "",
    };
    let mut text = format!("{mark}{}\n", header(section.name));
    for row in ROWS.iter().filter(|row| row.section() == section.name) {
        text += &comment(row.help);
        let value = filled.values.iter().find(|(key, _)| *key == row.key);
        let service = filled.services.first();
        text += &match (value, service) {
            (Some((_, value)), _) => format!("{} = {value}\n", row.name()),
            (None, Some(service)) if row.key == "muc.service" => {
                format!("{} = \"{service}\"\n", row.name())
            }
            _ => setting(row, mark),
        };
    }
    text
}

/// The line of a key that says nothing but its default or an example.
fn setting(row: &Row, mark: &str) -> String {
    let (mark, value) = match row.standard {
        Standard::Required(example) => (mark, example),
        Standard::Value(value) | Standard::Derived { sample: value, .. } => ("#", value),
        // The sample shows one of the keys that exclude one another.
        Standard::Unset(example) if row.key == "claims.jwt.secret_file" => ("#", example),
        Standard::Unset(example) => ("# ", example),
    };
    format!("{mark}{} = {value}\n", row.name())
}

/// Comment lines that hold `text`, which is Markdown.
fn comment(text: &str) -> String {
    let mut lines = String::new();
    let mut line = String::from("#");
    for word in plain(text).split(' ') {
        if line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines += &line;
            lines += "\n";
            line = String::from("#");
        }
        line += " ";
        line += word;
    }
    lines + &line + "\n"
}

/// Text without Markdown: a link becomes its words, backticks go.
pub fn plain(markdown: &str) -> String {
    let mut text = String::new();
    let mut rest = markdown;
    while let Some(at) = rest.find("](") {
        let (before, after) = rest.split_at(at);
        let (opened, words) = before.rsplit_once('[').unwrap_or((before, ""));
        text.push_str(opened);
        text.push_str(words);
        rest = after.split_once(')').map_or("", |(_, rest)| rest);
    }
    text.push_str(rest);
    text.replace('`', "")
}

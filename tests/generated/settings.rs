//! The tables of the configuration's reference, and `gavel.toml(5)`, both from the
//! settings' rows.

use gavel::config::{ROWS, Row, SECTIONS, SectionRow, Standard, is_listed, plain, variable};

fn rows(section: &str) -> impl Iterator<Item = &'static Row> {
    ROWS.iter().filter(move |row| row.section() == section)
}

/// A section's header as TOML writes it.
fn header(section: &SectionRow) -> String {
    match section.name {
        "muc" | "policy.rule" => format!("[[{}]]", section.name),
        name => format!("[{name}]"),
    }
}

/// The table of one section in the reference.
fn table(section: &SectionRow) -> String {
    let mut text =
        String::from("| key | default | environment | meaning |\n| --- | --- | --- | --- |\n");
    for row in rows(section.name) {
        let default = match row.standard {
            Standard::Value(value) => format!("`{value}`"),
            Standard::Required(_) => "required".to_owned(),
            Standard::Unset(_) => String::new(),
            Standard::Derived { words, .. } => words.to_owned(),
        };
        let default = match row.key {
            "component.secret_file" => "this or `secret` is required".to_owned(),
            _ => default,
        };
        let variable = match row.key {
            "muc.service" => "`GAVEL_MUC`".to_owned(),
            key if is_listed(key) => String::new(),
            key => format!("`{}`", variable(key)),
        };
        text += &format!(
            "| `{}` | {default} | {variable} | {} |\n",
            row.name(),
            row.help
        );
    }
    text
}

/// The reference with its tables made again. Each stands between two marks.
pub fn reference(found: &str) -> String {
    let mut text = found.to_owned();
    for section in SECTIONS {
        let begin = format!("<!-- begin {} -->\n", section.name);
        let end = format!("<!-- end {} -->", section.name);
        let (before, rest) = text
            .split_once(&begin)
            .unwrap_or_else(|| panic!("the reference lacks {begin}"));
        let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("{end}"));
        text = format!(
            "{before}{begin}{}\n\n{}{end}{after}",
            section.help,
            table(section)
        );
    }
    text
}

/// `gavel.toml(5)`
pub fn page(escaped: impl Fn(&str) -> String) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let mut page = format!(
        ".TH GAVEL.TOML 5 \"\" \"gavel {version}\" \"gavel\"\n.SH NAME\n\
         gavel.toml \\- configuration of gavel\n.SH DESCRIPTION\n\
         gavel reads one file in TOML, /etc/gavel/gavel.toml unless \\-\\-config or\n\
         GAVEL_CONFIG names another, and the environment, which beats the file.\n\
         \\fBgavel check\\fR says everything that is wrong and prints the configuration in effect.\n"
    );
    for section in SECTIONS {
        page += &format!(
            ".SH \"{}\"\n{}\n",
            header(section),
            escaped(&plain(section.help))
        );
        for row in rows(section.name) {
            let help = escaped(&plain(row.help));
            page += &format!(".TP\n\\fB{}\\fR\n{help}\n", escaped(row.name()));
            let default = match row.standard {
                Standard::Value(value) => format!("Default: {value}."),
                Standard::Required(_) => "Required.".to_owned(),
                Standard::Unset(_) => continue,
                Standard::Derived { words, .. } => format!("Default: {}.", plain(words)),
            };
            page += &format!("{}\n", escaped(&default));
        }
    }
    page + ".SH \"SEE ALSO\"\n\\fBgavel\\fR(1), \\fBgavel\\-check\\fR(1)\n"
}

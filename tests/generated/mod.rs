//! Files that are made of the commands and the settings themselves: completions, man pages, the
//! sample configuration and the tables of its reference. `UPDATE_GENERATED=1 cargo test
//! generated` writes them again.

mod commands;
mod settings;

use clap::{Command, CommandFactory};
use clap_mangen::Man;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Sections of gavel(1) that its commands do not tell, in man(7).
const MORE: &str = r#".SH "EXIT STATUS"
.TP
0
Done.
.TP
1
It failed; of \fBtoken verify\fR: the token is not valid; of commands that ask the
running daemon: there is none, or it knows no such room or person.
.TP
2
Wrong usage, or a configuration that cannot be used.
.SH ENVIRONMENT
.TP
\fBGAVEL_CONFIG\fR
The configuration file, where \fB\-\-config\fR names none.
.TP
\fBGAVEL_\fISECTION\fB__\fIKEY\fR
A key of the configuration, in place of the file's.
.TP
\fBNO_COLOR\fR
Where it is set, nothing is coloured.
.TP
\fBRUST_LOG\fR
What the daemon logs; \fBinfo\fR where it is not set.
.SH FILES
.TP
\fI/etc/gavel/gavel.toml\fR
The configuration.
.TP
\fI/run/gavel/admin.sock\fR
Where the running daemon is asked; members of its group may.
.TP
\fI/usr/share/doc/gavel/README.md\fR
What each key and each message means.
"#;

/// `text` in man(7): nothing in it is a request or an escape.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    let lines = text
        .lines()
        .map(|line| match line.starts_with(['.', '\'']) {
            true => format!("\\&{line}"),
            false => line.to_owned(),
        });
    lines.collect::<Vec<_>>().join("\n")
}

/// The man page of one command.
fn page(command: &Command, top: bool) -> String {
    let man = Man::new(command.clone());
    let title = command.get_display_name().unwrap_or("gavel").to_uppercase();
    // Without a date, so that it is the same whenever it is made.
    let version = env!("CARGO_PKG_VERSION");
    let mut page = format!(".TH {title} 1 \"\" \"gavel {version}\" \"gavel\"\n").into_bytes();
    man.render_name_section(&mut page).unwrap();
    page.extend(synopsis(command).into_bytes());
    man.render_description_section(&mut page).unwrap();
    man.render_options_section(&mut page).unwrap();
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page).unwrap();
    }
    let mut page = String::from_utf8(page).unwrap();
    if top {
        page.push_str(MORE);
    }
    let example = command.get_after_help().unwrap().to_string();
    let example = escaped(example.trim_start_matches("Example:\n").trim());
    page.push_str(&format!(".SH EXAMPLE\n.nf\n{example}\n.fi\n"));
    page
}

/// The command as it is written, with the values that each option takes.
fn synopsis(command: &Command) -> String {
    let name = command.get_bin_name().unwrap_or(command.get_name());
    let mut text = format!(".SH SYNOPSIS\n\\fB{}\\fR", escaped(name));
    let shown = |arg: &&clap::Arg| !arg.is_hide_set();
    let (positionals, options): (Vec<_>, Vec<_>) = command
        .get_arguments()
        .filter(shown)
        .partition(|arg| arg.is_positional());
    for arg in options.into_iter().chain(positionals) {
        let names = arg.get_value_names().unwrap_or_default();
        let value = names.iter().filter(|_| arg.get_action().takes_values());
        let value: Vec<_> = value
            .map(|name| format!("\\fI{}\\fR", escaped(name)))
            .collect();
        let flag = match (arg.get_short(), arg.get_long()) {
            (Some(short), _) => format!("\\fB\\-{short}\\fR"),
            (None, Some(long)) => format!("\\fB{}\\fR", escaped(&format!("--{long}"))),
            (None, None) => String::new(),
        };
        let written = [vec![flag], value].concat().join(" ");
        let written = written.trim_start();
        text += &match arg.is_required_set() {
            true => format!(" {written}"),
            false => format!(" [{written}]"),
        };
    }
    if command.has_subcommands() {
        text += " \\fICOMMAND\\fR";
    }
    text + "\n"
}

fn pages(command: &Command, top: bool, all: &mut BTreeMap<String, String>) {
    let name = command.get_display_name().unwrap_or("gavel");
    all.insert(format!("man/{name}.1"), page(command, top));
    for command in command.get_subcommands() {
        pages(command, false, all);
    }
}

/// Everything that is made of the program itself, by path below `deploy`.
fn generated() -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for (shell, file) in [
        ("bash", "gavel.bash"),
        ("fish", "gavel.fish"),
        ("zsh", "_gavel"),
    ] {
        let (status, text, _) = super::gavel("", &["completions", shell], &[]);
        assert_eq!(status, 0);
        all.insert(format!("completions/{file}"), text);
    }
    let mut command = gavel::cli::Cli::command().disable_help_subcommand(true);
    command.build();
    pages(&command, true, &mut all);
    all.insert(COMMANDS.to_owned(), commands::reference(&command));
    let reference = fs::read_to_string(deploy().join(REFERENCE)).unwrap();
    all.insert(REFERENCE.to_owned(), settings::reference(&reference));
    all.insert(
        "gavel.toml".to_owned(),
        gavel::config::sample(gavel::config::Filled::default()),
    );
    all.insert("man/gavel.toml.5".to_owned(), settings::page(escaped));
    all
}

/// The commands' reference, seen from `deploy`.
const COMMANDS: &str = "../docs/reference/cli.md";

/// The configuration's reference, seen from `deploy`.
const REFERENCE: &str = "../docs/reference/configuration.md";

fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy")
}

#[test]
fn generated_files_are_those_of_the_commands() {
    let update = std::env::var_os("UPDATE_GENERATED").is_some();
    let generated = generated();
    for (path, text) in &generated {
        let file = deploy().join(path);
        if update {
            fs::write(&file, text).unwrap();
        }
        let found = fs::read_to_string(&file).unwrap_or_default();
        let how = "UPDATE_GENERATED=1 cargo test --test cli_check generated";
        assert!(found == *text, "deploy/{path} is old: run {how}");
    }
    for entry in fs::read_dir(deploy().join("man")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let known = generated.contains_key(&format!("man/{name}"));
        assert!(known, "deploy/man/{name} is of no command: remove it");
    }
}

//! `docs/reference/cli.md`: every command with its arguments.

use clap::{Arg, Command};

/// The page.
pub fn reference(gavel: &Command) -> String {
    let mut page = String::from(
        "# Commands\n\n\
         Every command takes `-c FILE` (default `$GAVEL_CONFIG`, else `/etc/gavel/gavel.toml`).\n\
         Commands that print records take `--json`. Exit status: 0 done, 1 it failed, 2 wrong\n\
         usage or configuration. `gavel COMMAND --help` and `man gavel-COMMAND` say the same.\n",
    );
    section(gavel, &mut page);
    page
}

fn section(command: &Command, page: &mut String) {
    for inner in command.get_subcommands().filter(|c| !c.is_hide_set()) {
        let name = inner.get_bin_name().unwrap_or(inner.get_name());
        let about = inner.get_long_about().or(inner.get_about());
        let about = about.map(ToString::to_string).unwrap_or_default();
        *page += &format!("\n## `{name}`\n\n{about}\n");
        if !inner.has_subcommands() {
            let usage = inner.clone().render_usage().to_string();
            let usage = usage.trim_start_matches("Usage: ");
            *page += &format!("\n```text\n{usage}\n```\n");
        }
        let own =
            |arg: &&Arg| !arg.is_hide_set() && !["help", "config"].contains(&arg.get_id().as_str());
        let arguments: Vec<&Arg> = inner.get_arguments().filter(own).collect();
        if !arguments.is_empty() {
            *page += "\n| argument | meaning |\n| --- | --- |\n";
        }
        for arg in arguments {
            let help = arg.get_long_help().or(arg.get_help());
            let help = help.map(ToString::to_string).unwrap_or_default();
            *page += &format!(
                "| `{}` | {} |\n",
                shown(arg),
                help.replace('\n', " ").replace('|', "\\|")
            );
        }
        if let Some(example) = inner.get_after_help() {
            let example = example.to_string();
            let example = example.trim_start_matches("Example:\n");
            let lines: Vec<&str> = example.lines().map(str::trim).collect();
            *page += &format!("\nExample: `{}`\n", lines.join(" "));
        }
        section(inner, page);
    }
}

/// An argument as it is written.
fn shown(arg: &Arg) -> String {
    let value = arg.get_value_names().map(|names| names.join(" "));
    let value = value.filter(|_| arg.get_action().takes_values());
    match (arg.get_long(), value) {
        (Some(long), Some(value)) => format!("--{long} {value}"),
        (Some(long), None) => format!("--{long}"),
        (None, Some(value)) => value,
        (None, None) => arg.get_id().to_string().to_uppercase(),
    }
}

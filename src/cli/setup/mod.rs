//! `gavel setup`: writes the settings by which gavel and Prosody know each other.

mod lua;
pub mod module;
mod plan;

use super::{Error, Output, SetupArgs, Status};
use crate::config::address;
use plan::{Change, Places, Plan, Wish};
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

/// Carries out `args`.
pub(super) fn run(args: &SetupArgs, output: &mut Output) -> Result<Status, Error> {
    if let Some(folder) = &args.module {
        write_module(folder, output)?;
        return make_readable(&args.readable);
    }
    let places = Places {
        root: args.root.clone(),
    };
    let plan = match args.undo {
        true => plan::undo(&places)?,
        false => plan::plan(&places, &wish(args)?, &new_secret())?,
    };
    show(&plan, output)?;
    if plan.changes.is_empty() {
        output.line("nothing to change")?;
        return Ok(Status::Done);
    }
    if args.dry_run {
        output.line("nothing was changed (--dry-run)")?;
        return Ok(Status::Done);
    }
    for change in &plan.changes {
        apply(&places, change).map_err(|error| failed(change, &error))?;
    }
    output.line("")?;
    for line in next_steps(args, &places) {
        output.line(line)?;
    }
    Ok(Status::Done)
}

/// Lets everybody read `files`: Prosody is another user.
fn make_readable(files: &[PathBuf]) -> Result<Status, Error> {
    for file in files {
        let done = fs::metadata(file).and_then(|found| {
            let mode = found.permissions().mode() | 0o444;
            fs::set_permissions(file, fs::Permissions::from_mode(mode))
        });
        done.map_err(|error| {
            Error::Failed(format!(
                "cannot make {} readable: {error}; run chmod a+r on it",
                file.display()
            ))
        })?;
    }
    Ok(Status::Done)
}

fn write_module(folder: &Path, output: &mut Output) -> Result<(), Error> {
    module::write(folder).map_err(|error| {
        Error::Failed(format!(
            "cannot write the module to {}: {error}; name a folder that this user may write",
            folder.display()
        ))
    })?;
    let version = env!("CARGO_PKG_VERSION");
    output.line(format!("mod_gavel {version} is in {}", folder.display()))?;
    Ok(())
}

/// The wish that the arguments express.
fn wish(args: &SetupArgs) -> Result<Wish, Error> {
    let usage = |text: String| Error::Usage(text);
    for domain in args.jitsi.iter().chain(&args.muc) {
        address::domain(domain).map_err(|problem| {
            usage(format!(
                "{problem}; write a domain such as meet.example.org"
            ))
        })?;
    }
    if let Some(domain) = &args.jitsi {
        return Ok(Wish {
            component: format!("gavel.{domain}"),
            required: vec![format!("conference.{domain}")],
            optional: vec![format!("breakout.{domain}")],
        });
    }
    let parent = args
        .muc
        .first()
        .and_then(|service| address::parent(service));
    let parent = parent.ok_or_else(|| {
        usage("say what to set up: --jitsi meet.example.org, or --muc rooms.example.org".to_owned())
    })?;
    Ok(Wish {
        component: format!("gavel.{parent}"),
        required: args.muc.clone(),
        optional: Vec::new(),
    })
}

fn new_secret() -> String {
    hex::encode(rand::random::<[u8; 24]>())
}

/// Prints the changes, line by line.
fn show(plan: &Plan, output: &mut Output) -> Result<(), Error> {
    for note in &plan.notes {
        output.line(format!("note: {note}"))?;
    }
    for change in &plan.changes {
        let before = change.before.as_deref().unwrap_or_default();
        let after = change.after.as_deref().unwrap_or_default();
        let what = match (&change.before, &change.after) {
            (None, _) => "new",
            (_, None) => "remove",
            _ => "change",
        };
        output.line(format!("{what} {}", change.path.display()))?;
        if what == "new" {
            continue;
        }
        for line in before
            .lines()
            .filter(|line| !after.lines().any(|l| l == *line))
        {
            output.line(format!("  - {}", hidden(line)))?;
        }
        for line in after
            .lines()
            .filter(|line| !before.lines().any(|l| l == *line))
        {
            output.line(format!("  + {}", hidden(line)))?;
        }
    }
    Ok(())
}

/// A line without the secret that it may hold.
fn hidden(line: &str) -> &str {
    match line.contains("secret") && !line.contains("secret_file") {
        true => "(a line with the secret)",
        false => line,
    }
}

/// Makes one change.
fn apply(places: &Places, change: &Change) -> io::Result<()> {
    let path = plan::real(&change.path);
    let Some(after) = &change.after else {
        return fs::remove_file(path);
    };
    if change.before.is_some() {
        // A file that somebody has written is kept beside, once.
        let kept = path.with_extension("lua.before-gavel");
        if change.group.is_none() && !kept.exists() {
            fs::copy(&path, kept)?;
        }
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    if change.group.is_some() {
        options.mode(0o640);
    }
    let mut file = options.open(&path)?;
    file.write_all(after.as_bytes())?;
    if let Some(group) = change.group {
        file.set_permissions(fs::Permissions::from_mode(0o640))?;
        let id = group_id(&places.root, group);
        chown(&path, None, id)?;
    }
    Ok(())
}

/// The id of a group of this system.
fn group_id(root: &Path, name: &str) -> Option<u32> {
    let groups = fs::read_to_string(root.join("etc/group")).ok()?;
    let line = groups
        .lines()
        .find(|line| line.split(':').next() == Some(name))?;
    line.split(':').nth(2)?.parse().ok()
}

fn failed(change: &Change, error: &io::Error) -> Error {
    let remedy = match error.kind() {
        io::ErrorKind::PermissionDenied => "run this as root (sudo)",
        _ => "see that the folder is there and can be written",
    };
    Error::Failed(format!(
        "cannot write {}: {error}; {remedy}",
        change.path.display()
    ))
}

/// The steps that are left for a person to do.
fn next_steps(args: &SetupArgs, places: &Places) -> Vec<&'static str> {
    if args.undo {
        return vec![
            "Next (restarting Prosody ends all running meetings):",
            "  systemctl disable --now gavel",
            "  systemctl restart prosody",
        ];
    }
    let mut steps = vec![
        "Next (restarting Prosody ends all running meetings):",
        "  prosodyctl check config",
        "  systemctl restart prosody",
        "  systemctl enable --now gavel",
        "  gavel doctor",
    ];
    if places.root.join("etc/jitsi/jicofo/jicofo.conf").exists() {
        steps.push("Then let Jicofo no longer promote people: see install-debian.md, \"Jicofo\".");
    }
    steps
}

#[cfg(test)]
mod tests;

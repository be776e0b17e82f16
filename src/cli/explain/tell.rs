//! `explain` for people.

use super::report::{Judged, Name, PermissionLine, Report, TriedLine};
use crate::cli::text::{columns, escape};
use crate::cli::{Error, Output, verification};
use crate::muc::readable;
use anstyle::{AnsiColor, Style};

/// Writes the report as aligned text.
pub(super) fn tell(report: &Report, output: &mut Output) -> Result<(), Error> {
    if let Some(room) = &report.room {
        output.line(format_args!("room         {}", escape(&readable(room))))?;
    }
    if let Some(nick) = &report.nick {
        output.line(format_args!("nick         {}", escape(nick)))?;
    }
    if let Some(jid) = &report.jid {
        output.line(format_args!("jid          {}", escape(jid)))?;
    }
    let word = match (report.rejected, report.verified) {
        _ if report.evidence == "guest" => "somebody without a token".to_owned(),
        (None, true) => output.styled(AnsiColor::Green.on_default(), "accepted"),
        (None, false) => "taken as verified".to_owned(),
        (Some(reason), _) => {
            let word = output.styled(AnsiColor::Red.on_default(), "refused");
            format!("{word}: {reason}")
        }
    };
    output.line(format_args!("{:<12} {word}", report.evidence))?;
    output.text(verification::table(&report.checks))?;
    tell_verdict(report, output)?;
    for note in &report.notes {
        output.line(format_args!("note: {}", escape(note)))?;
    }
    Ok(())
}

fn tell_verdict(report: &Report, output: &mut Output) -> Result<(), Error> {
    let bold = Style::new().bold();
    let verdict = &report.verdict;
    let affiliation = output.styled(bold, verdict.affiliation);
    let guest = match (verdict.guest, verdict.affiliation) {
        (false, _) => "",
        (true, "keep") => " (a guest, left alone: policy.guests is \"ignore\")",
        (true, _) => " (a guest: no moderator unless a moderator grants it)",
    };
    output.line(format_args!("affiliation  {affiliation}{guest}"))?;
    output.line(format_args!("by rule      {}", because(verdict)))?;
    if let Some(accepted) = &report.if_accepted {
        let affiliation = accepted.affiliation;
        output.line(format_args!(
            "if accepted  {affiliation}, by rule {}",
            because(accepted)
        ))?;
    }
    output.line(format_args!("name         {}", name_text(&report.name)))?;
    output.line("permissions (any other is left to Jitsi)")?;
    let rows: Vec<_> = report.permissions.iter().map(permission_row).collect();
    output.text(columns(&rows))?;
    output.line("rules tried")?;
    let rows: Vec<_> = report.tried.iter().map(tried_row).collect();
    output.text(columns(&rows))
}

/// A permission, its holders and the reason.
fn permission_row(line: &PermissionLine) -> [String; 3] {
    let answer = match (line.participant, line.moderator, line.owner) {
        (None, ..) => "left to Jitsi",
        (Some(true), ..) => "yes",
        (_, Some(true), _) => "as moderator yes, as participant no",
        (.., Some(true)) => "as owner yes, else no",
        _ => "no",
    };
    [
        format!("  {}", line.name),
        answer.to_owned(),
        line.because.clone(),
    ]
}

fn because(judged: &Judged) -> String {
    format!("{}: {}", judged.rule, escape(&judged.reason))
}

fn name_text(name: &Name) -> String {
    let reason = escape(&name.name_reason);
    match (&name.name, name.frozen) {
        (Some(form), true) => format!("\"{}\", frozen ({reason})", escape(form)),
        (Some(form), false) => format!("\"{}\", not frozen ({reason})", escape(form)),
        (None, _) => format!("not frozen: {reason}"),
    }
}

/// A rule, its result and the reason, and the rule itself as it is written.
fn tried_row(line: &TriedLine) -> [String; 4] {
    let result = match line.affiliation {
        Some(affiliation) => format!("matches: {affiliation}"),
        None => "does not match".to_owned(),
    };
    let rule = match &line.when {
        Some(when) => {
            let when: Vec<&str> = when.split_whitespace().collect();
            format!("{} → {}", when.join(" "), line.gives)
        }
        None => String::new(),
    };
    [
        format!("  {}", line.rule),
        result,
        line.reason.clone(),
        rule,
    ]
}

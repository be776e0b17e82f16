//! `gavel doctor`: the state of the deployment, and the remedies.

use super::text::{columns, escape, pad, width, wrap};
use super::{DoctorArgs, Error, Output, Status, ask};
use crate::api::{self, Diagnosis, Examiner, Finding, Severity, Time};
use crate::config::{self, Invalid, Loaded, Problem};
use crate::diagnosis::{self, Note};
use crate::shell::client::{Client, ClientError};
use crate::shell::{self, Clock};
use anstyle::{AnsiColor, Style};
use std::path::Path;
use std::time::Duration;

/// Longest wait of `--ready` in all: a health check that hangs is none.
const READY: Duration = Duration::from_secs(2);

/// Examines the deployment and prints the findings.
pub(super) fn run(
    args: &DoctorArgs,
    file: Option<&Path>,
    output: &mut Output,
) -> Result<Status, Error> {
    let client = ask::client(file)?;
    if args.ready {
        return ask::run(ready(client, output));
    }
    let diagnosis = ask::run(diagnose(client, file))?;
    if args.json {
        output.json(&diagnosis)?;
    } else {
        print(&diagnosis.findings, output)?;
    }
    Ok(match diagnosis.worst {
        Severity::Fail => Status::Failed,
        Severity::Ok | Severity::Warn => Status::Done,
    })
}

/// Asks the daemon; if none runs, Prosody itself. A daemon that does not answer, or may not
/// be asked, is there all the same, and a second connection could end its own.
pub(super) async fn diagnose(client: Client, file: Option<&Path>) -> Result<Diagnosis, Error> {
    let loaded = config::load(file);
    match client.get::<Diagnosis>("/v1/doctor").await {
        Ok(diagnosis) => {
            let own = configuration(&loaded);
            Ok(joined(
                diagnosis.examined_by,
                diagnosis.at,
                own,
                diagnosis.findings,
            ))
        }
        Err(ClientError::NoDaemon { .. }) => {
            let loaded = loaded?;
            let facts = shell::probe_deployment(&loaded.config).await;
            let own = configuration(&Ok(loaded));
            let at = Time::from_unix_ms(Clock::start().now().unix_ms);
            Ok(joined(
                Examiner::Command,
                at,
                own,
                diagnosis::findings(&facts),
            ))
        }
        Err(error) => Err(error.into()),
    }
}

fn joined(by: Examiner, at: Time, mut own: Vec<Finding>, found: Vec<Finding>) -> Diagnosis {
    own.extend(found);
    Diagnosis::new(by, at, own)
}

/// The findings about the configuration as this command reads it. People who may ask the
/// daemon need not be allowed to read its secrets.
fn configuration(loaded: &Result<Loaded, Invalid>) -> Vec<Finding> {
    let notes = |problems: &[Problem]| {
        let notes = problems.iter().map(|problem| Note {
            place: problem.place.clone(),
            problem: problem.problem.clone(),
            remedy: problem.remedy.clone(),
        });
        diagnosis::configuration(&notes.collect::<Vec<_>>())
    };
    match loaded {
        Ok(loaded) => notes(&loaded.warnings),
        Err(invalid) => notes(&invalid.errors),
    }
}

/// One line a finding: severity, check, the finding, and the remedy.
fn print(findings: &[Finding], output: &mut Output) -> Result<(), Error> {
    let lines = lines(findings, output.columns());
    // Only the first column is coloured, and padded before: escapes have no
    // width.
    for (severity, line) in lines {
        match severity {
            Some(severity) => {
                let (word, rest) = line.split_at(word(severity).len());
                let word = output.styled(style(severity), word);
                output.line(format!("{word}{rest}"))?;
            }
            None => output.line(line)?,
        }
    }
    Ok(())
}

/// The least room for the text of a finding.
const LEAST: usize = 30;

/// The findings as lines; on a terminal of so many `columns` the text is broken there,
/// below its own beginning. The first of each finding has its severity.
fn lines(findings: &[Finding], columns_: Option<usize>) -> Vec<(Option<Severity>, String)> {
    let rows: Vec<_> = findings.iter().map(row).collect();
    let table = columns(&rows);
    let first = |finding: &Finding| Some(finding.severity);
    let Some(all) = columns_ else {
        let lines = table.lines().map(str::to_owned);
        return findings.iter().map(first).zip(lines).collect();
    };
    let check = rows.iter().map(|[_, check, _]| width(check)).max();
    let severity = rows.iter().map(|[word, ..]| width(word)).max();
    let (severity, check) = (severity.unwrap_or(0), check.unwrap_or(0));
    // There may be no room beside a long name: then the text stands below it.
    let beside = all >= severity + check + 4 + LEAST;
    let indent = if beside { severity + check + 4 } else { 4 };
    let mut lines = Vec::new();
    for (finding, [word, name, text]) in findings.iter().zip(&rows) {
        let head = format!("{}  {}", pad(word, severity), pad(&escape(name), check));
        let text = wrap(&escape(text), all.saturating_sub(indent).max(LEAST));
        let mut text = text.into_iter();
        lines.push(match beside {
            true => (
                first(finding),
                format!("{head}  {}", text.next().unwrap_or_default()),
            ),
            false => (first(finding), head.trim_end().to_owned()),
        });
        let blank = " ".repeat(indent);
        lines.extend(text.map(|line| (None, format!("{blank}{line}"))));
    }
    lines
}

fn row(finding: &Finding) -> [String; 3] {
    let text = match &finding.remedy {
        Some(remedy) => format!("{} → {remedy}", finding.message),
        None => finding.message.clone(),
    };
    let word = word(finding.severity).to_owned();
    [word, finding.check.clone(), text]
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Ok => "ok",
        Severity::Warn => "warn",
        Severity::Fail => "fail",
    }
}

fn style(severity: Severity) -> Style {
    match severity {
        Severity::Ok => AnsiColor::Green.on_default(),
        Severity::Warn => AnsiColor::Yellow.on_default().bold(),
        Severity::Fail => AnsiColor::Red.on_default().bold(),
    }
}

/// Says whether the daemon does its work, or would if the other one ended.
async fn ready(client: Client, output: &mut Output) -> Result<Status, Error> {
    let asking = client.get::<api::Status>("/v1/status");
    let status = match tokio::time::timeout(READY, asking).await {
        Ok(status) => status?,
        Err(_) => {
            let seconds = READY.as_secs();
            let text = format!("gavel does not answer within {seconds} s: see its log");
            return Err(Error::Failed(text));
        }
    };
    let (line, done) = readiness(&status);
    output.line(escape(&line))?;
    Ok(match done {
        true => Status::Done,
        false => Status::Failed,
    })
}

fn readiness(status: &api::Status) -> (String, bool) {
    let (rooms, people) = (status.rooms, status.occupants);
    match status {
        _ if status.standby => ("standby: another gavel is connected".to_owned(), true),
        _ if !status.connected => (
            "not ready: not connected; see gavel doctor".to_owned(),
            false,
        ),
        _ if !status.unserved.is_empty() => (
            format!(
                "not ready: mod_gavel is not active on {}; see gavel doctor",
                status.unserved.join(", ")
            ),
            false,
        ),
        _ if !status.ready => (
            "not ready: connected, not all rooms are joined yet".to_owned(),
            false,
        ),
        _ => (
            format!("ready: connected, rooms: {rooms}, people: {people}"),
            true,
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_a_terminal_findings_are_broken_at_its_width() {
        let finding = |severity, check: &str, message: &str| Finding {
            severity,
            check: check.to_owned(),
            message: message.to_owned(),
            remedy: Some("load it in modules_enabled and restart Prosody".to_owned()),
        };
        let findings = [
            finding(Severity::Ok, "connection", "connected"),
            finding(
                Severity::Fail,
                "module",
                "mod_gavel is not active on muc.meet.jitsi",
            ),
        ];
        let shown = |columns| -> Vec<String> {
            lines(&findings, columns)
                .into_iter()
                .map(|(_, line)| line)
                .collect()
        };
        let pipe = shown(None);
        assert_eq!(pipe.len(), 2);
        assert!(pipe[1].starts_with("fail  module      mod_gavel is not active on"));
        let narrow = shown(Some(60));
        assert_eq!(
            narrow[2..],
            [
                "fail  module      mod_gavel is not active on muc.meet.jitsi",
                "                  → load it in modules_enabled and restart",
                "                  Prosody",
            ]
        );
        for columns in [30, 40, 47, 48, 60, 80, 100] {
            let lines = shown(Some(columns));
            assert!(
                lines.iter().all(|line| width(line) <= columns.max(34)),
                "{lines:?}"
            );
        }
        assert_eq!(shown(Some(40))[0], "ok    connection");
    }
}

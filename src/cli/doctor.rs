//! `gavel doctor`: how the deployment is, and what mends it.

use super::text::{columns, escape};
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

/// Examines the deployment and prints what was found.
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

/// Asks the daemon; where none runs, Prosody itself. A daemon that does not
/// answer, or may not be asked, is there all the same, and a second connection
/// could end its own.
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
            let facts = shell::examine(&loaded.config).await;
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

/// What is to be said of the configuration as this command reads it. Whoever may
/// ask the daemon need not be let to read its secrets.
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

/// One line a finding: severity, check, what is so, and what mends it.
fn print(findings: &[Finding], output: &mut Output) -> Result<(), Error> {
    let rows: Vec<_> = findings.iter().map(row).collect();
    // Only the first column is coloured, and padded before: escapes have no
    // width.
    for (finding, line) in findings.iter().zip(columns(&rows).lines()) {
        let (word, rest) = line.split_at(word(finding.severity).len());
        let word = output.styled(style(finding.severity), word);
        output.line(format!("{word}{rest}"))?;
    }
    Ok(())
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

/// Whether the daemon does its work, or would if the other one ended.
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

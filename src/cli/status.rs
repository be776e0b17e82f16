//! `gavel status`: one screen that says how gavel is.

use super::text::{columns, escape, wrap};
use super::{Error, Output, Status, StatusArgs, ask};
use crate::api::{self, Finding, ModuleState, ModuleStatus, Severity, Unsettled};
use crate::shell::client::Client;
use serde::Serialize;
use std::path::Path;

/// The output with `--json`.
#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    status: api::Status,
    /// The doctor's findings, without those that are `ok`.
    findings: Vec<Finding>,
}

/// Asks the daemon and prints its answer; status 1 if it is not ready.
pub(super) fn run(
    args: &StatusArgs,
    file: Option<&Path>,
    output: &mut Output,
) -> Result<Status, Error> {
    let client = ask::client(file)?;
    let report = ask::run(report(&client))?;
    match args.json {
        true => output.json(&report)?,
        false => tell(&report, output)?,
    }
    Ok(match report.status.ready || report.status.standby {
        true => Status::Done,
        false => Status::Failed,
    })
}

async fn report(client: &Client) -> Result<Report, Error> {
    let diagnosis: api::Diagnosis = client.get("/v1/doctor").await?;
    // Last, so that it is as new as the diagnosis.
    let status = client.get("/v1/status").await?;
    let mut findings = diagnosis.findings;
    findings.retain(|finding| finding.severity != Severity::Ok);
    Ok(Report { status, findings })
}

fn tell(report: &Report, output: &mut Output) -> Result<(), Error> {
    let status = &report.status;
    let mut rows = vec![["gavel".to_owned(), gavel(status)]];
    rows.extend(
        status
            .modules
            .iter()
            .map(|module| ["module".to_owned(), words(module)]),
    );
    rows.push(["meetings".to_owned(), meetings(status)]);
    rows.extend(
        status
            .unsettled
            .iter()
            .map(|person| ["unsettled".to_owned(), unsettled(person)]),
    );
    for finding in &report.findings {
        let word = match finding.severity {
            Severity::Fail => "fail",
            Severity::Warn | Severity::Ok => "warn",
        };
        let remedy = finding.remedy.as_deref().unwrap_or_default();
        rows.push([word.to_owned(), format!("{} → {remedy}", finding.message)]);
    }
    if report.findings.is_empty() {
        rows.push(["doctor".to_owned(), "nothing to correct".to_owned()]);
    }
    lines(&rows, output)
}

/// Two columns; on a terminal the second is wrapped at its width.
fn lines(rows: &[[String; 2]], output: &mut Output) -> Result<(), Error> {
    const FIRST: usize = 11;
    let Some(width) = output.columns() else {
        return output.text(columns(rows));
    };
    for [name, text] in rows {
        let room = width.saturating_sub(FIRST).max(20);
        for (at, line) in wrap(&escape(text), room).into_iter().enumerate() {
            let name = if at == 0 { name.as_str() } else { "" };
            output.line(format!("{name:<FIRST$}{line}").trim_end())?;
        }
    }
    Ok(())
}

fn gavel(status: &api::Status) -> String {
    let (version, since) = (&status.version, status.since);
    let problem = status.problem.as_deref().unwrap_or_default();
    match status {
        _ if status.standby => format!("{version}, standby: {problem}"),
        _ if !status.connected => {
            format!("{version}, not ready: not connected since {since}: {problem}")
        }
        _ if !status.unserved.is_empty() => format!(
            "{version}, not ready: connected since {since}; nobody on {} gets a role from a token",
            status.unserved.join(", ")
        ),
        _ if !status.ready => {
            format!("{version}, not ready: connected since {since}, not in all rooms yet")
        }
        _ => format!("{version}, ready, connected since {since}"),
    }
}

fn words(module: &ModuleStatus) -> String {
    let service = &module.service;
    let version = module.version.as_deref().unwrap_or("of an unknown release");
    match module.state {
        ModuleState::Active => {
            let guard = if module.guard { "on" } else { "off" };
            format!("{service}: mod_gavel {version}, guard {guard}")
        }
        ModuleState::ServesAnother => {
            format!("{service}: mod_gavel serves another gavel (gavel_jid)")
        }
        ModuleState::Absent => format!("{service}: mod_gavel is not active"),
        ModuleState::NoService => format!("{service}: this server has no such service"),
        ModuleState::Unknown => format!("{service}: not known yet"),
    }
}

fn meetings(status: &api::Status) -> String {
    let count = |n: usize, one: &str, many: &str| match n {
        1 => format!("1 {one}"),
        n => format!("{n} {many}"),
    };
    let pending = match status.pending {
        0 => "all settled".to_owned(),
        n => format!("{n} unsettled"),
    };
    format!(
        "{}, {}, {}, {pending}",
        count(status.rooms, "room", "rooms"),
        count(status.occupants, "person", "people"),
        count(status.moderators, "moderator", "moderators"),
    )
}

fn unsettled(person: &Unsettled) -> String {
    let name = person.display_name.as_deref().unwrap_or(&person.nick);
    let desired = person
        .desired
        .map_or("something else".to_owned(), |to| to.to_string());
    let because = person.hindrance.as_deref().map(|why| format!(" ({why})"));
    format!(
        "{name} in {} is {} and should be {desired}{}",
        person.room,
        person.affiliation,
        because.unwrap_or_default()
    )
}

//! `gavel doctor`: each finding provoked on real Prosody, by a command that
//! connects itself (`alone`) and by one that asks the running daemon (`daemon`).

mod alone;
mod authentication;
mod daemon;
mod ready;
mod signals;
mod status;
mod unloaded;
mod unreachable;

use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// The output of a command, and its end.
#[derive(Debug)]
pub struct Said {
    /// Its exit status.
    pub status: i32,
    /// Its output.
    pub out: String,
    /// Its complaints.
    pub err: String,
}

/// Runs `gavel ARGS -c config`; clients and servers of the test go on meanwhile.
pub async fn gavel(args: &str, config: &Path) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gavel"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("GAVEL_")) {
        command.env_remove(name);
    }
    command.args(args.split(' ')).arg("-c").arg(config);
    command.env("XDG_RUNTIME_DIR", config.parent().unwrap());
    let output = tokio::task::spawn_blocking(move || command.output());
    let output = output.await.unwrap().unwrap();
    Said {
        status: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The findings of `gavel doctor --json`.
#[derive(Debug)]
pub struct Found {
    /// Its exit status.
    pub status: i32,
    /// The document.
    pub json: Value,
}

/// Runs `gavel doctor --json`.
pub async fn doctor(config: &Path) -> Found {
    let said = gavel("doctor --json", config).await;
    let json = serde_json::from_str(&said.out);
    let json: Value = json.unwrap_or_else(|error| panic!("{error}: {said:?}"));
    let failing = json["worst"] == "fail";
    assert_eq!(said.status, i32::from(failing), "{json:#}");
    Found {
        status: said.status,
        json,
    }
}

impl Found {
    /// The findings of a check.
    pub fn of(&self, check: &str) -> Vec<&Value> {
        let findings = self.json["findings"].as_array().unwrap();
        findings.iter().filter(|f| f["check"] == check).collect()
    }

    /// Expects one finding of `check` with this severity, whose text and remedy hold
    /// `words`.
    #[track_caller]
    pub fn has(&self, check: &str, severity: &str, words: &[&str]) {
        let all = &self.json;
        let fits = |finding: &&Value| {
            let remedy = finding["remedy"].as_str().unwrap_or_default();
            let text = format!("{} {remedy}", finding["message"].as_str().unwrap());
            finding["severity"] == severity && words.iter().all(|word| text.contains(word))
        };
        let found = self.of(check).into_iter().find(fits);
        let found = found.unwrap_or_else(|| panic!("no {severity} {check} {words:?}: {all:#}"));
        let mended = severity == "ok" || found["remedy"].is_string();
        assert!(mended, "nothing mends {found:#}");
    }

    /// Expects no finding of `check`.
    #[track_caller]
    pub fn lacks(&self, check: &str) {
        assert!(self.of(check).is_empty(), "{:#}", self.json);
    }

    /// Expects that there is nothing to fix.
    #[track_caller]
    pub fn is_healthy(&self) {
        assert_eq!(self.json["worst"], "ok", "{:#}", self.json);
        assert_eq!(self.status, 0);
    }
}

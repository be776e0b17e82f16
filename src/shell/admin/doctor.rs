//! `GET /v1/doctor`: the deployment as the daemon sees it.
//!
//! It asks Prosody over the daemon's own stream and adds the engine's counts since the
//! start; [`crate::diagnosis`] draws the conclusions.

use super::fault::Fault;
use super::shared::Shared;
use crate::api::{Diagnosis, Examiner, Time};
use crate::diagnosis::{Connection, Daemon, Facts, Trouble, findings};
use crate::engine::Input;
use crate::shell::driver::Driver;
use crate::shell::probe::setup;
use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// Longest wait for Prosody; that it does not answer is a finding, too.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/v1/doctor", get(doctor))
}

async fn doctor(State(shared): State<Shared>) -> Result<Json<Diagnosis>, Fault> {
    diagnosis(&shared).await.map(Json)
}

/// Examines the deployment.
pub(super) async fn diagnosis(shared: &Shared) -> Result<Diagnosis, Fault> {
    let probed = shared.handle.ask(Driver::probe).await?;
    // Both ends, an answer and none in time, are told by the facts.
    let _ = timeout(PATIENCE, probed).await;
    let (facts, at) = shared
        .handle
        .ask(|driver| (driver.facts(), driver.now()))
        .await?;
    let diagnosis = Diagnosis::new(Examiner::Daemon, at, findings(&facts));
    Ok(diagnosis)
}

impl Driver {
    /// Begins to ask Prosody; the receiver ends when all is answered.
    fn probe(&mut self) -> oneshot::Receiver<()> {
        let (done, probed) = oneshot::channel();
        self.probing.retain(|waiting| !waiting.is_closed());
        self.probing.push(done);
        self.engine.handle(self.clock.now(), Input::Probe);
        probed
    }

    fn now(&self) -> Time {
        Time::from_unix_ms(self.clock.now().unix_ms)
    }

    /// Everything known.
    fn facts(&self) -> Facts {
        let condition = &self.condition;
        let connection = match (&condition.trouble, condition.standby) {
            _ if condition.connected => Connection::Up,
            (_, true) => Connection::Standby,
            (Some(trouble), false) => Connection::Down(trouble.clone()),
            (None, false) => Connection::Down(Trouble::Other("connecting".to_owned())),
        };
        let setup = setup(&self.config);
        let survey = self.engine.survey(&setup.trusted_domains);
        Facts {
            setup,
            connection,
            answers: self.engine.answers(),
            impersonation: survey.can_impersonate,
            daemon: Some(Daemon {
                version: env!("CARGO_PKG_VERSION").to_owned(),
                since: Time::from_unix_ms(condition.since).to_string(),
                ready: self.engine.is_ready(),
                tally: self.engine.tally().clone(),
                survey,
                kept: self.state_file.kept(),
                replaced: condition.replaced,
            }),
        }
    }
}

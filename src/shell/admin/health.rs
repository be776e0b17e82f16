//! `/healthz`, `/readyz` and `/metrics`: whether gavel lives, whether it does its
//! work, and how much of it.

use super::fault::Fault;
use super::shared::Shared;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
}

/// Alive is a gavel whose engine answers, connected or not.
async fn healthz(State(shared): State<Shared>) -> Result<&'static str, Fault> {
    shared.handle.ask_at_once(|_| ()).await?;
    Ok("alive\n")
}

/// Ready is one that is connected, has joined all rooms it found, and gets claims
/// on every service.
async fn readyz(State(shared): State<Shared>) -> Result<Response, Fault> {
    let status = shared.handle.ask(|driver| driver.status()).await?;
    if status.ready {
        return Ok("ready\n".into_response());
    }
    let why = match (status.connected, status.problem) {
        (true, _) if !status.unserved.is_empty() => {
            let services = status.unserved.join(", ");
            format!("connected; mod_gavel is not active on {services}; see gavel doctor")
        }
        (true, _) => "connected; finding rooms".to_owned(),
        (false, Some(problem)) if status.standby => format!("standby: {problem}"),
        (false, Some(problem)) => format!("not connected: {problem}"),
        (false, None) => "not connected".to_owned(),
    };
    Ok((StatusCode::SERVICE_UNAVAILABLE, why + "\n").into_response())
}

async fn metrics(State(shared): State<Shared>) -> Result<impl IntoResponse, Fault> {
    let now = shared.handle.ask(|driver| {
        let connected = driver.engine.is_connected();
        (connected, driver.engine.counts())
    });
    let (connected, counts) = now.await?;
    let text = shared.metrics.text(connected, counts);
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text))
}

//! `GET /v1/status`, `/v1/rooms` and below.

use super::Shared;
use super::fault::Fault;
use crate::api::{RoomDetail, RoomSummary, Status};
use crate::engine::NotFound;
use crate::muc::RoomJid;
use crate::shell::driver::Driver;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/v1/rooms", get(list))
        .route("/v1/rooms/{room}", get(show))
}

pub(super) async fn status(State(shared): State<Shared>) -> Result<Json<Status>, Fault> {
    let status = shared.desk.ask(|driver| driver.status()).await?;
    Ok(Json(status))
}

async fn list(State(shared): State<Shared>) -> Result<Json<Vec<RoomSummary>>, Fault> {
    let rooms = shared.desk.ask(|driver| driver.engine.summaries()).await?;
    Ok(Json(rooms))
}

async fn show(
    State(shared): State<Shared>,
    room: Result<Path<String>, PathRejection>,
) -> Result<Json<RoomDetail>, Fault> {
    let Path(room) = room.map_err(|error| Fault::bad(error.body_text()))?;
    let shown = shared.desk.ask(move |driver| {
        let jid = find(driver, &room)?;
        let detail = driver.engine.detail(&jid);
        detail.ok_or_else(|| no_room(driver, &room))
    });
    shown.await?.map(Json)
}

/// The room that a path names.
pub(super) fn find(driver: &Driver, text: &str) -> Result<RoomJid, Fault> {
    driver.engine.find_room(text).map_err(|error| match error {
        NotFound::Several(rooms) => Fault::ambiguous(
            format!("several rooms are named {text:?}: write which"),
            rooms,
        ),
        _ => no_room(driver, text),
    })
}

fn no_room(driver: &Driver, text: &str) -> Fault {
    let status = driver.status();
    Fault::not_found(match (status.connected, status.problem) {
        (true, _) => format!("gavel is in no room {text:?}: GET /v1/rooms lists those it is in"),
        (false, Some(problem)) => {
            format!("gavel is in no room {text:?}, since it is not connected: {problem}")
        }
        (false, None) => format!("gavel is in no room {text:?}, since it is not connected"),
    })
}

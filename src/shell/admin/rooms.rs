//! `GET /v1/status`, `/v1/rooms` and below.

use super::fault::Fault;
use super::shared::Shared;
use crate::api::Status;
use crate::engine::NotFound;
use crate::muc::{RoomJid, without_query};
use crate::shell::driver::Driver;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use bytes::Bytes;
use std::time::Duration;
use tokio::time::Instant;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/v1/rooms", get(list))
        .route("/v1/rooms/{room}", get(show))
}

pub(super) async fn status(State(shared): State<Shared>) -> Result<Json<Status>, Fault> {
    let status = shared.handle.ask(|driver| driver.status()).await?;
    Ok(Json(status))
}

async fn list(State(shared): State<Shared>) -> Result<Response, Fault> {
    let make = made(&shared, |driver| Ok(driver.engine.summaries()));
    answer(shared.answers.get("rooms".to_owned(), make).await?)
}

async fn show(
    State(shared): State<Shared>,
    room: Result<Path<String>, PathRejection>,
) -> Result<Response, Fault> {
    let Path(room) = room.map_err(|error| Fault::bad(error.body_text()))?;
    let question = format!("room {room}");
    let make = made(&shared, move |driver| {
        let jid = find(driver, &room)?;
        let detail = driver.engine.detail(&jid);
        detail.ok_or_else(|| no_room(driver, &room))
    });
    answer(shared.answers.get(question, make).await?)
}

/// The view that `look` takes, as JSON, and how long it kept the engine.
pub(super) async fn made<T, F>(shared: &Shared, look: F) -> Result<(Bytes, Duration), Fault>
where
    T: serde::Serialize + Send + 'static,
    F: FnOnce(&Driver) -> Result<T, Fault> + Send + 'static,
{
    let seen = shared.handle.ask(move |driver| {
        let start = Instant::now();
        (look(driver), start.elapsed())
    });
    let (seen, took) = seen.await?;
    let json = serde_json::to_vec(&seen?);
    let json = json.map_err(|error| Fault::conflict(error.to_string()))?;
    Ok((json.into(), took))
}

pub(super) fn answer(json: Bytes) -> Result<Response, Fault> {
    Ok(([(header::CONTENT_TYPE, "application/json")], json).into_response())
}

/// The room that a path names, as people write rooms.
pub(super) fn find(driver: &Driver, text: &str) -> Result<RoomJid, Fault> {
    driver.engine.find_room(text).map_err(|error| match error {
        NotFound::Several(rooms) => Fault::ambiguous(
            format!(
                "several rooms are named {:?}: give the JID of one",
                without_query(text)
            ),
            rooms,
        ),
        _ => no_room(driver, text),
    })
}

fn no_room(driver: &Driver, text: &str) -> Fault {
    let status = driver.status();
    // A pasted URL can hold a token.
    let text = without_query(text);
    Fault::not_found(match (status.connected, status.problem) {
        (true, _) => format!("gavel is in no room {text:?}; `gavel room list` shows the rooms"),
        (false, Some(problem)) => {
            format!("gavel is in no room {text:?}, since it is not connected: {problem}")
        }
        (false, None) => format!("gavel is in no room {text:?}, since it is not connected"),
    })
}

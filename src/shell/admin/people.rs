//! `GET /v1/people`: people looked for in all rooms; `GET /v1/ended`: rooms that
//! gavel has left within the last day.

use super::fault::Fault;
use super::rooms::{answer, made};
use super::shared::Shared;
use crate::api::EndedRoom;
use crate::engine::WantedPeople;
use crate::shell::Clock;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;

/// People in one answer, at most.
const MOST: usize = 100;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/v1/people", get(people))
        .route("/v1/ended", get(ended))
}

/// The parameters behind the question mark: one of these.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// A part of a nick, a real JID or a name.
    find: Option<String>,
    /// `true`: those who do not have yet the rights they should have.
    unsettled: Option<bool>,
}

async fn people(
    State(shared): State<Shared>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, Fault> {
    let Query(asked) = asked.map_err(|error| Fault::bad(error.body_text()))?;
    let wanted = match (asked.find, asked.unsettled) {
        (Some(text), None) if !text.trim().is_empty() => WantedPeople::Called(text),
        (None, Some(true)) => WantedPeople::Unsettled,
        _ => {
            let words = "give find=TEXT or unsettled=true";
            return Err(Fault::bad(words.to_owned()));
        }
    };
    let question = format!("people {wanted:?}");
    let make = made(&shared, move |driver| {
        Ok(driver.engine.people(&wanted, MOST))
    });
    answer(shared.answers.get(question, make).await?)
}

async fn ended(State(shared): State<Shared>) -> Json<Vec<EndedRoom>> {
    Json(shared.ended.rooms(Clock::start().now().unix_ms))
}

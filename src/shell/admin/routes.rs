//! The routes of the socket, and those of the status page.

use super::fault::Fault;
use super::shared::Shared;
use super::{doctor, events, health, overrides, people, rooms};
use axum::Router;
use axum::extract::Request;
use axum::routing::get;

/// Everything the socket serves.
pub(super) fn full(shared: Shared) -> Router {
    let acting = overrides::routes().merge(doctor::routes());
    let routes = reading().merge(acting).merge(health::routes());
    answers_all(routes.with_state(shared))
}

/// The routes that only read.
pub(super) fn reading() -> Router<Shared> {
    Router::new()
        .route("/v1/status", get(rooms::status))
        .merge(rooms::routes())
        .merge(people::routes())
        .merge(events::routes())
}

/// Answers requests that no other route takes, as the API does.
pub(super) fn answers_all(router: Router) -> Router {
    router
        .fallback(|request: Request| async move {
            Fault::not_found(format!("there is no {}", request.uri().path()))
        })
        .method_not_allowed_fallback(|request: Request| async move {
            Fault::wrong_method(request.method(), request.uri().path())
        })
}

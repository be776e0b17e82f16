//! Errors as the API answers them.

use crate::api::{ErrorBody, ErrorCode, Failure};
use crate::shell::handle::NoAnswer;
use axum::Json;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};

/// An error, to be answered.
#[derive(Debug)]
pub(in crate::shell) struct Fault {
    status: StatusCode,
    failure: Failure,
}

impl Fault {
    fn new(status: StatusCode, code: ErrorCode, message: String) -> Self {
        let failure = Failure {
            code,
            message,
            candidates: Vec::new(),
        };
        Self { status, failure }
    }

    /// The request cannot be read.
    pub(in crate::shell) fn bad(message: String) -> Self {
        Self::new(StatusCode::BAD_REQUEST, ErrorCode::BadRequest, message)
    }

    /// It is not allowed.
    pub(in crate::shell) fn forbidden(message: String) -> Self {
        Self::new(StatusCode::FORBIDDEN, ErrorCode::Forbidden, message)
    }

    /// Nothing there has that name.
    pub(in crate::shell) fn not_found(message: String) -> Self {
        Self::new(StatusCode::NOT_FOUND, ErrorCode::NotFound, message)
    }

    /// Several have that name.
    pub(in crate::shell) fn ambiguous(message: String, candidates: Vec<String>) -> Self {
        let mut fault = Self::new(StatusCode::CONFLICT, ErrorCode::Ambiguous, message);
        fault.failure.candidates = candidates;
        fault
    }

    /// It cannot be done as things are.
    pub(in crate::shell) fn conflict(message: String) -> Self {
        Self::new(StatusCode::CONFLICT, ErrorCode::Conflict, message)
    }

    /// The path is there, but not for this method.
    pub(in crate::shell) fn wrong_method(method: &Method, path: &str) -> Self {
        let message = format!("{path} does not take {method}");
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            ErrorCode::BadRequest,
            message,
        )
    }
}

impl From<NoAnswer> for Fault {
    fn from(_: NoAnswer) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            ErrorCode::Unavailable,
            "gavel does not answer: it is ending, or the machine is overloaded; try again"
                .to_owned(),
        )
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let body = ErrorBody {
            error: self.failure,
        };
        (self.status, Json(body)).into_response()
    }
}

//! Errors of the API: `{"error": {"code", "message", "candidates"?}}`.

use serde::{Deserialize, Serialize};

/// The body of an answer with status 400, 403, 404 or 409.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// The error.
    pub error: Failure,
}

/// The failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// For programs.
    pub code: ErrorCode,
    /// For people: the fault, its place and the remedy.
    pub message: String,
    /// Everybody that an ambiguous name could mean.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<String>,
}

/// The kinds of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The request cannot be read; 400.
    BadRequest,
    /// It is not allowed; 403.
    Forbidden,
    /// Nothing there has that name; 404.
    NotFound,
    /// More than one has; 409.
    Ambiguous,
    /// It cannot be done as things are; 409.
    Conflict,
    /// gavel is too busy to answer, or about to end; 503.
    Unavailable,
}

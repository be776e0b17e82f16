//! `gavel explain`; not there yet.

use super::{Error, ExplainArgs, Output, Status};
use std::path::Path;

/// Says that it is not there.
pub(super) fn run(
    _args: &ExplainArgs,
    _file: Option<&Path>,
    _output: &mut Output,
) -> Result<Status, Error> {
    Err(Error::Failed(
        "gavel explain is unavailable in this build; use a later one".to_owned(),
    ))
}

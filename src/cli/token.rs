//! `gavel token`; not there yet.

use super::{Error, Output, Status, TokenCommand};
use std::path::Path;

/// Says that it is not there.
pub(super) fn run(
    _args: &TokenCommand,
    _file: Option<&Path>,
    _output: &mut Output,
) -> Result<Status, Error> {
    Err(Error::Failed(
        "gavel token is unavailable in this build; use a later one".to_owned(),
    ))
}

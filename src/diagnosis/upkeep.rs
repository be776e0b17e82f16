//! The configuration, and the state that outlives a restart.

use super::facts::{Facts, Kept, Note};
use super::list::List;

pub(super) fn configuration(notes: &[Note], list: &mut List) {
    for note in notes {
        let message = format!("{}: {}", note.place, note.problem);
        list.warn("configuration", message, &*note.remedy);
    }
    if notes.is_empty() {
        list.ok("configuration", "the configuration is valid");
    }
}

pub(super) fn state(facts: &Facts, list: &mut List) {
    let Some(daemon) = &facts.daemon else {
        return;
    };
    if daemon.survey.tokens_full {
        list.warn(
            "bindings",
            "too many tokens are remembered, so new ones are refused as replayed",
            "give tokens a short exp and set claims.jwt.require_exp = true",
        );
    }
    match &daemon.kept {
        Kept::File(file) => list.ok(
            "state",
            format!("grants, step-downs and tokens seen are kept in {file}"),
        ),
        Kept::Memory => list.ok(
            "state",
            "grants, step-downs and tokens seen end with the process, as configured (state.file is \"\")",
        ),
        Kept::Failed(file, reason) => list.warn(
            "state",
            format!("cannot write the state file {file} ({reason}), and tries again: until then a restart of gavel brings back no grant"),
            "see that the disk is not full and that gavel's user may write the file's folder, or set state.file to a file that it may write",
        ),
    }
}

//! The state that the handlers of the admin API share.

use super::answers::Answers;
use crate::shell::driver::EngineHandle;
use crate::shell::ended::Ended;
use crate::shell::journal::Journal;
use crate::shell::metrics::Metrics;
use std::sync::Arc;

/// Everything that handlers share.
#[derive(Clone)]
pub(in crate::shell) struct Shared {
    /// The way to ask the engine's task.
    pub(super) handle: EngineHandle,
    /// The last decisions.
    pub(super) journal: Arc<Journal>,
    /// The counters.
    pub(super) metrics: Arc<Metrics>,
    /// Rooms that gavel has left.
    pub(super) ended: Arc<Ended>,
    /// Answers that several ask for.
    pub(super) answers: Answers,
}

impl Shared {
    /// Nothing has been answered yet.
    pub(in crate::shell) fn new(
        handle: EngineHandle,
        journal: Arc<Journal>,
        metrics: Arc<Metrics>,
        ended: Arc<Ended>,
    ) -> Self {
        Self {
            handle,
            journal,
            metrics,
            ended,
            answers: Answers::default(),
        }
    }
}

//! The words of the admin API (SPEC section 5): the daemon's answers, which the commands
//! read, as plain values that are their own JSON.
//!
//! Counts exclude gavel and infrastructure. Times are RFC 3339 in UTC with milliseconds
//! ([`Time`]). Both sides share these types, so neither can say a word that the other does
//! not read.

mod error;
mod event;
mod finding;
mod room;
mod status;
mod time;

pub use error::{ErrorBody, ErrorCode, Failure};
pub use event::{Actor, ActorKind, Event, EventKind};
pub use finding::{Diagnosis, Examiner, Finding, Severity};
pub use room::{
    Correction, EndedRoom, Granter, Guest, Occupant, Override, OverrideRequest, Permission,
    Rejected, RoomDetail, RoomOverride, RoomSummary, Somebody,
};
pub use status::{ModuleState, ModuleStatus, Status, Unsettled};
pub use time::Time;

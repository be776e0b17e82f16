//! Words of XEP-0045 (Multi-User Chat), as plain values.

mod address;
mod affiliation;
pub mod likeness;
mod spelling;
pub mod status;

pub use address::{BareJid, Nick, OccupantJid, RealJid, RoomJid, Service};
pub use affiliation::{Affiliation, Role};
pub use spelling::{Spelling, readable, without_query};

//! Orders of the upper parts to the rooms. A part changes nothing but its own state, so it
//! gives an order here, and the rooms carry it out as soon as the part is ready.

use crate::muc::{Affiliation, RoomJid};

/// Something to be done about a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// See that gavel is owner.
    Own(RoomJid),
    /// Ask whether gavel is still in.
    Ping(RoomJid),
    /// Read the lists of owners and admins.
    Lists(RoomJid),
    /// Read the list of those with this affiliation.
    List(RoomJid, Affiliation),
    /// Read the configuration.
    Configuration(RoomJid),
    /// Have the room show everybody again.
    ShowAnew(RoomJid),
    /// Something was missed: read the room again.
    Doubt(RoomJid),
    /// It was made members-only, or open.
    MembersOnly(RoomJid, bool),
}

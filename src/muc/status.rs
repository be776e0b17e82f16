//! Status codes of muc#user that gavel reacts to (XEP-0045 §15.6).

/// This presence is the receiver's own.
pub const SELF_PRESENCE: u16 = 110;
/// The room's configuration has changed.
pub const CONFIG_CHANGED: u16 = 104;
/// The join created the room.
pub const ROOM_CREATED: u16 = 201;
/// Banned from the room.
pub const BANNED: u16 = 301;
/// The occupant changes its nick; the new one is in `item@nick`.
pub const NICK_CHANGED: u16 = 303;
/// Kicked from the room.
pub const KICKED: u16 = 307;
/// Removed because of an affiliation change in a members-only room.
pub const REMOVED_AFFILIATION: u16 = 321;
/// Removed because the room has become members-only.
pub const REMOVED_MEMBERS_ONLY: u16 = 322;
/// Removed because the service shuts down.
pub const REMOVED_SHUTDOWN: u16 = 332;

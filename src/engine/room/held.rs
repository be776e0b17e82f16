//! What has happened in a room before anybody there could be judged.

use super::occupant::Occupant;
use crate::muc::{BareJid, Nick};
use crate::stanza::Item;

/// A ban that waits until its subject and its actor can be judged.
#[derive(Debug)]
pub struct HeldBan {
    /// Who is banned.
    pub bare: BareJid,
    /// What the room has told.
    pub item: Item,
    /// Where they were, and as whom; none for somebody in another room of the meeting.
    pub seat: Option<(Nick, Box<Occupant>)>,
}

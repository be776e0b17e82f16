//! A roll call of a room that is under way.

use crate::engine::hash::HashSet;
use crate::muc::Nick;

/// A roll call that is under way.
#[derive(Debug)]
pub struct Roll {
    /// Occupants that have not been shown again yet.
    pub unseen: HashSet<Nick>,
    /// gavel's own presence has come: it is in.
    pub own: bool,
    /// Something was left out meanwhile.
    pub marred: bool,
}

impl Roll {
    /// An occupant was shown.
    pub fn sees(&mut self, nick: &Nick) {
        self.unseen.remove(nick);
    }

    /// gavel's own presence was shown.
    pub fn sees_gavel(&mut self) {
        self.own = true;
    }
}

//! The configuration was read again: what it says now holds at once for
//! everybody present.
//!
//! Evidence is not kept, so where claims are read otherwise than before, rooms are
//! asked to show everybody anew: Prosody and the module answer a join of who is
//! in already with the list of occupants. What was refused before may be believed
//! then, and what was believed refused; until then everybody keeps what they have.

use crate::engine::settings::Settings;
use std::fmt;

/// Another configuration.
pub struct Reload {
    /// What holds from now on. Component, nick, services and seed stay what they
    /// were: they are the connection's.
    pub settings: Settings,
    /// Whether evidence is read otherwise than before.
    pub claims_changed: bool,
}

impl fmt::Debug for Reload {
    /// Without keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reload")
    }
}

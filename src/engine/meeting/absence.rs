//! How far gavel has got with a meeting that has no host.

use crate::engine::time::Tick;
use crate::muc::BareJid;
use std::collections::BTreeSet;

/// How far it has got with a meeting that has no host.
#[derive(Debug, Default)]
pub struct Absence {
    /// People are there and no host, since.
    pub since: Option<Tick>,
    /// They were told the coming event.
    pub warned: Option<Tick>,
    /// A request to end, lock or open the room waits for its reply.
    pub asked: bool,
    /// Prosody has refused it, and is not asked again before.
    pub not_before: Option<Tick>,
    /// Everybody is made a member first.
    pub closing: bool,
    /// Infrastructure that was made a member for that.
    pub admitted: BTreeSet<BareJid>,
    /// gavel has made the room members-only, and is to open it again.
    pub locked: bool,
}

impl Absence {
    /// The state that outlives the connection.
    pub fn remembered(locked: bool) -> Self {
        Self {
            locked,
            ..Self::default()
        }
    }

    /// The connection is lost.
    pub fn reset(&mut self, locked: bool) {
        *self = Self::remembered(locked);
    }

    /// Says whether affiliation none would throw people out, or soon will.
    pub fn keeps_in(&self) -> bool {
        self.closing || self.locked
    }

    /// A host is there, or nobody is.
    pub fn is_over(&mut self) {
        self.since = None;
        self.warned = None;
        self.closing = false;
        self.admitted.clear();
    }
}

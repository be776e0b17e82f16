//! Why gavel decided something, as logs, events, `room show`, the API and the
//! page print it.

use crate::claims::Source;
use crate::muc::Nick;
use crate::policy::{Reason, Rule};

/// The ground of a decision, in the words of the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// The nick of the person concerned; none if they are not there.
    pub nick: Option<Nick>,
    /// The rule that decided.
    pub rule: Rule,
    /// The rule's words.
    pub reason: Reason,
    /// The source of the claims.
    pub source: Option<Source>,
}

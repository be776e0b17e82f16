//! Every check on a token made and told, for `explain` and `token verify`.

use super::fault::Fault;
use super::jwt::{Check, JwtVerifier};
use super::token::Token;
use super::{Claims, RejectReason};
use crate::muc::RoomJid;

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Passed.
    Passed,
    /// Not passed.
    Failed(Fault),
    /// Not made, and why.
    NotMade(&'static str),
}

/// All that can be said about a token without knowing who shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// Set if the token cannot even be taken apart; then there are no checks.
    pub unreadable: Option<Fault>,
    /// Every check, in the order they are made.
    pub checks: Vec<(Check, Outcome)>,
    /// The claims, if all checks passed. Features alone are left to the policy to name.
    pub claims: Option<Claims>,
}

impl Inspection {
    pub(super) fn of(jwt: &JwtVerifier, text: &str, room: Option<&RoomJid>, now: u64) -> Self {
        let token = match Token::parse(text) {
            Ok(token) => token,
            Err(fault) => {
                return Self {
                    unreadable: Some(fault),
                    checks: Vec::new(),
                    claims: None,
                };
            }
        };
        let passes = |check| jwt.check(check, &token, room, now);
        let outcome = |check| match (check, room) {
            (Check::Tenant | Check::Room, None) => Outcome::NotMade("no room given"),
            (Check::Signature, _) if passes(Check::Algorithm).is_err() => {
                Outcome::NotMade("the algorithm is not one to verify with")
            }
            _ => passes(check).map_or_else(Outcome::Failed, |()| Outcome::Passed),
        };
        let checks = Check::ALL.map(|check| (check, outcome(check))).to_vec();
        let passed = checks
            .iter()
            .all(|(_, outcome)| !matches!(outcome, Outcome::Failed(_)));
        Self {
            unreadable: None,
            checks,
            claims: passed.then(|| Claims::from_object(token.payload)),
        }
    }

    /// The faults, in the order found.
    pub fn faults(&self) -> impl Iterator<Item = &Fault> {
        let failed = self.checks.iter().filter_map(|(_, outcome)| match outcome {
            Outcome::Failed(fault) => Some(fault),
            _ => None,
        });
        self.unreadable.iter().chain(failed)
    }

    /// The metric's label of the first thing wrong; `None` for a valid token.
    pub fn reason(&self) -> Option<RejectReason> {
        self.faults().next().map(Fault::reason)
    }
}

//! Prosody's answers to gavel's probe of the deployment.

use crate::stanza::Login;
use std::time::Duration;

/// The module's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Module {
    /// It serves gavel.
    Serves,
    /// It is loaded and takes somebody else for gavel.
    Refuses,
    /// It is not loaded.
    Absent,
}

/// Prosody's answers about a MUC service; none if it gave none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceAnswers {
    /// Says whether it is a MUC service, or why it could not be asked.
    pub muc: Option<Result<bool, String>>,
    /// Says whether the module serves it.
    pub module: Option<Module>,
    /// The release that the module belongs to; `1` before 0.2.
    pub version: Option<String>,
    /// Modules of Prosody that refuse others' changes, and that it goes round.
    pub goes_round: Vec<String>,
    /// How people log in, by VirtualHost, if the module tells.
    pub logins: Option<Vec<Login>>,
    /// Says whether gavel is in its `admins`, or the refusal.
    pub admin: Option<Result<(), String>>,
    /// How many rooms it lists, and how long that took.
    pub rooms: Option<(usize, Duration)>,
    /// Says whether gavel may read a room's owners, or the refusal.
    pub owner: Option<Result<(), String>>,
}

/// Prosody's answers; none if it gave none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answers {
    /// Its name and version, if it tells them.
    pub version: Option<String>,
    /// Says whether there is a component of Jitsi's focus.
    pub focus: bool,
    /// One for each MUC service.
    pub services: Vec<ServiceAnswers>,
    /// The times between the answers to two pings, for each pair.
    pub gaps: Vec<Duration>,
    /// How many questions had no answer; that about the focus does not count,
    /// since a server may look for it elsewhere first.
    pub unanswered: usize,
}

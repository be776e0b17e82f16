//! The engine's input and output.

mod input;

pub use input::Input;

pub use crate::engine::warning::Warning;

use crate::claims::{KeyName, KeyNews, RejectReason, Source};
use crate::engine::time::Tick;
use crate::muc::{Affiliation, Nick, RealJid, RoomJid};
use crate::policy::{Reason, Rule};
use crate::stanza::Outbound;
use std::fmt;
use std::sync::Arc;

/// An action for the shell.
#[derive(Debug, PartialEq, Eq)]
pub enum Action {
    /// Send this. Actions that come out together go out in one write.
    Send(Outbound),
    /// Tell this.
    Report(Report),
    /// [`crate::engine::Engine::state`] gives something new.
    Save,
    /// Fetch this from the key server, beside everything else, and hand in
    /// [`Input::KeyFetched`].
    FetchKey(KeyName),
    /// The server has been silent for too long: end the stream.
    HangUp,
}

/// News for people and metrics.
#[derive(Debug, PartialEq, Eq)]
pub enum Report {
    /// An affiliation, role or name was changed, or could not be.
    Decision(Box<Decision>),
    /// Claims were not believed.
    ClaimsRejected {
        /// The room.
        room: RoomJid,
        /// The occupant's nick.
        nick: Nick,
        /// Its real JID.
        jid: RealJid,
        /// The source of the claims.
        source: Source,
        /// Why not.
        reason: RejectReason,
        /// More about it, if there is more to say; no token.
        detail: Option<String>,
    },
    /// A fetch of keys has ended.
    Keys {
        /// The server's URL as it may be shown.
        server: Arc<str>,
        /// The outcome.
        news: KeyNews,
    },
    /// Everything that could be found has been joined since the connection.
    Resynchronised {
        /// Rooms gavel is in.
        rooms: usize,
    },
    /// Joined a room.
    Joined {
        /// The room.
        room: RoomJid,
        /// Says whether the module serves it.
        module: bool,
    },
    /// Left a room, or it ended.
    Left {
        /// The room.
        room: RoomJid,
        /// Why.
        why: &'static str,
    },
    /// Something came of a meeting's having no host.
    HostAbsent {
        /// The meeting's main room.
        room: RoomJid,
        /// The consequence.
        what: &'static str,
    },
    /// Somebody was settled: they have, for the first time, the affiliation and role they
    /// should have.
    Settled {
        /// Time since their first presence.
        after: Tick,
    },
    /// [`crate::engine::Engine::answers`] gives something new.
    Probed,
    /// Something an admin should know or fix; said once each.
    Warning(Warning),
}

/// One change of an affiliation, role or name, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The room, for affiliations the meeting's main room.
    pub room: RoomJid,
    /// The occupant's nick; none if nobody with that JID is in.
    pub nick: Option<Nick>,
    /// The display name they showed, shortened.
    pub display_name: Option<String>,
    /// The name in their token, shortened.
    pub token_name: Option<String>,
    /// The JID of the person: bare for affiliations, full for names if it is known.
    pub jid: String,
    /// The change.
    pub change: Change,
    /// Why gavel acted.
    pub cause: Cause,
    /// The rule that decided.
    pub rule: Rule,
    /// The rule's words.
    pub reason: Reason,
    /// The source of the claims.
    pub source: Option<Source>,
    /// The party that made the change that was answered.
    pub actor: Option<Party>,
    /// The display name they showed, shortened.
    pub actor_name: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
}

/// The thing that a decision changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// An affiliation, as gavel last saw it and as it is to be.
    Affiliation {
        /// Before; none if it was not known.
        from: Option<Affiliation>,
        /// After.
        to: Affiliation,
    },
    /// Role moderator, taken or given.
    Role {
        /// Before.
        from: crate::muc::Role,
        /// After.
        to: crate::muc::Role,
    },
    /// The display name.
    Name {
        /// The name that was shown.
        from: Option<String>,
        /// The token's.
        to: String,
    },
    /// An override of an admin.
    Override {
        /// The override before.
        from: Option<Affiliation>,
        /// The override now; none if it was cleared or is over.
        to: Option<Affiliation>,
        /// When it ends, in milliseconds since 1970-01-01 UTC; none at the end
        /// of the meeting.
        until: Option<u64>,
        /// The party that set it, in words; none if it was over.
        by: Option<String>,
    },
    /// The occupant's nick.
    Nick {
        /// The nick that they took.
        from: Nick,
        /// The nick that they get back.
        to: Nick,
    },
}

/// Why gavel acted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// Somebody joined, or gavel did.
    Join,
    /// Somebody had changed it.
    Correction,
    /// A moderator's promotion, accepted.
    Grant,
    /// A moderator lowered their own affiliation.
    StepDown,
    /// An admin has set an override, or an override is over.
    Override,
    /// A guest had more than a guest may.
    Guest,
    /// An entitled occupant left, or an absent JID was not entitled.
    Leave,
    /// The configuration was read again.
    Reload,
    /// Somebody was elected, or is no longer (B5).
    Fallback,
    /// A token's `exp` has passed.
    Expiry,
}

impl Cause {
    /// The word used in logs, events and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Join => "join",
            Self::Correction => "correction",
            Self::Grant => "grant",
            Self::StepDown => "step_down",
            Self::Override => "override",
            Self::Guest => "guest",
            Self::Leave => "leave",
            Self::Reload => "reload",
            Self::Fallback => "fallback",
            Self::Expiry => "expiry",
        }
    }
}

/// How a decision ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// It is so.
    Applied,
    /// Prosody refused; tried again later.
    Refused,
    /// Prosody answered `result` and nothing changed; tried again.
    Ineffective,
    /// Not tried again until something changes.
    GivenUp,
    /// Held back, because somebody keeps overwriting.
    Delayed,
}

impl Outcome {
    /// The word used in logs and events.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Refused => "refused",
            Self::Ineffective => "ineffective",
            Self::GivenUp => "given_up",
            Self::Delayed => "delayed",
        }
    }
}

/// A party that made a change that gavel did not make (SPEC B3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// Their kind of party.
    pub kind: PartyKind,
    /// Nick, if known.
    pub nick: Option<Arc<str>>,
    /// Real JID, if known.
    pub jid: Option<Arc<str>>,
}

impl Party {
    /// No actor: a server module, or an admin's ad-hoc command.
    pub const NONE: Self = Self {
        kind: PartyKind::None,
        nick: None,
        jid: None,
    };
}

/// The relation of an actor to the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartyKind {
    /// No actor: a server module, or an admin's ad-hoc command.
    None,
    /// The focus and its like.
    Infrastructure,
    /// Somebody in the room.
    Occupant,
    /// Somebody not in the room.
    Outside,
}

impl PartyKind {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::None,
        Self::Infrastructure,
        Self::Occupant,
        Self::Outside,
    ];

    /// The word used in logs, events and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Infrastructure => "infrastructure",
            Self::Occupant => "occupant",
            Self::Outside => "outside",
        }
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.kind, &self.nick, &self.jid) {
            (PartyKind::None, ..) => f.write_str("a server module"),
            (_, Some(nick), Some(jid)) => write!(f, "{nick} ({jid})"),
            (_, Some(name), None) | (_, None, Some(name)) => f.write_str(name),
            (kind, None, None) => f.write_str(kind.as_str()),
        }
    }
}

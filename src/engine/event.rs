//! What goes into the engine and what comes out.

mod input;

pub use input::Input;

use super::module::RELEASE;
use super::time::Tick;
use crate::claims::{KeyName, KeyNews, RejectReason, Source};
use crate::muc::{Affiliation, Nick, RealJid, RoomJid};
use crate::policy::{Reason, Rule};
use crate::stanza::Outbound;
use std::fmt;
use std::sync::Arc;

/// What the shell is to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Action {
    /// Send this. Actions that come out together go out in one write.
    Send(Outbound),
    /// Tell this.
    Report(Report),
    /// What [`super::Engine::state`] gives has changed.
    Save,
    /// Fetch this from the key server, beside everything else, and hand in
    /// [`Input::KeyFetched`].
    FetchKey(KeyName),
    /// The server has been silent for too long: end the stream.
    HangUp,
}

/// What people and metrics are told.
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
        /// Where the claims came from.
        source: Source,
        /// Why not.
        reason: RejectReason,
        /// More about it, where there is more to say; no token.
        detail: Option<String>,
    },
    /// A fetch of keys has ended.
    Keys {
        /// The server's URL as it may be shown.
        server: Arc<str>,
        /// What came of it.
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
        /// Whether the module serves it.
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
        /// What.
        what: &'static str,
    },
    /// Somebody was settled: has, for the first time, what they should have.
    Settled {
        /// Time since their first presence.
        after: Tick,
    },
    /// What [`super::Engine::answers`] gives is new.
    Examined,
    /// Something an admin should know or mend; said once each.
    Warning(Warning),
}

/// What an admin should know or mend. Its text says what, where and the remedy.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Warning {
    /// gavel is not owner of a room and cannot make itself owner.
    NotOwner {
        /// The MUC service.
        service: String,
        /// gavel's bare JID.
        gavel: String,
        /// What Prosody answered.
        error: String,
    },
    /// The module on a service is of another release than gavel.
    OtherRelease {
        /// The MUC service.
        service: String,
        /// The module's release.
        version: String,
    },
    /// Rooms of a service cannot be listed.
    NotListable {
        /// The MUC service.
        service: String,
        /// gavel's bare JID.
        gavel: String,
        /// What Prosody answered.
        error: String,
    },
    /// Somebody keeps overwriting an affiliation.
    Contested {
        /// The room.
        room: RoomJid,
        /// Whose affiliation.
        jid: String,
        /// Who, in words.
        actor: String,
    },
    /// Prosody refuses presence sent in an occupant's name.
    NoImpersonation {
        /// The component's domain.
        component: String,
    },
    /// A join is refused.
    JoinRefused {
        /// The room.
        room: RoomJid,
        /// What Prosody answered.
        error: String,
    },
    /// A focus is in a room that the module does not serve.
    FocusWithoutModule {
        /// The MUC service.
        service: String,
    },
    /// Names cannot be kept by a message either.
    NotifyRefused {
        /// The room.
        room: RoomJid,
        /// What Prosody answered.
        error: String,
    },
    /// A token's name holds characters that XML cannot carry.
    UnshowableName {
        /// The room.
        room: RoomJid,
        /// Who.
        jid: String,
    },
    /// No more tokens can be remembered.
    TokensFull,
    /// The module does not guard a service.
    NoGuard {
        /// The MUC service.
        service: String,
        /// What Prosody answered.
        error: String,
    },
    /// A room without host is persistent, and so is not ended.
    HostAbsentPersistent {
        /// The room.
        room: RoomJid,
    },
    /// Rooms of a service are locked that the module does not serve.
    LockWithoutModule {
        /// The MUC service.
        service: String,
    },
    /// A room without host cannot be ended, locked or opened again.
    HostAbsent {
        /// The room.
        room: RoomJid,
        /// What Prosody answered.
        error: String,
    },
    /// A room was set not to show everybody.
    PeopleHidden {
        /// The room.
        room: RoomJid,
    },
    /// A room's configuration could not be read.
    ConfigurationUnread {
        /// The room.
        room: RoomJid,
    },
    /// The server admin's affiliation cannot be changed.
    ServerAdmin {
        /// The room.
        room: RoomJid,
        /// Who.
        jid: String,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotOwner {
                service,
                gavel,
                error,
            } => write!(
                f,
                "not owner of rooms of {service}, and cannot become it ({error}): add \"{gavel}\" to `admins` of Component \"{service}\" in Prosody's configuration, or load mod_gavel there"
            ),
            Self::OtherRelease { service, version } => write!(
                f,
                "mod_gavel on {service} is of release {} and gavel of {RELEASE}: install both from one release, and restart Prosody where its module was replaced",
                // All that releases up to 0.1 said.
                if version == "1" { "0.1" } else { version }
            ),
            Self::NotListable {
                service,
                gavel,
                error,
            } => write!(
                f,
                "cannot list the rooms of {service} ({error}): see that it is a MUC service of this Prosody; add \"{gavel}\" to `admins` of Component \"{service}\" in Prosody's configuration, or load mod_gavel there, or set discovery.poll"
            ),
            Self::Contested { room, jid, actor } => write!(
                f,
                "{actor} keeps changing the affiliation of {jid} in {room}; gavel corrects it with growing pauses: switch that off where it is configured"
            ),
            Self::NoImpersonation { component } => write!(
                f,
                "Prosody refuses presence in an occupant's name, so changed names are not reverted: set `validate_from_addresses = false` in Component \"{component}\" of Prosody's configuration"
            ),
            Self::JoinRefused { room, error } => {
                write!(f, "cannot join {room} ({error}); trying again")
            }
            Self::FocusWithoutModule { service } => write!(
                f,
                "a focus is in a room of {service} and mod_gavel is not loaded there: participants see gavel as a nameless tile, the participant count is wrong and calls of two lose their direct connection; load mod_gavel on Component \"{service}\""
            ),
            Self::NotifyRefused { room, error } => write!(
                f,
                "cannot send a message to an occupant of {room} about its name ({error})"
            ),
            Self::UnshowableName { room, jid } => write!(
                f,
                "the token of {jid} in {room} has a name with characters that XML cannot carry; it is not kept: correct context.user.name where tokens are made"
            ),
            Self::PeopleHidden { room } => write!(
                f,
                "{room} was set to hide the presence of people (muc#roomconfig_presencebroadcast), so gavel has set it to show everybody; load mod_gavel on Component \"{}\", then gavel needs no such setting",
                room.service()
            ),
            Self::ConfigurationUnread { room } => write!(
                f,
                "the configuration of {room} cannot be read: everybody in it is judged, nobody is lowered to none since that may throw them out, and gavel asks again"
            ),
            Self::TokensFull => f.write_str(
                "too many tokens are remembered, so new ones are refused as replayed: give tokens a short `exp` and set claims.jwt.require_exp = true",
            ),
            Self::NoGuard { service, error } => write!(
                f,
                "policy.guard has no effect on rooms of {service} ({error}): load mod_gavel, of this version, on Component \"{service}\"; until then what others give is taken back after the fact"
            ),
            Self::HostAbsentPersistent { room } => write!(
                f,
                "{room} is persistent, and ending it would delete it for good, so policy.host_absent leaves it alone: use action = \"lock\" for such rooms"
            ),
            Self::LockWithoutModule { service } => write!(
                f,
                "a room of {service} was locked for want of a host, and mod_gavel is not loaded there: only a host who is on the room's lists gets in; load mod_gavel on Component \"{service}\""
            ),
            Self::HostAbsent { room, error } => write!(
                f,
                "cannot do in {room} what policy.host_absent says ({error}); trying again: gavel must be owner there, load mod_gavel on the MUC component or add gavel to its `admins`"
            ),
            Self::ServerAdmin { room, jid } => write!(
                f,
                "{jid} is an admin of the server, so the affiliation in {room} cannot be changed: take the JID out of `admins` of that MUC component"
            ),
        }
    }
}

/// One change of an affiliation, role or name, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The room, for affiliations the meeting's main room.
    pub room: RoomJid,
    /// The occupant's nick; none where nobody with that JID is in.
    pub nick: Option<Nick>,
    /// Whose: bare for affiliations, full for names where it is known.
    pub jid: String,
    /// What was changed.
    pub change: Change,
    /// Why gavel acted.
    pub cause: Cause,
    /// The rule that decided.
    pub rule: Rule,
    /// The rule's words.
    pub reason: Reason,
    /// Where the claims came from.
    pub source: Option<Source>,
    /// Who made the change that was answered.
    pub actor: Option<Party>,
    /// How it ended.
    pub outcome: Outcome,
}

/// What a decision changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// An affiliation, as gavel last saw it and as it is to be.
    Affiliation {
        /// Before; none where it was not known.
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
        /// What was shown.
        from: Option<String>,
        /// The token's.
        to: String,
    },
    /// What an admin has set.
    Override {
        /// What was set before.
        from: Option<Affiliation>,
        /// What is; none where it was cleared or is over.
        to: Option<Affiliation>,
        /// When it ends, in milliseconds since 1970-01-01 UTC; none at the end
        /// of the meeting.
        until: Option<u64>,
        /// Who did it, in words; none where it was over.
        by: Option<String>,
    },
    /// The occupant's nick.
    Nick {
        /// What it was changed to.
        from: Nick,
        /// What it is to be again.
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
    /// An admin has set it, or what they had set is over.
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

/// Who made a change that gavel did not make (SPEC B3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// What they are to the room.
    pub kind: PartyKind,
    /// Nick, where known.
    pub nick: Option<Arc<str>>,
    /// Real JID, where known.
    pub jid: Option<Arc<str>>,
}

/// What an actor is to the room.
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

//! The part that has asked Prosody something, and is therefore told the answer.

use crate::engine::probe::Question;
use crate::muc::{Affiliation, BareJid, Nick, Role, RoomJid};
use crate::stanza::{IqPayload, StanzaError};

/// The part that has asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asker {
    /// The stream: is the server there?
    Stream,
    /// The part that looks after a MUC service, by the service's number.
    Service(usize, ServiceAsk),
    /// The room.
    Room(RoomJid, RoomAsk),
    /// A person of the meeting in this main room.
    Person(RoomJid, BareJid, PersonAsk),
    /// The part that looks whether a meeting has a host.
    Host(RoomJid, HostAsk),
    /// An occupant's name, kept by the module.
    Name(RoomJid, Nick),
    /// The part that tells a room's guard who is entitled.
    Guard(RoomJid),
    /// The lease of a service's guard.
    Lease(usize),
    /// The part that tells a service's module what everybody may do.
    PermitAll(usize),
    /// The part that tells the module what an occupant may do.
    Permit(RoomJid, Nick),
    /// The part that opens a room that Prosody may keep locked.
    Opening(RoomJid),
    /// `gavel doctor`.
    Doctor(Question),
    /// gavel does nothing with the answer.
    Nobody,
}

/// A question about a MUC service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceAsk {
    /// Its rooms, by ad-hoc command.
    ListRooms,
    /// Its rooms, by disco#items.
    Items,
    /// Its module.
    Module,
}

/// A question about a room, or a request to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoomAsk {
    /// Before a join: does it exist?
    Probe,
    /// A list of those who have this affiliation.
    List(Affiliation),
    /// The configuration form.
    Configuration,
    /// Its disco#info, if the form was refused.
    Info,
    /// gavel is to become owner.
    Own,
    /// Asks whether gavel is still in it.
    SelfPing,
    /// Asks whether it is still there before its roll is called.
    BeforeRoll,
    /// The last question of a roll call.
    RollCall,
    /// It is to show the presence of everybody.
    Show,
    /// How many occupants it has; it seems to be empty.
    Count,
}

/// A request about a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PersonAsk {
    /// Their affiliation.
    Affiliation,
    /// The role of their occupant in this room with this nick.
    Role(RoomJid, Nick, Role),
}

/// A request about a meeting that has no host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostAsk {
    /// Its main room is to end.
    End,
    /// Its main room is to become members-only, or open.
    MembersOnly(bool),
    /// Infrastructure in it is to become member.
    Admit,
}

/// The outcome of a question.
#[derive(Debug, Clone, Copy)]
pub enum Answer<'a> {
    /// It was answered.
    Result(&'a IqPayload),
    /// It was answered, and a part of the answer could not be read: that something
    /// is not in it proves nothing.
    Partial(&'a IqPayload),
    /// It was answered, and nothing of the answer could be read.
    Unread,
    /// It was refused.
    Error(&'a StanzaError),
    /// No answer has come in time.
    Silence,
}

impl Answer<'_> {
    /// Says whether it was answered and not refused.
    pub fn is_result(&self) -> bool {
        matches!(self, Self::Result(_) | Self::Partial(_))
    }

    /// Why a change by ad-hoc command has failed, if it was answered all the same: a
    /// command tells of failure in a completed reply, too.
    pub fn command_failure(&self) -> Option<StanzaError> {
        let (Self::Result(payload) | Self::Partial(payload)) = self else {
            return None;
        };
        let IqPayload::Command(reply) = payload else {
            return None;
        };
        let failed = reply.error.is_some() || !reply.completed;
        failed.then(|| StanzaError {
            kind: "cancel".into(),
            condition: "undefined-condition".into(),
            text: reply.error.clone(),
        })
    }
}

/// Stands for an answer that does not come.
pub fn timeout() -> StanzaError {
    StanzaError {
        kind: "wait".into(),
        condition: "remote-server-timeout".into(),
        text: None,
    }
}

/// Stands for an answer that could not be read at all. The next one may be as unreadable,
/// so a pause follows.
pub fn unreadable() -> StanzaError {
    StanzaError {
        kind: "wait".into(),
        condition: "undefined-condition".into(),
        text: Some("the answer could not be read".into()),
    }
}

/// Stands for the answer to a question that is too long for Prosody.
pub fn too_long() -> StanzaError {
    StanzaError {
        kind: "modify".into(),
        condition: "policy-violation".into(),
        text: Some("it is too long to be sent".into()),
    }
}

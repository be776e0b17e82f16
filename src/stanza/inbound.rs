//! Stanzas that arrive, reduced to the parts that gavel reads.

use super::{Bridge, Evidence, LeftOut, Unread};
use crate::muc::{Affiliation, Role};
use bytes::Bytes;

/// One stanza from Prosody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inbound {
    /// `<presence/>`
    Presence(Box<Presence>),
    /// `<message/>`
    Message(Box<Message>),
    /// `<iq/>`
    Iq(Box<Iq>),
    /// A stanza that could not be read.
    Unread(Box<Unread>),
}

impl Inbound {
    /// Says whether a part of it was left out that gavel would have read, or of which a
    /// person would have to be told: a part of a room's description is neither.
    pub fn is_partial(&self) -> bool {
        match self {
            Self::Presence(presence) => presence.left_out.any(),
            Self::Message(message) => message.left_out.any(),
            Self::Iq(iq) => iq.left_out.matters(),
            Self::Unread(_) => true,
        }
    }
}

/// `type` of a presence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PresenceKind {
    /// No `type`: in the room.
    Available,
    /// Out of the room, or changing nick.
    Unavailable,
    /// A refused join or update.
    Error(StanzaError),
    /// Subscriptions, probes and unknown types.
    Other,
}

/// A presence, mostly from an occupant JID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presence {
    /// As received; with tenants not yet the name Prosody stores.
    pub from: String,
    /// As received.
    pub to: String,
    /// As received.
    pub id: Option<String>,
    /// Its `type`.
    pub kind: PresenceKind,
    /// `<x xmlns='http://jabber.org/protocol/muc#user'/>`
    pub muc_user: Option<MucUser>,
    /// Children named `nick`.
    pub display_name: DisplayName,
    /// Evidence that could yield claims.
    pub evidence: Evidence,
    /// It declares to be a recorder or a gateway, by the features that Jicofo
    /// looks at. Any client can write them.
    pub machine: bool,
    /// The module's description of itself; to be believed only in gavel's own presence.
    pub module: Option<Module>,
    /// The stanza's bytes, for sending its payload back with another name: at most 64 KiB.
    /// If the stanza was too long, the last children are missing.
    pub raw: Bytes,
    /// Says whether `raw` is all of the stanza.
    pub whole: bool,
    /// The parts that were not read.
    pub left_out: LeftOut,
}

/// `<module xmlns='urn:gavel:module:0'/>`: the module's description of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Module {
    /// The release it belongs to, such as `0.2.0`; `1` before 0.2.
    pub version: String,
    /// Modules of Prosody whose wrappers it goes round when gavel asks for
    /// something; only in its answer to [`super::Request::Module`].
    pub goes_round: Vec<String>,
    /// Facts of the room that gavel has just joined, so that it need not ask; only
    /// in gavel's own presence.
    pub room: Option<Box<RoomFacts>>,
    /// How people log in on each VirtualHost of the server; only in that answer,
    /// and not from modules before 0.2.
    pub logins: Option<Vec<Login>>,
    /// The digest of the permissions that it holds for everybody without a list of their
    /// own; none if there are none.
    pub permitted: Option<String>,
}

/// The module's description of a room as gavel joins it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoomFacts {
    /// The settings that gavel reads.
    pub configuration: Form,
    /// All owners, admins and outcasts.
    pub affiliations: Vec<Item>,
}

/// A promotion that the module's guard has refused to a server module or to the
/// focus.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refused {
    /// The room.
    pub room: String,
    /// The person they wanted to promote; bare JID.
    pub jid: String,
    /// The party that wanted it; bare JID, none of a server module.
    pub by: Option<String>,
}

/// How people log in on a VirtualHost, as the module says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Login {
    /// The VirtualHost.
    pub host: String,
    /// The name of its authentication provider, such as `internal_hashed`; `null` if there
    /// is none, so that nobody can log in.
    pub provider: String,
    /// Its `authentication` as configured, which may be another: no provider came of it, or
    /// it was changed after Prosody started.
    pub configured: String,
    /// Says whether the module is loaded that offers the provider, or that should.
    pub loaded: bool,
    /// Says whether it offers SASL's ANONYMOUS; also if the module cannot say.
    pub anonymous: bool,
    /// Says whether `allow_empty_token` is set for it.
    pub empty_token: bool,
    /// Says whether anybody may make an account there (`allow_registration`).
    pub registration: bool,
    /// Those of Jitsi's modules that check people's permissions there; not from older
    /// modules.
    pub checks: Option<Vec<String>>,
}

/// The display name in an occupant's presence: the text of the children named `nick` in any
/// namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum DisplayName {
    /// No such child.
    #[default]
    Absent,
    /// Exactly one, in the namespace of XEP-0172.
    Plain(Box<str>),
    /// Several, or one in another namespace. Clients show the last; it is
    /// never equal to a token's name.
    Irregular(Box<str>),
}

impl DisplayName {
    /// The name that clients show.
    pub fn shown(&self) -> Option<&str> {
        match self {
            Self::Absent => None,
            Self::Plain(text) | Self::Irregular(text) => Some(text),
        }
    }
}

/// `<x xmlns='http://jabber.org/protocol/muc#user'/>` (XEP-0045).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MucUser {
    /// Its `<item/>`s; one per session of the occupant.
    pub items: Vec<Item>,
    /// Its status codes, unknown ones too.
    pub status: Vec<u16>,
    /// Says whether there is a `<destroy/>`.
    pub destroyed: bool,
    /// Says whether there is an `<invite/>`.
    pub invite: bool,
    /// The inviter, as the `<invite/>` says: from the module the bare JID of the person who
    /// has entered the room.
    pub inviter: Option<String>,
}

impl MucUser {
    /// Says whether `code` is among the status codes.
    pub fn has_status(&self, code: u16) -> bool {
        self.status.contains(&code)
    }
}

/// `<item/>` of muc#user and muc#admin.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Item {
    /// Real JID, bare or full.
    pub jid: Option<String>,
    /// Nick; in a 303 the new one.
    pub nick: Option<String>,
    /// `None` if it is missing or unknown.
    pub affiliation: Option<Affiliation>,
    /// `None` if it is missing or unknown.
    pub role: Option<Role>,
    /// The party that caused the change.
    pub actor: Option<Actor>,
}

/// `<actor/>` of an item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Actor {
    /// Real JID, if shown.
    pub jid: Option<String>,
    /// Nick, if it is or was an occupant.
    pub nick: Option<String>,
}

/// `type` of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageKind {
    /// No `type`, or `normal`.
    Normal,
    /// To everybody in the room; clients can write anything in it.
    Groupchat,
    /// A refused message of ours.
    Error(StanzaError),
    /// `chat`, `headline` and unknown types.
    Other,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// As received.
    pub from: String,
    /// As received.
    pub to: String,
    /// As received.
    pub id: Option<String>,
    /// Its `type`.
    pub kind: MessageKind,
    /// `<x xmlns='http://jabber.org/protocol/muc#user'/>`: an invitation, or
    /// an absent JID's new affiliation.
    pub muc_user: Option<MucUser>,
    /// The parts that were not read.
    pub left_out: LeftOut,
}

/// `type` of an IQ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IqKind {
    /// A request.
    Get,
    /// A request.
    Set,
    /// An answer.
    Result,
    /// A refusal.
    Error(StanzaError),
}

/// A request to gavel or an answer to one of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Iq {
    /// As received; empty if missing.
    pub from: String,
    /// As received; empty if missing.
    pub to: String,
    /// As received; empty if missing.
    pub id: String,
    /// Its `type`.
    pub kind: IqKind,
    /// Its first child.
    pub payload: IqPayload,
    /// The parts that were not read. With `left_out.room` the payload is not complete:
    /// items of a list, fields or values of a form are missing, or all of it
    /// ([`IqPayload::Unread`]).
    pub left_out: LeftOut,
}

/// First child of an IQ, as far as gavel reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IqPayload {
    /// No child.
    Empty,
    /// `urn:xmpp:ping` (XEP-0199).
    Ping,
    /// `jabber:iq:version` (XEP-0092): name and version in an answer, e.g.
    /// `Prosody 0.12.3`; none in a question.
    Version(Option<String>),
    /// disco#info (XEP-0030): features and the extended form (XEP-0128).
    DiscoInfo {
        /// The queried node, if any.
        node: Option<String>,
        /// `<feature var=…/>`
        features: Vec<String>,
        /// All `jabber:x:data` fields.
        form: Form,
    },
    /// disco#items (XEP-0030).
    DiscoItems {
        /// The queried node, if any.
        node: Option<String>,
        /// `<item jid=…/>`
        jids: Vec<String>,
    },
    /// muc#admin: a list of affiliations.
    MucAdmin(Vec<Item>),
    /// muc#owner: the room's configuration form.
    MucOwner(Form),
    /// `http://jabber.org/protocol/commands` (XEP-0050).
    Command(CommandReply),
    /// `<arrival xmlns='urn:gavel:arrival:0'/>` of the module.
    Arrival(Box<Arrival>),
    /// `<module xmlns='urn:gavel:module:0'/>` of the module.
    Module(Module),
    /// `<lease xmlns='urn:gavel:guard:0'/>` of the module: the promotions that its guard
    /// has refused since gavel last renewed the lease.
    Refused(Vec<Refused>),
    /// Longer than gavel reads, or malformed.
    Unread,
    /// Anything else.
    Other,
}

/// Somebody is about to enter a room: the module asks for their affiliation there (SPEC
/// section 6).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arrival {
    /// The room, as Prosody stores it.
    pub room: String,
    /// Their real full JID.
    pub jid: String,
    /// Their claims, with a mac over the room and no nick.
    pub claims: Bridge,
}

/// Fields of a `jabber:x:data` form (XEP-0004) by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form {
    /// `var` and values of each field, in order.
    pub fields: Vec<(String, Vec<String>)>,
    /// `var` and option values of each list field, in order.
    pub options: Vec<(String, Vec<String>)>,
}

impl Form {
    /// The first value of the field `name`.
    pub fn value(&self, name: &str) -> Option<&str> {
        let (_, values) = self.fields.iter().find(|(var, _)| var == name)?;
        values.first().map(String::as_str)
    }

    /// All values of the field `name`; none if there is no such field.
    pub fn values(&self, name: &str) -> Option<&[String]> {
        let (_, values) = self.fields.iter().find(|(var, _)| var == name)?;
        Some(values)
    }

    /// Says whether the boolean field `name` is set (XEP-0004 §3.3: `1` or `true`).
    pub fn is_set(&self, name: &str) -> bool {
        matches!(self.value(name), Some("1" | "true"))
    }

    /// The options of the list field `name`.
    pub fn choices(&self, name: &str) -> Option<&[String]> {
        let (_, values) = self.options.iter().find(|(var, _)| var == name)?;
        Some(values)
    }
}

/// A step of an ad-hoc command (XEP-0050).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommandReply {
    /// The command.
    pub node: String,
    /// The session, to be repeated in the next step.
    pub session: Option<String>,
    /// Says whether `status` is `completed`.
    pub completed: bool,
    /// The form to fill in.
    pub form: Form,
    /// Text of a `<note type='error'/>`.
    pub error: Option<String>,
}

/// Error of a stanza (RFC 6120 §8.3).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StanzaError {
    /// `type`: auth, cancel, continue, modify or wait.
    pub kind: String,
    /// The defined condition, e.g. `forbidden`; `undefined-condition` if there is none.
    pub condition: String,
    /// Its text, if any.
    pub text: Option<String>,
}

impl StanzaError {
    /// Says whether the condition is `name`.
    pub fn is(&self, name: &str) -> bool {
        self.condition == name
    }
}

impl std::fmt::Display for StanzaError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.condition)?;
        match &self.text {
            Some(text) => write!(f, " ({text})"),
            None => Ok(()),
        }
    }
}

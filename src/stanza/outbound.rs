//! Stanzas that gavel sends.

use crate::muc::{Affiliation, BareJid, Nick, OccupantJid, RealJid, RoomJid};
use bytes::Bytes;

/// Prosody's ad-hoc command that sets an affiliation for a server admin.
pub const SET_AFFILIATION: &str = "http://prosody.im/protocol/muc#set-affiliation";
/// Prosody's ad-hoc command whose form lists all rooms of a service; gavel
/// reads the list and cancels.
pub const LIST_ROOMS: &str = "http://prosody.im/protocol/muc#destroy";

/// One stanza to Prosody. Those without a sender are sent from gavel's own full
/// JID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outbound {
    /// Enters a room (XEP-0045 §7.2), without history.
    Join {
        /// The room and gavel's nick in it, which is its display name too.
        occupant: OccupantJid,
        /// The room's password (XEP-0045 §7.2.6).
        password: Option<String>,
    },
    /// Leaves a room (XEP-0045 §7.14).
    Leave {
        /// The room and gavel's nick in it.
        occupant: OccupantJid,
    },
    /// A request; its reply is expected from `to`.
    Iq {
        /// Unique among the requests of this stream.
        id: String,
        /// A room, an occupant or a service.
        to: String,
        /// The request.
        request: Request,
    },
    /// The answer to somebody's request.
    Reply {
        /// The address to answer.
        to: String,
        /// The address that was asked, and that the answer comes from.
        from: String,
        /// The request's id.
        id: String,
        /// The answer.
        reply: Reply,
    },
    /// An occupant's own presence sent back in its name, showing another name
    /// (SPEC B8).
    Revert {
        /// The occupant's real full JID, as the sender of the stanza.
        from: RealJid,
        /// The occupant JID to keep or to return to.
        to: OccupantJid,
        /// Marks the stanza as ours when the room publishes it.
        id: String,
        /// The display name to set; `None` leaves the children named `nick` as
        /// they are.
        name: Option<String>,
        /// The presence as it was received.
        presence: Bytes,
    },
    /// A headline to gavel itself from an address that is not its own: Prosody's reaction
    /// tells whether it lets gavel send in others' names.
    Foreign {
        /// The address it claims to come from.
        from: RealJid,
        /// To know it by when it comes back.
        id: String,
    },
    /// A message to everybody in a room (XEP-0045 §7.4).
    Announce {
        /// The room.
        room: RoomJid,
        /// The text.
        text: String,
        /// Says whether it comes from the room itself, by the module: then Jitsi's clients
        /// show the texts of Jitsi's own modules.
        system: bool,
    },
    /// So many spaces, which mean nothing between stanzas (RFC 6120 §4.6.1): they separate
    /// the stanza before them from the next, so that Prosody reads, and answers, the two
    /// one after the other.
    Space(usize),
    /// Tells an occupant that its name is its token's (SPEC B8, `notify`).
    Notify {
        /// The address to tell.
        occupant: OccupantJid,
        /// To know a refusal by.
        id: String,
        /// The text.
        text: String,
    },
}

/// A request of gavel's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// muc#admin set: one item with `jid` and `affiliation` only (XEP-0045 §9,
    /// §10).
    SetAffiliation {
        /// The bare JID of the person.
        jid: String,
        /// The affiliation.
        affiliation: Affiliation,
    },
    /// muc#admin set: takes role moderator back (XEP-0045 §9.7), or gives it.
    SetRole {
        /// The JID of the person.
        nick: Nick,
        /// The role.
        role: crate::muc::Role,
    },
    /// Has the module show `name` for an occupant, whatever name it sends (SPEC section 6);
    /// an empty name ends that.
    Pin {
        /// The occupant.
        nick: Nick,
        /// Its real full JID: a nick may have changed hands.
        jid: RealJid,
        /// The name to show.
        name: String,
        /// The name of theirs that it replaces; none for any name they send.
        sent: Option<String>,
        /// Says whether nobody else may show the picture that goes with it.
        own: bool,
    },
    /// Asks a service about its module (SPEC section 6).
    Module,
    /// Ends all pins of the room.
    UnpinAll,
    /// Has the module forget the answers about people who are about to enter.
    ForgetArrivals,
    /// Leases the guard of a service's rooms to the module (SPEC section 6).
    Lease {
        /// For how long; 0 ends it.
        seconds: u64,
        /// Says whether promotions by the entitled count.
        grants: bool,
        /// Says whether people without claims are left alone.
        ignores_guests: bool,
        /// Bare JIDs and domains that keep their rights, and give nothing.
        infrastructure: Vec<String>,
    },
    /// Tells the module who is entitled in a room (SPEC section 6).
    Guard {
        /// Says whether these are all, and nobody else is.
        all: bool,
        /// The people that the guard is to treat in another way than before.
        people: Vec<Entitled>,
    },
    /// Tells the module the permissions that hold on a service for everybody without a list
    /// of their own (SPEC B17).
    PermitAll {
        /// The permissions; one that is not named is left to Jitsi.
        permissions: Vec<Permit>,
        /// Bare JIDs and domains that none of it is for.
        infrastructure: Vec<String>,
    },
    /// Tells the module the list for somebody in a room (SPEC B17).
    Permit {
        /// Their real full JID.
        jid: RealJid,
        /// The permissions; none if those for everybody hold.
        permissions: Option<Vec<Permit>>,
        /// The module's last list of them goes on to deny what it denies.
        keeps_denials: bool,
    },
    /// muc#admin get: everybody with an affiliation (XEP-0045 §9.5, §10.5).
    ListAffiliation(Affiliation),
    /// muc#owner get: the configuration form (XEP-0045 §10.2).
    Configuration,
    /// muc#owner set: ends the room (XEP-0045 §10.9).
    Destroy {
        /// The reason that the people inside are told.
        reason: String,
    },
    /// muc#owner set: opens a room that nobody has configured yet, and changes
    /// nothing in others (XEP-0045 §10.1.2).
    Open,
    /// muc#owner set: makes the room members-only, or open (XEP-0045 §10.2).
    /// Prosody leaves settings alone that a form does not name.
    MembersOnly(bool),
    /// muc#owner set: has the room show the presence of occupants of every role
    /// (XEP-0045 §10.2).
    ShowEverybody,
    /// disco#info (XEP-0030).
    DiscoInfo,
    /// disco#items (XEP-0030).
    DiscoItems,
    /// `jabber:iq:version` (XEP-0092).
    Version,
    /// XEP-0199, to a service or, as self-ping (XEP-0410), to gavel's own
    /// occupant JID.
    Ping,
    /// The ad-hoc command [`SET_AFFILIATION`] with its form filled in at once;
    /// Prosody needs no first step.
    CommandSetAffiliation {
        /// The room.
        room: RoomJid,
        /// The bare JID of the person.
        jid: String,
        /// The affiliation.
        affiliation: Affiliation,
    },
    /// First step of an ad-hoc command (XEP-0050).
    StartCommand {
        /// The command.
        node: &'static str,
    },
    /// Ends a command that is not carried through.
    CancelCommand {
        /// The command.
        node: &'static str,
        /// The session of the first step.
        session: String,
    },
}

/// A permission, and its holders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permit {
    /// Its name, such as `recording`.
    pub name: &'static str,
    /// `everyone`, `moderators`, `owners` or `nobody`.
    pub holders: &'static str,
}

/// The guard's record of a person in the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entitled {
    /// The person.
    pub jid: BareJid,
    /// The highest affiliation that anybody may give them; below admin it is
    /// nothing.
    pub affiliation: Affiliation,
    /// Says whether they may give others the affiliation they have.
    pub promotes: bool,
    /// Says whether nobody else may throw them out.
    pub host: bool,
}

impl Entitled {
    /// Somebody who is not entitled, or no longer.
    pub fn no_more(jid: BareJid) -> Self {
        Self {
            jid,
            affiliation: Affiliation::None,
            promotes: false,
            host: false,
        }
    }
}

/// gavel's answer to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// An empty result.
    Empty,
    /// disco#info: identity and features.
    DiscoInfo,
    /// disco#items: none.
    DiscoItems,
    /// `jabber:iq:version`.
    Version,
    /// The affiliation, name and permissions of somebody who is about to enter (SPEC
    /// section 6).
    Arrival {
        /// The affiliation, if claims give one.
        affiliation: Option<Affiliation>,
        /// The name to keep, if claims give one.
        name: Option<String>,
        /// Says whether nobody else may show the picture that goes with it.
        own: bool,
        /// Their permissions, if these differ from everybody's.
        permissions: Option<Vec<Permit>>,
    },
    /// `<service-unavailable/>` (RFC 6120 §8.4).
    ServiceUnavailable,
}

//! The stanzas that arrive from Prosody and that gavel sends, as plain values: the words
//! that [`crate::wire`] and [`crate::engine`] have in common.

mod evidence;
mod inbound;
mod left_out;
mod outbound;

pub use evidence::{Bridge, Evidence, Identity};
pub use inbound::{
    Actor, Arrival, CommandReply, DisplayName, Form, Inbound, Iq, IqKind, IqPayload, Item, Login,
    Message, MessageKind, Module, MucUser, Presence, PresenceKind, Refused, RoomFacts, StanzaError,
};
pub use left_out::{EvidenceKind, LeftOut, Unread};
pub use outbound::{Entitled, LIST_ROOMS, Outbound, Permit, Reply, Request, SET_AFFILIATION};

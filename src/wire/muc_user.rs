//! `<x xmlns='http://jabber.org/protocol/muc#user'/>` and `<item/>` (XEP-0045).
//!
//! Where a stanza has two such `<x/>`, the last counts: Prosody removes a
//! client's from presence and invitations and then appends the room's own
//! (`filter_muc_x`, then `add_child`, in 0.12 and 13), so nothing a client
//! wrote can stand behind it. It leaves a client's in groupchat, in which
//! nothing is believed anyway (SPEC B9).

use super::error::DecodeError;
use super::ns;
use super::xml::Walker;
use crate::muc::{Affiliation, Role};
use crate::stanza::{Actor, Item, MucUser};

/// Reads the `<x/>` at `level`.
pub(super) fn read(walker: &mut Walker<'_>, level: usize) -> Result<MucUser, DecodeError> {
    let mut user = MucUser::default();
    while let Some(child) = walker.child(level)? {
        match child.local {
            _ if child.ns != ns::MUC_USER => {}
            "item" => user.items.push(item(walker, child.level, ns::MUC_USER)?),
            "status" => user
                .status
                .extend(walker.attribute("code").and_then(|c| c.parse::<u16>().ok())),
            "destroy" => user.destroyed = true,
            "invite" => user.invite = true,
            _ => {}
        }
    }
    Ok(user)
}

/// Reads the `<item/>` at `level`; `own` is its namespace.
pub(super) fn item(walker: &mut Walker<'_>, level: usize, own: &str) -> Result<Item, DecodeError> {
    let mut item = Item {
        jid: walker.owned("jid"),
        nick: walker.owned("nick"),
        affiliation: walker.attribute("affiliation").and_then(Affiliation::parse),
        role: walker.attribute("role").and_then(Role::parse),
        actor: None,
    };
    while let Some(child) = walker.child(level)? {
        if child.is("actor", own) {
            item.actor = Some(Actor {
                jid: walker.owned("jid"),
                nick: walker.owned("nick"),
            });
        }
    }
    Ok(item)
}

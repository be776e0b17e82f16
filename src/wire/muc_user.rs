//! `<x xmlns='http://jabber.org/protocol/muc#user'/>` and `<item/>` (XEP-0045).
//!
//! If a stanza has two such `<x/>`, the last counts: Prosody removes a client's from
//! presence and invitations and then appends the room's own (`filter_muc_x`, then
//! `add_child`, in 0.12 and 13), so nothing a client wrote can stand behind it. It leaves a
//! client's in groupchat, in which nothing is believed anyway (SPEC B9).
//!
//! Reasons are never read: the person who changes an affiliation writes them, as long and
//! as deep as they like.

use super::node::{Loss, Node};
use super::ns;
use crate::muc::{Affiliation, Role};
use crate::stanza::{Actor, Item, MucUser};

/// Reads the `<x/>`.
pub(super) fn read(x: &Node<'_, '_>, loss: &mut Loss) -> MucUser {
    let mut user = MucUser::default();
    let mut rest = x.content();
    while let Some(child) = x.next(&mut rest, loss) {
        let known = matches!(child.local, "item" | "status" | "destroy" | "invite");
        if !known || !child.is_in(ns::MUC_USER) {
            continue;
        }
        match child.local {
            "item" => user.items.push(item(&child, ns::MUC_USER, loss)),
            "status" => {
                let code = child.attribute("code", loss);
                user.status.extend(code.and_then(|c| c.parse::<u16>().ok()));
            }
            "destroy" => user.destroyed = true,
            _ => {
                user.invite = true;
                // It decides no more than the order in which rooms are joined.
                user.inviter = child.owned("from", &mut Loss::default());
            }
        }
    }
    user
}

/// Reads an `<item/>`; `own` is its namespace.
pub(super) fn item(node: &Node<'_, '_>, own: &str, loss: &mut Loss) -> Item {
    let affiliation = node.attribute("affiliation", loss);
    let role = node.attribute("role", loss);
    let mut item = Item {
        jid: node.owned("jid", loss),
        nick: node.owned("nick", loss),
        affiliation: affiliation.and_then(|text| Affiliation::parse(&text)),
        role: role.and_then(|text| Role::parse(&text)),
        actor: None,
    };
    let mut rest = node.content();
    while let Some(child) = node.next(&mut rest, loss) {
        if child.is("actor", own) {
            item.actor = Some(Actor {
                jid: child.owned("jid", loss),
                nick: child.owned("nick", loss),
            });
        }
    }
    item
}

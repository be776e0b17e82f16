//! `<iq/>` (RFC 6120 §8.2.3) and the payloads that gavel reads.
//!
//! Items, fields and values are read one by one: a fault in one costs the others nothing.
//! The losses come with the answer.

use super::decode::evidence::read_bridge;
use super::error::DecodeError;
use super::head::{Head, read_error, undefined};
use super::node::{Child, Loss, Node};
use super::{muc_user, ns};
use crate::stanza::{
    Arrival, CommandReply, Form, Iq, IqKind, IqPayload, Item, LeftOut, Login, Module, Refused,
    RoomFacts,
};

/// Longest value of a form's field, in bytes: an address is shorter, and so are
/// a room's password and all settings.
const MAX_VALUE: usize = 16 * 1024;

/// Reads the IQ `root`.
pub(super) fn read(root: &Node<'_, '_>, head: Head) -> Result<Iq, DecodeError> {
    let mut payload = None;
    let mut error = None;
    let mut loss = Loss::default();
    for child in root.children() {
        match child {
            Child::Element(child) if child.is("error", ns::COMPONENT) => {
                error = Some(read_error(&child, &mut loss));
            }
            Child::Element(child) if payload.is_none() => {
                payload = Some(read_payload(&child, &mut loss));
            }
            Child::Element(_) => {}
            Child::Unreadable(_) => {
                loss.lost = true;
                payload.get_or_insert(IqPayload::Unread);
            }
        }
    }
    let kind = match head.kind.as_deref() {
        Some("get") => IqKind::Get,
        Some("set") => IqKind::Set,
        Some("result") => IqKind::Result,
        Some("error") => IqKind::Error(error.unwrap_or_else(undefined)),
        _ => return Err(DecodeError::IqType),
    };
    let left_out = LeftOut {
        room: loss.lost,
        other: loss.value,
        ..LeftOut::default()
    };
    Ok(Iq {
        from: head.from.unwrap_or_default(),
        to: head.to.unwrap_or_default(),
        id: head.id.unwrap_or_default(),
        kind,
        payload: payload.unwrap_or(IqPayload::Empty),
        left_out,
    })
}

fn read_payload(child: &Node<'_, '_>, loss: &mut Loss) -> IqPayload {
    let Some(ns) = child.ns() else {
        loss.lost = true;
        return IqPayload::Unread;
    };
    match (child.local, ns.as_ref()) {
        ("ping", ns::PING) => IqPayload::Ping,
        ("query", ns::VERSION) => IqPayload::Version(version(child, loss)),
        ("query", ns::DISCO_INFO) => disco_info(child, loss),
        ("query", ns::DISCO_ITEMS) => disco_items(child, loss),
        ("query", ns::MUC_ADMIN) => IqPayload::MucAdmin(affiliations(child, loss)),
        ("query", ns::MUC_OWNER) => IqPayload::MucOwner(inner_form(child, loss)),
        ("command", ns::COMMANDS) => IqPayload::Command(command(child, loss)),
        ("arrival", ns::ARRIVAL) => IqPayload::Arrival(Box::new(arrival(child, loss))),
        ("module", ns::MODULE) => IqPayload::Module(module(child, loss)),
        ("lease", ns::GUARD) => IqPayload::Refused(refused(child, loss)),
        _ => IqPayload::Other,
    }
}

/// The `<module/>`.
pub(super) fn module(node: &Node<'_, '_>, loss: &mut Loss) -> Module {
    let mut module = Module {
        version: node.owned("version", loss).unwrap_or_default(),
        permitted: node.owned("permitted", loss),
        ..Module::default()
    };
    let mut configuration = None;
    let mut people = None;
    let mut own = Loss::default();
    let mut rest = node.content();
    while let Some(child) = node.next(&mut rest, &mut own) {
        if child.is("goes-round", ns::MODULE) {
            module.goes_round.extend(child.owned("module", loss));
        } else if child.is("x", ns::DATA) {
            let mut fields = Form::default();
            form(&child, &mut fields, &mut own);
            configuration = Some(fields);
        } else if child.is("query", ns::MUC_ADMIN) {
            people = Some(affiliations(&child, &mut own));
        } else if child.is("logins", ns::MODULE) {
            module.logins = Some(logins(&child, loss));
        }
    }
    // Half of it is worth nothing: gavel asks.
    let whole = !own.lost && !own.value;
    loss.lost |= own.lost;
    if let (Some(configuration), Some(affiliations), true) = (configuration, people, whole) {
        module.room = Some(Box::new(RoomFacts {
            configuration,
            affiliations,
        }));
    }
    module
}

/// The ways to log in, by VirtualHost. A missing statement counts as one that lets people
/// in, and as a provider that is not loaded.
fn logins(node: &Node<'_, '_>, loss: &mut Loss) -> Vec<Login> {
    let mut logins = Vec::new();
    let mut rest = node.content();
    while let Some(child) = node.next(&mut rest, loss) {
        if !child.is("host", ns::MODULE) {
            continue;
        }
        let mut is = |name| child.attribute(name, loss).as_deref() != Some("false");
        let (anonymous, empty_token) = (is("anonymous"), is("empty-token"));
        let registration = is("registration");
        let loaded = child.attribute("loaded", loss).as_deref() == Some("true");
        let checks = child.owned("checks", loss);
        let checks = checks.map(|all| all.split_whitespace().map(str::to_owned).collect());
        logins.push(Login {
            host: child.owned("name", loss).unwrap_or_default(),
            provider: child.owned("provider", loss).unwrap_or_default(),
            configured: child.owned("configured", loss).unwrap_or_default(),
            loaded,
            anonymous,
            empty_token,
            registration,
            checks,
        });
    }
    logins
}

/// The promotions that the guard has refused.
fn refused(node: &Node<'_, '_>, loss: &mut Loss) -> Vec<Refused> {
    let mut refused = Vec::new();
    let mut rest = node.content();
    while let Some(child) = node.next(&mut rest, loss) {
        if child.is("refused", ns::GUARD) {
            refused.push(Refused {
                room: child.owned("room", loss).unwrap_or_default(),
                jid: child.owned("jid", loss).unwrap_or_default(),
                by: child.owned("by", loss),
            });
        }
    }
    refused
}

fn arrival(node: &Node<'_, '_>, loss: &mut Loss) -> Arrival {
    let mut arrival = Arrival {
        room: node.owned("room", loss).unwrap_or_default(),
        jid: node.owned("jid", loss).unwrap_or_default(),
        ..Arrival::default()
    };
    let mut rest = node.content();
    while let Some(child) = node.next(&mut rest, loss) {
        if child.is("claims", ns::CLAIMS) {
            arrival.claims = read_bridge(&child, loss);
        }
    }
    arrival
}

fn disco_info(query: &Node<'_, '_>, loss: &mut Loss) -> IqPayload {
    let mut features = Vec::new();
    let mut fields = Form::default();
    let mut rest = query.content();
    while let Some(child) = query.next(&mut rest, loss) {
        if child.is("feature", ns::DISCO_INFO) {
            features.extend(child.owned("var", loss));
        } else if child.is("x", ns::DATA) {
            form(&child, &mut fields, loss);
        }
    }
    IqPayload::DiscoInfo {
        node: query.owned("node", loss),
        features,
        form: fields,
    }
}

/// Name and version, as far as they are there.
fn version(query: &Node<'_, '_>, loss: &mut Loss) -> Option<String> {
    let mut words = Vec::new();
    let mut rest = query.content();
    while let Some(child) = query.next(&mut rest, loss) {
        if child.is("name", ns::VERSION) || child.is("version", ns::VERSION) {
            words.push(child.text(loss).text);
        }
    }
    (!words.is_empty()).then(|| words.join(" "))
}

fn disco_items(query: &Node<'_, '_>, loss: &mut Loss) -> IqPayload {
    let mut jids = Vec::new();
    let mut rest = query.content();
    while let Some(child) = query.next(&mut rest, loss) {
        if child.is("item", ns::DISCO_ITEMS) {
            jids.extend(child.owned("jid", loss));
        }
    }
    IqPayload::DiscoItems {
        node: query.owned("node", loss),
        jids,
    }
}

fn affiliations(query: &Node<'_, '_>, loss: &mut Loss) -> Vec<Item> {
    let mut items = Vec::new();
    let mut rest = query.content();
    while let Some(child) = query.next(&mut rest, loss) {
        if child.is("item", ns::MUC_ADMIN) {
            items.push(muc_user::item(&child, ns::MUC_ADMIN, loss));
        }
    }
    items
}

/// The forms in an element.
fn inner_form(query: &Node<'_, '_>, loss: &mut Loss) -> Form {
    let mut fields = Form::default();
    let mut rest = query.content();
    while let Some(child) = query.next(&mut rest, loss) {
        if child.is("x", ns::DATA) {
            form(&child, &mut fields, loss);
        }
    }
    fields
}

fn command(node: &Node<'_, '_>, loss: &mut Loss) -> CommandReply {
    let mut reply = CommandReply {
        node: node.owned("node", loss).unwrap_or_default(),
        session: node.owned("sessionid", loss),
        completed: node.attribute("status", loss).as_deref() == Some("completed"),
        form: Form::default(),
        error: None,
    };
    let mut rest = node.content();
    while let Some(child) = node.next(&mut rest, loss) {
        if child.is("x", ns::DATA) {
            form(&child, &mut reply.form, loss);
        } else if child.is("note", ns::COMMANDS)
            && child.attribute("type", loss).as_deref() == Some("error")
        {
            reply.error = value(&child, loss);
        }
    }
    reply
}

/// Adds the fields of a `<x xmlns='jabber:x:data'/>`.
fn form(x: &Node<'_, '_>, form: &mut Form, loss: &mut Loss) {
    let mut rest = x.content();
    while let Some(field) = x.next(&mut rest, loss) {
        if !field.is("field", ns::DATA) {
            continue;
        }
        let Some(var) = field.owned("var", loss) else {
            continue;
        };
        let kind = field.attribute("type", loss);
        let list = kind.is_some_and(|kind| kind.starts_with("list-"));
        let mut values = Vec::new();
        let mut options = Vec::new();
        let mut inner = field.content();
        while let Some(child) = field.next(&mut inner, loss) {
            if child.is("value", ns::DATA) {
                values.extend(value(&child, loss));
            } else if child.is("option", ns::DATA) {
                options.extend(first_value(&child, loss));
            }
        }
        if list || !options.is_empty() {
            form.options.push((var.clone(), options));
        }
        form.fields.push((var, values));
    }
}

fn first_value(option: &Node<'_, '_>, loss: &mut Loss) -> Option<String> {
    let mut rest = option.content();
    while let Some(child) = option.next(&mut rest, loss) {
        if child.is("value", ns::DATA) {
            let value = value(&child, loss);
            loss.lost |= value.is_none();
            return value;
        }
    }
    None
}

/// The text of an element; `None` if it is too long or cannot be read. That is no loss of
/// the field: no text that gavel uses is so long, and a room's description may be for ever.
fn value(node: &Node<'_, '_>, loss: &mut Loss) -> Option<String> {
    let mut own = Loss::default();
    let fits = node.content().len() <= MAX_VALUE;
    let text = fits.then(|| node.text(&mut own).text);
    let value = text.filter(|_| !own.lost);
    loss.value |= value.is_none();
    value
}

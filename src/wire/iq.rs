//! `<iq/>` (RFC 6120 §8.2.3) and the payloads that gavel reads.

use super::decode::{Head, read_bridge, read_error, undefined};
use super::error::DecodeError;
use super::xml::{Element, Walker};
use super::{muc_user, ns};
use crate::stanza::{Arrival, CommandReply, Form, Iq, IqKind, IqPayload, Item, LeftOut, Module};

type Result<T> = std::result::Result<T, DecodeError>;

/// Reads an IQ whose start tag has been read.
pub(super) fn read(walker: &mut Walker<'_>, head: Head) -> Result<Iq> {
    let mut payload = None;
    let mut error = None;
    while let Some(child) = walker.child(1)? {
        if child.is("error", ns::COMPONENT) {
            error = Some(read_error(walker, child.level)?);
        } else if payload.is_none() {
            payload = Some(read_payload(walker, &child)?);
        }
    }
    let kind = match head.kind.as_deref() {
        Some("get") => IqKind::Get,
        Some("set") => IqKind::Set,
        Some("result") => IqKind::Result,
        Some("error") => IqKind::Error(error.unwrap_or_else(undefined)),
        _ => return Err(DecodeError::IqType),
    };
    Ok(Iq {
        from: head.from.unwrap_or_default(),
        to: head.to.unwrap_or_default(),
        id: head.id.unwrap_or_default(),
        kind,
        payload: payload.unwrap_or(IqPayload::Empty),
        left_out: LeftOut::default(),
    })
}

fn read_payload(walker: &mut Walker<'_>, child: &Element<'_>) -> Result<IqPayload> {
    let level = child.level;
    Ok(match (child.local, child.ns.as_ref()) {
        ("ping", ns::PING) => IqPayload::Ping,
        ("query", ns::VERSION) => IqPayload::Version(version(walker, level)?),
        ("query", ns::DISCO_INFO) => disco_info(walker, level)?,
        ("query", ns::DISCO_ITEMS) => disco_items(walker, level)?,
        ("query", ns::MUC_ADMIN) => IqPayload::MucAdmin(affiliations(walker, level)?),
        ("query", ns::MUC_OWNER) => IqPayload::MucOwner(inner_form(walker, level)?),
        ("command", ns::COMMANDS) => IqPayload::Command(command(walker, level)?),
        ("arrival", ns::ARRIVAL) => IqPayload::Arrival(Box::new(arrival(walker, level)?)),
        ("module", ns::MODULE) => IqPayload::Module(module(walker, level)?),
        _ => IqPayload::Other,
    })
}

/// The `<module/>` at `level`.
pub(super) fn module(walker: &mut Walker<'_>, level: usize) -> Result<Module> {
    let mut module = Module {
        version: walker.owned("version").unwrap_or_default(),
        ..Module::default()
    };
    while let Some(child) = walker.child(level)? {
        if child.is("goes-round", ns::MODULE) {
            module.goes_round.extend(walker.owned("module"));
        }
    }
    Ok(module)
}

fn arrival(walker: &mut Walker<'_>, level: usize) -> Result<Arrival> {
    let mut arrival = Arrival {
        room: walker.owned("room").unwrap_or_default(),
        jid: walker.owned("jid").unwrap_or_default(),
        ..Arrival::default()
    };
    while let Some(child) = walker.child(level)? {
        if child.is("claims", ns::CLAIMS) {
            arrival.claims = read_bridge(walker, child.level)?;
        }
    }
    Ok(arrival)
}

fn disco_info(walker: &mut Walker<'_>, level: usize) -> Result<IqPayload> {
    let node = walker.owned("node");
    let mut features = Vec::new();
    let mut fields = Form::default();
    while let Some(child) = walker.child(level)? {
        if child.is("feature", ns::DISCO_INFO) {
            features.extend(walker.owned("var"));
        } else if child.is("x", ns::DATA) {
            form(walker, child.level, &mut fields)?;
        }
    }
    Ok(IqPayload::DiscoInfo {
        node,
        features,
        form: fields,
    })
}

/// Name and version, as far as they are there.
fn version(walker: &mut Walker<'_>, level: usize) -> Result<Option<String>> {
    let mut words = Vec::new();
    while let Some(child) = walker.child(level)? {
        if child.is("name", ns::VERSION) || child.is("version", ns::VERSION) {
            words.push(walker.text(child.level)?.text);
        }
    }
    Ok((!words.is_empty()).then(|| words.join(" ")))
}

fn disco_items(walker: &mut Walker<'_>, level: usize) -> Result<IqPayload> {
    let node = walker.owned("node");
    let mut jids = Vec::new();
    while let Some(child) = walker.child(level)? {
        if child.is("item", ns::DISCO_ITEMS) {
            jids.extend(walker.owned("jid"));
        }
    }
    Ok(IqPayload::DiscoItems { node, jids })
}

fn affiliations(walker: &mut Walker<'_>, level: usize) -> Result<Vec<Item>> {
    let mut items = Vec::new();
    while let Some(child) = walker.child(level)? {
        if child.is("item", ns::MUC_ADMIN) {
            items.push(muc_user::item(walker, child.level, ns::MUC_ADMIN)?);
        }
    }
    Ok(items)
}

/// The forms in the element at `level`.
fn inner_form(walker: &mut Walker<'_>, level: usize) -> Result<Form> {
    let mut fields = Form::default();
    while let Some(child) = walker.child(level)? {
        if child.is("x", ns::DATA) {
            form(walker, child.level, &mut fields)?;
        }
    }
    Ok(fields)
}

fn command(walker: &mut Walker<'_>, level: usize) -> Result<CommandReply> {
    let mut reply = CommandReply {
        node: walker.owned("node").unwrap_or_default(),
        session: walker.owned("sessionid"),
        completed: walker.attribute("status") == Some("completed"),
        form: Form::default(),
        error: None,
    };
    while let Some(child) = walker.child(level)? {
        if child.is("x", ns::DATA) {
            form(walker, child.level, &mut reply.form)?;
        } else if child.is("note", ns::COMMANDS) && walker.attribute("type") == Some("error") {
            reply.error = Some(walker.text(child.level)?.text);
        }
    }
    Ok(reply)
}

/// Adds the fields of the `<x xmlns='jabber:x:data'/>` at `level`.
fn form(walker: &mut Walker<'_>, level: usize, form: &mut Form) -> Result<()> {
    while let Some(field) = walker.child(level)? {
        let Some(var) = walker.owned("var").filter(|_| field.is("field", ns::DATA)) else {
            continue;
        };
        let list = walker
            .attribute("type")
            .is_some_and(|t| t.starts_with("list-"));
        let mut values = Vec::new();
        let mut options = Vec::new();
        while let Some(child) = walker.child(field.level)? {
            if child.is("value", ns::DATA) {
                values.push(walker.text(child.level)?.text);
            } else if child.is("option", ns::DATA) {
                options.extend(first_value(walker, child.level)?);
            }
        }
        if list || !options.is_empty() {
            form.options.push((var.clone(), options));
        }
        form.fields.push((var, values));
    }
    Ok(())
}

fn first_value(walker: &mut Walker<'_>, level: usize) -> Result<Option<String>> {
    let mut first = None;
    while let Some(child) = walker.child(level)? {
        if first.is_none() && child.is("value", ns::DATA) {
            first = Some(walker.text(child.level)?.text);
        }
    }
    Ok(first)
}

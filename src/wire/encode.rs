//! [`Outbound`] → one stanza's bytes.

use super::error::EncodeError;
use super::{chars, ns, revert};
use crate::muc::{Affiliation, OccupantJid, RealJid, RoomJid};
use crate::stanza::{Entitled, Outbound, Permit, Reply, Request};
use minidom::rxml::NcName;
use minidom::{Element, ElementBuilder};
use xmpp_parsers::data_forms::{DataForm, DataFormType, Field, FieldType};
use xmpp_parsers::disco::{DiscoInfoQuery, DiscoInfoResult, DiscoItemsQuery, Identity};
use xmpp_parsers::muc::muc::{History, Muc};
use xmpp_parsers::nick::Nick as DisplayNick;
use xmpp_parsers::ping::Ping;
use xmpp_parsers::version::VersionResult;

/// The features that gavel answers to disco#info (XEP-0030 §3.1).
const FEATURES: [&str; 4] = [ns::DISCO_INFO, ns::DISCO_ITEMS, ns::VERSION, ns::PING];

/// Writes stanzas.
#[derive(Debug, Clone)]
pub struct Encoder {
    /// Sender of every stanza without another.
    full_jid: String,
}

impl Encoder {
    /// For the component with this domain; sends from `gavel@<domain>/gavel`.
    pub fn new(component: &str) -> Self {
        Self {
            full_jid: format!("gavel@{component}/gavel"),
        }
    }

    /// gavel's own full JID.
    pub fn full_jid(&self) -> &str {
        &self.full_jid
    }

    /// Writes one stanza.
    ///
    /// # Errors
    ///
    /// Fails if it would contain a character that XML 1.0 forbids, or if the presence to
    /// revert cannot be read. Nothing is to be sent then.
    pub fn encode(&self, stanza: &Outbound) -> Result<Vec<u8>, EncodeError> {
        let element = match stanza {
            Outbound::Join { occupant, password } => self.join(occupant, password.as_deref()),
            Outbound::Leave { occupant } => self.leave(occupant),
            Outbound::Iq { id, to, request } => self.request(id, to, request),
            Outbound::Reply {
                to,
                from,
                id,
                reply,
            } => answer(to, from, id, reply),
            Outbound::Foreign { from, id } => self.foreign(from, id),
            Outbound::Space(length) => return Ok(vec![b' '; *length]),
            Outbound::Notify { occupant, id, text } => self.notify(occupant, id, text),
            Outbound::Announce { room, text, system } => self.announce(room, text, *system),
            Outbound::Revert {
                from,
                to,
                id,
                name,
                presence,
            } => {
                let head = revert::Head {
                    from: from.as_str(),
                    to: &to.to_string(),
                    id,
                };
                let text = revert::write(&head, name.as_deref(), presence)?;
                permitted(&text)?;
                return Ok(text.into_bytes());
            }
        };
        written(&element)
    }

    /// XEP-0045 §7.2. The display name is for lobby rooms of Jitsi, which
    /// refuse joins without.
    fn join(&self, occupant: &OccupantJid, password: Option<&str>) -> Element {
        let mut muc = Muc::new().with_history(History::new().with_maxstanzas(0));
        muc.password = password.map(str::to_owned);
        self.stanza("presence", &occupant.to_string())
            .append(Element::from(DisplayNick(occupant.nick.to_string())))
            .append(Element::from(muc))
            .build()
    }

    /// XEP-0045 §7.14.
    fn leave(&self, occupant: &OccupantJid) -> Element {
        let presence = self.stanza("presence", &occupant.to_string());
        with(presence, &[("type", "unavailable")]).build()
    }

    /// RFC 6121 §5.2.2; private, so that only the occupant sees it.
    fn notify(&self, occupant: &OccupantJid, id: &str, text: &str) -> Element {
        let message = self.stanza("message", &occupant.to_string());
        with(message, &[("type", "chat"), ("id", id)])
            .append(Element::builder("body", ns::COMPONENT).append(text))
            .build()
    }

    /// XEP-0045 §7.4. If there is both, Jitsi's clients show the JSON, and others the body.
    fn announce(&self, room: &RoomJid, text: &str, system: bool) -> Element {
        let message = self.stanza("message", room.as_str());
        let message = with(message, &[("type", "groupchat")])
            .append(Element::builder("body", ns::COMPONENT).append(text));
        if !system {
            return message.build();
        }
        let json = serde_json::json!({ "type": "system_chat_message", "message": text });
        let json = Element::builder("json-message", ns::JITSI).append(json.to_string());
        message.append(json).build()
    }

    /// RFC 6121 §5.2.2: a headline is kept nowhere and answered by nobody.
    fn foreign(&self, from: &RealJid, id: &str) -> Element {
        let message = stanza("message", from.as_str(), &self.full_jid);
        with(message, &[("type", "headline"), ("id", id)]).build()
    }

    fn request(&self, id: &str, to: &str, request: &Request) -> Element {
        let (kind, payload) = payload(request);
        with(self.stanza("iq", to), &[("type", kind), ("id", id)])
            .append(payload)
            .build()
    }

    fn stanza(&self, name: &str, to: &str) -> ElementBuilder {
        stanza(name, &self.full_jid, to)
    }
}

fn stanza(name: &str, from: &str, to: &str) -> ElementBuilder {
    with(
        Element::builder(name, ns::COMPONENT),
        &[("from", from), ("to", to)],
    )
}

fn with(builder: ElementBuilder, attributes: &[(&'static str, &str)]) -> ElementBuilder {
    let add = |builder: ElementBuilder, (name, value): &(&'static str, &str)| {
        let name = NcName::try_from(*name).expect("attribute names here are constants");
        builder.attr(name, *value)
    };
    attributes.iter().fold(builder, add)
}

/// An answer, from the address that was asked (RFC 6120 §8.2.3).
fn answer(to: &str, from: &str, id: &str, reply: &Reply) -> Element {
    let kind = match reply {
        Reply::ServiceUnavailable => "error",
        _ => "result",
    };
    let iq = with(stanza("iq", from, to), &[("type", kind), ("id", id)]);
    match reply {
        Reply::Empty => iq,
        Reply::DiscoInfo => iq.append(disco_info()),
        Reply::DiscoItems => iq.append(Element::bare("query", ns::DISCO_ITEMS)),
        Reply::Version => iq.append(Element::from(VersionResult {
            name: "gavel".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            os: None,
        })),
        Reply::Arrival {
            affiliation,
            name,
            own,
            permissions,
        } => {
            let permissions = permissions.as_deref();
            let name = name.as_deref().map(|name| (name, *own));
            iq.append(arrival(*affiliation, name, permissions))
        }
        Reply::ServiceUnavailable => iq.append(
            with(
                Element::builder("error", ns::COMPONENT),
                &[("type", "cancel")],
            )
            .append(Element::bare("service-unavailable", ns::STANZA_CONDITIONS)),
        ),
    }
    .build()
}

fn arrival(
    affiliation: Option<Affiliation>,
    name: Option<(&str, bool)>,
    permissions: Option<&[Permit]>,
) -> Element {
    let affiliation = affiliation.map(|affiliation| ("affiliation", affiliation.as_str()));
    let own = name.filter(|(_, own)| *own).map(|_| ("own", "true"));
    let name = name.map(|(name, _)| name);
    let attributes: Vec<_> = affiliation.into_iter().chain(own).collect();
    let arrival = with(Element::builder("arrival", ns::ARRIVAL), &attributes);
    let permissions = permissions.map(|said| permits(&[], said).build());
    arrival.append_all(name).append_all(permissions).build()
}

/// Permissions, with these attributes.
fn permits(attributes: &[(&'static str, &str)], permissions: &[Permit]) -> ElementBuilder {
    let permit = |permit: &Permit| {
        let said = [("name", permit.name), ("for", permit.holders)];
        with(Element::builder("p", ns::PERMISSIONS), &said)
    };
    with(Element::builder("permissions", ns::PERMISSIONS), attributes)
        .append_all(permissions.iter().map(permit))
}

/// The permissions of everybody but the infrastructure.
fn permits_for_all(permissions: &[Permit], infrastructure: &[String]) -> Element {
    let machine = |jid: &String| {
        with(
            Element::builder("infrastructure", ns::PERMISSIONS),
            &[("jid", jid)],
        )
    };
    permits(&[], permissions)
        .append_all(infrastructure.iter().map(machine))
        .build()
}

fn disco_info() -> Element {
    Element::from(DiscoInfoResult {
        node: None,
        identities: vec![Identity::new("component", "generic", "en", "gavel")],
        features: FEATURES.iter().map(|&feature| feature.to_owned()).collect(),
        extensions: Vec::new(),
    })
}

/// `type` and child of the IQ that carries the request.
fn payload(request: &Request) -> (&'static str, Element) {
    match request {
        Request::SetAffiliation { jid, affiliation } => {
            let item = [("jid", jid.as_str()), ("affiliation", affiliation.as_str())];
            ("set", muc_admin(&item))
        }
        Request::SetRole { nick, role } => {
            let item = [("nick", nick.as_str()), ("role", role.as_str())];
            ("set", muc_admin(&item))
        }
        Request::ListAffiliation(affiliation) => {
            ("get", muc_admin(&[("affiliation", affiliation.as_str())]))
        }
        Request::Configuration => ("get", Element::bare("query", ns::MUC_OWNER)),
        Request::Destroy { reason } => {
            let reason = Element::builder("reason", ns::MUC_OWNER).append(reason.as_str());
            let destroy = Element::builder("destroy", ns::MUC_OWNER).append(reason);
            let query = Element::builder("query", ns::MUC_OWNER).append(destroy);
            ("set", query.build())
        }
        Request::Open => ("set", open()),
        Request::MembersOnly(on) => ("set", members_only(*on)),
        Request::ShowEverybody => ("set", show_everybody()),
        Request::DiscoInfo => ("get", DiscoInfoQuery { node: None }.into()),
        Request::DiscoItems => {
            let (node, rsm) = (None, None);
            ("get", DiscoItemsQuery { node, rsm }.into())
        }
        Request::Version => ("get", Element::bare("query", ns::VERSION)),
        Request::Ping => ("get", Ping.into()),
        Request::CommandSetAffiliation {
            room,
            jid,
            affiliation,
        } => (
            "set",
            set_affiliation_command(room, jid, affiliation.as_str()),
        ),
        Request::Pin {
            nick,
            jid,
            name,
            sent,
            own,
        } => {
            let person = [("nick", nick.as_str()), ("jid", jid.as_str())];
            let mut pin = with(Element::builder("pin", ns::NAMES), &person);
            if let Some(sent) = sent {
                pin = with(pin, &[("shown", sent)]);
            }
            if *own {
                pin = with(pin, &[("own", "true")]);
            }
            ("set", pin.append(name.as_str()).build())
        }
        Request::Lease {
            seconds,
            grants,
            ignores_guests,
            infrastructure,
        } => (
            "set",
            lease(*seconds, *grants, *ignores_guests, infrastructure),
        ),
        Request::Guard { all, people } => ("set", guard(*all, people)),
        Request::PermitAll {
            permissions,
            infrastructure,
        } => ("set", permits_for_all(permissions, infrastructure)),
        Request::Permit {
            jid,
            permissions,
            keeps_denials,
        } => {
            let mut person = vec![("jid", jid.as_str())];
            if permissions.is_none() {
                person.push(("default", "true"));
            }
            if *keeps_denials {
                person.push(("denied", "kept"));
            }
            let said = permissions.as_deref().unwrap_or_default();
            ("set", permits(&person, said).build())
        }
        Request::Module => ("get", Element::bare("module", ns::MODULE)),
        Request::ForgetArrivals => ("set", Element::bare("forget", ns::ARRIVAL)),
        Request::UnpinAll => ("set", Element::bare("unpin-all", ns::NAMES)),
        Request::StartCommand { node } => {
            ("set", command(&[("node", node), ("action", "execute")]))
        }
        Request::CancelCommand { node, session } => {
            let cancel = [
                ("node", *node),
                ("action", "cancel"),
                ("sessionid", session),
            ];
            ("set", command(&cancel))
        }
    }
}

fn lease(seconds: u64, grants: bool, ignores_guests: bool, infrastructure: &[String]) -> Element {
    let seconds = seconds.to_string();
    let terms = [
        ("seconds", seconds.as_str()),
        ("grants", if grants { "yes" } else { "none" }),
        ("guests", if ignores_guests { "ignore" } else { "strip" }),
    ];
    let lease = with(Element::builder("lease", ns::GUARD), &terms);
    let machine = |jid: &String| {
        with(
            Element::builder("infrastructure", ns::GUARD),
            &[("jid", jid)],
        )
    };
    lease.append_all(infrastructure.iter().map(machine)).build()
}

fn guard(all: bool, people: &[Entitled]) -> Element {
    let yes = |name, so| if so { Some((name, "true")) } else { None };
    let person = |entitled: &Entitled| {
        let mut attributes = vec![
            ("jid", entitled.jid.as_str()),
            ("affiliation", entitled.affiliation.as_str()),
        ];
        attributes.extend(yes("promotes", entitled.promotes));
        attributes.extend(yes("host", entitled.host));
        with(Element::builder("person", ns::GUARD), &attributes)
    };
    let all: Vec<_> = yes("all", all).into_iter().collect();
    let guard = with(Element::builder("guard", ns::GUARD), &all);
    guard.append_all(people.iter().map(person)).build()
}

/// One `<item/>` only: Prosody applies no further one.
fn muc_admin(item: &[(&'static str, &str)]) -> Element {
    Element::builder("query", ns::MUC_ADMIN)
        .append(with(Element::builder("item", ns::MUC_ADMIN), item))
        .build()
}

/// A form without fields: Prosody takes it for an instant room.
fn open() -> Element {
    let form = with(Element::builder("x", ns::DATA), &[("type", "submit")]);
    let query = Element::builder("query", ns::MUC_OWNER);
    query.append(form.build()).build()
}

fn members_only(on: bool) -> Element {
    let value = if on { "1" } else { "0" };
    configure(Field::text_single("muc#roomconfig_membersonly", value))
}

fn show_everybody() -> Element {
    let mut field = Field::text_single("muc#roomconfig_presencebroadcast", "");
    field.type_ = FieldType::ListMulti;
    field.values = ["moderator", "participant", "visitor"]
        .map(str::to_owned)
        .into();
    configure(field)
}

/// Sets one field of a room's configuration.
fn configure(field: Field) -> Element {
    let form_type = "http://jabber.org/protocol/muc#roomconfig";
    let form = DataForm::new(DataFormType::Submit, form_type, vec![field]);
    let query = Element::builder("query", ns::MUC_OWNER);
    query.append(Element::from(form)).build()
}

fn command(attributes: &[(&'static str, &str)]) -> Element {
    with(Element::builder("command", ns::COMMANDS), attributes).build()
}

/// XEP-0050 §3.1 in one step: Prosody takes a form that it has not handed out.
fn set_affiliation_command(room: &RoomJid, jid: &str, affiliation: &str) -> Element {
    let node = crate::stanza::SET_AFFILIATION;
    let fields = [
        ("room", room.as_str()),
        ("jid", jid),
        ("affiliation", affiliation),
    ];
    let fields = fields.map(|(var, value)| Field::text_single(var, value));
    let form = DataForm::new(DataFormType::Submit, node, fields.into());
    let mut command = command(&[("node", node), ("action", "complete")]);
    command.append_child(form.into());
    command
}

/// minidom panics on characters that XML forbids, so they are looked for first.
fn written(stanza: &Element) -> Result<Vec<u8>, EncodeError> {
    let mut left = vec![stanza];
    while let Some(element) = left.pop() {
        element
            .attrs()
            .iter()
            .try_for_each(|(_, value)| permitted(value))?;
        element.texts().try_for_each(permitted)?;
        left.extend(element.children());
    }
    let mut bytes = Vec::with_capacity(512);
    stanza
        .write_to(&mut bytes)
        .expect("names are constants, characters have been checked, a Vec takes every byte");
    Ok(bytes)
}

/// Says whether the text may be written: a forbidden character would end the stream.
fn permitted(text: &str) -> Result<(), EncodeError> {
    match chars::forbidden(text) {
        Some(character) => Err(EncodeError::Character(character.into())),
        None => Ok(()),
    }
}

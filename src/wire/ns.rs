//! Namespaces, each with the document that defines it.

/// Content of a component's stream (XEP-0114).
pub const COMPONENT: &str = "jabber:component:accept";
/// Content of a client's stream (RFC 6120).
pub const CLIENT: &str = "jabber:client";
/// The stream element and stream errors (RFC 6120 §4.8).
pub const STREAM: &str = "http://etherx.jabber.org/streams";
/// Conditions of stream errors (RFC 6120 §4.9).
pub const STREAM_CONDITIONS: &str = "urn:ietf:params:xml:ns:xmpp-streams";
/// Conditions of stanza errors (RFC 6120 §8.3).
pub const STANZA_CONDITIONS: &str = "urn:ietf:params:xml:ns:xmpp-stanzas";
/// `xml:lang` (Namespaces in XML 1.0 §3).
pub const XML: &str = "http://www.w3.org/XML/1998/namespace";
/// `xmlns` itself (Namespaces in XML 1.0 §3).
pub const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// Joining a room (XEP-0045 §7.2).
pub const MUC: &str = "http://jabber.org/protocol/muc";
/// A room's words about its occupants (XEP-0045).
pub const MUC_USER: &str = "http://jabber.org/protocol/muc#user";
/// Affiliations and roles (XEP-0045 §8, §9).
pub const MUC_ADMIN: &str = "http://jabber.org/protocol/muc#admin";
/// A room's configuration (XEP-0045 §10).
pub const MUC_OWNER: &str = "http://jabber.org/protocol/muc#owner";

/// Forms (XEP-0004).
pub const DATA: &str = "jabber:x:data";
/// Ad-hoc commands (XEP-0050).
pub const COMMANDS: &str = "http://jabber.org/protocol/commands";
/// Service discovery (XEP-0030).
pub const DISCO_INFO: &str = "http://jabber.org/protocol/disco#info";
/// Service discovery (XEP-0030).
pub const DISCO_ITEMS: &str = "http://jabber.org/protocol/disco#items";
/// Software version (XEP-0092).
pub const VERSION: &str = "jabber:iq:version";
/// Ping (XEP-0199).
pub const PING: &str = "urn:xmpp:ping";

/// Display name (XEP-0172).
pub const NICK: &str = "http://jabber.org/protocol/nick";
/// Occupant identifiers, written by the room (XEP-0421).
pub const OCCUPANT_ID: &str = "urn:xmpp:occupant-id:0";
/// Hats, written by the room (XEP-0317).
pub const HATS: &str = "urn:xmpp:hats:0";
/// Hats as Prosody's module once wrote them.
pub const HATS_PROSODY: &str = "xmpp:prosody.im/protocol/hats:1";
/// Stanza identifiers, written by the room (XEP-0359).
pub const STANZA_ID: &str = "urn:xmpp:sid:0";
/// When a stanza was first sent (XEP-0203).
pub const DELAY: &str = "urn:xmpp:delay";
/// When a stanza was first sent (XEP-0091, obsolete).
pub const DELAY_LEGACY: &str = "jabber:x:delay";

/// JSON messages that Jitsi's clients read.
pub const JITSI: &str = "http://jitsi.org/jitmeet";

/// Start of every namespace of gavel's own.
pub const GAVEL: &str = "urn:gavel:";
/// Claims handed over by our Prosody module (SPEC section 3).
pub const CLAIMS: &str = "urn:gavel:claims:0";
/// How gavel knows that our Prosody module serves a room (SPEC section 6).
pub const MODULE: &str = "urn:gavel:module:0";
/// Our module's pinned names (SPEC section 6).
pub const NAMES: &str = "urn:gavel:names:0";
/// Questions of the module about people who are about to enter (SPEC section 6).
pub const ARRIVAL: &str = "urn:gavel:arrival:0";
/// Permissions, as the module enforces them (SPEC B17).
pub const PERMISSIONS: &str = "urn:gavel:permissions:0";
/// The module's guard (SPEC section 6).
pub const GUARD: &str = "urn:gavel:guard:0";

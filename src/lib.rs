//! gavel decides who moderates an XMPP/Jitsi room from the claims in each
//! person's token, and keeps it so.
//!
//! # Layout
//!
//! Imports go down only; `tests/layers.rs` proves it.
//!
//! | folder | what it knows | what it must not know |
//! | --- | --- | --- |
//! | [`muc`] | words of XEP-0045: addresses, affiliations, roles | XML, policy |
//! | [`stanza`] | what arrives and what is sent, as plain values | bytes, decisions |
//! | [`claims`] | evidence in presence → verified claims | who deserves what, IO |
//! | [`policy`] | claims → the affiliation they entitle to, and why | rooms, time, IO |
//! | [`api`] | the admin API's answers as plain values | how they are carried |
//! | [`engine`] | state and events in, actions out: the decisions | bytes, IO, clocks |
//! | [`diagnosis`] | facts → what `gavel doctor` says | who found them out |
//! | [`wire`] | bytes ↔ [`stanza`] values | rooms, decisions, IO |
//! | [`config`] | the configuration file and environment | tokio, engine state |
//! | [`shell`] | the only sockets, files and clock | any rule about people |
//! | [`cli`] | the commands | sockets |
//!
//! [`muc`] to [`wire`] are pure: no IO, no clock, no randomness of their own. `now` and
//! events go in, actions come out.
//!
//! # Glossary
//!
//! | word | what it means here |
//! | --- | --- |
//! | room | a MUC room (XEP-0045), known by its address |
//! | meeting | a main room with its breakout rooms; rights belong to the meeting |
//! | occupant | a nick in a room, with the full JID behind it |
//! | person | a bare JID in a meeting; affiliations belong to it |
//! | seat | one occupant of a person, with the claims shown there |
//! | claims | what a token says, after it was verified |
//! | verdict | what claims entitle somebody to, by which rule, and why |
//! | right | an affiliation that a person may hold in a meeting |
//! | ground | why they may: an override, a grant, an election, what their token gave when they were last seen |
//! | grant | a promotion by a moderator that gavel accepts |
//! | debt | a person may still show an affiliation to which the right has ended |
//! | permission | something besides moderating that a person may do, or not |
//! | the module | `mod_gavel`, the part that runs inside Prosody |

pub mod api;
pub mod claims;
pub mod cli;
pub mod config;
pub mod diagnosis;
pub mod engine;
pub mod muc;
pub mod policy;
pub mod shell;
pub mod stanza;
pub mod wire;

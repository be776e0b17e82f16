//! Helpers that the tests against a real Prosody share.
//!
//! A test starts a [`Prosody`] of its own and a [`Gavel`] beside it, or an [`Env`] with
//! both; connects [`Client`]s; and waits for the stanzas they should see. Nothing sleeps to
//! be in step: [`Env::settle`] knows by a ping answered by gavel that everything earlier
//! has been handled.

#![allow(dead_code, unused_imports, clippy::unwrap_used)]

pub mod admin;
mod client;
pub mod command;
mod env;
mod gavel;
mod jitsi;
mod key_server;
mod negotiation;
mod options;
mod prosody;
mod resumption;
mod room;
mod tls_server;
mod tokens;
mod wait;
pub mod xml;

pub use client::{Client, DEADLINE};
pub use env::{Env, requests};
pub use gavel::{Gavel, signal};
pub use jitsi::BREAKOUTS;
pub use key_server::{Answer, Issuer, KeyServer};
pub use options::Options;
pub use prosody::{Prosody, Version, free_port};
pub use resumption::Lost;
pub use room::Occupant;
pub use tls_server::TlsServer;
pub use tokens::{complete, jwt, nick, sign, sign_with, student, teacher, token};
pub use wait::until;
pub use xml::{El, escape};

/// XEP-0045: a join.
pub const MUC: &str = "http://jabber.org/protocol/muc";
/// XEP-0045: a room's words about an occupant.
pub const MUC_USER: &str = "http://jabber.org/protocol/muc#user";
/// XEP-0045: affiliations and roles.
pub const MUC_ADMIN: &str = "http://jabber.org/protocol/muc#admin";
/// Secret of the component.
pub const SECRET: &str = "component-secret-7Qm4";
/// Secret that tokens are signed with.
pub const JWT_SECRET: &str = "jwt-secret-at-least-32-bytes-long-9xKp";
/// gavel's full JID.
pub const GAVEL: &str = "gavel@gavel.meet.jitsi/gavel";

/// How long a whole test may take.
const LIMIT: std::time::Duration = std::time::Duration::from_secs(120);

/// Runs a test.
pub fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let ended = tokio::time::timeout(LIMIT, test).await;
        ended.expect("the test ends within its limit");
    });
}

/// Makes of `async fn name(version: Version)` two tests, one for each Prosody:
/// `name::prosody_0_12` and `name::prosody_13`.
#[macro_export]
macro_rules! on_both {
    ($name:ident) => {
        mod $name {
            #[test]
            fn prosody_0_12() {
                $crate::support::run(super::$name($crate::support::Version::V0_12));
            }
            #[test]
            fn prosody_13() {
                $crate::support::run(super::$name($crate::support::Version::V13));
            }
        }
    };
}

/// The last lines of a text.
fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

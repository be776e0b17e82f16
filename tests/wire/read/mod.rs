//! Values that are read from the wire.

mod evidence;
mod odd;
mod presence;
mod refused;
pub mod spoilt;
mod stanzas;

use bytes::Bytes;
use gavel::stanza::{
    DisplayName, Evidence, Inbound, LeftOut, Module, MucUser, Presence, PresenceKind,
};
use gavel::wire::{DecodeError, Decoder};

pub fn decode(text: &str) -> Result<Inbound, DecodeError> {
    let tokens = ["jwt", "token"].map(str::to_owned);
    Decoder::new(tokens.into()).decode(Bytes::copy_from_slice(text.as_bytes()))
}

/// Name, children, and their effect on a presence.
type PresenceRow = (&'static str, &'static str, fn(&mut Presence));

/// A presence from `r@m/n` with these children, and its other parts.
fn check_presence(name: &str, children: &str, change: fn(&mut Presence)) {
    let text = format!("<presence from='r@m/n' to='g@c/g'>{children}</presence>");
    let mut expected = Presence {
        from: "r@m/n".to_owned(),
        to: "g@c/g".to_owned(),
        id: None,
        kind: PresenceKind::Available,
        muc_user: None,
        display_name: DisplayName::Absent,
        evidence: Evidence::default(),
        machine: false,
        module: None,
        raw: Bytes::copy_from_slice(text.as_bytes()),
        whole: true,
        left_out: LeftOut::default(),
    };
    change(&mut expected);
    let found = decode(&text);
    assert_eq!(found, Ok(Inbound::Presence(Box::new(expected))), "{name}");
}

fn muc_user(presence: &mut Presence) -> &mut MucUser {
    presence.muc_user.get_or_insert_default()
}

fn module(version: &str, goes_round: &[&str]) -> Module {
    Module {
        version: version.to_owned(),
        goes_round: goes_round.iter().map(|name| (*name).to_owned()).collect(),
        room: None,
        logins: None,
        permitted: None,
    }
}

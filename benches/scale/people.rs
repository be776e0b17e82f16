//! The people of the benchmark, with their presence and the module's statement of their
//! claims.

use gavel::claims::{self, Source, Verifier};
use gavel::engine::Settings;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The MUC service.
pub const SERVICE: &str = "muc.meet.jitsi";
/// The component's secret, with which claims are signed.
pub const SECRET: &str = "secret";

/// One person of one room.
#[derive(Clone, Copy)]
pub struct Person {
    pub room: usize,
    pub number: usize,
    /// Their token makes them owner.
    pub host: bool,
}

/// Somebody in a room of their own, before anything is measured.
pub const FIRST: Person = Person {
    room: 99_999,
    number: 0xffff_ffff,
    host: false,
};

/// `meeting-of-group-00007@muc.meet.jitsi`
pub fn room(number: usize) -> String {
    format!("meeting-of-group-{number:05}@{SERVICE}")
}

impl Person {
    pub fn nick(self) -> String {
        format!("{:08x}", self.number)
    }

    pub fn occupant(self) -> String {
        format!("{}/{}", room(self.room), self.nick())
    }

    /// The occupant's nick begins its real JID, as Jitsi's do.
    pub fn real(self) -> String {
        let nick = self.nick();
        format!("{nick}-489c-4555-89c4-d4a8ac858677@meet.jitsi/ArFuijYxp8r6")
    }

    pub fn name(self) -> String {
        format!("Somebody Number {}", self.number)
    }

    /// Some 300 bytes.
    pub fn claims(self) -> String {
        let role = if self.host { "owner" } else { "member" };
        let (number, name) = (self.number, self.name());
        format!(
            r#"{{"iss":"jitsi","aud":"jitsi","sub":"meet.jitsi","room":"*","exp":1999999999,"context":{{"user":{{"id":"3f0ae0e4-8b5f-4a0f-{number:08x}","name":"{name}","email":"somebody-{number}@example.org","avatar":"https://example.org/avatars/{number}.png","affiliation":"{role}"}},"group":"7b"}}}}"#
        )
    }

    /// The module's mac over the claims.
    pub fn mac(self, stream: &str) -> String {
        let (real, occupant, json) = (self.real(), self.occupant(), self.claims());
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
        mac.update(format!("{stream}\n{real}\n{occupant}\n{json}").as_bytes());
        hex::encode(mac.finalize().into_bytes())
    }
}

/// Believes the module alone.
pub fn believe_module(settings: &mut Settings) {
    let verifier = Verifier::new(claims::Settings {
        sources: vec![Source::Bridge],
        trusted_domains: Vec::new(),
        bridge_secret: SECRET.as_bytes().to_vec(),
        verify_tenant: true,
        jwt: None,
    });
    settings.verifier = verifier.unwrap();
}

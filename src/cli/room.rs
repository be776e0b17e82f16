//! ROOM as people write it.

use super::Error;
use crate::config::address;
use crate::muc::{RoomJid, Service};

/// The room that `text` names: a room JID of a configured service, or a local
/// part where only one service is configured.
///
/// # Errors
/// [`Error::Failed`] where it names none, or could name several.
pub(super) fn resolve(text: &str, services: &[Service]) -> Result<RoomJid, Error> {
    let failed = |why: &str| Error::Failed(format!("room {text:?} {why}"));
    if text.is_empty() {
        return Err(failed("is no name: write name@service"));
    }
    if text.contains('@') {
        let jid = address::parse(text)
            .map_err(|why| Error::Failed(format!("room {why}: write name@service")))?;
        let found = services.iter().find_map(|s| s.locate(jid.as_str()));
        let (room, _) = found.ok_or_else(|| {
            let services = names(services);
            failed(&format!(
                "is in none of the configured MUC services ({services}): name one of theirs"
            ))
        })?;
        return Ok(room);
    }
    match services {
        [service] => resolve(&format!("{text}@{}", service.domain), services),
        services => {
            let candidates: Vec<_> = services
                .iter()
                .map(|service| format!("{text}@{}", service.domain))
                .collect();
            let candidates = candidates.join(", ");
            Err(failed(&format!(
                "could be any of {candidates}: write which"
            )))
        }
    }
}

fn names(services: &[Service]) -> String {
    let names: Vec<_> = services.iter().map(|s| s.domain.as_str()).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(text: &str, domains: &[&str]) -> Result<String, String> {
        let services: Vec<_> = domains
            .iter()
            .map(|domain| Service {
                domain: (*domain).to_owned(),
                tenants: true,
            })
            .collect();
        resolve(text, &services)
            .map(|room| room.to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_room_is_a_jid_or_the_local_part_of_an_only_service() {
        let one = ["muc.meet.jitsi"];
        let two = ["muc.meet.jitsi", "breakout.meet.jitsi"];
        let class = Ok("class@muc.meet.jitsi".to_owned());
        assert_eq!(resolved("class", &one), class);
        assert_eq!(resolved("Class@muc.meet.jitsi", &two), class);
        let tenants = Ok("[school]class@muc.meet.jitsi".to_owned());
        assert_eq!(resolved("[school]class", &one), tenants);
        assert_eq!(resolved("class@muc.school.meet.jitsi", &one), tenants);
        for (text, domains, words) in [
            (
                "class",
                two.as_slice(),
                "class@muc.meet.jitsi, class@breakout.meet.jitsi",
            ),
            ("class@other", &one, "none of the configured"),
            (
                "cl ass",
                &one,
                "room \"cl ass@muc.meet.jitsi\" is not valid: it holds \" \": write name@service",
            ),
            ("", &one, "room \"\" is no name: write name@service"),
            ("a@b@c", &one, "room \"a@b@c\" is not valid: it has two @:"),
            ("@", &one, "nothing stands before the @"),
            ("@muc.meet.jitsi", &one, "nothing stands before the @"),
            ("a&b", &one, "a character that JIDs cannot have"),
            ("a@muc.meet.jitsi/b", &one, "it has a /"),
        ] {
            let error = resolved(text, domains).expect_err(text);
            assert!(error.contains(words), "{error}");
        }
    }
}

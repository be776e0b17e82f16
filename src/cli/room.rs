//! ROOM as people write it.

use super::Error;
use crate::muc::{RoomJid, Service, Spelling, without_query};

/// The room that `text` names, as it is on the wire. Without a service in it the
/// first of `services` is meant, which is the main one.
///
/// # Errors
/// [`Error::Failed`] if it names none.
pub(super) fn resolve(text: &str, services: &[Service]) -> Result<RoomJid, Error> {
    let failed = |why: &str| Error::Failed(format!("room {:?} {why}", without_query(text)));
    let remedy = "write its name, as in the meeting's URL, or name@service";
    let spelling = Spelling::parse(text).map_err(|why| failed(&format!("{why}: {remedy}")))?;
    let mut found = services
        .iter()
        .filter_map(|service| spelling.on_wire(service));
    let room = found.next().ok_or_else(|| {
        let services = names(services);
        failed(&format!(
            "is in none of the configured MUC services ({services}): name one of theirs"
        ))
    })?;
    jid::BareJid::new(room.as_str()).map_err(|error| failed(&format!("is not valid: {error}")))?;
    Ok(room)
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
    fn a_room_without_service_is_the_main_services() {
        let one = ["muc.meet.jitsi"];
        let two = ["muc.meet.jitsi", "breakout.meet.jitsi"];
        let class = Ok("class@muc.meet.jitsi".to_owned());
        assert_eq!(resolved("class", &one), class);
        assert_eq!(resolved("class", &two), class);
        assert_eq!(resolved("Class@muc.meet.jitsi", &two), class);
        let breakout = Ok("class@breakout.meet.jitsi".to_owned());
        assert_eq!(resolved("class@breakout.meet.jitsi", &two), breakout);
        let tenants = Ok("[school]class@muc.meet.jitsi".to_owned());
        assert_eq!(resolved("[school]class", &one), tenants);
        assert_eq!(resolved("class@muc.school.meet.jitsi", &one), tenants);
        let how = Ok("how%20to%20be@muc.meet.jitsi".to_owned());
        assert_eq!(resolved("https://meet.example/How%20To%20Be", &two), how);
        for (text, domains, words) in [
            ("class@other", &one, "none of the configured"),
            ("", &one, "room \"\" is no name: write its name"),
            ("a@b@c", &one, "room \"a@b@c\" has two @:"),
            ("@muc.meet.jitsi", &one, "has nothing before the @"),
            ("a@muc.meet.jitsi/b", &one, "has a /"),
            (
                "https://meet.example/?jwt=e.y.J",
                &one,
                "meet.example/\" names no room",
            ),
        ] {
            let error = resolved(text, domains).expect_err(text);
            assert!(error.contains(words), "{error}");
        }
    }
}

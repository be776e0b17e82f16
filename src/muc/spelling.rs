//! Names of rooms as people write them, and as Jitsi's clients put them on the
//! wire: lower case and percent-encoded, so that `Täst` is `t%c3%a4st`.

use super::{RoomJid, Service};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization as _;

/// The characters that a client leaves as they are (ECMA-262, `encodeURIComponent`).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// A client drops these from the room in a meeting's URL.
const DROPPED: &str = ":?#[]@!$&'()*+,;=><\"";

/// A room as somebody wrote it, taken apart: a name, `[tenant]name`,
/// `tenant/name`, a JID, or a meeting's URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spelling {
    /// As people read it, in lower case.
    name: String,
    /// The tenant, as people read it.
    tenant: Option<String>,
    /// Says whether the tenant may also be the folder in which Jitsi is installed.
    from_url: bool,
    /// The MUC service, if one was written.
    domain: Option<String>,
}

impl Spelling {
    /// The room that `text` names, or the fault of the text.
    ///
    /// # Errors
    /// In words that follow the text itself.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let text = without_query(text.trim());
        if text.is_empty() {
            return Err("is no name");
        }
        match text.split_once("://") {
            Some((_, rest)) => Self::path(rest.split_once('/').map_or("", |(_, path)| path)),
            None if text.contains('@') => Self::jid(text),
            None => match text.split_once('/') {
                Some((host, path)) if host.contains(['.', ':']) => Self::path(path),
                Some(_) => Self::path(text),
                None => Self::name(text),
            },
        }
    }

    /// `room`, `tenant/room`
    fn path(path: &str) -> Result<Self, &'static str> {
        let path = path.trim_end_matches('/');
        let (above, room) = path.rsplit_once('/').unwrap_or(("", path));
        let tenant = above.rsplit('/').next().filter(|tenant| !tenant.is_empty());
        let name = read(&room.replace(|c| DROPPED.contains(c), ""));
        if name.is_empty() {
            return Err("names no room");
        }
        Ok(Self {
            name,
            tenant: tenant.map(read),
            from_url: true,
            domain: None,
        })
    }

    fn jid(text: &str) -> Result<Self, &'static str> {
        let (local, domain) = text.split_once('@').unwrap_or((text, ""));
        if domain.contains('@') {
            return Err("has two @");
        }
        if domain.contains('/') {
            return Err("has a / behind the service, as people's addresses have");
        }
        if local.is_empty() {
            return Err("has nothing before the @");
        }
        if domain.is_empty() {
            return Err("has nothing behind the @");
        }
        let domain = Some(domain.to_lowercase());
        Self::name(local).map(|name| Self { domain, ..name })
    }

    /// `name`, `[tenant]name`
    fn name(text: &str) -> Result<Self, &'static str> {
        let parts = text.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        let (tenant, name) = match parts {
            Some((tenant, name)) => (Some(read(tenant)), name),
            None => (None, text),
        };
        if name.is_empty() {
            return Err("names no room");
        }
        Ok(Self {
            name: read(name),
            tenant,
            from_url: false,
            domain: None,
        })
    }

    /// The MUC service, if one was written.
    pub fn domain(&self) -> Option<&str> {
        self.domain.as_deref()
    }

    /// Without the tenant, if that may have been a folder on the web server.
    pub fn without_folder(&self) -> Option<Self> {
        (self.from_url && self.tenant.is_some()).then(|| Self {
            tenant: None,
            ..self.clone()
        })
    }

    /// The tenant in `service`; none at all if another service was written.
    fn tenant_in(&self, service: &Service) -> Option<Option<String>> {
        let Some(domain) = &self.domain else {
            return Some(self.tenant.clone());
        };
        let address = format!("x@{domain}");
        let (room, _) = service.locate(&address)?;
        Some(room.tenant().map(str::to_owned).or(self.tenant.clone()))
    }

    /// Says whether this is how people call `room`, of `service`.
    pub fn is(&self, room: &RoomJid, service: &Service) -> bool {
        room.service() == service.domain
            && self.name == read(room.name())
            && self.tenant_in(service) == Some(room.tenant().map(read))
    }

    /// The room as it is on the wire; none if another service was written.
    pub fn on_wire(&self, service: &Service) -> Option<RoomJid> {
        let tenant = self.tenant_in(service)?;
        // Without tenants this may be no Jitsi; only Jitsi's clients encode.
        let plain = format!("{}@{}", self.name, service.domain);
        let name = match jid::BareJid::new(&plain) {
            Ok(jid) if !service.tenants => jid.node()?.to_string(),
            _ => written(&self.name),
        };
        let tenant = tenant.filter(|_| service.tenants || !self.from_url);
        let tenant = tenant.map(|tenant| format!("[{}]", written(&tenant)));
        let tenant = tenant.unwrap_or_default();
        RoomJid::parse(&format!("{tenant}{name}@{}", service.domain))
    }
}

/// `text` as a client writes it.
fn written(text: &str) -> String {
    utf8_percent_encode(text, ENCODED)
        .to_string()
        .to_lowercase()
}

/// `text` as people read it, in the one form in which names are compared.
fn read(text: &str) -> String {
    let decoded = percent_decode_str(text).decode_utf8();
    let decoded = decoded.unwrap_or(Cow::Borrowed(text));
    decoded.nfkc().collect::<String>().to_lowercase()
}

/// A URL without the part behind the path: Jitsi takes tokens there, which nobody is to see
/// repeated.
pub fn without_query(text: &str) -> &str {
    let url = text.contains('/');
    let end = text.find(['?', '#']).filter(|_| url);
    &text[..end.unwrap_or(text.len())]
}

/// A room's JID, or its local part, as people read it. A character that means something in
/// an address, or would not be seen, stays encoded.
pub fn readable(room: &str) -> Cow<'_, str> {
    if !room.contains('%') {
        return Cow::Borrowed(room);
    }
    let (local, domain) = match room.split_once('@') {
        Some((local, _)) => room.split_at(local.len()),
        None => (room, ""),
    };
    match percent_decode_str(local).decode_utf8() {
        Ok(text) if !text.contains(is_hidden) && text.trim() == text => {
            Cow::Owned(format!("{text}{domain}"))
        }
        _ => Cow::Borrowed(room),
    }
}

fn is_hidden(c: char) -> bool {
    let reserved = matches!(c, '@' | '/' | '%' | '?' | '#' | '[' | ']' | '"' | '\\');
    reserved || c.is_control() || (c.is_whitespace() && c != ' ')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn service(tenants: bool) -> Service {
        Service {
            domain: "muc.meet.jitsi".into(),
            tenants,
        }
    }

    #[test]
    fn a_room_is_called_as_people_write_it() {
        let how = "how%20to%20be@muc.meet.jitsi";
        let tast = "t%c3%a4st@muc.meet.jitsi";
        let school = "[school]t%c3%a4st@muc.meet.jitsi";
        for (text, wire) in [
            ("täst", tast),
            ("Täst", tast),
            ("TA\u{308}ST", tast),
            ("t%C3%A4st", tast),
            ("t%c3%a4st@muc.meet.jitsi", tast),
            ("Täst@Muc.Meet.Jitsi", tast),
            ("https://meet.example/T%C3%A4st", tast),
            (
                "https://meet.example/Täst#config.startWithAudioMuted=true",
                tast,
            ),
            ("https://meet.example/täst?jwt=a.b.c", tast),
            ("meet.example:8443/täst", tast),
            ("How To Be", how),
            ("how%20to%20be", how),
            ("https://meet.example/How%20To%20Be/", how),
            ("[school]täst", school),
            ("school/Täst", school),
            ("https://meet.example/School/Täst?jwt=a.b.c", school),
            ("t%c3%a4st@muc.school.meet.jitsi", school),
            ("[school]t%c3%a4st@muc.meet.jitsi", school),
            ("https://meet.example/Room(1)!", "room1@muc.meet.jitsi"),
            ("lesson-7_a.b~c", "lesson-7_a.b~c@muc.meet.jitsi"),
            ("100%", "100%25@muc.meet.jitsi"),
        ] {
            let spelling = Spelling::parse(text).unwrap();
            let room = spelling.on_wire(&service(true)).expect(text);
            assert_eq!(room.as_str(), wire, "{text}");
            assert!(spelling.is(&room, &service(true)), "{text}");
            // The shown text names the room again.
            let shown = readable(wire);
            let again = Spelling::parse(&shown).unwrap().on_wire(&service(true));
            assert_eq!(again.unwrap().as_str(), wire, "{shown}");
        }
    }

    #[test]
    fn without_jitsi_a_room_has_the_name_that_prosody_stores() {
        let plain = service(false);
        for (text, wire) in [
            ("Täst", "täst@muc.meet.jitsi"),
            ("How To Be", "how%20to%20be@muc.meet.jitsi"),
            ("https://meet.example/jitsi/lesson", "lesson@muc.meet.jitsi"),
        ] {
            let spelling = Spelling::parse(text).unwrap();
            assert_eq!(spelling.on_wire(&plain).unwrap().as_str(), wire, "{text}");
        }
        let spelling = Spelling::parse("täst").unwrap();
        for stored in ["täst@muc.meet.jitsi", "t%c3%a4st@muc.meet.jitsi"] {
            assert!(spelling.is(&RoomJid::parse(stored).unwrap(), &plain));
        }
        let folder = Spelling::parse("https://meet.example/jitsi/lesson").unwrap();
        let lesson = RoomJid::parse("lesson@muc.meet.jitsi").unwrap();
        assert!(!folder.is(&lesson, &plain));
        assert!(folder.without_folder().unwrap().is(&lesson, &plain));
        assert_eq!(spelling.without_folder(), None);
    }

    #[test]
    fn another_room_is_not_called_so() {
        let lesson = RoomJid::parse("lesson@muc.meet.jitsi").unwrap();
        for text in [
            "lesson2",
            "[school]lesson",
            "lesson@other.meet.jitsi",
            "lesson@muc.school.meet.jitsi",
        ] {
            let spelling = Spelling::parse(text).unwrap();
            assert!(!spelling.is(&lesson, &service(true)), "{text}");
        }
        let other = Spelling::parse("lesson@other").unwrap();
        assert_eq!(other.on_wire(&service(true)), None);
    }

    #[test]
    fn text_that_is_no_room_is_refused_with_the_reason() {
        for (text, why) in [
            ("", "is no name"),
            (" ", "is no name"),
            ("a@b@c", "two @"),
            ("@", "before the @"),
            ("@muc.meet.jitsi", "before the @"),
            ("a@", "behind the @"),
            ("a@muc.meet.jitsi/b", "has a /"),
            ("https://meet.example/", "names no room"),
            ("https://meet.example", "names no room"),
            ("[school]", "names no room"),
        ] {
            assert!(Spelling::parse(text).unwrap_err().contains(why), "{text}");
        }
    }

    #[test]
    fn b14_a_url_is_repeated_without_its_token() {
        let url = "https://meet.example/a?jwt=e.y.J#x";
        assert_eq!(without_query(url), "https://meet.example/a");
        assert_eq!(without_query("what now?"), "what now?");
    }

    #[test]
    fn misleading_escapes_are_not_decoded() {
        for room in [
            "a%2fb@muc.meet.jitsi",
            "a%40b@muc.meet.jitsi",
            "a%0ab@muc.meet.jitsi",
            "%20a@muc.meet.jitsi",
            "a%ffb@muc.meet.jitsi",
            "plain@muc.meet.jitsi",
        ] {
            assert_eq!(readable(room), room);
        }
        assert_eq!(readable("t%c3%a4st"), "täst");
    }
}

//! Connections that break and are taken up again (XEP-0198, mod_smacks).

use super::client::Client;
use super::{El, Prosody};

const SM: &str = "urn:xmpp:sm:3";

/// A client's knowledge of a session whose connection has broken.
pub struct Lost {
    /// The full JID of the session, which goes on.
    pub jid: String,
    id: String,
    handled: usize,
}

/// Says whether a stanza counts as handled.
fn is_stanza(element: &El) -> bool {
    matches!(&*element.name, "iq" | "message" | "presence")
}

impl Client {
    /// From now on the session outlives its connection.
    pub async fn resumable(&self) {
        self.send(&format!("<enable xmlns='{SM}' resume='true'/>"))
            .await;
        self.receives(1, "enabled", super::DEADLINE, |s| s.name == "enabled")
            .await;
    }

    /// The connection breaks without a word.
    pub fn breaks(self) -> Lost {
        let received = self.received();
        let enabled = received.iter().position(|s| s.name == "enabled");
        let enabled = enabled.expect("the session is resumable");
        let id = received[enabled].attr("id").expect("its id").to_owned();
        let handled = received[enabled..].iter().filter(|s| is_stanza(s)).count();
        let jid = self.jid.clone();
        Lost { jid, id, handled }
    }
}

impl Lost {
    /// Goes on with the session by another connection, for which Jitsi's modules have
    /// read these fields (JSON; see `mod_test_session`).
    pub async fn resumes(self, prosody: &Prosody, fields: Option<&str>) -> Client {
        let bare = self.jid.split('/').next().expect("a first part");
        let mut wire = Client::authenticated(prosody, bare).await;
        if let Some(fields) = fields {
            wire.set_fields(fields).await;
        }
        let (id, handled) = (&self.id, self.handled);
        wire.send(&format!(
            "<resume xmlns='{SM}' previd='{id}' h='{handled}'/>"
        ))
        .await;
        wire.next("resumed", "the session to go on").await;
        wire.into_client(self.jid)
    }
}

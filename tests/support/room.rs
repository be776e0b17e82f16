//! Rooms (XEP-0045) as one client sees and uses them.

use super::client::{Client, DEADLINE};
use super::xml::{El, escape};
use super::{MUC, MUC_ADMIN, MUC_USER};
use std::collections::BTreeMap;
use std::time::Duration;

/// An occupant as shown by its newest presence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Occupant {
    /// Its affiliation.
    pub affiliation: String,
    /// Its role.
    pub role: String,
    /// Its real JID, if shown.
    pub jid: Option<String>,
    /// The name that clients show: the text of the last child named `nick`.
    pub name: Option<String>,
    /// The presence itself.
    pub presence: El,
}

/// All rooms, by bare JID; in each the occupants by nick.
#[derive(Debug, Default)]
pub(super) struct Rooms(BTreeMap<String, BTreeMap<String, Occupant>>);

impl Rooms {
    /// Follows a stanza.
    pub(super) fn see(&mut self, stanza: &El) {
        let Some((room, nick)) = stanza.attr("from").and_then(|from| from.split_once('/')) else {
            return;
        };
        let Some(x) = stanza.child("x", MUC_USER) else {
            return;
        };
        if stanza.name != "presence" {
            return;
        }
        let own = stanza.status().contains(&110);
        let item = x.named("item").cloned().unwrap_or_default();
        let occupants = self.0.entry(room.to_string()).or_default();
        match stanza.attr("type") {
            None => {
                let text = |name: &str| item.attr(name).unwrap_or_default().to_string();
                let mut names = stanza.children.iter().filter(|c| c.name == "nick");
                let occupant = Occupant {
                    affiliation: text("affiliation"),
                    role: text("role"),
                    jid: item.attr("jid").map(str::to_string),
                    name: names.next_back().map(|name| name.text.clone()),
                    presence: stanza.clone(),
                };
                occupants.insert(nick.to_string(), occupant);
            }
            Some("unavailable") if own && !stanza.status().contains(&303) => occupants.clear(),
            Some("unavailable") => {
                occupants.remove(nick);
            }
            Some(_) => {}
        }
    }

    /// An occupant, if it is there.
    pub(super) fn occupant(&self, room: &str, nick: &str) -> Option<&Occupant> {
        self.0.get(room)?.get(nick)
    }
}

impl Client {
    /// Enters a room; `children` are more children of the presence, as XML.
    pub async fn join(&self, room: &str, nick: &str, children: &str) {
        let joined = self.try_join(room, nick, children).await;
        joined.unwrap_or_else(|why| panic!("{} could not join {room}: {why}", self.jid));
    }

    /// Enters a room, or gives the condition of the refusal.
    pub async fn try_join(&self, room: &str, nick: &str, children: &str) -> Result<(), String> {
        let own = format!("{room}/{nick}");
        self.forget(|s| s.attr("from") == Some(&own));
        let x = format!("<x xmlns='{MUC}'><history maxstanzas='0'/></x>");
        self.presence(room, nick, &(x + children)).await;
        let answer = self.expect(&own, |s| {
            s.name == "presence"
                && s.attr("from") == Some(&own)
                && match s.attr("type") {
                    None => s.status().contains(&110),
                    kind => kind == Some("error"),
                }
        });
        let answer = answer.await;
        match answer.attr("type") {
            None => Ok(()),
            _ => Err(answer.condition().unwrap_or("no condition").to_string()),
        }
    }

    /// Sends presence to an occupant JID: an update, or with another nick a
    /// change of nick. Does not wait.
    pub async fn presence(&self, room: &str, nick: &str, children: &str) {
        let (from, to) = (escape(&self.jid), escape(&format!("{room}/{nick}")));
        self.send(&format!(
            "<presence from='{from}' to='{to}'>{children}</presence>"
        ))
        .await;
    }

    /// Leaves a room and waits for its confirmation.
    pub async fn leave(&self, room: &str, nick: &str) {
        let (from, to) = (escape(&self.jid), escape(&format!("{room}/{nick}")));
        self.send(&format!(
            "<presence type='unavailable' from='{from}' to='{to}'/>"
        ))
        .await;
        self.until(&format!("to be out of {room}"), |rooms| {
            rooms.occupant(room, nick).is_none()
        })
        .await;
    }

    /// A muc#admin set with these items (XEP-0045 §9, §10).
    pub async fn admin(&self, room: &str, items: &str) -> Result<(), String> {
        let query = format!("<query xmlns='{MUC_ADMIN}'>{items}</query>");
        self.iq("set", room, &query).await.map(|_| ())
    }

    /// Sets the affiliation of a bare JID.
    pub async fn affiliate(&self, room: &str, jid: &str, affiliation: &str) -> Result<(), String> {
        let item = format!("<item jid='{}' affiliation='{affiliation}'/>", escape(jid));
        self.admin(room, &item).await
    }

    /// Sets an occupant's role; `none` kicks.
    pub async fn set_role(&self, room: &str, nick: &str, role: &str) -> Result<(), String> {
        let item = format!("<item nick='{}' role='{role}'/>", escape(nick));
        self.admin(room, &item).await
    }

    /// The bare JIDs that have an affiliation, as the room lists them.
    pub async fn affiliated(&self, room: &str, affiliation: &str) -> Result<Vec<String>, String> {
        let query =
            format!("<query xmlns='{MUC_ADMIN}'><item affiliation='{affiliation}'/></query>");
        let reply = self.iq("get", room, &query).await?;
        let query = reply.child("query", MUC_ADMIN).expect("a list");
        let jids = query.children.iter().filter_map(|item| item.attr("jid"));
        Ok(jids.map(str::to_string).collect())
    }

    /// Sets fields of a room's configuration (XEP-0045 §10.2).
    pub async fn configure(&self, room: &str, fields: &[(&str, &str)]) -> Result<(), String> {
        let field = |(var, value): &(&str, &str)| {
            format!(
                "<field var='{var}'><value>{}</value></field>",
                escape(value)
            )
        };
        let form = "http://jabber.org/protocol/muc#roomconfig";
        let fields: String = fields.iter().map(field).collect();
        let query = format!(
            "<query xmlns='http://jabber.org/protocol/muc#owner'>\
             <x xmlns='jabber:x:data' type='submit'>\
             <field var='FORM_TYPE'><value>{form}</value></field>{fields}</x></query>"
        );
        self.iq("set", room, &query).await.map(|_| ())
    }

    /// Invites `jid` through the room (XEP-0045 §7.8.2).
    pub async fn invite(&self, room: &str, jid: &str) {
        let (from, jid) = (escape(&self.jid), escape(jid));
        self.send(&format!(
            "<message from='{from}' to='{room}'><x xmlns='{MUC_USER}'><invite to='{jid}'/></x>\
             </message>"
        ))
        .await;
    }

    /// An occupant as it is shown now.
    pub fn occupant(&self, room: &str, nick: &str) -> Option<Occupant> {
        let inbox = self.shared.inbox();
        inbox.rooms.occupant(room, nick).cloned()
    }

    /// An occupant's affiliation as it is shown now; empty if absent.
    pub fn affiliation(&self, room: &str, nick: &str) -> String {
        self.occupant(room, nick).unwrap_or_default().affiliation
    }

    /// An occupant's role as it is shown now; empty if absent.
    pub fn role(&self, room: &str, nick: &str) -> String {
        self.occupant(room, nick).unwrap_or_default().role
    }

    /// An occupant's display name as it is shown now.
    pub fn name(&self, room: &str, nick: &str) -> Option<String> {
        self.occupant(room, nick)?.name
    }

    /// Waits until an occupant is shown so; gives it.
    pub async fn sees(
        &self,
        room: &str,
        nick: &str,
        what: &str,
        so: impl Fn(&Occupant) -> bool,
    ) -> Occupant {
        let found = self.wait(DEADLINE, |inbox| {
            let occupant = inbox.rooms.occupant(room, nick)?;
            so(occupant).then(|| occupant.clone())
        });
        found.await.unwrap_or_else(|why| {
            let now = self.occupant(room, nick);
            let now = now.map(|o| (o.affiliation, o.role, o.name));
            panic!(
                "{} does not see {nick} {what} in {room}: {why}; shown: {now:?}",
                self.jid
            )
        })
    }

    /// Says whether an occupant is so within a time.
    pub async fn sees_within(
        &self,
        room: &str,
        nick: &str,
        within: Duration,
        so: impl Fn(&Occupant) -> bool,
    ) -> bool {
        let found = self.wait(within, |inbox| {
            let occupant = inbox.rooms.occupant(room, nick)?;
            so(occupant).then_some(())
        });
        found.await.is_ok()
    }

    /// Waits until an occupant has this affiliation.
    pub async fn sees_affiliation(&self, room: &str, nick: &str, affiliation: &str) {
        let what = format!("with affiliation {affiliation}");
        self.sees(room, nick, &what, |o| o.affiliation == affiliation)
            .await;
    }

    /// Waits until an occupant shows this display name.
    pub async fn sees_name(&self, room: &str, nick: &str, name: &str) {
        let what = format!("named {name:?}");
        self.sees(room, nick, &what, |o| o.name.as_deref() == Some(name))
            .await;
    }

    /// Waits until an occupant is gone.
    pub async fn sees_gone(&self, room: &str, nick: &str) {
        let what = format!("{nick} to leave {room}");
        self.until(&what, |rooms| rooms.occupant(room, nick).is_none())
            .await;
    }

    async fn until(&self, what: &str, so: impl Fn(&Rooms) -> bool) {
        let found = self.wait(DEADLINE, |inbox| so(&inbox.rooms).then_some(()));
        let found = found.await;
        found.unwrap_or_else(|why| panic!("{} waited in vain for {what}: {why}", self.jid));
    }
}

//! The people of a script on a real server, and the questions about them.

use super::Servers;
use super::beginning::signed;
use crate::scripts::stage::{Shown, Token, bare, nick};
use crate::support::nick as display_name;
use crate::support::{Client, El, Env, jwt};
use serde_json::{Value, json};
use std::sync::Arc;

impl Servers {
    pub(super) fn env(&self) -> &Env {
        self.env.as_ref().expect("it is left only at the end")
    }

    pub(super) fn client(&self, who: &str) -> &Client {
        match who {
            "focus" => &self.focus,
            _ => &self.people[who].0,
        }
    }

    pub(super) fn nick_of<'a>(&'a self, who: &'a str) -> &'a str {
        self.people.get(who).map_or(nick(who), |(_, nick)| nick)
    }

    /// Somebody's client, which logs in the first time.
    pub(super) async fn arrive(&mut self, who: &str) -> Arc<Client> {
        if let Some((client, _)) = self.people.get(who) {
            return Arc::clone(client);
        }
        let jid = match who.split_once('/') {
            Some((_, resource)) => format!("{}/{resource}", bare(who)),
            None => bare(who),
        };
        let client = self.env().client(&jid).await;
        let known = (Arc::clone(&client), nick(who).to_owned());
        self.people.insert(who.to_owned(), known);
        client
    }

    /// The nick that somebody shows from now on.
    pub(super) fn becomes(&mut self, who: &str, wanted: Option<&str>) -> String {
        let known = &mut self.people.get_mut(who).expect("they have logged in").1;
        *known = wanted.unwrap_or(nick(who)).to_owned();
        known.clone()
    }

    /// The content of somebody's presence; their session has the token instead if the
    /// module reads it.
    pub(super) async fn presence(
        &self,
        client: &Client,
        shown: Shown<'_>,
        token: &Option<Token>,
    ) -> String {
        let name = shown.name.map(display_name).unwrap_or_default();
        let token = token.as_ref().map(signed);
        if !self.module {
            return token.map(|token| jwt(&token)).unwrap_or_default() + &name;
        }
        match token {
            Some(token) => client.verified(&token).await,
            None => client.set_session(&json!({ "auth_token": null })).await,
        }
        name
    }

    /// The path of somebody's override in the API.
    pub(super) fn override_of(&self, who: &str) -> String {
        format!("/v1/rooms/{}/overrides/jid:{}", self.room, bare(who))
    }

    pub(super) async fn configures(&self, field: &str, on: bool) {
        let value = if on { "1" } else { "0" };
        let done = self.focus.configure(&self.room, &[(field, value)]).await;
        done.unwrap();
    }

    /// The stanzas that gavel has sent to this room.
    pub(super) async fn sent_here(&self) -> Vec<El> {
        let service = self.here.split('@').next_back().unwrap();
        let sent = self.env().sent_to(service).await.into_iter();
        let here = sent.filter(|stanza| {
            let to = stanza.attr("to").unwrap_or_default();
            to.split('/').next() == Some(&self.here)
        });
        here.collect()
    }

    pub(super) async fn stored(&self, who: &str) -> String {
        let jid = bare(who);
        for affiliation in ["owner", "admin", "member", "outcast"] {
            let listed = self
                .focus
                .affiliated(&self.room, affiliation)
                .await
                .unwrap();
            if listed.contains(&jid) {
                return affiliation.to_owned();
            }
        }
        "none".to_owned()
    }

    /// Everybody leaves, and the room ends.
    pub(super) async fn everybody_leaves(&self) {
        for (client, nick) in self.people.values() {
            if self.focus.occupant(&self.room, nick).is_some() {
                client.leave(&self.room, nick).await;
            }
        }
        self.focus.leave(&self.room, "focus").await;
        let left = |listed: &Value| !self.is_listed(listed);
        let gavel = &self.env().gavel;
        gavel.shows("/v1/rooms", "without the room", left).await;
        // gavel may only have asked to leave. The room ends as Prosody reads that.
        let info = "<query xmlns='http://jabber.org/protocol/disco#info'/>";
        while self.focus.iq("get", &self.room, info).await.is_ok() {}
    }

    /// The focus makes the room again, and gavel joins it.
    pub(super) async fn focus_comes_again(&self) {
        self.focus.join(&self.room, "focus", "").await;
        if !self.module {
            self.focus
                .invite(&self.room, "gavel@gavel.meet.jitsi")
                .await;
            self.env().gavel_joins(&self.focus, &self.room).await;
        }
        let listed = |listed: &Value| self.is_listed(listed);
        let gavel = &self.env().gavel;
        gavel.shows("/v1/rooms", "with the room", listed).await;
        self.env().settle().await;
    }

    /// Says whether gavel's list of rooms has this one.
    fn is_listed(&self, rooms: &Value) -> bool {
        rooms.to_string().contains(&format!("{:?}", self.room))
    }
}

/// A message of gavel's.
pub(super) fn is_notice(stanza: &El) -> bool {
    let from = stanza.attr("from").unwrap_or_default();
    stanza.name == "message" && stanza.named("body").is_some() && from.contains("gavel")
}

/// Says whether it warns that no host is there.
pub(super) fn is_warning(stanza: &El) -> bool {
    let body = stanza.named("body").map(|body| body.text.as_str());
    stanza.name == "message" && body.is_some_and(|body| body.starts_with("No host is here."))
}

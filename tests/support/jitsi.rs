//! The stanzas that Jitsi's clients send besides those that all clients do.

use super::{Client, El};

/// The service of the breakout rooms.
pub const BREAKOUTS: &str = "breakout.meet.jitsi";

impl Client {
    /// Sends a message; the condition and the text of the refusal, if there is one.
    pub async fn says(&self, to: &str, kind: &str, children: &str) -> Option<(String, String)> {
        let id = self.id();
        self.send(&format!(
            "<message to='{to}' type='{kind}' id='{id}'>{children}</message>"
        ))
        .await;
        self.ping("meet.jitsi").await.unwrap();
        let received = self.received();
        let about = |s: &&El| s.name == "message" && s.attr("id") == Some(&id);
        let mut about = received.iter().filter(about);
        let refusal = about.find(|s| s.attr("type") == Some("error"))?;
        let text = refusal.named("error").and_then(|e| e.named("text"));
        let text = text.map(|t| t.text.clone()).unwrap_or_default();
        Some((refusal.condition().unwrap().to_owned(), text))
    }

    /// Sends an order about breakout rooms; the condition of the refusal, if there is one.
    pub async fn orders(&self, kind: &str, attributes: &str) -> Option<String> {
        let order = format!("<breakout_rooms type='features/breakout-rooms/{kind}' {attributes}/>");
        let refusal = self.says(BREAKOUTS, "normal", &order).await;
        refusal.map(|(condition, _)| condition)
    }

    /// Goes from one room to another.
    pub async fn moves(&self, from: &str, to: &str) -> Result<(), String> {
        let name = self.jid.split('/').nth(1).unwrap();
        self.send(&format!(
            "<presence to='{from}/{name}' type='unavailable'><status>switch_room</status></presence>"
        ))
        .await;
        self.sees_gone(from, name).await;
        self.try_join(to, name, "").await
    }
}

//! What is remembered of a person: it outlives presence, reconnects and
//! restarts.

use crate::muc::{Affiliation, Nick};
use serde::{Deserialize, Serialize};

/// A promotion by somebody entitled, accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// What it became.
    pub affiliation: Affiliation,
    /// Who gave it: nick, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_nick: Option<String>,
    /// Who gave it: real bare JID, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_jid: Option<String>,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub at: u64,
    /// It goes back to somebody elected, and ends as elections do (B5).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_elected: bool,
}

/// Why what somebody held has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lapse {
    /// An election (B5).
    Fallback,
    /// A token's `exp` (`policy.on_expiry`).
    Expiry,
    /// Anything else: claims that are gone, an override that is over, a kick.
    Right,
}

/// What an admin has set: it outranks claims, grants and step-downs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// The affiliation.
    pub affiliation: Affiliation,
    /// When it ends, in milliseconds since 1970-01-01 UTC; none at the end of
    /// the meeting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
    /// Who set it, in words, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Their nick when it was set: whoever was banned is still known by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nick: Option<Nick>,
    /// Their display name then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
}

/// What outlives presence, reconnects and restarts, until the meeting ends.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// What an admin has set.
    #[serde(rename = "override", skip_serializing_if = "Option::is_none")]
    pub override_: Option<Box<Override>>,
    /// An accepted promotion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant: Option<Box<Grant>>,
    /// Where they put themselves: more is not given to them, nor left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_down: Option<Affiliation>,
    /// What they were entitled to when they left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<Affiliation>,
    /// What an unjust ban is to be undone to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restore: Option<Affiliation>,
    /// The last affiliation below moderator: what they get back when lowered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<Affiliation>,
    /// Verified `context.user.id`, by which a grant follows to another device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Box<str>>,
    /// When their last occupant left, in milliseconds since 1970-01-01 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_at: Option<u64>,
    /// They were elected as they left: so is whoever succeeds them (B3).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub awaited: bool,
    /// Written by gavel 0.1, where another JID of the same user had a copy of
    /// grant and step-down: these do not count.
    #[serde(skip_serializing)]
    pub moved: bool,
    /// When they came, in milliseconds since 1970-01-01 UTC: the order in which
    /// people are elected. Only while they are there, and with
    /// `policy.fallback`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<u64>,
    /// Elected to moderate, as nobody was there who is entitled to (B5).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub elected: bool,
    /// They are, or were when last looked at, entitled to moderate.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub entitled: bool,
    /// What they held has ended: they are lowered, whatever guests may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lapsed: Option<Lapse>,
    /// When what is [`kept`](Self::kept) ends, in milliseconds since
    /// 1970-01-01 UTC, where it does before the meeting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept_until: Option<u64>,
}

impl Record {
    /// Whether anything in it must be remembered.
    pub fn matters(&self) -> bool {
        self.override_.is_some()
            || self.grant.is_some()
            || self.step_down.is_some()
            || self.kept.is_some()
            || self.restore.is_some()
            || self.since.is_some()
            || self.elected
            || self.awaited
            || self.lapsed.is_some()
    }

    /// Drops what gives power, as it is not known whether it still holds; whether
    /// there was any. Whoever had some is lowered unless their claims give it.
    pub(in crate::engine) fn lose_power(&mut self) -> bool {
        let moderates = |affiliation: &Affiliation| affiliation.moderates();
        let had = self
            .override_
            .take_if(|set| set.affiliation.moderates())
            .is_some()
            | self.grant.take().is_some()
            | self.kept.take_if(|kept| moderates(kept)).is_some()
            | std::mem::take(&mut self.elected);
        self.restore = self.restore.filter(|to| !moderates(to));
        self.kept_until = self.kept_until.filter(|_| self.kept.is_some());
        if had {
            self.entitled = false;
            self.lapsed = Some(Lapse::Right);
        }
        had
    }
}

//! Somebody's rights in state files of format 1, as gavel 0.1 wrote them. It can go two
//! releases after 0.2.

use super::ledger::{Ban, Debt, Rights};
use super::right::{Ends, Grant, Ground, Root, Setter};
use crate::claims::UserId;
use crate::engine::time::KeptMs;
use crate::muc::{Affiliation, Nick};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct OldGrant {
    affiliation: Affiliation,
    by_nick: Option<String>,
    by_jid: Option<String>,
    at: u64,
    #[serde(default)]
    by_elected: bool,
}

#[derive(Debug, Deserialize)]
struct OldOverride {
    affiliation: Affiliation,
    until: Option<u64>,
    by: Option<String>,
    nick: Option<Nick>,
    display_name: Option<String>,
}

/// Everything that was written of one person.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Record {
    #[serde(rename = "override")]
    override_: Option<OldOverride>,
    grant: Option<OldGrant>,
    step_down: Option<Affiliation>,
    kept: Option<Affiliation>,
    kept_until: Option<u64>,
    restore: Option<Affiliation>,
    base: Option<Affiliation>,
    user_id: Option<UserId>,
    left_at: Option<u64>,
    awaited: bool,
    moved: bool,
    since: Option<u64>,
    elected: bool,
    entitled: bool,
    lapsed: Option<Debt>,
}

impl From<Record> for Rights {
    fn from(old: Record) -> Self {
        // If they had `moved`, another JID had their grant and their step-down.
        let (stayed, granted) = (!old.moved, old.grant.is_some() && !old.moved);
        let mut rights = Self {
            cap: old.step_down.filter(|_| stayed),
            debt: old.lapsed,
            ban: match old.restore {
                Some(_) => Ban::ToBeLifted,
                None => Ban::Stands,
            },
            floor: old.base,
            user: old.user_id,
            awaited: old.awaited,
            since: old.since.map(KeptMs::from),
            left_at: old.left_at.map(KeptMs::from),
            entitled: old.entitled,
            ..Self::default()
        };
        if let Some(set) = old.override_ {
            let ends = set.until.map_or(Ends::WithMeeting, Ends::At);
            let setter = Setter {
                by: set.by,
                nick: set.nick,
                display_name: set.display_name,
            };
            rights.put(Ground::Override(Box::new(setter)), set.affiliation, ends);
        }
        if let Some(grant) = old.grant.filter(|_| stayed) {
            let affiliation = grant.affiliation;
            let grant = Grant {
                by_nick: grant.by_nick,
                by_jid: grant.by_jid,
                at: grant.at,
                root: match grant.by_elected {
                    true => Root::Election,
                    false => Root::Host,
                },
            };
            let ground = Ground::Grant(Box::new(grant));
            rights.put(ground, affiliation, Ends::WithMeeting);
        }
        if old.elected {
            let ends = Ends::WithPresence;
            rights.put(Ground::Election, Affiliation::Owner, ends);
        }
        let ends = old.kept_until.map_or(Ends::WithMeeting, Ends::At);
        match (old.kept, granted) {
            // They kept the grant.
            (Some(_), true) | (None, false) => {}
            (Some(kept), false) => rights.put(Ground::LastSeen, kept, ends),
            // They left before anybody could judge their rights.
            (None, true) => rights.put(Ground::LastSeen, Affiliation::None, ends),
        }
        rights
    }
}

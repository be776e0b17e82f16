//! What changes by others come to (SPEC B3, B4).

use super::super::claims::Kind;
use super::super::room::bare;
use super::super::server::COMPONENT;
use super::Oracle;
use gavel::muc::{Affiliation, RoomJid};
use gavel::policy::Grants;
use gavel::stanza::Actor;

impl Oracle {
    pub(super) fn changed(
        &mut self,
        room: &RoomJid,
        jid: &str,
        new: Affiliation,
        actor: Option<&Actor>,
        ready: bool,
    ) {
        // A breakout room shows what the main room tells.
        let breakout = self.mains.contains_key(room);
        let told = breakout && self.joined.contains(&self.main(room));
        let known = self.memory(room, jid).shown;
        let doubted = self.memory(room, jid).doubted;
        if told && known.is_some() && !doubted {
            return;
        }
        // Without the main room, what this one showed before is all there is.
        let alone = breakout && !self.joined.contains(&self.main(room));
        let doubted = doubted && !alone;
        self.memory(room, jid).doubted &= alone;
        let old = self.memory(room, jid).shown.replace(new);
        let old = old.filter(|_| !doubted || actor.is_some());
        // Of somebody never seen before, only a change by somebody is one.
        if ready && old != Some(new) && (old.is_some() || actor.is_some()) {
            let old = old.unwrap_or(Affiliation::None);
            self.judge(room, jid, old, new, actor);
        }
    }

    /// B3, B4: what a change by somebody comes to.
    pub(super) fn judge(
        &mut self,
        room: &RoomJid,
        jid: &str,
        old: Affiliation,
        new: Affiliation,
        actor: Option<&Actor>,
    ) {
        let by = actor.and_then(|actor| actor.jid.as_deref()).map(bare);
        if by.as_deref().is_some_and(|by| by.ends_with(COMPONENT)) {
            self.memory(room, jid).unban &= new == Affiliation::Outcast;
            return;
        }
        if new > Affiliation::Outcast {
            self.memory(room, jid).unban = false;
        }
        let person = by.as_deref().filter(|by| !Self::infrastructure(by));
        let entitled = person.is_some_and(|by| self.power(room, by).is_some());
        let power = self.power(room, jid);
        let granted = self.memory(room, jid).grant.is_some();
        let by_elected = person.is_some_and(|by| self.power_is_elected(room, by));
        let elected = self.memory(room, jid).elected;
        let host = power == Some(Affiliation::Owner) && !granted && !elected
            || granted && self.token(room, jid) == Some(Kind::Owner);
        let host = host && !self.is_unread(room, jid);
        let by_self = person == Some(jid);
        let protect = self.policy.protect_hosts;
        let level = match self.policy.grants {
            Grants::Owner => Some(Affiliation::Owner),
            Grants::Admin => Some(Affiliation::Admin),
            Grants::None => None,
        };
        let present = self.present(room, jid);
        let owner = self.token(room, jid) == Some(Kind::Owner);
        let until = self.until(room, jid);
        let memory = self.memory(room, jid);
        if new > old {
            if new.moderates() && entitled && level.is_some() {
                memory.step_down = None;
                if !owner {
                    memory.by_elected = by_elected;
                }
                memory.grant = level.filter(|_| !owner).or(memory.grant);
                memory.kept = level.filter(|_| !present);
                memory.kept_until = None;
            }
            return;
        }
        if new == Affiliation::Outcast {
            memory.grant = None;
            memory.kept = None;
            if present {
                memory.kept_until = until;
            }
            let unjust = person.is_some() && !entitled || host && (protect || !entitled);
            memory.unban = unjust && !by_self;
            if host && memory.unban {
                memory.kept = Some(Affiliation::Owner);
            }
            return;
        }
        if by_self && old.moderates() {
            memory.grant = None;
            memory.step_down = Some(new);
        } else if entitled {
            memory.grant = None;
            memory.kept = memory.kept.filter(|_| host && protect);
            if elected || memory.step_down.is_some() || host && !protect {
                memory.step_down = Some(new);
            }
        }
    }
}

//! Turning back the names that people choose, one revert at a time.

use super::frozen::{Frozen, Outstanding};
use super::part::NamePart;
use crate::engine::event::{Change, Outcome, Report};
use crate::engine::settings::Freeze;
use crate::engine::task::Task;
use crate::engine::timers::Timer;
use crate::engine::warning::Warning;
use crate::muc::{Nick, OccupantJid, RealJid, RoomJid};
use crate::stanza::{DisplayName, Outbound, StanzaError};
use bytes::Bytes;
use std::time::Duration;

/// A revert that has not come back after this is taken for lost.
const LOST: Duration = Duration::from_secs(5);
/// An occupant is told about its name at most once in this time.
const TELL_PAUSE: Duration = Duration::from_secs(60);

impl NamePart<'_> {
    /// Looks at the name in a presence that has just come.
    pub(super) fn judge_name(&mut self, jid: &RoomJid, nick: &Nick, id: Option<&str>, raw: &Bytes) {
        let known = self.known;
        let off = known.settings.freeze == Freeze::Off;
        // With `revert` the module pins the name; the rest is as elsewhere.
        let pins = known.settings.freeze == Freeze::Revert;
        let room = known.rooms.get(jid);
        let Some(room) = room.filter(|room| !(off || room.module && pins)) else {
            return;
        };
        let Some(occupant) = room.occupants.get(nick) else {
            return;
        };
        let Some(frozen) = self.names.get_mut(jid, nick) else {
            if self.awaits_key(jid, nick) {
                let place = (jid.clone(), nick.clone());
                self.names.early.insert(place, Bytes::copy_from_slice(raw));
            }
            return;
        };
        let agrees = frozen.agrees(&occupant.display_name) && frozen.home().is_none();
        if agrees && frozen.known_trouble().is_none() {
            return;
        }
        let outstanding = &mut frozen.trouble().outstanding;
        let returned = outstanding.take_if(|outstanding| id == Some(outstanding.id.as_str()));
        if let Some(outstanding) = returned {
            let overtaken = outstanding.overtaken;
            if let Some(change) = outstanding.change {
                self.report_revert(jid, nick, change, Outcome::Applied);
            }
            if overtaken {
                return self.send_overtaken(jid, nick);
            }
            return self.keep_if_wrong(jid, nick, raw);
        }
        if let Some(outstanding) = outstanding {
            outstanding.overtaken = true;
        }
        frozen.trouble().overdue = false;
        self.keep_if_wrong(jid, nick, raw);
    }

    /// A revert that came back is older than a presence that the occupant has published
    /// since: that newer one is due, in its turn.
    fn send_overtaken(&mut self, jid: &RoomJid, nick: &Nick) {
        if let Some(frozen) = self.names.get_mut(jid, nick) {
            frozen.trouble().overdue = true;
            self.out.todo(Task::Name(jid.clone(), nick.clone()));
        }
    }

    /// Keeps a presence as long as it may have to be sent back, and looks at the name if it
    /// is not the token's.
    fn keep_if_wrong(&mut self, jid: &RoomJid, nick: &Nick, raw: &Bytes) {
        let Some(occupant) = self.known.occupant(jid, nick) else {
            return;
        };
        let Some(frozen) = self.names.get_mut(jid, nick) else {
            return;
        };
        let agrees = frozen.agrees(&occupant.display_name) && frozen.home().is_none();
        let at_home = frozen.home().is_none();
        let trouble = frozen.trouble();
        let needed = !agrees || trouble.outstanding.is_some();
        trouble.latest = needed.then(|| Bytes::copy_from_slice(raw));
        trouble.nick_tried &= !at_home;
        if !agrees {
            self.out.todo(Task::Name(jid.clone(), nick.clone()));
        }
    }

    /// Compares an occupant's name with its token's, and acts.
    pub fn look(&mut self, jid: &RoomJid, nick: &Nick) {
        let now = self.known.now.tick;
        let freeze = self.known.settings.freeze;
        let can_revert = freeze == Freeze::Revert && self.may_revert(jid, nick);
        let Some(room) = self.known.rooms.get(jid) else {
            return;
        };
        let Some(occupant) = room.occupants.get(nick) else {
            return;
        };
        if self.awaits_key(jid, nick) && !self.names.knows(jid, nick) {
            // Looked at again when its key is there.
            return;
        }
        let early = self.names.early.remove(&(jid.clone(), nick.clone()));
        if room.module && freeze == Freeze::Revert {
            return self.pin_name(jid, nick);
        }
        if freeze == Freeze::Off {
            return;
        }
        let Some(frozen) = self.names.get_mut(jid, nick) else {
            return;
        };
        let name_agrees = frozen.agrees(&occupant.display_name);
        let trouble = frozen.known_trouble();
        let tried = trouble.is_some_and(|trouble| trouble.nick_tried);
        let overdue = trouble.is_some_and(|trouble| trouble.overdue);
        if name_agrees && (frozen.home().is_none() || tried) && !overdue {
            return;
        }
        let trouble = frozen.trouble();
        trouble.latest = trouble.latest.take().or(early);
        if let Some(outstanding) = &trouble.outstanding {
            let lost_at = outstanding.sent_at + LOST;
            if now < lost_at {
                return self
                    .out
                    .wake(lost_at, Timer::Name(jid.clone(), nick.clone()));
            }
            let lost = trouble.outstanding.take();
            if let Some(change) = lost.and_then(|lost| lost.change) {
                self.report_revert(jid, nick, change, Outcome::Ineffective);
            }
            return self.look(jid, nick);
        }
        // A presence that was not read whole is not sent back.
        let partial = trouble.latest.as_ref().is_some_and(Bytes::is_empty);
        if !can_revert || occupant.sessions > 1 || partial {
            return self.tell(jid, nick);
        }
        let next = trouble.limiter.next(now);
        if next > now {
            return self.out.wake(next, Timer::Name(jid.clone(), nick.clone()));
        }
        self.send_newest(jid, nick);
    }

    /// Sends an occupant's newest own presence back with the token's name.
    fn send_newest(&mut self, jid: &RoomJid, nick: &Nick) {
        let now = self.known.now.tick;
        self.names.reverts += 1;
        let id = format!("gavel-{}", self.names.reverts);
        let Some(occupant) = self.known.occupant(jid, nick) else {
            return;
        };
        let shown = &occupant.display_name;
        let real = occupant.real.clone().filter(|real| real.is_full());
        let (Some(frozen), Some(from)) = (self.names.get_mut(jid, nick), real) else {
            return;
        };
        let home = frozen.home().cloned();
        let trouble = frozen.trouble();
        let Some(presence) = trouble.latest.clone() else {
            return;
        };
        trouble.limiter.note(now);
        trouble.overdue = false;
        trouble.nick_tried = home.is_some();
        let token = frozen.token().form().into_owned();
        let changed_name = !frozen.agrees(shown);
        let name = (is_shown(shown) && !frozen.is_over()).then(|| token.clone());
        let change = if changed_name {
            Some(Change::Name {
                from: shown.shown().map(str::to_owned),
                to: token,
            })
        } else {
            let from = nick.clone();
            home.clone().map(|to| Change::Nick { from, to })
        };
        frozen.trouble().outstanding = Some(Outstanding {
            id: id.clone(),
            sent_at: now,
            overtaken: false,
            change,
        });
        let to = OccupantJid {
            room: jid.clone(),
            nick: home.unwrap_or_else(|| nick.clone()),
        };
        self.out.send(Outbound::Revert {
            from,
            to,
            id,
            name,
            presence,
        });
        let lost_at = now + LOST;
        self.out
            .wake(lost_at, Timer::Name(jid.clone(), nick.clone()));
    }

    /// Tells an occupant that its name is its token's.
    fn tell(&mut self, jid: &RoomJid, nick: &Nick) {
        let now = self.known.now.tick;
        let Some(frozen) = self.names.get_mut(jid, nick) else {
            return;
        };
        let trouble = frozen.trouble();
        trouble.latest = None;
        let soon = trouble.told_at.is_some_and(|at| now < at + TELL_PAUSE);
        if soon || trouble.refused {
            return;
        }
        trouble.told_at = Some(now);
        let name = frozen.token().form();
        let text = match frozen.guest() {
            None => format!("In this room your name is given by your token: {name}"),
            Some(guest) => format!(
                "Your name looks like that of {}, who is in this meeting. Please choose another",
                guest.resembles
            ),
        };
        let occupant = OccupantJid {
            room: jid.clone(),
            nick: nick.clone(),
        };
        let id = format!("gavel-tell-{nick}");
        self.out.send(Outbound::Notify { occupant, id, text });
    }

    /// A message to an occupant was refused: it is not repeated.
    pub fn notice_refused(&mut self, from: &str, error: &StanzaError) {
        let Some((_, room, Some(nick))) = self.known.settings.locate(from) else {
            return;
        };
        let frozen = self.names.get_mut(&room, &Nick::new(nick));
        let trouble = frozen.and_then(Frozen::known_trouble_mut);
        let Some(trouble) = trouble.filter(|t| t.told_at.is_some()) else {
            return;
        };
        if !std::mem::replace(&mut trouble.refused, true) {
            let error = error.to_string();
            self.out
                .report(Report::Warning(Warning::NotifyRefused { room, error }));
        }
    }

    /// A presence could not be sent back, or is too long for Prosody. The occupant is told
    /// instead.
    pub fn revert_unsent(&mut self, real: &RealJid, at: &OccupantJid) {
        let Some(room) = self.known.rooms.get(&at.room) else {
            return;
        };
        let mut occupants = room.occupants.iter();
        let Some((nick, _)) = occupants.find(|(_, o)| o.real.as_ref() == Some(real)) else {
            return;
        };
        let frozen = self.names.get_mut(&at.room, nick);
        if let Some(change) = frozen.and_then(|frozen| frozen.refuse_newest()) {
            self.report_revert(&at.room, nick, change, Outcome::GivenUp);
        }
        self.look(&at.room, nick);
    }
}

/// Says whether a display name is one at all.
fn is_shown(name: &DisplayName) -> bool {
    !matches!(name, DisplayName::Absent)
}

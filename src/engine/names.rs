//! Names of people whose token names them (SPEC B8), where the module does not
//! pin them.
//!
//! gavel sends the occupant's own newest presence back with the token's name.
//! One such revert is under way at a time; when it comes back from the room and
//! something newer has come in between, that newer one is sent instead, so that
//! nothing the occupant published is lost.

use super::Warning;
use super::event::{Cause, Change, Decision, Outcome, Report};
use super::limit::Limiter;
use super::meeting::seat::Seat;
use super::presence::is_shown;
use super::settings::Freeze;
use super::task::Task;
use super::timers::Timer;
use super::{Engine, Tick};
use crate::claims::TokenName;
use crate::muc::{Nick, OccupantJid, RoomJid};
use crate::policy::Verdict;
use crate::stanza::{DisplayName, Message, Outbound, StanzaError};
use bytes::Bytes;
use std::time::Duration;

/// A revert that has not come back after this is taken for lost.
const LOST: Duration = Duration::from_secs(5);
/// An occupant is told about its name at most once in this time.
const TELL_PAUSE: Duration = Duration::from_secs(60);

/// The name that is kept for an occupant.
#[derive(Debug)]
pub struct Frozen {
    /// The token's name.
    pub token: TokenName,
    /// The nick it came with.
    pub home: Nick,
    /// Whether the module was asked to show the name.
    pub pinned: bool,
    /// Where it is not their token's name, but that of a guest who looks like somebody
    /// else: why.
    pub guest: Option<Box<Guest>>,
    /// What is known of changes; most people never make any.
    trouble: Option<Box<Trouble>>,
}

/// Why somebody is shown as a guest.
#[derive(Debug, PartialEq, Eq)]
pub struct Guest {
    /// The name that they send.
    pub sent: Box<str>,
    /// Somebody else's name, which it looks like.
    pub resembles: Box<str>,
    /// They have sent another since. It is out once what is under way has come back.
    pub ended: bool,
}

/// What became of changes to a name.
#[derive(Debug, Default)]
struct Trouble {
    /// The occupant's newest own presence, as long as it may have to be sent
    /// back.
    latest: Option<Bytes>,
    /// The revert that is under way.
    outstanding: Option<Outstanding>,
    /// Whether the change to the present nick was turned back once.
    nick_tried: bool,
    /// A revert has put something older in the place of the newest presence.
    overdue: bool,
    /// How fast reverts may follow.
    limiter: Limiter,
    /// When the occupant was last told.
    told_at: Option<Tick>,
    /// A message was refused; none is sent again.
    refused: bool,
}

#[derive(Debug)]
struct Outstanding {
    id: String,
    sent_at: Tick,
    /// Something newer of the occupant's own has come since.
    overtaken: bool,
    /// What it is to change; none where it only brings the newest presence.
    change: Option<Change>,
}

impl Frozen {
    /// Keeps `token` for somebody who came as `home`.
    pub fn new(token: TokenName, home: Nick) -> Self {
        Self {
            token,
            home,
            pinned: false,
            guest: None,
            trouble: None,
        }
    }

    /// The occupant has changed its nick: that is turned back once, but for a guest.
    pub fn nick_changed(&mut self, nick: &Nick) {
        if self.guest.is_some() {
            self.home = nick.clone();
            self.pinned = false;
        } else {
            self.trouble().nick_tried = false;
        }
    }

    /// Whether a guest has sent another name since.
    fn is_over(&self) -> bool {
        self.guest.as_ref().is_some_and(|guest| guest.ended)
    }

    /// Whether a revert is under way.
    pub fn is_outstanding(&self) -> bool {
        let trouble = self.trouble.as_ref();
        trouble.is_some_and(|trouble| trouble.outstanding.is_some())
    }

    /// The revert that is under way was not sent, nor can what it was made of be;
    /// gives what it was to change.
    pub fn refuse_newest(&mut self) -> Option<Change> {
        let trouble = self.trouble.as_mut()?;
        trouble.latest = Some(Bytes::new());
        trouble.outstanding.take()?.change
    }

    fn trouble(&mut self) -> &mut Trouble {
        self.trouble.get_or_insert_with(Box::default)
    }

    /// Whether a presence shows the token's name. No name at all is no change.
    pub fn agrees(&self, shown: &DisplayName) -> bool {
        match shown {
            _ if self.is_over() => true,
            DisplayName::Absent => true,
            DisplayName::Plain(text) => self.token.matches(text),
            DisplayName::Irregular(_) => false,
        }
    }
}

impl Engine {
    /// Keeps a presence that came before its occupant could be judged.
    pub(super) fn keep_payload(&mut self, jid: &RoomJid, nick: &Nick, raw: &Bytes) {
        if self.settings.freeze == Freeze::Off {
            return;
        }
        let Some(occupant) = self.occupant_mut(jid, nick) else {
            return;
        };
        if !occupant.infrastructure {
            occupant.early = Some(Box::new(Bytes::copy_from_slice(raw)));
        }
    }

    /// Looks at the name in a presence that has just come.
    pub(super) fn judge_name(&mut self, jid: &RoomJid, nick: &Nick, id: Option<&str>, raw: &Bytes) {
        let off = self.settings.freeze == Freeze::Off;
        let room = self.rooms.get_mut(jid);
        // With `revert` the module pins the name; the rest is as elsewhere.
        let pins = self.settings.freeze == Freeze::Revert;
        let Some(room) = room.filter(|room| !(off || room.module && pins)) else {
            return;
        };
        let Some(occupant) = room.occupants.get_mut(nick) else {
            return;
        };
        let Some(frozen) = &mut occupant.frozen else {
            if self.awaits_key(jid, nick) {
                self.keep_payload(jid, nick, raw);
            }
            return;
        };
        let agrees = frozen.agrees(&occupant.display_name) && frozen.home == *nick;
        if agrees && frozen.trouble.is_none() {
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

    /// Whether an occupant's evidence waits for a key.
    pub(super) fn awaits_key(&self, jid: &RoomJid, nick: &Nick) -> bool {
        let seat = self.seat_at(jid, nick);
        seat.is_some_and(|seat| seat.waiting.is_some())
    }

    /// A revert that came back is older than what the occupant has published
    /// since: that is due, in its turn.
    fn send_overtaken(&mut self, jid: &RoomJid, nick: &Nick) {
        let occupant = self.occupant_mut(jid, nick);
        if let Some(frozen) = occupant.and_then(|occupant| occupant.frozen.as_mut()) {
            frozen.trouble().overdue = true;
            self.out.todo(Task::Name(jid.clone(), nick.clone()));
        }
    }

    /// Keeps a presence as long as it may have to be sent back, and looks at
    /// the name where it is not the token's.
    fn keep_if_wrong(&mut self, jid: &RoomJid, nick: &Nick, raw: &Bytes) {
        let Some(occupant) = self.occupant_mut(jid, nick) else {
            return;
        };
        let Some(frozen) = &mut occupant.frozen else {
            return;
        };
        let agrees = frozen.agrees(&occupant.display_name) && frozen.home == *nick;
        let at_home = frozen.home == *nick;
        let trouble = frozen.trouble();
        let needed = !agrees || trouble.outstanding.is_some();
        trouble.latest = needed.then(|| Bytes::copy_from_slice(raw));
        trouble.nick_tried &= !at_home;
        if !agrees {
            self.out.todo(Task::Name(jid.clone(), nick.clone()));
        }
    }

    /// Compares an occupant's name with its token's, and acts.
    pub(super) fn look_at_name(&mut self, jid: &RoomJid, nick: &Nick) {
        let now = self.now.tick;
        let freeze = self.settings.freeze;
        let can_revert = freeze == Freeze::Revert && self.may_revert(jid, nick);
        let waits = self.awaits_key(jid, nick);
        let Some(room) = self.rooms.get_mut(jid) else {
            return;
        };
        let module = room.module;
        let Some(occupant) = room.occupants.get_mut(nick) else {
            return;
        };
        if waits && occupant.frozen.is_none() {
            // Looked at again when its key is there.
            return;
        }
        let early = occupant.early.take();
        if module && freeze == Freeze::Revert {
            return self.pin_name(jid, nick);
        }
        if freeze == Freeze::Off {
            return;
        }
        let Some(frozen) = &mut occupant.frozen else {
            return;
        };
        let name_agrees = frozen.agrees(&occupant.display_name);
        let trouble = frozen.trouble.as_ref();
        let tried = trouble.is_some_and(|trouble| trouble.nick_tried);
        let overdue = trouble.is_some_and(|trouble| trouble.overdue);
        if name_agrees && (frozen.home == *nick || tried) && !overdue {
            return;
        }
        let trouble = frozen.trouble();
        trouble.latest = trouble.latest.take().or(early.map(|early| *early));
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
            return self.look_at_name(jid, nick);
        }
        // Of a presence that was not read whole nothing is sent back.
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
        let now = self.now.tick;
        self.reverts += 1;
        let id = format!("gavel-{}", self.reverts);
        let Some(occupant) = self.occupant_mut(jid, nick) else {
            return;
        };
        let shown = occupant.display_name.clone();
        let real = occupant.real.clone().filter(|real| real.is_full());
        let (Some(frozen), Some(from)) = (&mut occupant.frozen, real) else {
            return;
        };
        let home = frozen.home.clone();
        let trouble = frozen.trouble();
        let Some(presence) = trouble.latest.clone() else {
            return;
        };
        trouble.limiter.note(now);
        trouble.overdue = false;
        trouble.nick_tried = home != *nick;
        let token = frozen.token.form().into_owned();
        let changed_name = !frozen.agrees(&shown);
        let name = (is_shown(&shown) && !frozen.is_over()).then(|| token.clone());
        let change = if changed_name {
            Some(Change::Name {
                from: shown.shown().map(str::to_owned),
                to: token,
            })
        } else {
            (home != *nick).then(|| Change::Nick {
                from: nick.clone(),
                to: home.clone(),
            })
        };
        frozen.trouble().outstanding = Some(Outstanding {
            id: id.clone(),
            sent_at: now,
            overtaken: false,
            change,
        });
        let to = OccupantJid {
            room: jid.clone(),
            nick: home,
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

    pub(super) fn report_revert(
        &mut self,
        jid: &RoomJid,
        nick: &Nick,
        change: Change,
        outcome: Outcome,
    ) {
        let Some(occupant) = self.occupant(jid, nick) else {
            return;
        };
        let real = occupant.real.as_ref();
        let seat = self.seat_at(jid, nick);
        let verdict = seat.map_or_else(Verdict::guest, |seat| seat.verdict.clone());
        let (display_name, token_name) = occupant.names(seat);
        let decision = Decision {
            room: jid.clone(),
            nick: Some(nick.clone()),
            display_name,
            token_name,
            jid: real.map(ToString::to_string).unwrap_or_default(),
            change,
            cause: Cause::Correction,
            rule: verdict.rule,
            reason: verdict.reason,
            source: seat.and_then(Seat::source),
            actor: None,
            actor_name: None,
            outcome,
        };
        self.out.report(Report::Decision(Box::new(decision)));
    }

    /// Tells an occupant that its name is its token's.
    fn tell(&mut self, jid: &RoomJid, nick: &Nick) {
        let now = self.now.tick;
        let Some(occupant) = self.occupant_mut(jid, nick) else {
            return;
        };
        let Some(frozen) = &mut occupant.frozen else {
            return;
        };
        let trouble = frozen.trouble();
        trouble.latest = None;
        let soon = trouble.told_at.is_some_and(|at| now < at + TELL_PAUSE);
        if soon || trouble.refused {
            return;
        }
        trouble.told_at = Some(now);
        let name = frozen.token.form();
        let text = match &frozen.guest {
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
    pub(super) fn notice_refused(&mut self, message: &Message, error: &StanzaError) {
        let Some((_, room, Some(nick))) = self.locate(&message.from) else {
            return;
        };
        let nick = Nick::new(nick);
        let Some(occupant) = self.occupant_mut(&room, &nick) else {
            return;
        };
        let trouble = occupant.frozen.as_mut().and_then(|f| f.trouble.as_mut());
        let Some(trouble) = trouble.filter(|t| t.told_at.is_some()) else {
            return;
        };
        if !std::mem::replace(&mut trouble.refused, true) {
            let error = error.to_string();
            self.out
                .report(Report::Warning(Warning::NotifyRefused { room, error }));
        }
    }
}

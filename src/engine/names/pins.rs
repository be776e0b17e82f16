//! Names of people whose token names them, if the module serves the room (SPEC B8, section
//! 6): it pins them, so that a changed name reaches nobody.

use super::part::NamePart;
use crate::engine::asker::{Answer, Asker};
use crate::engine::event::{Change, Outcome};
use crate::engine::settings::Freeze;
use crate::muc::{Nick, RoomJid};
use crate::stanza::Request;

impl NamePart<'_> {
    /// Has the module keep an occupant's name, unless it does already.
    pub(super) fn pin_name(&mut self, jid: &RoomJid, nick: &Nick) {
        if self.known.settings.freeze != Freeze::Revert {
            return;
        }
        let own = self.known.settings.distinguishes();
        let Some(occupant) = self.known.occupant(jid, nick) else {
            return;
        };
        let real = occupant.real.as_ref().filter(|real| real.is_full());
        let (Some(frozen), Some(real)) = (self.names.get_mut(jid, nick), real) else {
            return;
        };
        let name = frozen.token().form().into_owned();
        let sent = frozen.guest().map(|guest| guest.sent.to_string());
        if frozen.is_pinned() {
            return;
        }
        frozen.pin(true);
        let request = Request::Pin {
            nick: nick.clone(),
            jid: real.clone(),
            name,
            sent,
            own,
        };
        self.out.ask(
            jid.as_str(),
            request,
            Asker::Name(jid.clone(), nick.clone()),
        );
    }

    /// The module says that it keeps this name for an occupant.
    pub(super) fn kept_already(&mut self, jid: &RoomJid, nick: &Nick, name: &str) {
        let module = self.known.rooms.get(jid).is_some_and(|room| room.module);
        if !module || self.known.settings.freeze != Freeze::Revert {
            return;
        }
        let waits = self.awaits_key(jid, nick);
        match self.names.get_mut(jid, nick) {
            Some(frozen) => frozen.pin(frozen.is_pinned() || frozen.token().form() == name),
            // By claims that are believed no more.
            None if waits => {}
            None => self.unpin_name(jid, nick),
        }
    }

    /// Lets an occupant change its name again.
    pub(super) fn unpin_name(&mut self, jid: &RoomJid, nick: &Nick) {
        let real = self.known.occupant(jid, nick).and_then(|o| o.real.clone());
        let Some(real) = real else {
            return;
        };
        let request = Request::Pin {
            nick: nick.clone(),
            jid: real,
            name: String::new(),
            sent: None,
            own: false,
        };
        self.out.ask(jid.as_str(), request, Asker::Nobody);
    }

    /// Lets everybody change their names, if an earlier configuration had them pinned.
    pub(super) fn unpin_if_off(&mut self, jid: &RoomJid) {
        if self.known.settings.freeze != Freeze::Revert {
            self.out.ask(jid.as_str(), Request::UnpinAll, Asker::Nobody);
        }
    }

    /// The module keeps the name, or does not.
    pub fn pinned(&mut self, jid: &RoomJid, nick: &Nick, answer: Answer<'_>) {
        let outcome = match answer {
            Answer::Result(_) | Answer::Partial(_) => Outcome::Applied,
            // The occupant has left, or has another nick by now.
            Answer::Error(error) if error.is("item-not-found") => return,
            Answer::Error(_) => Outcome::Refused,
            Answer::Silence | Answer::Unread => Outcome::Ineffective,
        };
        let Some(occupant) = self.known.occupant(jid, nick) else {
            return;
        };
        let shown = &occupant.display_name;
        let Some(frozen) = self.names.get_mut(jid, nick) else {
            return;
        };
        if outcome != Outcome::Applied {
            frozen.pin(false);
        } else if frozen.agrees(shown) {
            return;
        }
        let change = Change::Name {
            from: shown.shown().map(str::to_owned),
            to: frozen.token().form().into_owned(),
        };
        self.report_revert(jid, nick, change, outcome);
    }
}

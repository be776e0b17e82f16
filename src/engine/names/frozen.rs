//! The name that is kept for one occupant, and the outcome of changes to it.

use crate::claims::TokenName;
use crate::engine::event::Change;
use crate::engine::limit::Limiter;
use crate::engine::time::Tick;
use crate::muc::Nick;
use crate::stanza::DisplayName;
use bytes::Bytes;

/// The name that is kept for an occupant. Nearly everybody has one, and hardly anybody
/// more than that.
#[derive(Debug)]
pub struct Frozen(Kept);

#[derive(Debug)]
enum Kept {
    /// The token's name.
    Name(TokenName),
    /// The same, and the module was asked to show it.
    Pinned(TokenName),
    /// There is more to know.
    More(Box<More>),
}

#[derive(Debug)]
struct More {
    token: TokenName,
    pinned: bool,
    guest: Option<Guest>,
    trouble: Option<Box<Trouble>>,
}

/// Why somebody is shown as a guest.
#[derive(Debug, PartialEq, Eq)]
pub struct Guest {
    /// The name that they send.
    pub sent: Box<str>,
    /// Somebody else's name, which it looks like.
    pub resembles: Box<str>,
    /// They have sent another since. It is out once the one under way has come back.
    pub ended: bool,
}

/// The record of changes to a name.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    /// The occupant's newest own presence, as long as it may have to be sent
    /// back.
    pub(super) latest: Option<Bytes>,
    /// The revert that is under way.
    pub(super) outstanding: Option<Outstanding>,
    /// The nick that the occupant came with, if it has another now.
    home: Option<Nick>,
    /// Says whether the change to the present nick was turned back once.
    pub(super) nick_tried: bool,
    /// A revert has put something older in the place of the newest presence.
    pub(super) overdue: bool,
    /// How fast reverts may follow.
    pub(super) limiter: Limiter,
    /// When the occupant was last told.
    pub(super) told_at: Option<Tick>,
    /// A message was refused; none is sent again.
    pub(super) refused: bool,
}

#[derive(Debug)]
pub(super) struct Outstanding {
    pub(super) id: String,
    pub(super) sent_at: Tick,
    /// Something newer of the occupant's own has come since.
    pub(super) overtaken: bool,
    /// The change to make; none if it only brings the newest presence.
    pub(super) change: Option<Change>,
}

impl Frozen {
    /// Keeps `token`.
    pub fn new(token: TokenName) -> Self {
        Self(Kept::Name(token))
    }

    /// Shows somebody as a guest, by this name.
    pub fn of_guest(token: TokenName, pinned: bool, guest: Guest) -> Self {
        Self(Kept::More(Box::new(More {
            token,
            pinned,
            guest: Some(guest),
            trouble: None,
        })))
    }

    /// The name that is shown.
    pub fn token(&self) -> &TokenName {
        match &self.0 {
            Kept::Name(token) | Kept::Pinned(token) => token,
            Kept::More(more) => &more.token,
        }
    }

    /// Keeps another name. If that is not their token's, but the name of a guest who
    /// looks like somebody else, `guest` says why.
    pub fn rename(&mut self, token: TokenName, guest: Option<Guest>) {
        match &mut self.0 {
            Kept::Name(known) | Kept::Pinned(known) if guest.is_none() => *known = token,
            _ => {
                let more = self.more();
                (more.token, more.guest) = (token, guest);
            }
        }
    }

    /// Says whether the module was asked to show the name.
    pub fn is_pinned(&self) -> bool {
        match &self.0 {
            Kept::Name(_) => false,
            Kept::Pinned(_) => true,
            Kept::More(more) => more.pinned,
        }
    }

    /// The module was asked to show the name, or is to be asked anew.
    pub fn pin(&mut self, pinned: bool) {
        match &mut self.0 {
            Kept::Name(token) | Kept::Pinned(token) => {
                let token = token.clone();
                self.0 = match pinned {
                    true => Kept::Pinned(token),
                    false => Kept::Name(token),
                };
            }
            Kept::More(more) => more.pinned = pinned,
        }
    }

    /// Why the occupant is shown as a guest.
    pub fn guest(&self) -> Option<&Guest> {
        match &self.0 {
            Kept::More(more) => more.guest.as_ref(),
            _ => None,
        }
    }

    /// The same, to be changed.
    pub fn guest_mut(&mut self) -> Option<&mut Guest> {
        match &mut self.0 {
            Kept::More(more) => more.guest.as_mut(),
            _ => None,
        }
    }

    /// Changes to the name; most people never make any.
    pub(super) fn known_trouble(&self) -> Option<&Trouble> {
        match &self.0 {
            Kept::More(more) => more.trouble.as_deref(),
            _ => None,
        }
    }

    /// The same, to be changed.
    pub(super) fn known_trouble_mut(&mut self) -> Option<&mut Trouble> {
        match &mut self.0 {
            Kept::More(more) => more.trouble.as_deref_mut(),
            _ => None,
        }
    }

    /// The same, made when first needed.
    pub(super) fn trouble(&mut self) -> &mut Trouble {
        self.more().trouble.get_or_insert_default()
    }

    fn more(&mut self) -> &mut More {
        if let Kept::Name(_) | Kept::Pinned(_) = &self.0 {
            let more = More {
                token: self.token().clone(),
                pinned: self.is_pinned(),
                guest: None,
                trouble: None,
            };
            self.0 = Kept::More(Box::new(more));
        }
        match &mut self.0 {
            Kept::More(more) => more,
            Kept::Name(_) | Kept::Pinned(_) => unreachable!("there is more since above"),
        }
    }

    /// The occupant has changed its nick: that is turned back once, but for a guest.
    /// A module that had pinned the name would have refused that.
    pub fn nick_changed(&mut self, from: &Nick, to: &Nick) {
        self.pin(false);
        if self.guest().is_some() {
            if let Some(trouble) = self.known_trouble_mut() {
                trouble.home = None;
            }
            return;
        }
        let trouble = self.trouble();
        trouble.nick_tried = false;
        let home = trouble.home.take().unwrap_or_else(|| from.clone());
        trouble.home = (home != *to).then_some(home);
    }

    /// The nick that the occupant came with, if it has another now.
    pub fn home(&self) -> Option<&Nick> {
        self.known_trouble()?.home.as_ref()
    }

    /// Says whether a guest has sent another name since.
    pub(super) fn is_over(&self) -> bool {
        self.guest().is_some_and(|guest| guest.ended)
    }

    /// Says whether a revert is under way.
    pub fn is_outstanding(&self) -> bool {
        let trouble = self.known_trouble();
        trouble.is_some_and(|trouble| trouble.outstanding.is_some())
    }

    /// The revert that is under way was not sent, nor can it be made again; gives the
    /// change that it was for.
    pub fn refuse_newest(&mut self) -> Option<Change> {
        let trouble = self.known_trouble_mut()?;
        trouble.latest = Some(Bytes::new());
        trouble.outstanding.take()?.change
    }

    /// Says whether a presence shows the token's name. No name at all is no change.
    pub fn agrees(&self, shown: &DisplayName) -> bool {
        match shown {
            _ if self.is_over() => true,
            DisplayName::Absent => true,
            DisplayName::Plain(text) => self.token().matches(text),
            DisplayName::Irregular(_) => false,
        }
    }
}

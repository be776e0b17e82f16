//! The name that is kept for one occupant, and the outcome of changes to it.

use crate::claims::TokenName;
use crate::engine::event::Change;
use crate::engine::limit::Limiter;
use crate::engine::time::Tick;
use crate::muc::Nick;
use crate::stanza::DisplayName;
use bytes::Bytes;

/// The name that is kept for an occupant.
#[derive(Debug)]
pub struct Frozen {
    /// The token's name.
    pub token: TokenName,
    /// Says whether the module was asked to show the name.
    pub pinned: bool,
    /// The reason, if this is not their token's name but that of a guest who looks like
    /// somebody else.
    pub guest: Option<Box<Guest>>,
    /// The record of changes; most people never make any.
    pub(super) trouble: Option<Box<Trouble>>,
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
        Self {
            token,
            pinned: false,
            guest: None,
            trouble: None,
        }
    }

    /// The occupant has changed its nick: that is turned back once, but for a guest.
    /// A module that had pinned the name would have refused that.
    pub fn nick_changed(&mut self, from: &Nick, to: &Nick) {
        self.pinned = false;
        if self.guest.is_some() {
            if let Some(trouble) = &mut self.trouble {
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
        self.trouble.as_ref()?.home.as_ref()
    }

    /// Says whether a guest has sent another name since.
    pub(super) fn is_over(&self) -> bool {
        self.guest.as_ref().is_some_and(|guest| guest.ended)
    }

    /// Says whether a revert is under way.
    pub fn is_outstanding(&self) -> bool {
        let trouble = self.trouble.as_ref();
        trouble.is_some_and(|trouble| trouble.outstanding.is_some())
    }

    /// The revert that is under way was not sent, nor can it be made again; gives the
    /// change that it was for.
    pub fn refuse_newest(&mut self) -> Option<Change> {
        let trouble = self.trouble.as_mut()?;
        trouble.latest = Some(Bytes::new());
        trouble.outstanding.take()?.change
    }

    pub(super) fn trouble(&mut self) -> &mut Trouble {
        self.trouble.get_or_insert_with(Box::default)
    }

    /// Says whether a presence shows the token's name. No name at all is no change.
    pub fn agrees(&self, shown: &DisplayName) -> bool {
        match shown {
            _ if self.is_over() => true,
            DisplayName::Absent => true,
            DisplayName::Plain(text) => self.token.matches(text),
            DisplayName::Irregular(_) => false,
        }
    }
}

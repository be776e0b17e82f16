//! The events that change somebody's rights.

use super::changes::Shift;
use super::right::{Handed, Override};
use super::standing::Standing;
use crate::claims::UserId;
use crate::muc::Affiliation;

/// Something that has happened to somebody.
#[derive(Debug)]
pub enum Event<'a> {
    /// Their first seat since they were absent has been judged.
    Appeared,
    /// They came at this time; of several seats the earliest counts.
    CameAt(u64),
    /// One of several seats has gone. `seen` says that the room told so.
    SeatLeft {
        /// Their standing before.
        had: Standing,
        /// Says whether the room told so; otherwise gavel has lost sight of the seat.
        seen: bool,
    },
    /// Their last seat has gone.
    Left {
        /// Their standing before; [`Standing::ABSENT`] if nobody could judge it.
        had: Standing,
        /// Says whether the room told so; otherwise gavel has lost sight of them.
        seen: bool,
        /// When.
        at: u64,
    },
    /// They have left while gavel saw nothing.
    LeftUnseen {
        /// Says whether somebody may succeed them.
        heirs: bool,
    },
    /// Nobody succeeds them in an election any more.
    NotAwaited,
    /// The room shows their affiliation.
    Shown(Affiliation),
    /// The affiliation that the room showed may have changed unseen.
    Doubted,
    /// They are in none of the room's lists that were read, this one among them.
    Unlisted(Affiliation),
    /// They entered with the affiliation that gavel had said ahead.
    EnteredAs(Affiliation),
    /// Somebody else has changed their affiliation or role.
    Changed(&'a Shift<'a>),
    /// Somebody has kicked them, and that was no switch of devices.
    Kicked,
    /// The user behind them is known, or known no more.
    User(Option<&'a UserId>),
    /// An admin has set something.
    Overridden(Box<Override>),
    /// An admin's override is over.
    OverrideCleared,
    /// They are elected.
    Elected,
    /// Their election is over, or that of the person who promoted them.
    ElectionOver,
    /// A token of theirs has expired while they are present.
    Expired,
    /// It is this time: everything that ends by then is over.
    TimeUp(u64),
    /// Grants are for no more than this from now on; without, they end.
    GrantsLimited(Option<Affiliation>),
    /// Another JID of the same user takes over all rights that can be handed over.
    HandedOver,
    /// They take over the rights that another JID of the same user had.
    TakenOver(Handed),
    /// Nobody knows whether their ground of power still holds.
    PowerDoubted,
    /// What their seats entitle them to may be something else from now on.
    Judged,
    /// A ban that an admin has set is over.
    BanOver,
    /// A ban is lifted, as far as can be told.
    BanLifted,
    /// They have the rights they should have.
    Settled,
    /// Another meeting has begun in the same room.
    Anew,
}

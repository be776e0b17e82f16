//! Events of a room, as the other parts hear them.
//!
//! Nobody can be judged before gavel knows the meeting that a room belongs to. Earlier
//! events are held back, and come after [`RoomEvent::Opened`].

use crate::engine::hash::HashMap;
use crate::muc::{Affiliation, BareJid, Nick, RealJid, Role, RoomJid};
use crate::stanza::{Actor, Evidence};
use bytes::Bytes;

/// An event of a room.
#[derive(Debug)]
pub enum RoomEvent {
    /// gavel is in.
    Joined {
        /// The room.
        room: RoomJid,
        /// Its MUC service, by number.
        service: usize,
        /// Says whether the module serves it.
        module: bool,
    },
    /// It is known whose meeting it is. Those who are in it come next.
    Opened {
        /// The room.
        room: RoomJid,
        /// The meeting's main room.
        main: RoomJid,
        /// Jitsi's id of the meeting.
        meeting_id: Option<String>,
    },
    /// All people who were in it have come. The events that were held back come next.
    AllCame {
        /// The room.
        room: RoomJid,
    },
    /// Nothing is held back any more.
    CaughtUp {
        /// The room.
        room: RoomJid,
        /// The meeting's main room.
        main: RoomJid,
        /// Those who are banned, if the module has just told; otherwise the lists are to be
        /// read.
        outcasts: Option<Vec<BareJid>>,
        /// More were banned meanwhile than could be held back.
        more_bans: bool,
    },
    /// Somebody has come.
    Came(Box<Came>),
    /// Somebody's presence shows something new, or the same again.
    Changed(Box<Changed>),
    /// Somebody has another nick.
    Renamed {
        /// Their place, by their new nick.
        place: Place,
        /// Their old nick.
        from: Nick,
    },
    /// Somebody is no longer there.
    Left(Box<Left>),
    /// Somebody has left before anybody could be judged. They may have come with less
    /// than was known of them.
    LeftUnjudged {
        /// The room, taken for the meeting's main room.
        room: RoomJid,
        /// The person.
        bare: BareJid,
        /// Set if they were kicked, with the kicker if known.
        kicked: Option<Option<Actor>>,
    },
    /// gavel sees nobody in it any more.
    LostSight {
        /// The room.
        room: RoomJid,
        /// The meeting's main room.
        main: RoomJid,
        /// It belongs to another meeting from now on, and its people are still there.
        moves: bool,
        /// The names of its people.
        shown: HashMap<Nick, String>,
    },
    /// The main room tells of the affiliation of somebody who is not in it, or is about
    /// to leave.
    Announced {
        /// The main room.
        room: RoomJid,
        /// The person.
        bare: BareJid,
        /// The affiliation.
        affiliation: Affiliation,
        /// The giver.
        actor: Option<Actor>,
        /// It was held back.
        held: bool,
    },
    /// A list of those with this affiliation in the main room.
    Listed {
        /// The main room.
        room: RoomJid,
        /// The affiliation.
        affiliation: Affiliation,
        /// The people in the list.
        jids: Vec<BareJid>,
        /// A person who is not in it has not this affiliation.
        complete: bool,
    },
    /// The lists of owners and admins are being read again.
    ListsAsked {
        /// The main room.
        room: RoomJid,
        /// It is a roll call.
        roll: bool,
    },
    /// The configuration could be read at last: Jitsi's id of the meeting.
    Met {
        /// The main room.
        room: RoomJid,
        /// The id.
        meeting_id: String,
    },
    /// The facts of the room have changed: everybody is compared again.
    Configured {
        /// The room.
        room: RoomJid,
    },
    /// The room shows everybody again, and the module has been told nothing.
    RollCalled {
        /// The room.
        room: RoomJid,
    },
    /// gavel was expelled from a room that the module serves: the module may have been
    /// loaded again.
    Expelled {
        /// The MUC service, by number.
        service: usize,
    },
    /// The room has ended, or does not exist: the meeting is over.
    Ended {
        /// The room.
        room: RoomJid,
    },
    /// The module of a service has named the list that it holds for everybody.
    ModuleSaid {
        /// The service, by number.
        service: usize,
        /// The digest of the list that the module holds; none if it holds nothing.
        permitted: Option<String>,
        /// It has answered, and may be another by now.
        anew: bool,
    },
    /// No module serves gavel on a service.
    ModuleMissing {
        /// The service, by number.
        service: usize,
    },
    /// Logins that did not count may count now, and the other way round.
    LoginsTold,
}

/// The place of somebody.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The room, a breakout room perhaps.
    pub room: RoomJid,
    /// Their nick there.
    pub nick: Nick,
    /// The meeting's main room.
    pub main: RoomJid,
    /// The person.
    pub bare: BareJid,
}

/// Somebody who has come.
#[derive(Debug)]
pub struct Came {
    /// Their place.
    pub place: Place,
    /// Their full JID.
    pub real: RealJid,
    /// As the room shows it.
    pub role: Role,
    /// As the room shows it.
    pub affiliation: Affiliation,
    /// A recorder or a gateway.
    pub machine: bool,
    /// When they came, in milliseconds since 1970-01-01 UTC.
    pub at: u64,
    /// They were there when gavel came.
    pub listed: bool,
    /// The giver of their affiliation.
    pub actor: Option<Actor>,
    /// The affiliation that the module says it has given them as they entered.
    pub given: Option<Affiliation>,
    /// Their evidence; nothing if it was looked at in the room's last meeting.
    pub evidence: Option<Evidence>,
    /// Their presence, likewise.
    pub written: Option<Written>,
}

/// Somebody whose presence has come again.
#[derive(Debug)]
pub struct Changed {
    /// Their place.
    pub place: Place,
    /// Their full JID.
    pub real: RealJid,
    /// Their role before.
    pub was: Role,
    /// Their role now.
    pub role: Role,
    /// A recorder or a gateway.
    pub machine: bool,
    /// The affiliation, if the room shows it.
    pub affiliation: Option<Affiliation>,
    /// The giver.
    pub actor: Option<Actor>,
    /// Their evidence.
    pub evidence: Evidence,
    /// Their presence.
    pub written: Written,
}

/// Somebody who is no longer there.
#[derive(Debug)]
pub struct Left {
    /// The place they had.
    pub place: Place,
    /// The affiliation that the room shows with it.
    pub affiliation: Option<Affiliation>,
    /// The person who made them leave.
    pub actor: Option<Actor>,
    /// Somebody has kicked them, or the server has.
    pub kicked: bool,
    /// Their name.
    pub shown: Option<String>,
}

/// A presence as it was written.
#[derive(Debug, Default)]
pub struct Written {
    /// Its id.
    pub id: Option<String>,
    /// All of it; empty if it was not read whole.
    pub raw: Bytes,
}

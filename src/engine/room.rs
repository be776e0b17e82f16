//! One room: who is in it, and whether gavel is.

use super::early::EarlyBan;
use super::limit::Backoff;
use super::names::Frozen;
use super::roll_call::Roll;
use super::spacing::Spacing;
use super::time::Tick;
use crate::muc::{Affiliation, BareJid, Nick, RealJid, Role, RoomJid};
use crate::stanza::{DisplayName, Entitled, Evidence, Form, Item};
use bytes::Bytes;
use std::collections::{BTreeSet, HashMap};

/// Whether gavel is in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership {
    /// Not in it.
    Out,
    /// The owner list is being read: a join must not create a room (B9).
    Probing,
    /// Waits for its turn to join.
    Queued,
    /// The join is on its way, however long that takes.
    Joining,
    /// In it: the own presence with status 110 has come.
    In,
}

/// What a room's configuration says, as far as gavel must know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Affiliation none throws people out.
    pub members_only: bool,
    /// It outlives its occupants.
    pub persistent: bool,
    /// The main room, where this is a breakout room (B15).
    pub main: Option<RoomJid>,
    /// Jitsi's id of this meeting: another one is another meeting.
    pub meeting_id: Option<String>,
    /// The password.
    pub password: Option<String>,
    /// Presence of some roles is shown to nobody but themselves
    /// (`muc#roomconfig_presencebroadcast`).
    pub hides: bool,
    /// Nothing could be learned of late: whether affiliation none throws people
    /// out is not known, so nobody is lowered to it.
    pub unread: bool,
}

/// Readings of a room's configuration, by number.
#[derive(Debug, Clone, Copy, Default)]
pub struct Readings {
    /// The last that was asked for.
    pub begun: u64,
    /// The last that was answered, or given up.
    pub done: u64,
}

/// Roles that presence is to be shown of.
pub const SHOWN: [&str; 3] = ["moderator", "participant", "visitor"];

impl Facts {
    /// Reads a configuration form or the form in disco#info.
    pub fn read(form: &Form, features: &[String]) -> Self {
        let text = |name| form.value(name).filter(|value| !value.is_empty());
        let has = |feature: &str| features.iter().any(|f| f == feature);
        let shown = form.values("muc#roomconfig_presencebroadcast");
        let all = |roles: &[String]| SHOWN.iter().all(|role| roles.iter().any(|r| r == role));
        Self {
            members_only: form.is_set("muc#roomconfig_membersonly") || has("muc_membersonly"),
            persistent: form.is_set("muc#roomconfig_persistentroom") || has("muc_persistent"),
            main: text("muc#roominfo_breakout_main_room").and_then(RoomJid::parse),
            meeting_id: text("muc#roominfo_meetingId").map(str::to_owned),
            password: text("muc#roomconfig_roomsecret").map(str::to_owned),
            hides: shown.is_some_and(|roles| !all(roles)),
            unread: false,
        }
    }

    /// The same of an answer of which a part could not be read: what is missing is
    /// taken for what is safe.
    pub fn half_read(form: &Form, features: &[String]) -> Self {
        let known = form.value("muc#roomconfig_membersonly").is_some() || !features.is_empty();
        Self {
            // Setting it once more changes nothing.
            hides: true,
            unread: !known,
            ..Self::read(form, features)
        }
    }
}

/// Somebody in a room.
#[derive(Debug)]
pub struct Occupant {
    /// Real JID; without one there are no claims.
    pub real: Option<RealJid>,
    /// Sessions behind this nick.
    pub sessions: u32,
    /// As the room shows it.
    pub affiliation: Affiliation,
    /// As the room shows it.
    pub role: Role,
    /// What clients show as its name.
    pub display_name: DisplayName,
    /// Never managed, never counted.
    pub infrastructure: bool,
    /// A recorder or a gateway, as Jicofo would say: never elected.
    pub machine: bool,
    /// Evidence that waits until the room is known well enough to judge.
    pub pending: Option<Box<Evidence>>,
    /// A presence that came before it could be judged.
    pub early: Option<Box<Bytes>>,
    /// The name that is kept, where the claims carry one.
    pub frozen: Option<Box<Frozen>>,
    /// When it was first seen, in milliseconds since 1970-01-01 UTC.
    pub joined_at: u64,
}

impl Occupant {
    /// The bare JID, where the real JID is known.
    pub fn bare(&self) -> Option<BareJid> {
        self.real.as_ref().map(RealJid::bare)
    }
}

/// A room of a configured service.
#[derive(Debug)]
pub struct Room {
    /// Its JID, as Prosody stores it.
    pub jid: RoomJid,
    /// Which of the configured services it is in.
    pub service: usize,
    /// Whether gavel is in.
    pub membership: Membership,
    /// gavel's nick here.
    pub nick: Nick,
    /// Whether the module serves it: gavel is no occupant.
    pub module: bool,
    /// gavel's own affiliation.
    pub own_affiliation: Affiliation,
    /// gavel's own role: only a moderator is shown real JIDs and what is announced
    /// of people who are absent.
    pub own_role: Role,
    /// Everybody else.
    pub occupants: HashMap<Nick, Box<Occupant>>,
    /// Bans from it before anybody in it could be judged.
    pub early_bans: Vec<EarlyBan>,
    /// A reply with its configuration is on its way: until it is there, nobody
    /// is lowered to none, which a members-only room would throw them out for.
    pub reading: bool,
    /// It changed again meanwhile.
    pub read_again: bool,
    /// How often it was read.
    pub readings: Readings,
    /// What its configuration says; none while it is first being read.
    pub facts: Option<Facts>,
    /// The meeting its people belong to; none while gavel is not in.
    pub meeting: Option<RoomJid>,
    /// When the join was sent.
    pub joining_since: Tick,
    /// When gavel came in, in milliseconds since 1970-01-01 UTC.
    pub joined_at: u64,
    /// When something last came from it.
    pub heard: Tick,
    /// A self-ping waits for its reply.
    pub pinged: bool,
    /// Nobody but infrastructure is in, since.
    pub lonely_since: Option<Tick>,
    /// Not to be joined because of a list before this, unless it was missing
    /// from one.
    pub not_listed_before: Option<Tick>,
    /// When gavel last tried to become owner.
    pub owned_at: Option<Tick>,
    /// A request to become owner waits for its reply.
    pub owning: bool,
    /// So many lists of it are being read.
    pub lists_asked: u32,
    /// Lists or configuration were refused, and are to be read once gavel is
    /// owner.
    pub unread: bool,
    /// How long to wait before the next try to enter.
    pub backoff: Backoff,
    /// Not to be entered before.
    pub not_before: Option<Tick>,
    /// How often gavel was refused since it was last in.
    pub refusals: u32,
    /// Whether it need not be opened any more: see `opening`.
    pub opened: bool,
    /// What the module was told of who is entitled; none where nothing yet.
    pub named: Option<HashMap<BareJid, Entitled>>,
    /// The password to join with.
    pub password: Option<String>,
    /// Something was left out: the room is to be read anew.
    pub doubted: bool,
    /// How often it is.
    pub doubts: Spacing,
    /// Everybody is being shown again.
    pub roll: Option<Roll>,
    /// The reply is on its way that tells how many occupants there are.
    pub counting: bool,
    /// How often the room may be told to show everybody.
    pub showing: Spacing,
    /// How often its configuration is asked for where it cannot be had.
    pub asking: Spacing,
    /// The main room it had when its configuration could last be read.
    pub last_main: Option<RoomJid>,
    /// People shown as owner or admin who were in no list of them when gavel last
    /// looked: Prosody lists no admins of the server.
    pub unlisted: BTreeSet<BareJid>,
    /// Its owners, admins and outcasts, while what the module has just said of it
    /// is taken into account.
    pub listed: Option<Vec<Item>>,
}

impl Room {
    /// A room that gavel is not in.
    pub fn new(jid: RoomJid, service: usize, nick: Nick) -> Self {
        Self {
            jid,
            service,
            membership: Membership::Out,
            nick,
            module: false,
            own_affiliation: Affiliation::None,
            own_role: Role::None,
            occupants: HashMap::new(),
            early_bans: Vec::new(),
            reading: false,
            read_again: false,
            readings: Readings::default(),
            facts: None,
            meeting: None,
            joining_since: Tick::ZERO,
            joined_at: 0,
            heard: Tick::ZERO,
            pinged: false,
            lonely_since: None,
            not_listed_before: None,
            owned_at: None,
            owning: false,
            lists_asked: 0,
            unread: false,
            backoff: Backoff::default(),
            not_before: None,
            refusals: 0,
            opened: false,
            named: None,
            password: None,
            doubted: false,
            doubts: Spacing::default(),
            roll: None,
            counting: false,
            showing: Spacing::default(),
            asking: Spacing::default(),
            last_main: None,
            unlisted: BTreeSet::new(),
            listed: None,
        }
    }

    /// Whether gavel is in.
    pub fn is_in(&self) -> bool {
        self.membership == Membership::In
    }

    /// Whether its people can be judged: gavel is in, and knows which meeting
    /// they belong to.
    pub fn is_ready(&self) -> bool {
        self.is_in() && self.facts.is_some()
    }

    /// Whether anybody but infrastructure is in it. Mostly the first says so.
    pub fn has_people(&self) -> bool {
        self.occupants.values().any(|o| !o.infrastructure)
    }

    /// People in it: occupants but infrastructure.
    pub fn people(&self) -> usize {
        let people = self.occupants.values().filter(|o| !o.infrastructure);
        people.count()
    }

    /// Whether affiliation none throws people out, as far as is known.
    pub fn members_only(&self) -> bool {
        self.facts.as_ref().is_some_and(|facts| facts.members_only)
    }

    /// Whether affiliation none may throw people out.
    pub fn may_throw_out(&self) -> bool {
        let facts = self.facts.as_ref();
        facts.is_some_and(|facts| facts.members_only || facts.unread)
    }

    /// Whether gavel has all that an owner has.
    pub fn is_owned(&self) -> bool {
        self.own_affiliation == Affiliation::Owner && self.own_role == Role::Moderator
    }
}

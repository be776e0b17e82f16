//! Each token belongs to the first bare JID that shows it.
//!
//! A token in presence is seen by the whole room and can be copied, so it counts
//! for one bare JID only (SPEC section 3, source jwt).

use crate::muc::{BareJid, RoomJid};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, VecDeque};
use std::fmt;

/// The number of tokens that are remembered. A full memory refuses new tokens rather than
/// forget a valid one, whose copies would then count: `require_exp = true` keeps it from
/// filling, since a token without `exp` is remembered for ever.
pub const MAX_BINDINGS: usize = 200_000;

/// How long a token is remembered past its validity for the one who showed it
/// in time and comes back, in seconds.
const KEPT_PAST_VALIDITY: u64 = 24 * 60 * 60;

/// The number of unverified tokens whose first bearer is remembered.
const MAX_UNVERIFIED: usize = 10_000;

/// Stands for a token without `exp`.
const FOR_EVER: u64 = u64::MAX;

/// A token's identity: the SHA-256 of its signed part, header and payload. The
/// signature is left out because one can be changed and stay valid (ECDSA).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenId([u8; 32]);

impl TokenId {
    /// The identity of a token whose `header.payload` is `signed`.
    pub fn of(signed: &str) -> Self {
        Self(Sha256::digest(signed).into())
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for TokenId {
    /// Shortened: enough to tell two apart.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenId({}…)", hex::encode(&self.0[..4]))
    }
}

/// The holder of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Holder {
    /// This one, for good.
    Settled(BareJid),
    /// This one, unless somebody else shows it before the list of the room it
    /// was found in has been read.
    Provisional(BareJid, RoomJid),
    /// Nobody: two had it when gavel came.
    Contested,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Binding {
    holder: Holder,
    /// Until when the token is valid, in seconds since 1970.
    until: u64,
}

/// The outcome of showing a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Showing {
    /// It is this bare JID's, and has been for a while.
    Known,
    /// Nobody has shown it before.
    First,
    /// It is somebody else's, or nobody's.
    Foreign,
}

/// The memory of tokens, which outlives a restart.
///
/// If gavel finds a token in the occupant list of a room that it joins, it cannot know who
/// had it first. Such a token belongs to its bearer provisionally, until
/// [`Bindings::settle`]; a second bearer from such a list makes it *contested*: nobody has
/// it from then on, and [`Bindings::take_contested`] names the first bearer.
#[derive(Debug, Default, Clone)]
pub struct Bindings {
    tokens: HashMap<TokenId, Binding>,
    /// The people who first showed a token whose key is still to be fetched; otherwise
    /// the token would be anybody's until then. gavel believes nothing of such a token,
    /// and keeps none over a restart.
    unverified: HashMap<TokenId, BareJid>,
    /// The same, oldest first.
    unverified_order: VecDeque<TokenId>,
    contested: Vec<(TokenId, BareJid)>,
    revision: u64,
}

impl Bindings {
    /// An empty memory.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many tokens are remembered.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Says whether no token is remembered.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// Says whether new tokens are refused because [`MAX_BINDINGS`] are remembered.
    pub fn is_full(&self) -> bool {
        self.tokens.len() >= MAX_BINDINGS
    }

    /// Changes whenever the state to write to the state file changes.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The occupant list of `room` has been read: the tokens found in it now belong to
    /// their bearers for good.
    pub fn settle(&mut self, room: &RoomJid) {
        self.settle_where(|found_in| found_in == room);
    }

    /// [`Bindings::settle`] for every room, for the end of a resynchronisation.
    pub fn settle_all(&mut self) {
        self.settle_where(|_| true);
    }

    fn settle_where(&mut self, chosen: impl Fn(&RoomJid) -> bool) {
        for binding in self.tokens.values_mut() {
            if let Holder::Provisional(holder, room) = &binding.holder
                && chosen(room)
            {
                binding.holder = Holder::Settled(holder.clone());
                self.revision += 1;
            }
        }
    }

    /// The tokens that have become contested since the last call, and the bare JID that had
    /// each until then: a person whose claims came from it has none now.
    pub fn take_contested(&mut self) -> Vec<(TokenId, BareJid)> {
        std::mem::take(&mut self.contested)
    }

    /// Forgets tokens that were valid until a day before `now` (seconds since
    /// 1970) and that nobody present has. Not to be called before the rooms have
    /// been read again after a start.
    pub fn expire(&mut self, now: u64, in_use: impl Fn(&TokenId) -> bool) {
        let before = self.tokens.len();
        self.tokens
            .retain(|id, binding| !is_past(binding, now, KEPT_PAST_VALIDITY) || in_use(id));
        if self.tokens.len() != before {
            self.revision += 1;
        }
    }

    /// `bearer` shows a token that cannot be verified yet. The first bearer is remembered,
    /// and the token belongs to them when it can be verified.
    pub(crate) fn show_unverified(&mut self, id: TokenId, bearer: BareJid) {
        if self.tokens.contains_key(&id) || self.unverified.contains_key(&id) {
            return;
        }
        if self.unverified_order.len() >= MAX_UNVERIFIED
            && let Some(oldest) = self.unverified_order.pop_front()
        {
            self.unverified.remove(&oldest);
        }
        self.unverified.insert(id, bearer);
        self.unverified_order.push_back(id);
    }

    /// `bearer` showed a forgery, which keeps nobody from the genuine token.
    pub(crate) fn drop_unverified(&mut self, id: &TokenId, bearer: &str) {
        if self
            .unverified
            .get(id)
            .is_some_and(|first| first.as_str() == bearer)
        {
            self.unverified.remove(id);
            self.unverified_order.retain(|other| other != id);
        }
    }

    /// Looks up the holder of a token.
    pub(crate) fn look(&self, id: &TokenId, bearer: &str) -> Showing {
        match self.tokens.get(id).map(|binding| &binding.holder) {
            None => match self.unverified.get(id) {
                Some(first) if first.as_str() != bearer => Showing::Foreign,
                _ => Showing::First,
            },
            Some(Holder::Settled(holder) | Holder::Provisional(holder, _))
                if holder.as_str() == bearer =>
            {
                Showing::Known
            }
            Some(_) => Showing::Foreign,
        }
    }

    /// `bearer` shows a valid token, in the occupant list of a room being joined if
    /// `listed_in` says so. Answers whether it is theirs.
    pub(crate) fn show(
        &mut self,
        id: TokenId,
        bearer: BareJid,
        listed_in: Option<&RoomJid>,
        exp: Option<u64>,
        now: u64,
    ) -> bool {
        match self.look(&id, bearer.as_str()) {
            Showing::Known => true,
            Showing::First => self.bind(id, bearer, listed_in, exp, now),
            Showing::Foreign => {
                if listed_in.is_some() {
                    self.contest(id);
                }
                false
            }
        }
    }

    fn bind(
        &mut self,
        id: TokenId,
        bearer: BareJid,
        listed_in: Option<&RoomJid>,
        exp: Option<u64>,
        now: u64,
    ) -> bool {
        if self.is_full() {
            self.tokens.retain(|_, binding| !is_past(binding, now, 0));
        }
        if self.is_full() {
            return false;
        }
        self.drop_unverified(&id, bearer.as_str());
        let holder = match listed_in {
            Some(room) => Holder::Provisional(bearer, room.clone()),
            None => {
                self.revision += 1;
                Holder::Settled(bearer)
            }
        };
        let until = exp.unwrap_or(FOR_EVER);
        self.tokens.insert(id, Binding { holder, until });
        true
    }

    fn contest(&mut self, id: TokenId) {
        let Some(binding) = self.tokens.get_mut(&id) else {
            return;
        };
        if let Holder::Provisional(holder, _) = &binding.holder {
            self.contested.push((id, holder.clone()));
            binding.holder = Holder::Contested;
            self.revision += 1;
        }
    }
}

/// Says whether a token's validity ended more than `kept` seconds before `now`.
fn is_past(binding: &Binding, now: u64, kept: u64) -> bool {
    binding.until.saturating_add(kept) <= now
}

/// One token in the state file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    /// Hex SHA-256 of the signed part.
    token: String,
    /// Absent if the token is contested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    jid: Option<BareJid>,
    /// Seconds since 1970; absent for a token without `exp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<u64>,
}

impl Serialize for Bindings {
    /// A list of records. Provisional bindings are left out: after a restart
    /// nobody knows any better who was first.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.tokens.iter().filter_map(|(id, binding)| {
            let jid = match &binding.holder {
                Holder::Settled(holder) => Some(holder.clone()),
                Holder::Contested => None,
                Holder::Provisional(..) => return None,
            };
            let until = (binding.until != FOR_EVER).then_some(binding.until);
            Some(Record {
                token: id.to_string(),
                jid,
                until,
            })
        }))
    }
}

impl<'de> Deserialize<'de> for Bindings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let records = Vec::<Record>::deserialize(deserializer)?;
        let tokens = records.into_iter().map(|record| {
            let mut id = [0; 32];
            hex::decode_to_slice(&record.token, &mut id).map_err(serde::de::Error::custom)?;
            let holder = record.jid.map_or(Holder::Contested, Holder::Settled);
            let until = record.until.unwrap_or(FOR_EVER);
            Ok((TokenId(id), Binding { holder, until }))
        });
        Ok(Self {
            tokens: tokens.collect::<Result<_, D::Error>>()?,
            ..Self::default()
        })
    }
}

//! The gifts of tokens and rules. The oracle knows the conditions of some rules by their
//! names, and compiles none.

use super::super::claims::Kind;
use super::Facts;
use super::scene::{Scene, Seat};
use gavel::muc::{Affiliation, Role};
use gavel::policy::{Entitlement, OnExpiry, Policy, Preset};

/// `claims.jwt.leeway`, in milliseconds.
const LEEWAY: u64 = 30_000;

/// Conditions by the word that their rules' names begin with.
pub const CONDITIONS: [(&str, &str); 5] = [
    ("hosts", "claims.context.user.affiliation == \"owner\""),
    ("students", "claims.context.user.moderator == \"false\""),
    ("guests", "claims == null"),
    ("everybody", "true"),
    ("nobody", "false"),
];

/// Says whether all rules are such.
pub fn knows(policy: &Policy) -> bool {
    let word = |name: &str| CONDITIONS.iter().any(|(word, _)| name.starts_with(word));
    policy.rules.iter().all(|rule| word(rule.name()))
}

/// By how much one of somebody's seats outranks the others (B7).
pub fn rank(entitlement: &Entitlement) -> u8 {
    match entitlement {
        Entitlement::Guest => 0,
        Entitlement::Affiliation(Affiliation::Outcast) => 1,
        Entitlement::Affiliation(Affiliation::None) => 2,
        Entitlement::Affiliation(Affiliation::Member) => 3,
        Entitlement::Keep => 4,
        Entitlement::Affiliation(Affiliation::Admin) => 5,
        Entitlement::Affiliation(Affiliation::Owner) => 6,
    }
}

/// The policy's gift to somebody with such a token.
pub fn judge(policy: &Policy, kind: Option<Kind>) -> Entitlement {
    for rule in policy.rules.iter() {
        let word = rule.name().split('-').next().unwrap();
        let power = matches!(rule.gives(), Entitlement::Affiliation(a) if a.moderates());
        let holds = match word {
            "hosts" => kind == Some(Kind::Owner),
            "students" => kind == Some(Kind::Member),
            "guests" => kind.is_none(),
            "everybody" => true,
            _ => false,
        };
        // No rule makes a moderator of somebody without claims.
        if holds && (kind.is_some() || !power) {
            return rule.gives();
        }
    }
    let preset = match (policy.preset, kind) {
        (Preset::None, _) | (_, None) => return Entitlement::Guest,
        (Preset::Jitsi, Some(Kind::Member)) => Affiliation::Member,
        _ => Affiliation::Owner,
    };
    Entitlement::Affiliation(preset)
}

impl Scene {
    /// The end of a seat's token.
    pub fn end_of(&self, seat: &Seat) -> Option<u64> {
        let exp = seat.ticket.as_ref()?.exp?;
        (self.policy.on_expiry == OnExpiry::Demote).then_some(exp * 1_000 + LEEWAY)
    }

    fn entitlement(&self, seat: &Seat) -> Entitlement {
        match self.end_of(seat) {
            Some(end) if end <= self.unix => Entitlement::Guest,
            _ => judge(&self.policy, seat.ticket.as_ref().map(|t| t.kind)),
        }
    }

    /// The sum of somebody's seats: all that may be, as gavel may know too little of a room
    /// to judge anybody there. Nothing if they are absent.
    pub fn verdicts(&self, jid: &str) -> Vec<Option<Entitlement>> {
        let of = |sure: bool| {
            let seats = self.seats_of(jid);
            let seats = seats.filter(|(room, _)| !sure || self.ready.contains(*room));
            let all = seats.map(|(_, seat)| self.entitlement(seat));
            all.max_by_key(rank)
        };
        let mut all = vec![of(false), of(true)];
        all.dedup();
        all
    }

    /// The end of the rights that somebody has by their seats.
    pub fn until(&self, jid: &str) -> Option<u64> {
        let power = |seat: &&Seat| matches!(self.entitlement(seat), Entitlement::Affiliation(a) if a.moderates());
        let seats = self.seats_of(jid).map(|(_, seat)| seat).filter(power);
        let ends = seats.map(|seat| self.end_of(seat));
        ends.max_by_key(|end| end.unwrap_or(u64::MAX)).flatten()
    }

    /// Says whether somebody's token has expired while they are there.
    pub fn has_expired(&self, jid: &str) -> bool {
        let mut seats = self.seats_of(jid);
        seats.any(|(_, seat)| self.end_of(seat).is_some_and(|end| end <= self.unix))
    }

    /// Says whether a rule may leave somebody alone.
    pub fn may_be_kept(&self, jid: &str) -> bool {
        self.verdicts(jid).contains(&Some(Entitlement::Keep))
    }

    pub fn is_left_alone(&self, jid: &str) -> bool {
        let verdicts = self.verdicts(jid);
        verdicts.into_iter().any(Facts::is_settled_by_rule)
    }

    pub fn is_visitor(&self, jid: &str) -> bool {
        self.seats_of(jid)
            .all(|(_, seat)| seat.role == Role::Visitor)
    }
}

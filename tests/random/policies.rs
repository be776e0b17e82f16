//! Policies to choose from at random.

use crate::sim::CONDITIONS;
use gavel::muc::Affiliation;
use gavel::policy::{
    Clause, Entitlement, Fallback, Grants, Guests, Holders, OnExpiry, Permission, Permissions,
    Policy, Preset, Rules,
};
use proptest::prelude::*;

/// The chosen parts of a policy.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub grants: Grants,
    pub guests: Guests,
    pub protect: bool,
    pub guard: bool,
    pub fallback: Fallback,
    pub demotes: bool,
    pub preset: Preset,
    /// The number of one of the [`rules`].
    pub rules: usize,
}

/// The gifts of rules, by the words of their conditions.
const RULES: [&[(&str, Entitlement)]; 8] = [
    &[],
    &[("hosts", Entitlement::Keep)],
    &[("guests", Entitlement::Keep)],
    &[("students", Entitlement::Affiliation(Affiliation::Outcast))],
    &[("students", Entitlement::Affiliation(Affiliation::Owner))],
    &[
        ("hosts", Entitlement::Affiliation(Affiliation::Admin)),
        ("guests", Entitlement::Affiliation(Affiliation::Member)),
    ],
    &[("everybody", Entitlement::Affiliation(Affiliation::None))],
    &[
        ("guests", Entitlement::Affiliation(Affiliation::Owner)),
        ("students", Entitlement::Keep),
    ],
];

/// One of some choices of rules.
pub fn rules(choice: usize) -> Rules {
    let when = |word: &str| CONDITIONS.iter().find(|(known, _)| *known == word);
    let clauses = RULES[choice].iter().map(|(word, gives)| {
        let (name, when) = when(word).unwrap();
        Clause::new(name, when, *gives).unwrap()
    });
    Rules::own(clauses.collect())
}

impl Plan {
    pub fn policy(self) -> Policy {
        Policy {
            // The history cannot say whether a token had expired as gavel first saw it;
            // that matters only if guests are left alone.
            on_expiry: match self.demotes && self.guests == Guests::Strip {
                true => OnExpiry::Demote,
                false => OnExpiry::Keep,
            },
            grants: self.grants,
            guests: self.guests,
            protect_hosts: self.protect,
            guard: self.guard,
            fallback: self.fallback,
            preset: self.preset,
            rules: rules(self.rules),
            permissions: permissions(usize::from(self.guard) * 2 + usize::from(self.protect)),
            ..Policy::default()
        }
    }

    /// Another policy in which tokens end as they did in `before`.
    pub fn policy_after(self, before: &Policy) -> Policy {
        let demotes = before.on_expiry == OnExpiry::Demote;
        let guests = if demotes { Guests::Strip } else { self.guests };
        let plan = Self {
            demotes,
            guests,
            ..self
        };
        plan.policy()
    }
}

pub fn plans() -> impl Strategy<Value = Plan> {
    let grants = prop_oneof![
        3 => Just(Grants::Owner),
        1 => Just(Grants::None),
        1 => Just(Grants::Admin),
    ];
    let guests = prop_oneof![4 => Just(Guests::Strip), 1 => Just(Guests::Ignore)];
    let (protect, guard) = (prop::bool::weighted(0.8), prop::bool::weighted(0.4));
    let fallback = prop_oneof![1 => Just(Fallback::None), 1 => Just(Fallback::First)];
    let demotes = prop::bool::weighted(0.4);
    let all = (fallback, grants, guests, protect, guard, demotes);
    all.prop_map(|(fallback, grants, guests, protect, guard, demotes)| Plan {
        grants,
        guests,
        protect,
        guard,
        fallback,
        demotes,
        preset: Preset::Jitsi,
        rules: 0,
    })
}

/// The same with other presets, and with rules.
pub fn ruled_plans() -> impl Strategy<Value = Plan> {
    let preset = prop_oneof![
        6 => Just(Preset::Jitsi),
        1 => Just(Preset::Authenticated),
        1 => Just(Preset::None),
    ];
    let rules = prop_oneof![3 => Just(0), 2 => 1..RULES.len()];
    (plans(), preset, rules).prop_map(|(plan, preset, rules)| Plan {
        preset,
        rules,
        ..plan
    })
}

/// One of some choices of `[policy.permissions]`.
pub fn permissions(choice: usize) -> Permissions {
    let mut permissions = Permissions::default();
    let choices: [&[_]; 4] = [
        &[
            (Permission::Recording, Holders::Moderators),
            (Permission::SendGroupchat, Holders::Token),
        ],
        &[(Permission::SendGroupchat, Holders::Nobody)],
        &[],
        &[
            (Permission::BreakoutEnter, Holders::Nobody),
            (Permission::LobbyBypass, Holders::Moderators),
            (Permission::Flip, Holders::Token),
        ],
    ];
    for (name, holders) in choices[choice] {
        permissions.set(*name, *holders);
    }
    permissions
}

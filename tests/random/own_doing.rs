//! B17: nothing that people do to themselves gives them a permission.

use super::config;
use crate::sim::permissions::{ruled, set};
use crate::sim::room::Written;
use crate::sim::{Kind, Ticket, World};
use gavel::policy::{Holders, Permission, Policy};
use gavel::stanza::DisplayName;
use proptest::prelude::*;
use std::collections::BTreeMap;

const ADA: &str = "ada@meet.jitsi/1";

/// Somebody's action on themselves.
#[derive(Debug, Clone)]
enum Own {
    Name(u8),
    Nick(u8),
    Payload(u32),
    Drop,
    Show,
}

fn own() -> impl Strategy<Value = Own> {
    prop_oneof![
        any::<u8>().prop_map(Own::Name),
        any::<u8>().prop_map(Own::Nick),
        any::<u32>().prop_map(Own::Payload),
        Just(Own::Drop),
        Just(Own::Show),
    ]
}

/// The extent to which it is allowed; a permission left to Jitsi is a guest's there.
fn extent(list: &BTreeMap<String, String>, name: &str) -> u8 {
    match list.get(name).map(String::as_str) {
        Some("nobody") => 0,
        Some("owners") => 1,
        Some("moderators") => 2,
        None => 3,
        _ => 4,
    }
}

const NAMES: [(&str, Permission); 4] = [
    ("recording", Permission::Recording),
    ("send-groupchat", Permission::SendGroupchat),
    ("breakout-enter", Permission::BreakoutEnter),
    ("flip", Permission::Flip),
];

proptest! {
    #![proptest_config(config())]

    /// Somebody shows, drops or calls themselves anything: they get no permission that they
    /// did not have at first.
    #[test]
    fn b17_nobodys_own_doing_widens_a_permission(
        features in proptest::collection::vec((0..4usize, any::<bool>()), 0..5),
        settings in proptest::collection::vec((0..4usize, 0..5usize), 0..4),
        denied in proptest::option::of(0..4usize),
        acts in proptest::collection::vec(own(), 1..12),
        token in any::<bool>(),
    ) {
        use Holders::{Everyone, Moderators, Nobody, Owners, Token};
        let holders = [Everyone, Token, Moderators, Owners, Nobody];
        let settings: Vec<_> = settings.iter().map(|(n, h)| (NAMES[*n].1, holders[*h])).collect();
        let said: Vec<_> = denied.map(|n| (NAMES[n].1, false)).into_iter().collect();
        let policy = Policy { rules: ruled("claims != null", &said).rules, ..set(&settings) };
        let (mut world, r) = World::under(policy);
        let mut ticket = Ticket::new(Kind::Member, 1).user("ada");
        for (n, allowed) in features {
            ticket = ticket.feature(NAMES[n].0, allowed);
        }
        let mut written = Written {
            ticket: token.then(|| ticket.clone()),
            ..Written::default()
        };
        let mut nick = "ada".to_owned();
        world.write(ADA, &r, &nick, written.clone());
        world.run(100);
        let first = world.server.permitted(ADA, &r);
        for act in acts {
            match act {
                Own::Name(n) => written.name = DisplayName::Plain(format!("n{n}").into()),
                Own::Nick(n) => nick = format!("k{n}"),
                Own::Payload(n) => written.payload = n,
                Own::Drop => written.ticket = None,
                Own::Show => written.ticket = token.then(|| ticket.clone()),
            }
            world.write(ADA, &r, &nick, written.clone());
            world.run(100);
            let now = world.server.permitted(ADA, &r);
            for (name, _) in NAMES {
                prop_assert!(extent(&now, name) <= extent(&first, name), "{name}: {first:?} → {now:?}");
            }
        }
    }
}

//! Properties of the ledger and of the fold that hold for all events.

use super::*;
use crate::policy::Grants;
use proptest::prelude::*;

/// Random events, as numbers.
fn happenings() -> impl Strategy<Value = Vec<(u8, u8, u8)>> {
    prop::collection::vec((0..14u8, 0..5u8, 0..5u8), 1..30)
}

fn happen(somebody: &mut Somebody, (what, which, who): (u8, u8, u8)) {
    let affiliation = [Outcast, Nothing, Member, Admin, Owner][usize::from(which)];
    let standing = [Standing::GUEST, KEPT, HOST, PUPIL, BANNED_BY_RULE][usize::from(which)];
    let author = match who {
        0 => MACHINE,
        1 => by(None),
        2 => by(Some(Root::Election)),
        3 => by_self(),
        _ => by(Some(Root::Host)),
    };
    match what {
        0 if !somebody.standing.is_present() => {
            somebody.standing = standing;
            somebody.apply(Event::Appeared);
        }
        1 if somebody.standing.is_present() => somebody.leaves(which > 0),
        2 if somebody.standing.is_present() => somebody.judged(standing),
        3..=6 => {
            somebody.changed(affiliation, author);
        }
        7 => {
            somebody.apply(Event::Kicked);
        }
        8 => {
            somebody.apply(set(affiliation));
        }
        9 => {
            somebody.apply(Event::OverrideCleared);
        }
        10 if somebody.standing.is_present() => {
            somebody.apply(Event::Elected);
        }
        11 => {
            somebody.apply(Event::ElectionOver);
        }
        12 => {
            somebody.apply(Event::TimeUp(u64::MAX));
        }
        _ => {
            somebody.apply(Event::Settled);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn power_has_a_ground_and_nobody_absent_is_raised(
        all in happenings(), protect in any::<bool>(), grants in 0..3usize
    ) {
        let mut somebody = Somebody::new(Standing::GUEST);
        somebody.policy.protect_hosts = protect;
        somebody.policy.grants = [Grants::Owner, Grants::Admin, Grants::None][grants];
        for one in all {
            happen(&mut somebody, one);
            let (rights, standing) = (&somebody.rights, somebody.standing);
            let grounds = [rights.overridden_to(), rights.granted(), rights.kept()];
            let elected = rights.is_elected().then_some(Owner);
            let by_rule = rights.shown().filter(|_| standing.verdict == Some(Entitlement::Keep));
            let own = standing.own().or(by_rule).or(elected);
            if let Some(power) = somebody.power() {
                prop_assert!(power.moderates());
                prop_assert!(grounds.contains(&Some(power)) || own.is_some(), "{rights:?}");
            }
            // B1: somebody absent is let in again at most.
            let wanted = somebody.decide().wanted;
            let absent = !standing.is_present();
            let lifted = rights.is_ban_to_be_lifted();
            // As gavel acts: while nothing is known of an absent JID it does nothing,
            // but for a ban that it is to lift.
            let shown = rights.shown().or(lifted.then_some(Outcast));
            if let Some(shown) = shown.filter(|_| absent)
                && let Some(target) = wanted.target(shown)
            {
                prop_assert!(target < shown || shown == Outcast, "{rights:?} {wanted:?}");
            }
            // If gavel makes them moderators for something, they have the power for it.
            let may = wanted.target(Nothing).is_some_and(Affiliation::moderates);
            prop_assert!(!may || lifted || somebody.power().is_some(), "{rights:?} {wanted:?}");
        }
    }

    #[test]
    fn state_is_read_again_as_it_was_written(all in happenings()) {
        let mut somebody = Somebody::new(HOST);
        for one in all {
            happen(&mut somebody, one);
            let text = serde_json::to_string(&somebody.rights).unwrap();
            let mut read: Rights = serde_json::from_str(&text).unwrap();
            (read.shown, read.lost) = (somebody.rights.shown, somebody.rights.lost);
            prop_assert_eq!(&read, &somebody.rights);
        }
    }
}

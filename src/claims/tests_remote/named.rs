//! Keys with an address each, named by the token's `kid`.

use super::*;

/// A file of one key and the key's own id are as Jitsi has them.
#[test]
fn named_keys_are_kept_refreshed_and_dropped_when_they_are_gone() {
    let mut verifier = remote(KeyLayout::Named, ES);
    let name = KeyName::of_kid("a");
    let wanted = [name.clone()];
    let mut bindings = Bindings::new();
    let token = ec_token(Some("a"), json!({}));
    let finding = look(&verifier, &mut bindings, &ada(), &token, secs(0));
    assert_eq!(finding.rejected, []);
    assert_eq!(
        finding.awaiting.map(|a| (a.key, a.fault)),
        Some((name.clone(), None))
    );
    assert_eq!(begun(&mut verifier, &[], secs(0)), [], "nobody wants any");
    assert_eq!(begun(&mut verifier, &wanted, secs(0)), wanted);
    keys(&mut verifier).arrived(&name, Ok(key!("p256.pub")), secs(1));
    let mut good = |verifier: &Verifier| {
        let finding = look(verifier, &mut bindings, &ada(), &token, secs(0));
        finding.claims.is_some()
    };
    assert!(good(&verifier));
    assert_eq!(begun(&mut verifier, &wanted, secs(3599)), []);
    assert_eq!(begun(&mut verifier, &[], secs(3600)), wanted);
    keys(&mut verifier).arrived(&name, failed("down"), secs(3600));
    assert!(good(&verifier), "kept while the server is down");
    assert_eq!(begun(&mut verifier, &[], secs(3659)), []);
    assert_eq!(begun(&mut verifier, &[], secs(3660)), wanted);
    keys(&mut verifier).arrived(&name, absent(), secs(3661));
    assert!(!good(&verifier), "gone");
}

#[test]
fn a_missing_key_counts_for_a_minute_and_a_failure_for_ten_seconds() {
    for (result, pause) in [(absent(), 60), (failed("down"), 10), (Ok("<html>"), 10)] {
        let mut verifier = remote(KeyLayout::Named, ES);
        let name = KeyName::of_kid("a");
        let wanted = [name.clone()];
        assert_eq!(begun(&mut verifier, &wanted, secs(5)), wanted);
        keys(&mut verifier).arrived(&name, result, secs(6));
        let fault = |verifier: &Verifier, since| {
            let token = ec_token(Some("a"), json!({}));
            let finding = look(verifier, &mut Bindings::new(), &ada(), &token, since);
            let refused = finding.rejected.first().map(|(_, reason)| *reason);
            let fault = finding.awaiting.unwrap().fault;
            assert_eq!(refused.is_some(), fault.is_some());
            refused
        };
        assert_eq!(fault(&verifier, secs(5)), Some(R::BadSignature));
        assert_eq!(fault(&verifier, secs(6)), Some(R::BadSignature));
        assert_eq!(fault(&verifier, secs(6 + pause)), None, "to be asked again");
        assert_eq!(keys(&mut verifier).next(secs(6)), Some(secs(6 + pause)));
        assert_eq!(begun(&mut verifier, &wanted, secs(5 + pause)), []);
        assert_eq!(begun(&mut verifier, &wanted, secs(6 + pause)), wanted);
        assert_eq!(fault(&verifier, secs(5)), Some(R::BadSignature), "still");
    }
}

#[test]
fn invented_ids_are_fetched_few_at_once_and_at_a_limited_rate() {
    let mut verifier = remote(KeyLayout::Named, ES);
    let mut total = 0;
    let mut now = secs(0);
    for number in 0.. {
        let wanted: Vec<_> = (0..10)
            .map(|n| KeyName::of_kid(&format!("{number} {n}")))
            .collect();
        let fetches = begun(&mut verifier, &wanted, now);
        assert!(fetches.len() <= 6, "at once");
        assert!(keys(&mut verifier).is_busy());
        total += fetches.len();
        for key in fetches {
            keys(&mut verifier).arrived(&key, absent(), now);
        }
        now += Duration::from_millis(100);
        if now == secs(60) {
            break;
        }
    }
    assert_eq!(total, 40 + 10 * 60 - 1);
    // Somebody turned away has a turn as soon as there is one.
    let next = keys(&mut verifier).next(now).unwrap();
    assert!(next <= now + Duration::from_millis(100), "{next:?}");
}

/// A person who comes while all turns are taken is asked for all the same, in a lane that
/// has its bounds, too.
#[test]
fn the_last_to_come_does_not_wait_for_all_before() {
    let mut verifier = remote(KeyLayout::Named, ES);
    let invented: Vec<_> = (0..60).map(|n| KeyName::of_kid(&n.to_string())).collect();
    assert_eq!(begun(&mut verifier, &invented, secs(0)).len(), 6);
    let real = KeyName::of_kid("real");
    let keys = keys(&mut verifier);
    keys.want_newest(&real, secs(0));
    assert_eq!(keys.start(), Some(real));
    let mut total = 1;
    for number in 0..600 {
        let now = Duration::from_millis(number * 100);
        let key = KeyName::of_kid(&format!("new {number}"));
        keys.want_newest(&key, now);
        while let Some(key) = keys.start() {
            total += 1;
            keys.arrived(&key, absent(), now);
        }
    }
    assert_eq!(total, 4 + 4 * 60 - 1);
}

/// However many invented ids wait, a key that is here is refreshed first.
#[test]
fn keys_that_are_here_are_refreshed_before_others_are_fetched() {
    let mut verifier = remote(KeyLayout::Named, ES);
    let name = KeyName::of_kid("a");
    begun(&mut verifier, from_ref(&name), secs(0));
    keys(&mut verifier).arrived(&name, Ok(key!("p256.pub")), secs(0));
    let invented: Vec<_> = (0..50).map(|n| KeyName::of_kid(&n.to_string())).collect();
    let fetches = begun(&mut verifier, &invented, secs(3600));
    assert_eq!(fetches.len(), 6);
    assert_eq!(fetches[0], name);
}

#[test]
fn a_limited_number_of_keys_is_kept() {
    let mut verifier = remote(KeyLayout::Named, ES);
    let mut now = secs(0);
    for number in 0..200 {
        let name = KeyName::of_kid(&number.to_string());
        assert_eq!(begun(&mut verifier, from_ref(&name), now), from_ref(&name));
        keys(&mut verifier).arrived(&name, Ok(key!("p256.pub")), now);
        now += secs(1);
    }
    let known = |verifier: &Verifier, number: u32| {
        let token = ec_token(Some(&number.to_string()), json!({}));
        look(verifier, &mut Bindings::new(), &ada(), &token, now)
            .claims
            .is_some()
    };
    let kept: Vec<u32> = (0..200)
        .filter(|number| known(&verifier, *number))
        .collect();
    assert_eq!(kept, (72..200).collect::<Vec<_>>());
}

#[test]
fn a_token_without_kid_has_no_named_key() {
    let verifier = remote(KeyLayout::Named, ES);
    let token = ec_token(None, json!({}));
    let finding = look(&verifier, &mut Bindings::new(), &ada(), &token, secs(0));
    assert_eq!(refusal(&finding), Some(R::BadSignature));
    assert_eq!(finding.awaiting, None);
    let inspection = verifier.inspect(&token, None, NOW).unwrap();
    let words = inspection.faults().next().unwrap().to_string();
    assert!(words.contains("no kid"), "{words}");
}

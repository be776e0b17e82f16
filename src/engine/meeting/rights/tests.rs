//! Tables of the ledger and of the fold.
#![allow(clippy::unwrap_used)]

mod random;

use super::*;
use crate::claims::UserId;
use crate::engine::event::Cause;
use crate::engine::meeting::decide::{Basis, Decision, Occasion, Surroundings, Wanted, decide};
use crate::muc::Affiliation::{Admin, Member, None as Nothing, Outcast, Owner};
use crate::policy::Guests;

const HOST: Standing = Standing {
    verdict: Some(Entitlement::Affiliation(Owner)),
    ..Standing::ABSENT
};
const PUPIL: Standing = Standing {
    verdict: Some(Entitlement::Affiliation(Member)),
    ..Standing::ABSENT
};
const KEPT: Standing = Standing {
    verdict: Some(Entitlement::Keep),
    ..Standing::ABSENT
};
const BANNED_BY_RULE: Standing = Standing {
    verdict: Some(Entitlement::Affiliation(Outcast)),
    ..Standing::ABSENT
};

/// Somebody, with the policy that holds.
struct Somebody {
    rights: Rights,
    standing: Standing,
    policy: Policy,
}

impl Somebody {
    fn new(standing: Standing) -> Self {
        let mut new = Self {
            rights: Rights::default(),
            standing,
            policy: Policy::default(),
        };
        new.apply(Event::Appeared);
        new
    }

    fn apply(&mut self, event: Event<'_>) -> Taken {
        self.rights.apply(event, self.standing, &self.policy).taken
    }

    /// Their verdict is another from now on.
    fn judged(&mut self, standing: Standing) {
        self.standing = standing;
        self.apply(Event::Judged);
    }

    fn leaves(&mut self, seen: bool) {
        let had = self.standing;
        self.standing = Standing::ABSENT;
        self.apply(Event::Left { had, seen, at: 7 });
        self.apply(Event::Judged);
    }

    fn changed(&mut self, new: Affiliation, by: Author<'_>) -> Taken {
        let old = self.rights.shown().unwrap_or(Nothing);
        self.apply(Event::Shown(new));
        let at = 9;
        self.apply(Event::Changed(&Shift { old, new, by, at }))
    }

    fn decide(&self) -> Decision {
        self.decide_in(false)
    }

    fn decide_in(&self, members_only: bool) -> Decision {
        let surroundings = Surroundings {
            policy: &self.policy,
            members_only,
            unread: false,
            locking: false,
        };
        decide(&self.rights, self.standing, surroundings)
    }

    fn power(&self) -> Option<Affiliation> {
        self.rights.power(self.standing)
    }

    /// Basis and affiliation wanted, and the cause of a change to it.
    fn row(&self) -> (Basis, Wanted, Cause) {
        let decision = self.decide();
        let target = match decision.wanted {
            Wanted::Anything => Nothing,
            Wanted::Exactly(target) | Wanted::AtMost { floor: target, .. } => target,
        };
        let cause = decision.cause(target, Occasion::default());
        (decision.basis, decision.wanted, cause)
    }
}

fn by(power: Option<Root>) -> Author<'static> {
    Author {
        nick: Some("x"),
        jid: Some("x@h/r"),
        is_person: true,
        is_self: false,
        power,
    }
}

fn by_self() -> Author<'static> {
    Author {
        is_self: true,
        ..by(Some(Root::Host))
    }
}

const MACHINE: Author<'static> = Author {
    nick: None,
    jid: None,
    is_person: false,
    is_self: false,
    power: None,
};

fn set(affiliation: Affiliation) -> Event<'static> {
    Event::Overridden(Box::new(Override {
        affiliation,
        until: None,
        by: None,
        nick: None,
        display_name: None,
    }))
}

fn at_most(cap: Affiliation) -> Wanted {
    Wanted::AtMost { cap, floor: cap }
}

const LOW: Wanted = Wanted::AtMost {
    cap: Member,
    floor: Nothing,
};

#[test]
fn each_ground_decides_somebody_present() {
    let host = Somebody::new(HOST);
    assert_eq!(
        host.row(),
        (Basis::Claims, Wanted::Exactly(Owner), Cause::Join)
    );
    let pupil = Somebody::new(PUPIL);
    assert_eq!(
        pupil.row(),
        (Basis::Claims, Wanted::Exactly(Member), Cause::Join)
    );
    let guest = Somebody::new(Standing::GUEST);
    assert_eq!(guest.row(), (Basis::Nothing, LOW, Cause::Guest));
    let left_alone = Somebody::new(KEPT);
    assert_eq!(left_alone.row().0, Basis::LeftAlone);
    assert_eq!(left_alone.row().1, Wanted::Anything);
    let mut banned = Somebody::new(BANNED_BY_RULE);
    let out = (Basis::Banned, Wanted::Exactly(Outcast), Cause::Join);
    assert_eq!(banned.row(), out);
    // Nobody grants anything to somebody banned by a rule.
    banned.changed(Owner, by(Some(Root::Host)));
    assert_eq!(banned.row(), out);
    let mut granted = Somebody::new(PUPIL);
    assert_eq!(granted.changed(Owner, by(Some(Root::Host))), Taken::Granted);
    let owner = Wanted::Exactly(Owner);
    assert_eq!(granted.row(), (Basis::Grant, owner, Cause::Grant));
    let mut elected = Somebody::new(Standing::GUEST);
    elected.apply(Event::Elected);
    assert_eq!(elected.row(), (Basis::Election, owner, Cause::Fallback));
    let mut low = Somebody::new(HOST);
    low.apply(Event::Shown(Owner));
    assert_eq!(low.changed(Member, by_self()), Taken::SteppedDown);
    assert_eq!(
        low.row(),
        (Basis::SteppedDown, at_most(Member), Cause::StepDown)
    );
    let mut set_by_admin = granted;
    set_by_admin.apply(set(Member));
    let row = (Basis::Override, Wanted::Exactly(Member), Cause::Override);
    assert_eq!(set_by_admin.row(), row);
}

#[test]
fn b1_somebody_absent_is_never_raised_and_keeps_their_entitlement() {
    let mut host = Somebody::new(HOST);
    host.leaves(true);
    assert_eq!(host.row(), (Basis::LastSeen, at_most(Owner), Cause::Leave));
    let mut granted = Somebody::new(Standing::GUEST);
    granted.changed(Owner, by(Some(Root::Host)));
    granted.leaves(true);
    assert_eq!(granted.row().0, Basis::Grant);
    assert_eq!(granted.row().1, at_most(Owner));
    let mut guest = Somebody::new(Standing::GUEST);
    guest.leaves(true);
    assert_eq!(guest.row(), (Basis::Nothing, LOW, Cause::Leave));
    let mut elected = Somebody::new(Standing::GUEST);
    elected.apply(Event::Elected);
    elected.leaves(true);
    assert_eq!(elected.row(), (Basis::Nothing, LOW, Cause::Fallback));
    let mut set_by_admin = Somebody::new(HOST);
    set_by_admin.apply(set(Admin));
    set_by_admin.leaves(true);
    assert_eq!(set_by_admin.row().1, at_most(Admin));
}

#[test]
fn b3_a_grant_ends_with_a_kick_or_a_ban() {
    let mut kicked = Somebody::new(Standing::GUEST);
    kicked.changed(Owner, by(Some(Root::Host)));
    kicked.apply(Event::Kicked);
    kicked.leaves(true);
    assert_eq!(kicked.power(), None);
    assert_eq!(kicked.rights.debt(), Some(Debt::Right));
    let mut banned = Somebody::new(Standing::GUEST);
    banned.changed(Owner, by(Some(Root::Host)));
    banned.changed(Outcast, by(Some(Root::Host)));
    assert_eq!(banned.rights.granted(), None);
    assert!(banned.rights.is_banned());
}

#[test]
fn b4_bans_are_lifted_to_the_entitled_affiliation() {
    for (author, protect, lifted) in [
        (MACHINE, true, Some(Owner)),
        (by(None), false, Some(Owner)),
        (by(Some(Root::Host)), true, Some(Owner)),
        (by(Some(Root::Host)), false, None),
    ] {
        let mut host = Somebody::new(HOST);
        host.policy.protect_hosts = protect;
        host.apply(Event::Shown(Owner));
        host.changed(Outcast, author);
        host.leaves(true);
        let wanted = lifted.map(Wanted::Exactly);
        let row = host.row();
        let cause = Cause::Correction;
        let expected = wanted.map(|wanted| (Basis::BanLifted, wanted, cause));
        assert_eq!(
            (row.0 == Basis::BanLifted).then_some(row),
            expected,
            "{author:?}"
        );
    }
    let mut guest = Somebody::new(Standing::GUEST);
    guest.apply(Event::Shown(Member));
    guest.changed(Outcast, by(None));
    guest.leaves(true);
    assert_eq!(guest.row().1, Wanted::Exactly(Member));
}

#[test]
fn on_expiry_a_grant_to_somebody_absent_outlasts_their_token() {
    let ends = Standing {
        ends: Some(100),
        ..HOST
    };
    let mut host = Somebody::new(ends);
    host.leaves(true);
    let mut granted = Somebody {
        rights: host.rights.clone(),
        ..Somebody::new(Standing::ABSENT)
    };
    granted.changed(Owner, by(Some(Root::Host)));
    for somebody in [&mut host, &mut granted] {
        somebody.apply(Event::TimeUp(99));
        assert_eq!(somebody.power(), Some(Owner));
        somebody.apply(Event::TimeUp(100));
    }
    assert_eq!((host.power(), host.row().2), (None, Cause::Expiry));
    assert_eq!(granted.power(), Some(Owner));
}

#[test]
fn on_expiry_a_ban_that_is_lifted_gives_no_more_time_than_the_token() {
    let ends = Standing {
        ends: Some(100),
        ..HOST
    };
    let mut host = Somebody::new(ends);
    host.apply(Event::Shown(Owner));
    host.changed(Outcast, MACHINE);
    host.leaves(true);
    assert_eq!(host.rights.kept_until(), Some(100));
}

#[test]
fn b5_somebody_elected_owes_the_gift_of_the_election() {
    let mut elected = Somebody::new(Standing::GUEST);
    elected.policy.guests = Guests::Ignore;
    elected.apply(Event::Elected);
    elected.apply(Event::ElectionOver);
    assert_eq!(elected.row(), (Basis::Nothing, LOW, Cause::Fallback));
    elected.apply(Event::Settled);
    assert_eq!(elected.row().1, Wanted::Anything);
    let mut promoted = Somebody::new(Standing::GUEST);
    promoted.changed(Owner, by(Some(Root::Election)));
    assert!(promoted.rights.is_elected_power());
    promoted.apply(Event::ElectionOver);
    assert_eq!(promoted.power(), None);
}

#[test]
fn debt_ends_with_power_and_begins_with_its_loss() {
    let mut host = Somebody::new(Standing::GUEST);
    host.apply(Event::Elected);
    host.judged(HOST);
    host.apply(Event::ElectionOver);
    assert_eq!(host.rights.debt(), None, "the token gives it now");
    host.judged(Standing::GUEST);
    assert_eq!(host.rights.debt(), Some(Debt::Right));
    host.judged(KEPT);
    assert_eq!(
        host.rights.debt(),
        Some(Debt::Right),
        "nothing new is known"
    );
    host.judged(HOST);
    assert_eq!(host.rights.debt(), None);
}

#[test]
fn an_override_that_ends_takes_its_gift_back() {
    for standing in [Standing::GUEST, KEPT] {
        let mut somebody = Somebody::new(standing);
        somebody.policy.guests = Guests::Ignore;
        somebody.apply(set(Owner));
        somebody.apply(Event::Shown(Owner));
        somebody.apply(Event::OverrideCleared);
        assert_eq!(somebody.row().1, LOW, "{standing:?}");
    }
    let mut out = Somebody::new(HOST);
    out.apply(set(Outcast));
    out.apply(Event::Shown(Outcast));
    out.leaves(true);
    out.apply(Event::OverrideCleared);
    // More than they were below moderator is for when they come.
    let occasion = Occasion {
        because: Some(Cause::Override),
        ..Occasion::default()
    };
    assert_eq!(out.row().1, Wanted::Exactly(Nothing));
    assert_eq!(out.decide().cause(Nothing, occasion), Cause::Override);
}

#[test]
fn b5_nobody_is_thrown_out_of_a_members_only_room() {
    let guest = Somebody::new(Standing::GUEST);
    let wanted = guest.decide_in(true).wanted;
    assert_eq!(wanted.target(Owner), Some(Member));
    let mut low = Somebody::new(HOST);
    low.apply(Event::Shown(Owner));
    low.changed(Nothing, by_self());
    assert_eq!(low.decide_in(true).wanted, at_most(Member));
    let mut none = Somebody::new(Standing::GUEST);
    none.apply(set(Nothing));
    assert_eq!(none.decide_in(true).wanted, at_most(Member));
    let locking = Surroundings {
        policy: &guest.policy,
        members_only: false,
        unread: false,
        locking: true,
    };
    let decision = decide(&guest.rights, guest.standing, locking);
    assert_eq!(decision.wanted, Wanted::Exactly(Member));
}

#[test]
fn b6_a_visitor_is_left_alone_unless_entitled_to_more() {
    let visitor = |standing| {
        Somebody::new(Standing {
            visitor: true,
            ..standing
        })
    };
    assert_eq!(visitor(PUPIL).row().1, Wanted::Anything);
    assert_eq!(visitor(HOST).row().1, Wanted::Exactly(Owner));
    let mut high = visitor(PUPIL);
    high.apply(Event::Shown(Owner));
    assert_eq!(high.row().1, Wanted::Exactly(Member));
}

#[test]
fn the_state_file_records_people_as_losing_sight_does() {
    let mut somebody = Somebody::new(HOST);
    somebody.apply(Event::Shown(Owner));
    let remembered = somebody.rights.remembered(HOST, 7).unwrap();
    let text = serde_json::to_string(&remembered).unwrap();
    let read: Rights = serde_json::from_str(&text).unwrap();
    somebody.leaves(false);
    assert_eq!(read.kept(), somebody.rights.kept());
    assert_eq!(read.left_at(), Some(7));
    assert_eq!(read.shown(), None);
}

#[test]
fn format_1_of_the_state_file_is_read() {
    let old = r#"{
        "override": {"affiliation": "member", "until": 5, "by": "uid 0"},
        "grant": {"affiliation": "owner", "by_nick": "t", "at": 3, "by_elected": true},
        "step_down": "none", "kept": "owner", "restore": "owner", "base": "member",
        "user_id": "u", "left_at": 4, "since": 2, "elected": true, "entitled": true,
        "lapsed": "fallback"
    }"#;
    let read = |text: &str| Rights::from(serde_json::from_str::<Record>(text).unwrap());
    let rights = read(old);
    let set = rights.override_().unwrap();
    assert_eq!((set.affiliation, set.until), (Member, Some(5)));
    assert_eq!(set.by.as_deref(), Some("uid 0"));
    let grant = rights.grant().unwrap();
    assert_eq!((grant.at, grant.root), (3, Root::Election));
    assert_eq!(rights.kept(), Some(Owner));
    assert!(rights.is_kept_by_grant() && rights.is_elected());
    assert!(rights.is_ban_to_be_lifted());
    assert_eq!(
        (rights.cap(), rights.floor()),
        (Some(Nothing), Some(Member))
    );
    assert_eq!((rights.since(), rights.left_at()), (Some(2), Some(4)));
    assert_eq!(rights.debt(), Some(Debt::Fallback));
    assert_eq!(rights.user(), Some(&UserId::new("u")));
    let expiring = read(r#"{"kept": "owner", "kept_until": 9}"#);
    assert_eq!(expiring.kept_until(), Some(9));
    // Another JID had taken the grant over.
    let moved =
        r#"{"grant": {"affiliation": "owner", "at": 3}, "step_down": "none", "moved": true}"#;
    assert_eq!(read(moved), Rights::default());
    let unjudged = read(r#"{"grant": {"affiliation": "owner", "at": 3}}"#);
    assert_eq!(unjudged.kept(), None);
    assert_eq!(unjudged.granted(), Some(Owner));
}

//! Random interleavings of admins' actions: overrides and other configurations, while
//! people come and go, tokens change and others promote. Nobody in the room steers anything
//! here, so the right affiliation of everybody in the end is plain.

use super::config;
use crate::sim::{Choice, FOCUS, Kind, Ticket, World, room};
use gavel::muc::{Affiliation, BareJid, Role, RoomJid};
use gavel::policy::{
    Clause, Entitlement, Fallback, Grants, Guests, OnExpiry, Policy, Preset, Rules,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

const PEOPLE: usize = 4;

#[derive(Debug, Clone)]
enum Op {
    Show(usize, usize, Option<Kind>),
    Leave(usize, usize),
    /// By the focus, or a server module.
    Set(bool, usize, Affiliation),
    Moderator(usize, usize),
    Visitor(usize, usize),
    /// For so many milliseconds, or until the meeting ends.
    Override(usize, Affiliation, Option<u64>),
    Clear(usize),
    Reload(Policy),
    Reconnect,
    Restart(Policy),
    LoseReplies(u32),
    MembersOnly(bool),
}

fn policy(guests: Guests) -> impl Strategy<Value = Policy> {
    let preset = prop_oneof![
        3 => Just(Preset::Jitsi),
        1 => Just(Preset::Authenticated),
        1 => Just(Preset::None),
    ];
    let fallback = prop_oneof![Just(Fallback::None), Just(Fallback::First)];
    let grants = prop_oneof![Just(Grants::Owner), Just(Grants::Admin)];
    let expiry = prop_oneof![Just(OnExpiry::Keep), Just(OnExpiry::Demote)];
    let all = (preset, fallback, grants, expiry, any::<bool>());
    all.prop_map(move |(preset, fallback, grants, on_expiry, guard)| Policy {
        rules: Rules::own(vec![
            Clause::new("nobody", "false", Entitlement::Keep).unwrap(),
        ]),
        preset,
        fallback,
        guests,
        grants,
        on_expiry,
        guard,
        permissions: super::policies::permissions(
            usize::from(guard) * 2 + usize::from(fallback == Fallback::First),
        ),
        ..Policy::default()
    })
}

fn op(guests: Guests) -> impl Strategy<Value = Op> {
    let (who, session) = (0..PEOPLE, 0..2usize);
    let seat = (who.clone(), session);
    let kind = prop_oneof![
        2 => Just(Some(Kind::Owner)),
        2 => Just(Some(Kind::Member)),
        3 => Just(None),
    ];
    let given = prop_oneof![
        3 => Just(Affiliation::Owner),
        1 => Just(Affiliation::Admin),
        1 => Just(Affiliation::Member),
        1 => Just(Affiliation::None),
    ];
    let set = prop_oneof![
        3 => Just(Affiliation::Owner),
        1 => Just(Affiliation::Admin),
        2 => Just(Affiliation::Member),
        1 => Just(Affiliation::None),
        1 => Just(Affiliation::Outcast),
    ];
    let lasts = prop::option::of(1..3_000u64);
    prop_oneof![
        12 => (seat.clone(), kind).prop_map(|((p, s), k)| Op::Show(p, s, k)),
        5 => seat.clone().prop_map(|(p, s)| Op::Leave(p, s)),
        6 => (any::<bool>(), who.clone(), given).prop_map(|(f, p, a)| Op::Set(f, p, a)),
        2 => seat.clone().prop_map(|(p, s)| Op::Moderator(p, s)),
        1 => seat.prop_map(|(p, s)| Op::Visitor(p, s)),
        5 => (who.clone(), set, lasts).prop_map(|(p, a, f)| Op::Override(p, a, f)),
        3 => who.prop_map(Op::Clear),
        4 => policy(guests).prop_map(Op::Reload),
        1 => Just(Op::Reconnect),
        1 => policy(guests).prop_map(Op::Restart),
        1 => (1..4u32).prop_map(Op::LoseReplies),
        1 => any::<bool>().prop_map(Op::MembersOnly),
    ]
}

type Script = Vec<(Op, u64)>;

fn script() -> impl Strategy<Value = (Policy, Script)> {
    prop_oneof![2 => Just(Guests::Strip), 1 => Just(Guests::Ignore)].prop_flat_map(|guests| {
        let pause = prop_oneof![
            4 => Just(0u64),
            6 => 0..12u64,
            4 => 12..60u64,
            3 => 60..4_000u64,
        ];
        let ops = prop::collection::vec((op(guests), pause), 1..40);
        (policy(guests), ops)
    })
}

fn full(person: usize, session: usize) -> String {
    format!("p{person}@meet.jitsi/{session}")
}

fn jid(person: usize) -> BareJid {
    BareJid::parse(&format!("p{person}@meet.jitsi")).unwrap()
}

struct Play {
    world: World,
    room: RoomJid,
    tickets: BTreeMap<(usize, usize), Option<Kind>>,
}

impl Play {
    fn act(&mut self, op: Op) {
        let (r, world) = (self.room.clone(), &mut self.world);
        // Gifts of others to people who are left alone are theirs.
        let ignores = world.choice.policy.guests == Guests::Ignore;
        match op {
            Op::Set(..) | Op::Moderator(..) if ignores => {}
            Op::Show(p, s, kind) => {
                let serial = (p * 10 + usize::from(kind == Some(Kind::Owner))) as u32;
                let ticket = kind.map(|kind| Ticket::new(kind, serial).user(&format!("u{p}")));
                let ticket = ticket.map(|ticket| match p {
                    1 => ticket.feature("recording", true),
                    2 => ticket.feature("send-groupchat", false),
                    _ => ticket,
                });
                let nick = format!("p{p}s{s}");
                if world.try_join(&full(p, s), &r, &nick, ticket).is_ok() {
                    self.tickets.insert((p, s), kind);
                }
            }
            Op::Leave(p, s) => world.leave(&full(p, s), &r),
            Op::Set(focus, p, affiliation) => {
                let _ = world.set(focus.then_some(FOCUS), &r, &full(p, 0), affiliation);
            }
            Op::Moderator(p, s) => self.role(p, s, Role::Moderator),
            Op::Visitor(p, s) => self.role(p, s, Role::Visitor),
            Op::Override(p, affiliation, lasts) => {
                let until = lasts.map(|lasts| world.unix_ms() + lasts);
                self.set_override(p, Some((affiliation, until)));
            }
            Op::Clear(p) => self.set_override(p, None),
            Op::Reload(policy) => {
                self.configure(policy);
                self.world.reload();
            }
            Op::Reconnect => world.disconnect(),
            Op::Restart(policy) => {
                self.configure(policy);
                self.world.restart();
            }
            Op::LoseReplies(n) => world.lose_replies = n,
            Op::MembersOnly(set) => self.members_only(set),
        }
    }

    fn configure(&mut self, policy: Policy) {
        self.world.choice.policy = policy;
    }

    fn role(&mut self, p: usize, s: usize, role: Role) {
        if let Some(nick) = self.world.nick_of(&self.room, &full(p, s)) {
            let _ = self.world.role(None, &self.room, &nick, role);
        }
    }

    fn set_override(&mut self, p: usize, set: Option<(Affiliation, Option<u64>)>) {
        self.world.set_override(&self.room, jid(p).as_str(), set);
    }

    fn members_only(&mut self, set: bool) {
        let world = &mut self.world;
        let Some(room) = world.server.rooms.get_mut(&self.room) else {
            return;
        };
        room.members_only = set;
        let user = gavel::stanza::MucUser {
            status: vec![104],
            ..Default::default()
        };
        if world.server.gavel_sees(&self.room) {
            let kind = gavel::stanza::MessageKind::Groupchat;
            world.server.room_message(&self.room, user, kind);
        }
        world.flush();
    }

    /// The gift of the tokens of somebody's sessions, as far as it makes owner.
    fn is_host(&self, p: usize) -> bool {
        (0..2).filter(|s| self.is_here(p, *s)).any(|s| {
            match (self.world.choice.policy.preset, self.tickets[&(p, s)]) {
                (Preset::Authenticated, kind) => kind.is_some(),
                (Preset::None, _) => false,
                (_, kind) => kind == Some(Kind::Owner),
            }
        })
    }

    fn is_here(&self, p: usize, s: usize) -> bool {
        self.world.nick_of(&self.room, &full(p, s)).is_some()
    }

    fn check(&mut self) {
        let world = &mut self.world;
        world.lose_replies = 0;
        world.run(60_000);
        let rested = world.now;
        world.run(30_000);
        let late = world.changes_since(rested);
        assert!(late.is_empty(), "gavel does not rest: {late:?}");
        world.check_history();
        if !world.server.gavel_sees(&self.room) {
            return;
        }
        let here: Vec<usize> = (0..PEOPLE)
            .filter(|p| (0..2).any(|s| self.is_here(*p, s)))
            .collect();
        let (mut hosts, mut elected) = (0, 0);
        for p in &here {
            let has = self.world.has(&self.room, &full(*p, 0));
            let set = self.world.engine.override_for(&self.room, &jid(*p));
            let set = set.map(|set| set.set.affiliation);
            match set {
                Some(Affiliation::None) => assert!(has <= Affiliation::Member, "{p} {has}"),
                Some(set) => assert_eq!(has, set, "{p} by override"),
                None if self.is_host(*p) => assert_eq!(has, Affiliation::Owner, "{p} by token"),
                None if has == Affiliation::Owner => elected += 1,
                None => assert!(!has.moderates(), "{p} has {has}"),
            }
            let host = set.map_or(self.is_host(*p), Affiliation::moderates);
            hosts += usize::from(host);
        }
        for p in (0..PEOPLE).filter(|p| !here.contains(p)) {
            let set = self.world.engine.override_for(&self.room, &jid(p));
            let banned = set.is_some_and(|set| set.set.affiliation == Affiliation::Outcast);
            let has = self.world.has(&self.room, &full(p, 0));
            assert_eq!(
                has == Affiliation::Outcast,
                banned,
                "{p} is away and has {has}"
            );
        }
        let first = self.world.choice.policy.fallback == Fallback::First;
        let most = usize::from(first && hosts == 0);
        assert!(elected <= most, "{elected} without a right: {here:?}");
        for (nick, occupant) in &self.world.server.rooms[&self.room].occupants {
            let has = self.world.server.affiliation(&self.room, &occupant.bare);
            let person = occupant.bare.starts_with('p');
            let moderates = occupant.role == Role::Moderator;
            assert!(!person || !moderates || has.moderates(), "{nick} by role");
        }
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn an_override_holds_and_leaves_nothing_behind((policy, ops) in script()) {
        let world = World::new(Choice { policy, ..Choice::default() });
        let mut play = Play { world, room: room("r"), tickets: BTreeMap::new() };
        play.world.open_room(&room("r"));
        for (op, pause) in ops {
            play.act(op);
            play.world.run(pause);
        }
        play.check();
    }
}

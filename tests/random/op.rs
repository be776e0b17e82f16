//! The events of a random interleaving.

use super::policies::{Plan, ruled_plans};
use crate::sim::room::Written;
use crate::sim::{FOCUS, Kind, Ticket, World, breakout, room};
use gavel::muc::{Affiliation, Role, RoomJid};
use gavel::policy::OnExpiry;
use gavel::stanza::DisplayName;
use proptest::prelude::*;

/// How many people there are. The last two are one user with two devices.
const PEOPLE: usize = 6;

/// The party that does something to somebody.
#[derive(Debug, Clone, Copy)]
pub enum By {
    Focus,
    Module,
    Person(usize),
}

#[derive(Debug, Clone)]
pub enum Op {
    /// A session joins, updates its presence or changes its token, which expires so
    /// many seconds later.
    Show(usize, usize, Option<Kind>, Option<u64>),
    Leave(usize, usize),
    /// A session connects for the room, and is announced.
    Connect(usize, usize, Kind),
    Set(By, usize, Affiliation),
    /// In the breakout room.
    SetInBreakout(By, usize, Affiliation),
    Kick(By, usize),
    Moderator(By, usize),
    Visitor(usize),
    Rename(usize),
    Breakout(usize, Option<Kind>, Option<u64>),
    LeaveBreakout(usize),
    LoseReplies(u32),
    Slow(u64),
    Reconnect,
    Restart,
    MembersOnly(bool),
    Focus(bool),
    FocusFights(u64),
    /// gavel is put out.
    PutOut(bool),
    /// The server module of a device switch: affiliations are copied.
    Flip,
    /// gavel is lowered by somebody.
    Depose(usize),
    /// An admin sets this for so many milliseconds, or until the meeting ends.
    Override(usize, Affiliation, Option<u64>),
    /// An admin takes back an override.
    Clear(usize),
    /// Another configuration, with a restart or without.
    Configure(Plan, bool),
}

fn kind() -> impl Strategy<Value = Option<Kind>> {
    prop_oneof![
        3 => Just(Some(Kind::Owner)),
        2 => Just(Some(Kind::Member)),
        2 => Just(None),
    ]
}

fn expires() -> impl Strategy<Value = Option<u64>> {
    prop_oneof![2 => Just(None), 1 => (0..60u64).prop_map(Some)]
}

fn by() -> impl Strategy<Value = By> {
    prop_oneof![
        2 => Just(By::Focus),
        1 => Just(By::Module),
        4 => (0..PEOPLE).prop_map(By::Person),
    ]
}

fn affiliation() -> impl Strategy<Value = Affiliation> {
    prop_oneof![
        4 => Just(Affiliation::Owner),
        2 => Just(Affiliation::Admin),
        2 => Just(Affiliation::Member),
        3 => Just(Affiliation::None),
        1 => Just(Affiliation::Outcast),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let who = 0..PEOPLE;
    prop_oneof![
        12 => (who.clone(), 0..2usize, kind(), expires())
            .prop_map(|(p, s, k, e)| Op::Show(p, s, k, e)),
        5 => (who.clone(), 0..2usize).prop_map(|(p, s)| Op::Leave(p, s)),
        5 => (who.clone(), 0..2usize, prop_oneof![2 => Just(Kind::Owner), 1 => Just(Kind::Member)])
            .prop_map(|(p, s, k)| Op::Connect(p, s, k)),
        14 => (by(), who.clone(), affiliation()).prop_map(|(b, p, a)| Op::Set(b, p, a)),
        2 => (by(), who.clone(), affiliation()).prop_map(|(b, p, a)| Op::SetInBreakout(b, p, a)),
        2 => (by(), who.clone()).prop_map(|(b, p)| Op::Kick(b, p)),
        2 => (by(), who.clone()).prop_map(|(b, p)| Op::Moderator(b, p)),
        1 => who.clone().prop_map(Op::Visitor),
        1 => who.clone().prop_map(Op::Rename),
        3 => (who.clone(), kind(), expires()).prop_map(|(p, k, e)| Op::Breakout(p, k, e)),
        2 => who.clone().prop_map(Op::LeaveBreakout),
        1 => (1..4u32).prop_map(Op::LoseReplies),
        1 => prop_oneof![Just(0u64), 1..2000u64].prop_map(Op::Slow),
        1 => Just(Op::Reconnect),
        1 => Just(Op::Restart),
        1 => any::<bool>().prop_map(Op::MembersOnly),
        1 => prop::bool::weighted(0.7).prop_map(Op::Focus),
        1 => (100..6000u64).prop_map(Op::FocusFights),
        1 => any::<bool>().prop_map(Op::PutOut),
        1 => Just(Op::Flip),
        1 => who.prop_map(Op::Depose),
    ]
}

/// Happenings, each followed by a pause in milliseconds.
#[derive(Clone)]
pub struct Script(pub Vec<(Op, u64)>);

impl std::fmt::Debug for Script {
    /// On one line, however it is asked for.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

/// The actions of admins.
fn by_admins() -> impl Strategy<Value = Op> {
    let who = 0..PEOPLE;
    prop_oneof![
        3 => (who.clone(), affiliation(), prop::option::of(1..20_000u64))
            .prop_map(|(p, a, lasts)| Op::Override(p, a, lasts)),
        1 => who.prop_map(Op::Clear),
        2 => (ruled_plans(), prop::bool::weighted(0.3))
            .prop_map(|(plan, restart)| Op::Configure(plan, restart)),
    ]
}

/// So many at most.
pub fn ops(most: usize) -> impl Strategy<Value = Script> {
    script(op(), most)
}

/// The same, and the actions of admins.
pub fn admins_ops(most: usize) -> impl Strategy<Value = Script> {
    script(prop_oneof![12 => op(), 1 => by_admins()], most)
}

fn script(op: impl Strategy<Value = Op>, most: usize) -> impl Strategy<Value = Script> {
    let pause = prop_oneof![
        4 => Just(0u64),
        6 => 0..12u64,
        4 => 12..60u64,
        2 => 60..2_000u64,
        1 => 2_000..70_000u64,
    ];
    prop::collection::vec((op, pause), 1..most).prop_map(Script)
}

/// A simulation being played.
pub struct Play {
    pub world: World,
    /// How many events reconnects repeat.
    pub restored: usize,
    room: RoomJid,
    breakout: RoomJid,
    tickets: Vec<Option<Ticket>>,
}

fn full(person: usize, session: usize) -> String {
    format!("p{person}@meet.jitsi/{session}")
}

fn nick(person: usize, session: usize) -> String {
    format!("p{person}s{session}")
}

fn ticket(person: usize, kind: Option<Kind>) -> Option<Ticket> {
    let kind = kind?;
    let serial = person as u32 * 10 + u32::from(kind == Kind::Owner);
    let user = format!("u{}", person.min(PEOPLE - 2));
    let ticket = Ticket::new(kind, serial).user(&user);
    let ticket = match person % 2 {
        0 => ticket.named("Ada"),
        _ => ticket,
    };
    // Each has another thing to say about permissions, or nothing.
    Some(match person {
        1 => ticket.feature("recording", true),
        2 => ticket
            .feature("recording", false)
            .feature("send-groupchat", false),
        3 => ticket
            .feature("send-groupchat", true)
            .feature("breakout-enter", true),
        _ => ticket,
    })
}

/// Everybody is called Ada; the tokens of some say so.
fn named(ticket: Option<Ticket>) -> Written {
    Written {
        name: DisplayName::Plain("Ada".into()),
        ticket,
        ..Written::default()
    }
}

fn expiring(world: &World, ticket: Option<Ticket>, seconds: Option<u64>) -> Option<Ticket> {
    let ticket = ticket?;
    // Elsewhere `exp` matters only as a token is first seen.
    let demotes = world.choice.policy.on_expiry == OnExpiry::Demote;
    Some(match seconds.filter(|_| demotes) {
        Some(seconds) => ticket.until(world.unix_ms() / 1_000 + seconds),
        None => ticket,
    })
}

impl Play {
    pub fn new(mut world: World) -> Self {
        let (room, breakout) = (room("r"), breakout("b"));
        world.server.numbers_meetings = true;
        world
            .server
            .breakouts
            .insert(breakout.clone(), room.clone());
        world.open_room(&room);
        Self {
            world,
            restored: 0,
            room,
            breakout,
            tickets: vec![None; PEOPLE],
        }
    }

    /// An action that somebody may not take is refused, and nothing happens.
    pub fn act(&mut self, op: &Op) {
        let (r, b) = (self.room.clone(), self.breakout.clone());
        let world = &mut self.world;
        match op {
            Op::Show(p, s, kind, expires) => {
                let nick = world.nick_of(&r, &full(*p, *s)).unwrap_or(nick(*p, *s));
                let ticket = expiring(world, ticket(*p, *kind), *expires);
                self.tickets[*p] = ticket.clone();
                let _ = world.try_write(&full(*p, *s), &r, &nick, named(ticket));
                self.invite(&r);
            }
            Op::Leave(p, s) => world.leave(&full(*p, *s), &r),
            Op::Connect(p, s, kind) => {
                if let Some(ticket) = ticket(*p, Some(*kind)) {
                    world.connects(&full(*p, *s), &r, ticket);
                }
            }
            Op::Set(by, p, affiliation) => {
                let _ = world.set(actor(*by).as_deref(), &r, &full(*p, 0), *affiliation);
            }
            Op::SetInBreakout(by, p, affiliation) => {
                let _ = world.set(actor(*by).as_deref(), &b, &full(*p, 0), *affiliation);
            }
            Op::Kick(by, p) => self.role(*by, *p, Role::None),
            Op::Moderator(by, p) => self.role(*by, *p, Role::Moderator),
            Op::Visitor(p) => self.role(By::Module, *p, Role::Visitor),
            Op::Rename(p) => {
                let ticket = self.tickets[*p].clone();
                let now = world.nick_of(&r, &full(*p, 0));
                let next = format!("{}x", now.unwrap_or(nick(*p, 0)));
                let _ = world.try_write(&full(*p, 0), &r, &next, named(ticket));
            }
            Op::Breakout(p, kind, expires) => {
                if world.server.rooms.contains_key(&r) {
                    let nick = nick(*p, 0);
                    let ticket = expiring(world, ticket(*p, *kind), *expires);
                    let _ = world.try_write(&full(*p, 0), &b, &nick, named(ticket));
                    self.invite(&b);
                }
            }
            Op::LeaveBreakout(p) => world.leave(&full(*p, 0), &b),
            Op::LoseReplies(n) => world.lose_replies = *n,
            Op::Slow(ms) => world.slow = *ms,
            Op::Reconnect => {
                self.restored += 2 * PEOPLE;
                world.disconnect();
            }
            Op::Restart => {
                self.restored += 2 * PEOPLE;
                world.restart();
            }
            Op::MembersOnly(set) => self.members_only(*set),
            Op::Focus(true) => {
                let _ = world.try_join(FOCUS, &r, "focus", None);
            }
            Op::Focus(false) => world.leave(FOCUS, &r),
            Op::FocusFights(ms) => world.focus_fights_until = world.now + ms,
            Op::PutOut(kick) => self.put_out(*kick),
            Op::Flip => self.flip(),
            // An admin finds the rooms that gavel is in.
            Op::Override(..) | Op::Clear(_) if !world.server.gavel_sees(&r) => {}
            Op::Override(p, affiliation, lasts) => {
                let until = lasts.map(|lasts| world.unix_ms() + lasts);
                world.set_override(&r, &bare(*p), Some((*affiliation, until)));
            }
            Op::Clear(p) => world.set_override(&r, &bare(*p), None),
            Op::Configure(plan, restart) => {
                self.restored += 2 * PEOPLE;
                world.choice.policy = plan.policy_after(&world.choice.policy);
                match restart {
                    true => world.restart(),
                    false => world.reload(),
                }
            }
            Op::Depose(p) => {
                let gavel = world.server.gavel_bare();
                let _ = world.set(Some(&full(*p, 0)), &r, &gavel, Affiliation::None);
            }
        }
    }

    /// Without the module somebody has to.
    fn invite(&mut self, room: &RoomJid) {
        let server = &mut self.world.server;
        if !server.module && server.rooms.contains_key(room) && !server.gavel_sees(room) {
            server.invite(room);
            self.world.flush();
        }
    }

    fn role(&mut self, by: By, person: usize, role: Role) {
        let nick = self.world.nick_of(&self.room, &full(person, 0));
        if let Some(nick) = nick {
            let _ = self
                .world
                .role(actor(by).as_deref(), &self.room, &nick, role);
        }
    }

    fn members_only(&mut self, set: bool) {
        let Some(room) = self.world.server.rooms.get_mut(&self.room) else {
            return;
        };
        room.members_only = set;
        let user = gavel::stanza::MucUser {
            status: vec![104],
            ..Default::default()
        };
        let kind = gavel::stanza::MessageKind::Groupchat;
        if self.world.server.gavel_sees(&self.room) {
            self.world.server.room_message(&self.room, user, kind);
        }
        self.world.flush();
    }

    fn put_out(&mut self, kick: bool) {
        let server = &self.world.server;
        let gavel = server.gavel_full();
        let nick = self.world.nick_of(&self.room, &gavel);
        let (Some(nick), false) = (nick, server.module) else {
            return;
        };
        let gavel = server.gavel_bare();
        if kick {
            let _ = self.world.role(None, &self.room, &nick, Role::None);
        } else {
            let _ = self
                .world
                .set(Some(FOCUS), &self.room, &gavel, Affiliation::Outcast);
        }
    }

    fn flip(&mut self) {
        let (old, new) = (PEOPLE - 2, PEOPLE - 1);
        if let Some(room) = self.world.server.rooms.get(&self.room) {
            let held = room.stored(&bare(old));
            let _ = self.world.set(None, &self.room, &bare(new), held);
        }
    }
}

fn bare(person: usize) -> String {
    format!("p{person}@meet.jitsi")
}

fn actor(by: By) -> Option<String> {
    match by {
        By::Focus => Some(FOCUS.to_owned()),
        By::Module => None,
        By::Person(person) => Some(full(person, 0)),
    }
}

//! Scripts in virtual time, on the modelled MUC service.

use crate::scripts::stage::{Setting, Shown, Stage, Token, bare, nick};
use crate::sim::room::Written;
use crate::sim::{Choice, FOCUS, Kind, Ticket, World, breakout, room};
use gavel::cli::logging::{To, subscriber};
use gavel::config::{LogFormat, load_from};
use gavel::muc::{Affiliation, BareJid, Nick, Role, RoomJid};
use gavel::shell::{report, settings};
use gavel::stanza::{DisplayName, Outbound, Request};
use std::collections::BTreeMap;
use std::io::Write;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// Plays a script: nothing in the model waits for anything outside it.
pub fn play(script: impl Future<Output = ()>) {
    let played = pin!(script).poll(&mut Context::from_waker(Waker::noop()));
    assert_eq!(played, Poll::Ready(()), "the model waits");
}

/// The modelled service with a room. As it ends everybody has the rights they should have.
pub struct Model {
    world: World,
    room: RoomJid,
    breakout: RoomJid,
    /// The one of them that people act in.
    here: RoomJid,
    /// How many updates people have sent, and the number of somebody's last.
    updates: u32,
    last: BTreeMap<String, u32>,
}

/// gavel's settings are those that the real one reads from such a file.
fn choice(module: bool, setting: &Setting) -> Choice {
    let config = &setting.config;
    let file = tempfile::NamedTempFile::new().unwrap();
    let usual = "[component]\njid = 'gavel.meet.jitsi'\nserver = '127.0.0.1:5347'\nsecret = 'x'\n\
                 [[muc]]\nservice = 'muc.meet.jitsi'\n";
    write!(file.as_file(), "{usual}{config}").unwrap();
    let read = load_from(Some(file.path()), file.path(), []).unwrap();
    let settings = settings::engine(&read.config, 1).unwrap();
    Choice {
        module,
        policy: settings.policy,
        freeze: settings.freeze,
        guests: settings.guests,
        host_absent: settings.host_absent.action,
        host_absent_after: settings.host_absent.after,
        leeway: setting.leeway.map_or(settings.leeway, Duration::from_secs),
        ..Choice::default()
    }
}

fn full(who: &str) -> String {
    match who.split_once('/') {
        None if who == "focus" => FOCUS.to_owned(),
        None => format!("{}/1", bare(who)),
        Some((_, resource)) => format!("{}/{resource}", bare(who)),
    }
}

fn ticket(token: &Option<Token>) -> Option<Ticket> {
    let token = token.as_ref()?;
    let kind = if token.host {
        Kind::Owner
    } else {
        Kind::Member
    };
    Some(Ticket {
        exp: token.exp,
        name: token.name.clone(),
        ..Ticket::new(kind, token.serial).user(&token.id)
    })
}

fn written(shown: Shown<'_>, token: &Option<Token>) -> Written {
    Written {
        ticket: ticket(token),
        name: shown
            .name
            .map_or_else(DisplayName::default, |name| DisplayName::Plain(name.into())),
        ..Written::default()
    }
}

fn affiliation(word: &str) -> Affiliation {
    Affiliation::parse(word).unwrap()
}

impl Model {
    fn stored(&self, who: &str) -> String {
        self.world.has(&self.room, &bare(who)).to_string()
    }

    fn nick_of(&self, who: &str) -> Option<String> {
        self.world.nick_of(&self.here, &full(who))
    }

    /// Lets time pass until it is so.
    fn until(&mut self, what: &str, so: impl Fn(&Self) -> bool) {
        let deadline = self.world.now + 10_000;
        while !so(self) {
            assert!(self.world.now < deadline, "waited in vain for {what}");
            self.world.run(1);
        }
    }

    /// Until neither side says anything for longer than an answer takes.
    fn settle(&mut self) {
        let said = |world: &World| (world.sent.len(), world.delivered);
        let mut before = None;
        while before.replace(said(&self.world)) != Some(said(&self.world)) {
            self.world.run(20);
        }
    }
}

impl Stage for Model {
    /// Says whether the module serves the room.
    type Place = bool;

    const ROUND_TRIP: Duration = Duration::from_millis(15);

    async fn open(module: bool, setting: impl Into<Setting>) -> Self {
        let setting = setting.into();
        let mut world = World::new(choice(module, &setting));
        world.server.admins.extend(setting.admin.map(bare));
        let (room, breakout) = (room("room"), breakout("room--1"));
        world.open_room(&room);
        if setting.breakout {
            let rooms = (breakout.clone(), room.clone());
            world.server.breakouts.extend([rooms]);
            world.open_room(&breakout);
        }
        Self {
            world,
            here: room.clone(),
            room,
            breakout,
            updates: 0,
            last: BTreeMap::new(),
        }
    }

    fn turns_to_breakout(&mut self, breakout: bool) {
        let here = if breakout { &self.breakout } else { &self.room };
        self.here = here.clone();
    }

    async fn tries_to_enter_as(
        &mut self,
        who: &str,
        shown: Shown<'_>,
        token: &Option<Token>,
    ) -> Result<(), String> {
        let nick = shown.nick.unwrap_or(nick(who));
        let server = &mut self.world.server;
        let entered = server.present(&full(who), &self.here, nick, written(shown, token));
        self.world.flush();
        entered.map_err(str::to_owned)
    }

    async fn shows(&mut self, who: &str, shown: Shown<'_>, token: &Option<Token>) {
        let nick = shown.nick.unwrap_or(nick(who));
        // No two are the same.
        self.updates += 1;
        self.last.insert(who.to_owned(), self.updates);
        let written = Written {
            payload: self.updates,
            ..written(shown, token)
        };
        self.world.write(&full(who), &self.here, nick, written);
    }

    async fn declares(&mut self, who: &str, machine: bool) {
        let written = Written {
            machine,
            ..Written::default()
        };
        self.world.write(&full(who), &self.here, nick(who), written);
    }

    async fn leaves(&mut self, who: &str) {
        self.world.leave(&full(who), &self.here);
    }

    async fn tries_to_set(&mut self, by: &str, person: &str, to: &str) -> Result<(), String> {
        let by = (by != "server").then(|| full(by));
        let set = self
            .world
            .set(by.as_deref(), &self.here, &bare(person), affiliation(to));
        set.map_err(str::to_owned)
    }

    async fn tries_to_set_role(
        &mut self,
        by: &str,
        person: &str,
        role: &str,
    ) -> Result<(), String> {
        let nick = self.nick_of(person).unwrap();
        let role = Role::parse(role).unwrap();
        let set = self.world.role(Some(&full(by)), &self.here, &nick, role);
        set.map_err(str::to_owned)
    }

    async fn makes_members_only(&mut self, on: bool) {
        self.world.members_only(&self.room, on);
    }

    async fn makes_moderated(&mut self, on: bool) {
        let rooms = &mut self.world.server.rooms;
        rooms.get_mut(&self.room).unwrap().moderated = on;
    }

    // No time passes before something waits.
    fn gavel_looks_away(&mut self) {}

    fn gavel_looks_again(&mut self) {}

    async fn gavel_stops(&mut self) {
        self.world.restart();
    }

    async fn gavel_starts(&mut self) {
        self.until("gavel to be ready", |model| model.world.engine.is_ready());
        self.settle();
    }

    async fn gavel_reloads(&mut self, config: &str) {
        let choice = choice(self.world.choice.module, &config.into());
        self.world.choice = choice.clone();
        self.world.reconfigure(choice.policy);
        self.settle();
    }

    async fn sets_override(&mut self, who: &str, to: &str, lasts: Option<Duration>) {
        self.settle();
        let until = lasts.map(|lasts| self.world.unix_ms() + lasts.as_millis() as u64);
        let set = Some((affiliation(to), until));
        self.world.set_override(&self.room, &bare(who), set);
    }

    async fn tries_to_remove_override(&mut self, who: &str) -> Result<(), String> {
        let jid = BareJid::parse(&bare(who)).unwrap();
        let set = self.world.engine.override_for(&self.room, &jid);
        self.world.set_override(&self.room, jid.as_str(), None);
        set.map(|_| ()).ok_or("not_found".to_owned())
    }

    async fn the_next_meeting_begins(&mut self) {
        let gavel = self.world.server.gavel_bare();
        let people = self.world.server.rooms[&self.room].occupants.values();
        let people = people.filter(|occupant| occupant.bare != gavel);
        let people: Vec<String> = people.flat_map(|o| o.sessions.clone()).collect();
        for full in people {
            self.world.leave(&full, &self.room);
        }
        self.until("the end of the meeting", |model| {
            let gone = !model.world.server.rooms.contains_key(&model.room);
            gone && model.world.engine.meeting(&model.room).is_none()
        });
        self.world.open_room(&self.room);
    }

    async fn stay(&mut self, people: &[&str], affiliation: &str, time: Duration) {
        for _ in 0..time.as_millis() {
            self.world.run(1);
            for who in people {
                assert_eq!(self.stored(who), affiliation, "{who}");
            }
        }
    }

    async fn idles(&mut self) {
        self.world.run(60_000);
    }

    fn clock(&self) -> Duration {
        Duration::from_millis(self.world.now)
    }

    fn unix(&self) -> Duration {
        Duration::from_millis(self.world.unix_ms())
    }

    async fn rests(&mut self) {
        self.settle();
    }

    async fn has(&mut self, who: &str) -> String {
        self.settle();
        self.stored(who)
    }

    async fn role(&mut self, who: &str) -> String {
        self.settle();
        let nick = self.nick_of(who);
        let role = nick.map(|nick| self.world.role_of(&self.here, &nick));
        role.unwrap_or(Role::None).to_string()
    }

    fn shown(&self, who: &str) -> String {
        let shown = self.world.server.affiliation(&self.here, &bare(who));
        shown.to_string()
    }

    async fn comes_to(&mut self, who: &str, affiliation: &str) {
        let what = format!("{who} to be {affiliation}");
        self.until(&what, |model| model.stored(who) == affiliation);
    }

    async fn goes(&mut self, who: &str) {
        self.until(&format!("{who} to be out"), |model| {
            model.nick_of(who).is_none()
        });
    }

    async fn is_missed(&mut self, who: &str) {
        let (room, nick) = (self.here.clone(), Nick::new(nick(who)));
        self.until(&format!("gavel to miss {who}"), |model| {
            let mut rooms = model.world.engine.rooms();
            !rooms.any(|known| known.jid == room && known.occupants.contains_key(&nick))
        });
    }

    fn thrown_out(&self, who: &str) -> usize {
        usize::from(self.nick_of(who).is_none())
    }

    fn name(&self, who: &str) -> Option<String> {
        let nick = self.nick_of(who)?;
        let occupant = &self.world.server.rooms[&self.here].occupants[&nick];
        occupant.presence.name.shown().map(str::to_owned)
    }

    async fn is_called(&mut self, who: &str, name: &str) {
        self.until("a name", |model| model.name(who).as_deref() == Some(name));
    }

    fn shows_the_newest(&self, who: &str) -> bool {
        let nick = self.nick_of(who).unwrap();
        let occupant = &self.world.server.rooms[&self.here].occupants[&nick];
        self.last[who] == occupant.presence.payload
    }

    async fn reverts(&mut self) -> usize {
        self.settle();
        self.world.server.reverts as usize
    }

    fn notices(&self, _: &str) -> usize {
        self.world.server.notices as usize
    }

    async fn is_notified(&mut self, who: &str) {
        self.until("a notice", |model| model.notices(who) > 0);
    }

    fn warnings(&self, _: &str) -> usize {
        let sent = self.world.sent.iter();
        let warned = sent.filter(|(_, stanza)| matches!(stanza, Outbound::Announce { .. }));
        warned.count()
    }

    async fn is_warned(&mut self, who: &str, times: usize) {
        self.until("a warning", |model| model.warnings(who) == times);
    }

    async fn sees_the_end(&mut self, _: &str) {
        self.until("the end", |model| {
            !model.world.server.rooms.contains_key(&model.room)
        });
    }

    async fn sent(&mut self) -> usize {
        self.settle();
        let to_room = |stanza: &Outbound| match stanza {
            Outbound::Iq { to, .. } => *to == self.here.to_string(),
            _ => true,
        };
        let sent = self.world.sent.iter();
        sent.filter(|(_, stanza)| to_room(stanza)).count()
    }

    async fn requests(&mut self) -> Vec<(String, String)> {
        self.settle();
        let sent = self.world.sent.iter();
        let requests = sent.filter_map(|(_, stanza)| match stanza {
            Outbound::Iq { to, request, .. } => {
                Some(request).filter(|_| *to == self.here.to_string())
            }
            _ => None,
        });
        let sets = requests.filter_map(|request| match request {
            Request::SetAffiliation { jid, affiliation } => {
                Some((jid.clone(), affiliation.to_string()))
            }
            _ => None,
        });
        sets.collect()
    }

    async fn gavel_is_in(&mut self) -> bool {
        self.settle();
        self.world.server.gavel_sees(&self.room)
    }

    fn log(&self) -> String {
        let lines = Lines::default();
        let out = lines.clone();
        let to = To::Stream { colour: false };
        let writer = subscriber(LogFormat::Text, "gavel=debug,info", to, move || out.clone());
        tracing::subscriber::with_default(writer, || {
            self.world.reports.iter().for_each(report::log);
        });
        let text = lines.0.lock().unwrap().clone();
        String::from_utf8(text).unwrap()
    }

    async fn logs(&mut self, words: &str) {
        self.until(&format!("{words:?} in the log"), |model| {
            model.log().contains(words)
        });
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.world.check_quiet();
        }
    }
}

/// Lines as they are written.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

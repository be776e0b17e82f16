//! Scripts on a real Prosody, beside the real `gavel run`.

mod beginning;
mod people;

use crate::scripts::stage::{Setting, Shown, Stage, Token, bare, nick};
use crate::support::admin::occupant;
use crate::support::{Client, DEADLINE, El, Env, MUC_USER, Occupant, Version, requests};
use beginning::{begin, focus_unseen, is_as_good, settings};
use hyper::Method;
use people::{is_notice, is_warning};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

thread_local! {
    /// The Prosody that the last script of a test has left for the next one that needs such
    /// a setting.
    static LEFT: RefCell<Option<(Setting, Env)>> = const { RefCell::new(None) };
}

/// A room on a real server.
pub struct Servers {
    /// Gone only if it was left to the next script.
    env: Option<Env>,
    setting: Setting,
    room: String,
    breakout: String,
    /// The one of them that people act in.
    here: String,
    focus: Arc<Client>,
    /// The people who have logged in, with their nicks.
    people: BTreeMap<String, (Arc<Client>, String)>,
    module: bool,
    /// How many updates people have sent, and the number of somebody's last.
    updates: u32,
    last: BTreeMap<String, u32>,
    opened: Instant,
}

impl Stage for Servers {
    /// The version of Prosody, and whether the module serves the room.
    type Place = (Version, bool);

    const ROUND_TRIP: Duration = Duration::from_secs(1);

    async fn open((version, module): Self::Place, setting: impl Into<Setting>) -> Self {
        let setting = setting.into();
        let left = LEFT.take().filter(|(left, _)| is_as_good(left, &setting));
        let env = match left {
            Some((left, env)) => {
                if left != setting {
                    env.reload(&settings(module, &setting)).await;
                }
                env
            }
            None => begin(version, module, &setting).await,
        };
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let room = format!("room{number}@muc.meet.jitsi");
        let breakout = format!("room{number}--1@breakout.meet.jitsi");
        let focus = match module {
            true => focus_unseen(&env, &room).await,
            false => env.focus(&room).await,
        };
        if setting.breakout {
            focus.join(&breakout, "focus", "").await;
            focus.invite(&breakout, "gavel@gavel.meet.jitsi").await;
            env.gavel_joins(&focus, &breakout).await;
        }
        Self {
            env: Some(env),
            setting,
            here: room.clone(),
            room,
            breakout,
            focus,
            people: BTreeMap::new(),
            module,
            updates: 0,
            last: BTreeMap::new(),
            opened: Instant::now(),
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
        let client = self.arrive(who).await;
        let children = self.presence(&client, shown, token).await;
        let nick = self.becomes(who, shown.nick);
        client.try_join(&self.here, &nick, &children).await
    }

    async fn shows(&mut self, who: &str, shown: Shown<'_>, token: &Option<Token>) {
        let client = self.arrive(who).await;
        let children = self.presence(&client, shown, token).await;
        // No two are the same.
        self.updates += 1;
        self.last.insert(who.to_owned(), self.updates);
        let children = format!("{children}<count>{}</count>", self.updates);
        let nick = self.becomes(who, shown.nick);
        client.presence(&self.here, &nick, &children).await;
        client.handled().await;
    }

    async fn declares(&mut self, who: &str, machine: bool) {
        let client = self.arrive(who).await;
        let feature = "<features><feature var='http://jitsi.org/protocol/jigasi'/></features>";
        let children = if machine { feature } else { "" };
        match self.focus.occupant(&self.here, nick(who)) {
            Some(_) => client.presence(&self.here, nick(who), children).await,
            None => client.join(&self.here, nick(who), children).await,
        }
        client.handled().await;
    }

    async fn leaves(&mut self, who: &str) {
        self.client(who).leave(&self.here, self.nick_of(who)).await;
    }

    async fn tries_to_set(&mut self, by: &str, person: &str, to: &str) -> Result<(), String> {
        let jid = bare(person);
        if by == "server" {
            self.env().server_sets(&self.here, &jid, to).await;
            return Ok(());
        }
        self.client(by).affiliate(&self.here, &jid, to).await
    }

    async fn tries_to_set_role(
        &mut self,
        by: &str,
        person: &str,
        role: &str,
    ) -> Result<(), String> {
        let nick = self.nick_of(person);
        self.client(by).set_role(&self.here, nick, role).await
    }

    async fn makes_members_only(&mut self, on: bool) {
        self.configures("muc#roomconfig_membersonly", on).await;
    }

    async fn makes_moderated(&mut self, on: bool) {
        self.configures("muc#roomconfig_moderatedroom", on).await;
    }

    fn gavel_looks_away(&mut self) {
        self.env().gavel.freeze();
    }

    fn gavel_looks_again(&mut self) {
        self.env().gavel.thaw();
    }

    async fn gavel_stops(&mut self) {
        self.env().gavel.stop().await;
    }

    async fn gavel_starts(&mut self) {
        let env = self.env.as_mut().expect("it is left only at the end");
        env.gavel.restart();
        self.env().connected().await;
        self.env().gavel.logs_again("ready").await;
        self.env().settle().await;
    }

    async fn gavel_reloads(&mut self, config: &str) {
        self.setting.config = config.to_owned();
        self.env()
            .reload(&settings(self.module, &self.setting))
            .await;
    }

    async fn sets_override(&mut self, who: &str, to: &str, lasts: Option<Duration>) {
        // By then gavel has seen as much as the clients.
        self.env().settle().await;
        let mut wish = json!({ "affiliation": to });
        if let Some(lasts) = lasts {
            wish["for"] = format!("{}ms", lasts.as_millis()).into();
        }
        let path = self.override_of(who);
        let gavel = &self.env().gavel;
        let answer = gavel.ask(Method::PUT, &path, &wish.to_string()).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }

    async fn tries_to_remove_override(&mut self, who: &str) -> Result<(), String> {
        let path = self.override_of(who);
        let answer = self.env().gavel.ask(Method::DELETE, &path, "").await;
        match answer.status {
            200 => Ok(()),
            _ => Err(answer.code()),
        }
    }

    async fn the_next_meeting_begins(&mut self) {
        self.everybody_leaves().await;
        self.focus_comes_again().await;
    }

    async fn stay(&mut self, people: &[&str], affiliation: &str, time: Duration) {
        let watched = people.iter().map(|who| {
            let nick = self.nick_of(who);
            let changes = |o: &Occupant| o.affiliation != affiliation;
            self.focus.sees_within(&self.here, nick, time, changes)
        });
        let changed = futures::future::join_all(watched).await;
        assert!(
            !changed.contains(&true),
            "{people:?} do not stay {affiliation}"
        );
    }

    async fn idles(&mut self) {}

    fn clock(&self) -> Duration {
        self.opened.elapsed()
    }

    fn unix(&self) -> Duration {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        now.expect("it is later than 1970")
    }

    async fn rests(&mut self) {
        self.env().settle().await;
    }

    /// As the room lists it, and as it shows it of people who are there.
    async fn has(&mut self, who: &str) -> String {
        self.env().settle().await;
        let stored = self.stored(who).await;
        if let Some(occupant) = self.focus.occupant(&self.room, self.nick_of(who)) {
            assert_eq!(occupant.affiliation, stored, "{who} as the focus sees them");
        }
        stored
    }

    async fn role(&mut self, who: &str) -> String {
        self.env().settle().await;
        let occupant = self.focus.occupant(&self.here, self.nick_of(who));
        occupant.map_or("none".to_owned(), |occupant| occupant.role)
    }

    fn shown(&self, who: &str) -> String {
        self.focus.affiliation(&self.here, self.nick_of(who))
    }

    async fn comes_to(&mut self, who: &str, affiliation: &str) {
        let nick = self.nick_of(who);
        let there = self.focus.occupant(&self.room, nick).is_some();
        if there && affiliation != "outcast" {
            return self
                .focus
                .sees_affiliation(&self.here, nick, affiliation)
                .await;
        }
        // Nobody is told of people who are away: the lists are asked.
        let deadline = Instant::now() + DEADLINE;
        while self.stored(who).await != affiliation {
            assert!(Instant::now() < deadline, "{who} is not {affiliation}");
        }
    }

    async fn goes(&mut self, who: &str) {
        self.focus.sees_gone(&self.here, self.nick_of(who)).await;
    }

    async fn is_missed(&mut self, who: &str) {
        let path = format!("/v1/rooms/{}", self.here);
        let nick = nick(who);
        let missed = |room: &Value| occupant(room, nick).is_none();
        let what = format!("without {who}");
        self.env().gavel.shows(&path, &what, missed).await;
    }

    fn thrown_out(&self, who: &str) -> usize {
        let codes = |stanza: &El| stanza.status().iter().any(|code| [321, 322].contains(code));
        self.client(who).count(codes)
    }

    fn name(&self, who: &str) -> Option<String> {
        self.focus.name(&self.here, self.nick_of(who))
    }

    async fn is_called(&mut self, who: &str, name: &str) {
        let nick = self.nick_of(who);
        self.focus.sees_name(&self.here, nick, name).await;
    }

    fn shows_the_newest(&self, who: &str) -> bool {
        let occupant = self.focus.occupant(&self.here, self.nick_of(who));
        let occupant = occupant.expect("they are there");
        let count = occupant.presence.named("count");
        count.map(|count| count.text.clone()) == Some(self.last[who].to_string())
    }

    async fn reverts(&mut self) -> usize {
        self.env().settle().await;
        let sent = self.sent_here().await;
        let foreign = sent.iter().filter(|stanza| {
            let from = stanza.attr("from").unwrap_or_default();
            stanza.name == "presence" && !from.starts_with("gavel@")
        });
        foreign.count()
    }

    fn notices(&self, who: &str) -> usize {
        assert_eq!(self.focus.count(is_notice), 0, "they are for {who} alone");
        self.client(who).count(is_notice)
    }

    async fn is_notified(&mut self, who: &str) {
        self.client(who).expect("a notice", is_notice).await;
    }

    fn warnings(&self, who: &str) -> usize {
        self.client(who).count(is_warning)
    }

    async fn is_warned(&mut self, who: &str, times: usize) {
        let client = self.client(who);
        client
            .receives(times, "warnings", DEADLINE, is_warning)
            .await;
        assert_eq!(client.count(is_warning), times);
    }

    async fn sees_the_end(&mut self, who: &str) {
        let is_end = |stanza: &El| {
            let x = stanza.child("x", MUC_USER);
            stanza.name == "presence" && x.is_some_and(|x| x.named("destroy").is_some())
        };
        self.client(who).expect("the end", is_end).await;
    }

    async fn sent(&mut self) -> usize {
        self.env().settle().await;
        self.sent_here().await.len()
    }

    async fn requests(&mut self) -> Vec<(String, String)> {
        self.env().settle().await;
        requests(&self.sent_here().await)
    }

    async fn gavel_is_in(&mut self) -> bool {
        self.env().settle().await;
        let rooms = self.env().gavel.get("/v1/rooms").await;
        rooms.text.contains(&format!("{:?}", self.room))
    }

    fn log(&self) -> String {
        let log = self.env().gavel.log();
        let here = log.lines().filter(|line| line.contains(&self.room));
        here.map(|line| format!("{line}\n")).collect()
    }

    async fn logs(&mut self, words: &str) {
        let said = |log: &str| {
            let mut lines = log.lines();
            lines.any(|line| line.contains(words) && line.contains(&self.room))
        };
        self.env().gavel.until_log(said).await;
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        let left = self.env.take().filter(|_| !std::thread::panicking());
        LEFT.set(left.map(|env| (std::mem::take(&mut self.setting), env)));
    }
}

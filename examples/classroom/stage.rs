//! Shows the lesson live: the room's news to its occupants, as the focus receives it, and
//! gavel's decisions, from its log.

use super::support::MUC_USER;
use super::support::client::Client;
use super::support::room::Occupant;
use super::support::xml::El;
use anstyle::{AnsiColor, Style};
use gavel::cli::colour_on;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, stdin, stdout};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout_at;

/// How long one act may take; shorter than the clients' own patience, so that the missing
/// thing is named here.
const PATIENCE: Duration = Duration::from_secs(8);
/// Columns beside time and voice, of 80.
const TEXT_WIDTH: usize = 64;
const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const CYAN: Style = AnsiColor::Cyan.on_default();
const GREEN: Style = AnsiColor::Green.on_default();

/// The source of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    /// The room, by the presence it sends to everybody.
    Room,
    /// gavel, by its log.
    Gavel,
}

/// One thing that happened, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    voice: Voice,
    text: String,
}

/// The room is to tell this.
pub fn room(text: &str) -> Line {
    let text = text.to_owned();
    Line {
        voice: Voice::Room,
        text,
    }
}

/// gavel is to tell this.
pub fn gavel(text: &str) -> Line {
    let text = text.to_owned();
    Line {
        voice: Voice::Gavel,
        text,
    }
}

/// The stage that shows all this.
pub struct Stage {
    /// The stand-in for the focus; everything it sees is shown.
    pub focus: Client,
    room: String,
    log: UnboundedReceiver<String>,
    started: Instant,
    colour: bool,
    /// Affiliation and role, and display name, as shown last; by nick.
    shown: BTreeMap<String, (String, String)>,
    /// The reason of gavel's last decision on somebody; by nick.
    why: BTreeMap<String, String>,
}

impl Stage {
    /// An empty one. gavel's log is read from standard input.
    pub fn new(room: &str, focus: Client) -> Self {
        let (sender, log) = unbounded_channel();
        std::thread::spawn(move || {
            for line in stdin().lock().lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let stage = Self {
            focus,
            room: room.to_owned(),
            log,
            started: Instant::now(),
            colour: colour_on(&stdout()),
            shown: BTreeMap::new(),
            why: BTreeMap::new(),
        };
        println!("\n{}", stage.paint(DIM, "seconds  source and event"));
        stage
    }

    /// Names the next attempt.
    pub fn act(&self, what: &str) {
        println!("\n{}", self.paint(BOLD, what));
    }

    /// Shows events until all of `wanted` have come. Others are shown too.
    pub async fn until(&mut self, wanted: &[Line]) {
        let mut missing = wanted.to_vec();
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while !missing.is_empty() {
            let Ok(lines) = timeout_at(deadline, self.next()).await else {
                let (voice, text) = (missing[0].voice, &missing[0].text);
                let whose = match voice {
                    Voice::Room => "of the room telling",
                    Voice::Gavel => "in gavel's log",
                };
                panic!("no sign {whose} within {PATIENCE:?}: {text}");
            };
            for line in lines {
                if let Some(found) = missing.iter().position(|wanted| *wanted == line) {
                    missing.remove(found);
                }
            }
        }
    }

    /// The next thing that happens, shown. Often nothing worth a line.
    async fn next(&mut self) -> Vec<Line> {
        tokio::select! {
            presence = self.focus.expect("news of the room", |s| s.name == "presence") => {
                self.presence(&presence)
            }
            line = self.log.recv() => match line {
                Some(line) => self.log_line(&line),
                None => panic!("gavel has ended"),
            }
        }
    }

    /// The changes that a presence shows.
    fn presence(&mut self, presence: &El) -> Vec<Line> {
        let from = presence.attr("from").and_then(|from| from.split_once('/'));
        let item = presence.child("x", MUC_USER).and_then(|x| x.named("item"));
        let (Some((from, nick)), Some(item)) = (from, item) else {
            return Vec::new();
        };
        if from != self.room {
            return Vec::new();
        }
        let attr = |name| item.attr(name).unwrap_or_default();
        let standing = format!("{}, {}", attr("affiliation"), attr("role"));
        let name = presence.children.iter().rfind(|c| c.name == "nick");
        let name = name.map(|name| name.text.clone()).unwrap_or_default();
        let now = (standing.clone(), name.clone());
        let before = self.shown.insert(nick.to_owned(), now);
        let (old_standing, old_name) = before.clone().unwrap_or_default();
        let mut lines = Vec::new();
        if standing != old_standing {
            let actor = item.named("actor").and_then(|actor| actor.attr("nick"));
            let remark = match (&before, actor) {
                (None, _) => format!("comes in as {name:?}"),
                (Some(_), Some(actor)) => format!("by {actor}"),
                (Some(_), None) => String::new(),
            };
            lines.push(self.show(Voice::Room, &format!("{nick} is {standing}"), &remark));
        }
        if before.is_some() && name != old_name {
            lines.push(self.show(Voice::Room, &format!("{nick} is called {name:?}"), ""));
        }
        lines
    }

    /// The news in a line of gavel's log.
    fn log_line(&mut self, line: &str) -> Vec<Line> {
        let object: Value = serde_json::from_str(line).unwrap_or_default();
        let field = |name: &str| object[name].as_str().unwrap_or_default();
        let (nick, from, to) = (field("nick"), field("from"), field("to"));
        let (text, why) = match field("message") {
            _ if object["room"] != *self.room && !field("room").is_empty() => return Vec::new(),
            "joined" => ("joins".to_owned(), String::new()),
            "affiliation" => {
                let why = format!("{}: {}", field("rule"), field("reason"));
                self.why.insert(nick.to_owned(), why);
                (format!("{nick}: {from} → {to}"), field("reason").to_owned())
            }
            "name" => (format!("{nick}: name {from:?} → {to:?}"), String::new()),
            message if field("level") == "WARN" => (format!("warns: {message}"), String::new()),
            _ => return Vec::new(),
        };
        let text = match field("outcome") {
            "" | "applied" => text,
            outcome => format!("{text}: {outcome}"),
        };
        vec![self.show(Voice::Gavel, &text, &why)]
    }

    /// Prints one line: the time, its source, the text, and a remark.
    fn show(&self, voice: Voice, text: &str, remark: &str) -> Line {
        let (name, style) = match voice {
            Voice::Room => ("room", Style::new()),
            Voice::Gavel => ("gavel", CYAN),
        };
        let seconds = self.started.elapsed().as_secs_f64();
        let mut rows = wrap(text, TEXT_WIDTH).into_iter();
        let first = rows.next().unwrap_or_default();
        let first = self.paint(style, &format!("{name:5}  {first}"));
        let remark = match remark {
            "" => String::new(),
            remark => self.paint(DIM, &format!("  ({remark})")),
        };
        println!("{seconds:7.3}  {first}{remark}");
        for row in rows {
            println!("{:16}{}", "", self.paint(style, &row));
        }
        Line {
            voice,
            text: text.to_owned(),
        }
    }

    /// Colours the text, if colour is shown.
    fn paint(&self, style: Style, text: &str) -> String {
        match self.colour {
            true => format!("{style}{text}{style:#}"),
            false => text.to_owned(),
        }
    }
}

impl Stage {
    /// The moderators and the reasons; `wanted` is (nick, affiliation, name). All `clients`
    /// must show it so.
    pub async fn curtain(&self, clients: &[&Client], wanted: &[(&str, &str, &str)]) {
        for client in clients.iter().copied().chain([&self.focus]) {
            for (nick, affiliation, name) in wanted {
                let role = match *affiliation {
                    "owner" => "moderator",
                    _ => "participant",
                };
                let so = |o: &Occupant| {
                    o.affiliation == *affiliation
                        && o.role == role
                        && o.name.as_deref() == Some(name)
                };
                let what = format!("as {affiliation}, {role}, {name:?}");
                client.sees(&self.room, nick, &what, so).await;
            }
        }
        self.act("At the end, in everybody's client:");
        let head = format!("{:8}{:14}{:10}why", "who", "is shown as", "moderator");
        println!("{}", self.paint(DIM, &head));
        for (nick, affiliation, name) in wanted {
            let moderator = match *affiliation {
                "owner" => self.paint(GREEN, &format!("{:10}", "yes")),
                _ => format!("{:10}", "no"),
            };
            let why = self.why.get(*nick).map_or("", String::as_str);
            println!("{nick:8}{name:14}{moderator}{why}");
        }
        let rest = "(focus and gavel own the room too; they are no people.)";
        println!("{}", self.paint(DIM, rest));
    }
}

/// Breaks text between words, into rows of at most `width` characters.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut rows = vec![String::new()];
    for word in text.split(' ') {
        match rows.last_mut() {
            Some(row) if row.is_empty() => row.push_str(word),
            Some(row) if row.chars().count() + 1 + word.chars().count() <= width => {
                row.push(' ');
                row.push_str(word);
            }
            _ => rows.push(word.to_owned()),
        }
    }
    rows
}

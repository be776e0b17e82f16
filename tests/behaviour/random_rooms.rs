//! B20: however a room's creator sets it up, everybody in it ends as they should,
//! without the module.

use crate::on_both;
use crate::support::{Client, El, Env, MUC, Version, escape, jwt, student, teacher, token};
use futures::future::join_all;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// So many rooms with each Prosody; `RANDOM_ROOMS` says otherwise.
const ROOMS: u64 = 8;
/// So many rooms at once.
const AT_ONCE: usize = 10;
/// So long everybody may take to be as they should.
const PATIENCE: Duration = Duration::from_secs(20);

const QUICK: &str = "[discovery]\npoll = \"adhoc\"\ninterval = \"1s\"";
const OWNER: &str = "http://jabber.org/protocol/muc#owner";
const TEXTS: [&str; 6] = ["", "0", "7", "many", "ä <b> & 'c' \"d\"", "line\nline"];

/// Numbers that are the same every time (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let limit = u64::try_from(limit).expect("a small number");
        usize::try_from((mixed ^ (mixed >> 31)) % limit).expect("below a small number")
    }

    fn one_of(&mut self, all: &[String]) -> Vec<String> {
        let chosen = all.get(self.below(all.len().max(1)));
        chosen.into_iter().cloned().collect()
    }

    /// At least one: Prosody raises an error if a list holds nothing.
    fn some_of(&mut self, all: &[String]) -> Vec<String> {
        let one = self.one_of(all);
        let chosen = all.iter().filter(|o| one.contains(o) || self.below(2) > 0);
        chosen.cloned().collect()
    }

    /// Values for a field of a configuration form, by its type.
    fn values(&mut self, field: &El) -> Vec<String> {
        let options = field.children.iter().filter(|c| c.name == "option");
        let options = options.filter_map(|option| option.named("value"));
        let options: Vec<String> = options.map(|value| value.text.clone()).collect();
        match field.attr("type") {
            Some("boolean") => vec![self.below(2).to_string()],
            Some("list-single") => self.one_of(&options),
            Some("list-multi") => self.some_of(&options),
            _ => self.one_of(&TEXTS.map(str::to_owned)),
        }
    }
}

/// The people of all rooms.
struct Cast {
    creator: Arc<Client>,
    focus: Arc<Client>,
    teacher: Arc<Client>,
    student: Arc<Client>,
    guest: Arc<Client>,
}

/// A room that its creator has set up.
struct Room {
    jid: String,
    fields: Vec<(String, Vec<String>)>,
}

impl Room {
    fn value(&self, field: &str) -> Option<&str> {
        let name = format!("muc#roomconfig_{field}");
        let (_, values) = self.fields.iter().find(|(var, _)| *var == name)?;
        values.first().map(String::as_str)
    }

    /// Enters with the room's password, if it has one.
    async fn enter(&self, client: &Client, nick: &str, more: &str) -> Result<(), String> {
        let password = escape(self.value("roomsecret").unwrap_or_default());
        let x = format!("<x xmlns='{MUC}'><password>{password}</password></x>");
        let own = format!("{}/{nick}", self.jid);
        client.presence(&self.jid, nick, &(x + more)).await;
        let answer = client.expect(&own, |s| {
            let error = s.attr("type") == Some("error");
            s.name == "presence"
                && s.attr("from") == Some(&own)
                && (error || s.status().contains(&110))
        });
        let answer = answer.await;
        match answer.attr("type") {
            Some("error") => Err(format!("{nick} is refused: {:?}", answer.condition())),
            _ => Ok(()),
        }
    }

    /// Sets every field of the configuration to something.
    async fn create(creator: &Client, focus: &Client, number: u64) -> Self {
        let jid = format!("room{number}@muc.meet.jitsi");
        creator.join(&jid, "creator", "").await;
        creator
            .affiliate(&jid, focus.bare(), "owner")
            .await
            .unwrap();
        let query = format!("<query xmlns='{OWNER}'/>");
        let form = creator.iq("get", &jid, &query).await.unwrap();
        let form = form.named("query").and_then(|q| q.named("x")).unwrap();
        let mut dice = Dice(number);
        let settable = form.children.iter().filter_map(|field| {
            let var = field.attr("var").filter(|var| *var != "FORM_TYPE")?;
            (field.attr("type") != Some("fixed")).then(|| (var.to_owned(), dice.values(field)))
        });
        let fields: Vec<(String, Vec<String>)> = settable.collect();
        assert!(fields.len() > 8, "{fields:?}");
        let value = |value: &String| format!("<value>{}</value>", escape(value));
        let field = |(var, values): &(String, Vec<String>)| {
            let values: String = values.iter().map(value).collect();
            format!("<field var='{var}'>{values}</field>")
        };
        let all: String = fields.iter().map(field).collect();
        let set = format!(
            "<query xmlns='{OWNER}'><x xmlns='jabber:x:data' type='submit'>\
             <field var='FORM_TYPE'>\
             <value>http://jabber.org/protocol/muc#roomconfig</value></field>{all}</x></query>"
        );
        creator.iq("set", &jid, &set).await.unwrap();
        Self { jid, fields }
    }

    /// People come, and the focus makes everybody owner.
    async fn is_put_right(&self, cast: &Cast) -> Result<(), String> {
        let focus = &cast.focus;
        self.enter(focus, "focus", "").await?;
        // The list of rooms is asked for less often if it took long, as it does while gavel
        // is stopped.
        focus.invite(&self.jid, "gavel@gavel.meet.jitsi").await;
        let people = [&cast.guest, &cast.teacher, &cast.student];
        if self.value("membersonly") == Some("1") {
            for person in people {
                focus.affiliate(&self.jid, person.bare(), "member").await?;
            }
        }
        let tokens = [None, Some(teacher("Alice")), Some(student("Bob"))];
        for ((person, nick), claims) in people
            .into_iter()
            .zip(["guest", "alice", "bob"])
            .zip(tokens)
        {
            let child = claims.map(|claims| jwt(&token(claims)));
            self.enter(person, nick, &child.unwrap_or_default()).await?;
            if nick != "alice" {
                focus.affiliate(&self.jid, person.bare(), "owner").await?;
            }
        }
        // It is looked at again whenever the room has told something.
        let deadline = Instant::now() + PATIENCE;
        let mut told = 0;
        while let Err(why) = self.is_right(cast).await {
            let left = deadline.saturating_duration_since(Instant::now());
            let more = focus.told_more(&self.jid, told, left).await;
            told = match more {
                Ok(more) => more,
                // A part that the room tells nobody may be right all the same.
                Err(_) => return self.is_right(cast).await.map_err(|_| why),
            };
        }
        Ok(())
    }

    async fn is_right(&self, cast: &Cast) -> Result<(), String> {
        for which in ["owner", "admin"] {
            let mut listed = cast.focus.affiliated(&self.jid, which).await?;
            listed.retain(|jid| !jid.contains("@gavel.") && !jid.contains("@auth."));
            let expected = match which {
                "owner" => vec![cast.teacher.bare().to_owned()],
                _ => Vec::new(),
            };
            if listed != expected {
                return Err(format!("{which}: {listed:?}"));
            }
        }
        for nick in ["alice", "bob", "guest", "creator"] {
            let role = cast.focus.role(&self.jid, nick);
            if (role == "moderator") != (nick == "alice") || role.is_empty() {
                return Err(format!("{nick} has role {role:?}"));
            }
        }
        Ok(())
    }
}

async fn b20_everybody_ends_as_they_should_with_any_settings_of_the_creator(version: Version) {
    let number = std::env::var("RANDOM_ROOMS").ok();
    let number = number.and_then(|n| n.parse().ok()).unwrap_or(ROOMS);
    let env = Env::gavel(version, QUICK).await;
    let cast = Cast {
        creator: env.client("creator").await,
        focus: env.client("focus@auth.meet.jitsi").await,
        teacher: env.client("alice").await,
        student: env.client("bob").await,
        guest: env.client("guest").await,
    };
    let mut wrong = Vec::new();
    for group in (1..=number).collect::<Vec<_>>().chunks(AT_ONCE) {
        env.gavel.freeze();
        let mut rooms = Vec::new();
        for number in group {
            rooms.push(Room::create(&cast.creator, &cast.focus, *number).await);
        }
        env.gavel.thaw();
        let outcomes = join_all(rooms.iter().map(|room| room.is_put_right(&cast))).await;
        let outcomes = rooms.iter().zip(outcomes);
        wrong.extend(outcomes.filter_map(|(room, outcome)| {
            let why = outcome.err()?;
            Some(format!("{}: {why}; set: {:?}", room.jid, room.fields))
        }));
    }
    println!("{number} rooms, {} wrong, on {version:?}", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
on_both!(b20_everybody_ends_as_they_should_with_any_settings_of_the_creator);

//! The actions and views of a script, on every stage.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// The content of somebody's token. Shown again, it is the same token; made again, it is
/// another one with the same content.
#[derive(Debug, Clone)]
pub struct Token {
    pub host: bool,
    /// `context.user.id`
    pub id: String,
    /// `context.user.name`
    pub name: Option<String>,
    /// `exp`, in seconds since 1970.
    pub exp: Option<u64>,
    /// Tells tokens apart that say the same.
    pub serial: u32,
}

impl Token {
    fn new(host: bool, name: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        Self {
            host,
            id: name.to_owned(),
            name: Some(name.to_owned()),
            exp: None,
            serial: NEXT.fetch_add(1, Ordering::Relaxed),
        }
    }
}

/// The token of a moderator.
pub fn host(name: &str) -> Option<Token> {
    Some(Token::new(true, name))
}

/// The token of a person who is no moderator.
pub fn student(name: &str) -> Option<Token> {
    Some(Token::new(false, name))
}

/// The same of a person without a name.
pub fn nameless(id: &str) -> Option<Token> {
    Some(Token {
        name: None,
        ..Token::new(false, id)
    })
}

/// The same token, which ends then (`exp`, in seconds since 1970).
pub fn until(exp: u64, token: Option<Token>) -> Option<Token> {
    let exp = Some(exp);
    token.map(|token| Token { exp, ..token })
}

/// How somebody shows themselves.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shown<'a> {
    /// Their nick, if it is not the usual one.
    pub nick: Option<&'a str>,
    /// A display name.
    pub name: Option<&'a str>,
}

/// The beginning of a meeting, besides the focus and gavel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Setting {
    /// gavel's settings, as TOML.
    pub config: String,
    /// How many seconds tokens hold after their end.
    pub leeway: Option<u64>,
    /// A server admin besides gavel.
    pub admin: Option<&'static str>,
    /// More domains that people log in to.
    pub hosts: Vec<&'static str>,
    /// The meeting has a breakout room.
    pub breakout: bool,
}

impl From<&str> for Setting {
    fn from(config: &str) -> Self {
        Self {
            config: config.to_owned(),
            ..Self::default()
        }
    }
}

/// A room with a focus that gavel is in, and people.
///
/// People have the first part of their JID as their name: `alice` is `alice@meet.jitsi`,
/// with the nick `alice`. `alice/phone` is one of several sessions of hers, with the nick
/// `phone`. Others have their whole JID. The acting party may also be the `focus`, or the
/// `server` itself.
///
/// Every wait has a deadline. On real servers it waits for stanzas; in the model it lets
/// virtual time pass.
pub trait Stage: Sized {
    /// One of the stages of this kind.
    type Place: Copy;

    /// The time that a change needs to be seen, answered and undone by gavel, at most.
    const ROUND_TRIP: Duration;

    /// The focus has made the room, and gavel has come.
    async fn open(place: Self::Place, setting: impl Into<Setting>) -> Self;

    /// From here on people enter and leave, act and are shown in the breakout room, or in
    /// the main room again.
    fn turns_to_breakout(&mut self, breakout: bool);

    /// Somebody enters, or is told why not.
    async fn tries_to_enter_as(
        &mut self,
        who: &str,
        shown: Shown<'_>,
        token: &Option<Token>,
    ) -> Result<(), String>;

    /// Somebody sends presence again. With another nick they change it.
    async fn shows(&mut self, who: &str, shown: Shown<'_>, token: &Option<Token>);

    /// Somebody enters, or sends presence again, which declares them to be a machine, or
    /// declares nothing.
    async fn declares(&mut self, who: &str, machine: bool);

    async fn leaves(&mut self, who: &str);

    /// Sets somebody's affiliation, or is told why not.
    async fn tries_to_set(
        &mut self,
        by: &str,
        person: &str,
        affiliation: &str,
    ) -> Result<(), String>;

    /// Sets the role of somebody who is there, or is told why not; `none` is a kick.
    async fn tries_to_set_role(&mut self, by: &str, person: &str, role: &str)
    -> Result<(), String>;

    /// The focus makes the room members-only, or opens it.
    async fn makes_members_only(&mut self, on: bool);

    /// The focus makes the room moderated, so that guests enter as visitors, or not.
    async fn makes_moderated(&mut self, on: bool);

    /// gavel does nothing until it looks again, as if everybody were faster.
    fn gavel_looks_away(&mut self);

    fn gavel_looks_again(&mut self);

    /// gavel ends. Nothing may wait for anything until it starts again.
    async fn gavel_stops(&mut self);

    /// gavel starts again. It knows its saved state.
    async fn gavel_starts(&mut self);

    /// gavel reads its configuration again: these settings.
    async fn gavel_reloads(&mut self, config: &str);

    /// An admin sets an override for somebody by gavel's API: until the meeting is over, or
    /// for some time.
    async fn sets_override(&mut self, who: &str, affiliation: &str, lasts: Option<Duration>);

    /// An admin removes somebody's override, or is told that they have none.
    async fn tries_to_remove_override(&mut self, who: &str) -> Result<(), String>;

    /// Everybody leaves the room, and gavel does. Then the focus makes the room again.
    async fn the_next_meeting_begins(&mut self);

    /// Watches people for some time: nobody is shown with another affiliation.
    async fn stay(&mut self, people: &[&str], affiliation: &str, time: Duration);

    /// Lets a minute pass if it costs nothing: in the model.
    async fn idles(&mut self);

    /// How much time has passed.
    fn clock(&self) -> Duration;

    /// The time by gavel's clock, since 1970.
    fn unix(&self) -> Duration;

    /// Waits until nothing more follows from earlier events.
    async fn rests(&mut self);

    /// The affiliation that the main room has stored for somebody, once nothing more follows.
    async fn has(&mut self, who: &str) -> String;

    /// The role of somebody, once nothing more follows; `none` if they are not there.
    async fn role(&mut self, who: &str) -> String;

    /// The affiliation that somebody who is there is shown with at this moment.
    fn shown(&self, who: &str) -> String;

    /// Waits until somebody has this affiliation.
    async fn comes_to(&mut self, who: &str, affiliation: &str);

    /// Waits until somebody is out of the room.
    async fn goes(&mut self, who: &str);

    /// Waits until gavel knows that somebody is out of the room.
    async fn is_missed(&mut self, who: &str);

    /// How often somebody was put out of the room because it is for members only.
    fn thrown_out(&self, who: &str) -> usize;

    /// The display name that somebody is shown with at this moment.
    fn name(&self, who: &str) -> Option<String>;

    /// Waits until somebody is shown with this display name.
    async fn is_called(&mut self, who: &str, name: &str);

    /// Says whether the presence that somebody is shown with is the last that they have
    /// sent, but for the name.
    fn shows_the_newest(&self, who: &str) -> bool;

    /// How many presences gavel has sent in somebody else's name.
    async fn reverts(&mut self) -> usize;

    /// How often gavel has told somebody to keep their name.
    fn notices(&self, who: &str) -> usize;

    /// Waits until gavel has told somebody so.
    async fn is_notified(&mut self, who: &str);

    /// How often somebody was told that no host is there.
    fn warnings(&self, who: &str) -> usize;

    /// Waits until somebody was told so often.
    async fn is_warned(&mut self, who: &str, times: usize);

    /// Waits until gavel has ended the room, as somebody in it sees it.
    async fn sees_the_end(&mut self, who: &str);

    /// How many stanzas gavel has sent to the room so far.
    async fn sent(&mut self) -> usize;

    /// The affiliations that gavel has asked for, each behind its person, in order.
    async fn requests(&mut self) -> Vec<(String, String)>;

    /// Says whether gavel is in the main room.
    async fn gavel_is_in(&mut self) -> bool;

    /// gavel's log so far.
    fn log(&self) -> String;

    /// Waits for a line of the log that holds these words.
    async fn logs(&mut self, words: &str);

    /// gavel ends and starts again. It knows its saved state.
    async fn gavel_restarts(&mut self) {
        self.gavel_stops().await;
        self.gavel_starts().await;
    }

    async fn removes_override(&mut self, who: &str) {
        let removed = self.tries_to_remove_override(who).await;
        removed.unwrap_or_else(|why| panic!("{who}'s override cannot be removed: {why}"));
    }

    /// Checks that nobody has set an override for somebody, or that it is over.
    async fn has_no_override(&mut self, who: &str) {
        let removed = self.tries_to_remove_override(who).await;
        assert_eq!(removed, Err("not_found".into()), "{who}");
    }

    async fn tries_to_enter(&mut self, who: &str, token: &Option<Token>) -> Result<(), String> {
        self.tries_to_enter_as(who, Shown::default(), token).await
    }

    async fn enters_as(&mut self, who: &str, shown: Shown<'_>, token: &Option<Token>) {
        let entered = self.tries_to_enter_as(who, shown, token).await;
        entered.unwrap_or_else(|why| panic!("{who} cannot enter: {why}"));
    }

    async fn enters(&mut self, who: &str, token: &Option<Token>) {
        self.enters_as(who, Shown::default(), token).await;
    }

    async fn updates(&mut self, who: &str, token: &Option<Token>) {
        self.shows(who, Shown::default(), token).await;
    }

    async fn updates_as(&mut self, who: &str, nick: &str, token: &Option<Token>) {
        let (nick, name) = (Some(nick), None);
        self.shows(who, Shown { nick, name }, token).await;
    }

    async fn sets(&mut self, by: &str, person: &str, affiliation: &str) {
        let set = self.tries_to_set(by, person, affiliation).await;
        set.unwrap_or_else(|why| panic!("{by} cannot make {person} {affiliation}: {why}"));
    }

    async fn sets_role(&mut self, by: &str, person: &str, role: &str) {
        let set = self.tries_to_set_role(by, person, role).await;
        set.unwrap_or_else(|why| panic!("{by} cannot make {person} {role}: {why}"));
    }

    async fn kicks(&mut self, by: &str, person: &str) {
        self.sets_role(by, person, "none").await;
        self.goes(person).await;
    }

    /// Waits until people have these affiliations, and sees that they keep them.
    async fn ends<const N: usize>(&mut self, with: [(&str, &str); N]) {
        for (who, affiliation) in with {
            self.comes_to(who, affiliation).await;
        }
        for (who, affiliation) in with {
            assert_eq!(self.has(who).await, affiliation, "{who}");
        }
    }

    /// Checks that somebody has no affiliation of a moderator, once nothing more follows.
    async fn moderates_no_more(&mut self, who: &str) {
        let has = self.has(who).await;
        assert!(has != "owner" && has != "admin", "{who} is {has}");
    }

    /// The affiliations that gavel has asked for, for somebody.
    async fn asked(&mut self, person: &str) -> Vec<String> {
        let jid = bare(person);
        let requests = self.requests().await.into_iter();
        let asked = requests.filter(|(who, _)| *who == jid);
        asked.map(|(_, affiliation)| affiliation).collect()
    }
}

/// The bare JID of somebody; a domain is one of its own.
pub fn bare(who: &str) -> String {
    let user = who.split('/').next().expect("a first part");
    match user {
        "focus" => "focus@auth.meet.jitsi".to_owned(),
        _ if user.contains(['@', '.']) => user.to_owned(),
        _ => format!("{user}@meet.jitsi"),
    }
}

/// The nick that somebody enters with.
pub fn nick(who: &str) -> &str {
    let (user, resource) = who.split_once('/').unwrap_or((who, ""));
    match resource {
        "" => user.split('@').next().expect("a first part"),
        resource => resource,
    }
}

//! B8, `names.guests = "distinct"`: nobody whose token gives no name can look like
//! somebody whose token does.

use crate::on_both;
use crate::support::{Client, Env, Options, Version, jwt, nick, token};
use serde_json::{Value, json};
use std::sync::Arc;

const ROOM: &str = "room@muc.meet.jitsi";
const DISTINCT: &str = "[names]\nguests = \"distinct\"";
const ADA: &str = "Ada Lovelace";
const GUEST: &str = "Ada Lovelace (guest)";

fn overrides(module: bool) -> String {
    match module {
        true => format!("[claims]\nsources = [\"bridge\"]\n{DISTINCT}"),
        false => DISTINCT.to_string(),
    }
}

/// A room that the focus has made and gavel has come to.
async fn scene(version: Version, module: bool) -> (Env, Arc<Client>) {
    let options = match module {
        true => Options::with_module(),
        false => Options::default(),
    };
    let env = Env::with(version, options, &overrides(module)).await;
    let focus = match module {
        true => env.focus_with_module(ROOM).await,
        false => env.focus(ROOM).await,
    };
    (env, focus)
}

/// Somebody whose token names them, by either source.
async fn named(env: &Env, room: &str, user: &str, name: &str) -> Arc<Client> {
    let claims = json!({ "context": { "user": { "id": user, "name": name } } });
    let token = token(claims);
    let client = env.client(user).await;
    client.verified(&token).await;
    client
        .join(room, user, &format!("{}{}", jwt(&token), nick(name)))
        .await;
    client
}

/// Somebody without a token.
async fn guest(env: &Env, room: &str, user: &str, name: &str) -> Arc<Client> {
    let client = env.client(user).await;
    client.join(room, user, &nick(name)).await;
    client
}

async fn shown_as_guest(version: Version, module: bool) {
    let (env, focus) = scene(version, module).await;
    let ada = named(&env, ROOM, "ada", ADA).await;
    focus.sees_name(ROOM, "ada", ADA).await;
    env.settle().await;
    let eve = guest(&env, ROOM, "eve", "ADA  Love\u{200b}lace").await;
    for client in [&focus, &ada, &eve] {
        client.sees_name(ROOM, "eve", GUEST).await;
    }
    env.settle().await;
    let why = json!({ "sent": "ADA  Love\u{200b}lace", "resembles": ADA });
    let told = |o: &Value| o["guest"] == why && o["frozen"] == false;
    env.gavel
        .shows_occupant(ROOM, "eve", "is shown as a guest", told)
        .await;
    // The rest of their presence comes through, under that name.
    let hand = "<raisedHand>1</raisedHand>";
    let sent = nick("ADA  Love\u{200b}lace") + hand;
    eve.presence(ROOM, "eve", &sent).await;
    let raised = |o: &crate::support::Occupant| {
        o.presence.named("raisedHand").is_some()
            && o.presence.named("nick").is_some_and(|n| n.text == GUEST)
    };
    focus.sees(ROOM, "eve", "with a raised hand", raised).await;
    // Another way to write it; then a name of their own, also this one.
    eve.presence(ROOM, "eve", &nick("\u{410}da Lovelace")).await;
    env.settle().await;
    focus.sees_name(ROOM, "eve", GUEST).await;
    for own in ["Eve", "Ada Lovelace (guest)", "Ada Byron"] {
        eve.presence(ROOM, "eve", &nick(own)).await;
        focus.sees_name(ROOM, "eve", own).await;
        env.settle().await;
        assert_eq!(focus.name(ROOM, "eve").as_deref(), Some(own));
        // An answer of the API may be a moment old.
        let none = |o: &Value| o["guest"].is_null();
        env.gavel
            .shows_occupant(ROOM, "eve", "is no guest", none)
            .await;
    }
    eve.presence(ROOM, "eve", &nick(ADA)).await;
    focus.sees_name(ROOM, "eve", GUEST).await;
    assert_eq!(ada.name(ROOM, "ada").as_deref(), Some(ADA), "hers stays");
}

/// Jitsi's client replaces escapes once more in the text that its XML reader has read.
async fn shown_as_guest_by_escapes(version: Version, module: bool) {
    let (env, focus) = scene(version, module).await;
    named(&env, ROOM, "ada", "Ada O'Neil").await;
    focus.sees_name(ROOM, "ada", "Ada O'Neil").await;
    let eve = guest(&env, ROOM, "eve", "Ada O&apos;Neil").await;
    focus.sees_name(ROOM, "eve", "Ada O'Neil (guest)").await;
    // A client shows this one as it is.
    eve.presence(ROOM, "eve", &nick("Ada O&#39;Neil")).await;
    focus.sees_name(ROOM, "eve", "Ada O&#39;Neil").await;
    env.settle().await;
    assert_eq!(focus.name(ROOM, "eve").as_deref(), Some("Ada O&#39;Neil"));
}

async fn b8_escapes_make_no_other_name(version: Version) {
    shown_as_guest_by_escapes(version, true).await;
}
on_both!(b8_escapes_make_no_other_name);

async fn b8_escapes_make_no_other_name_without_the_module(version: Version) {
    shown_as_guest_by_escapes(version, false).await;
}
on_both!(b8_escapes_make_no_other_name_without_the_module);

async fn b8_guests_cannot_look_like_people_with_a_name(version: Version) {
    shown_as_guest(version, true).await;
}
on_both!(b8_guests_cannot_look_like_people_with_a_name);

async fn b8_guests_cannot_look_like_them_without_the_module(version: Version) {
    shown_as_guest(version, false).await;
}
on_both!(b8_guests_cannot_look_like_them_without_the_module);

/// While gavel is away the module goes on; gavel takes it up again as it was.
async fn b8_guests_are_told_apart_over_a_restart(version: Version) {
    let (mut env, focus) = scene(version, true).await;
    let _ada = named(&env, ROOM, "zoe", ADA).await;
    let eve = guest(&env, ROOM, "eve", "ADA LOVELACE").await;
    focus.sees_name(ROOM, "eve", GUEST).await;
    env.settle().await;
    env.gavel.kill();
    let plain = |s: &crate::support::El| {
        let by_eve = s.attr("from") == Some("room@muc.meet.jitsi/eve");
        by_eve && s.named("nick").is_some_and(|n| n.text == "ADA LOVELACE")
    };
    let before = focus.count(plain);
    eve.presence(ROOM, "eve", &(nick("ADA LOVELACE") + "<a xmlns='u:v'/>"))
        .await;
    env.gavel.restart();
    env.connected().await;
    env.settle().await;
    eve.presence(ROOM, "eve", &(nick("ADA LOVELACE") + "<b xmlns='u:v'/>"))
        .await;
    focus
        .sees(ROOM, "eve", "once more", |o| {
            o.presence.named("b").is_some()
        })
        .await;
    assert_eq!(focus.count(plain), before, "nobody has seen her as Ada");
    let told = |o: &Value| o["guest"]["resembles"] == ADA;
    env.gavel
        .shows_occupant(ROOM, "eve", "is a guest still", told)
        .await;
    eve.presence(ROOM, "eve", &nick("Eve")).await;
    focus.sees_name(ROOM, "eve", "Eve").await;
    env.settle().await;
    eve.presence(ROOM, "eve", &nick("ADA LOVELACE")).await;
    focus.sees_name(ROOM, "eve", GUEST).await;
}
on_both!(b8_guests_are_told_apart_over_a_restart);

/// A breakout room belongs to the meeting.
async fn b8_names_are_those_of_the_meeting(version: Version) {
    let options = Options {
        breakout_modules: vec!["gavel", "test_breakout"],
        ..Options::with_module()
    };
    let services =
        "muc = [{ service = \"muc.meet.jitsi\" }, { service = \"breakout.meet.jitsi\" }]";
    let env = Env::with(
        version,
        options,
        &format!("{services}\n{}", overrides(true)),
    )
    .await;
    let focus = env.focus_with_module(ROOM).await;
    let breakout = "room--1@breakout.meet.jitsi";
    focus.join(breakout, "focus", "").await;
    env.gavel.logs("room--1").await;
    env.settle().await;
    let _ada = named(&env, ROOM, "ada", ADA).await;
    let eve = guest(&env, breakout, "eve", "ada lovelace").await;
    focus.sees_name(breakout, "eve", GUEST).await;
    eve.sees_name(breakout, "eve", GUEST).await;
}
on_both!(b8_names_are_those_of_the_meeting);

/// With `freeze = "notify"` nothing is changed for anybody.
async fn b8_guests_are_told_where_names_are_only_told(version: Version) {
    let overrides = format!("{}\nfreeze = \"notify\"", overrides(true));
    let env = Env::with(version, Options::with_module(), &overrides).await;
    let focus = env.focus_with_module(ROOM).await;
    let _ada = named(&env, ROOM, "ada", ADA).await;
    let eve = guest(&env, ROOM, "eve", ADA).await;
    let told = |s: &crate::support::El| {
        let body = s.named("body").map(|body| body.text.clone());
        body.is_some_and(|text| text.contains("looks like that of Ada Lovelace"))
    };
    eve.expect("gavel's notice", told).await;
    assert_eq!(focus.name(ROOM, "eve").as_deref(), Some(ADA));
}
on_both!(b8_guests_are_told_where_names_are_only_told);

//! B8: with the module, a person whose token has a picture or an email shows these, as they
//! show the token's name; with `names.guests = "distinct"` nobody else does.

use crate::on_both;
use crate::support::{Client, DEADLINE, El, Env, GAVEL, Occupant, Options, Version, nick, token};
use serde_json::{Value, json};
use std::sync::Arc;

const ROOM: &str = "room@muc.meet.jitsi";
const BRIDGE: &str = "[claims]\nsources = [\"bridge\"]";
const DISTINCT: &str = "[names]\nguests = \"distinct\"";
const PICTURE: &str = "https://school/ada.png";
const EMAIL: &str = "ada.o'neil@school";

fn ada() -> Value {
    json!({ "context": { "user": {
        "name": "Ada", "avatar": format!(" {PICTURE} "), "email": EMAIL,
    } } })
}

fn picture(url: &str) -> String {
    format!("<avatar-url>{url}</avatar-url>")
}

fn email(address: &str) -> String {
    format!("<email>{address}</email>")
}

/// The texts of all children of a presence with this name.
fn texts(presence: &El, name: &str) -> Vec<String> {
    let children = presence.children.iter().filter(|c| c.name == name);
    children.map(|c| c.text.clone()).collect()
}

/// Publishes `children` and waits for the part that `watcher` is shown: pictures and emails.
async fn publishes(
    watcher: &Client,
    who: &Client,
    nick: &str,
    children: &str,
) -> (Vec<String>, Vec<String>) {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed).to_string();
    let mark = format!("{children}<try xmlns='urn:x'>{number}</try>");
    who.presence(ROOM, nick, &mark).await;
    let after = |o: &Occupant| o.presence.named("try").is_some_and(|t| t.text == number);
    let seen = watcher.sees(ROOM, nick, "after this", after).await;
    (
        texts(&seen.presence, "avatar-url"),
        texts(&seen.presence, "email"),
    )
}

fn owned(picture: &[&str], email: &[&str]) -> (Vec<String>, Vec<String>) {
    let all = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
    (all(picture), all(email))
}

async fn scene(version: Version, more: &str) -> (Env, Arc<Client>) {
    let overrides = format!("{BRIDGE}\n{more}");
    let env = Env::with(version, Options::with_module(), &overrides).await;
    let focus = env.focus_with_module(ROOM).await;
    (env, focus)
}

async fn comes(env: &Env, user: &str, claims: Option<Value>, children: &str) -> Arc<Client> {
    let client = env.client(user).await;
    if let Some(claims) = claims {
        client.verified(&token(claims)).await;
    }
    client.join(ROOM, user, children).await;
    env.settle().await;
    client
}

async fn b8_a_picture_by_the_token_is_kept(version: Version) {
    let (env, focus) = scene(version, "").await;
    // Pictures that are out already are replaced.
    let other = nick("Ada") + &picture("https://elsewhere/x.png") + &email("x@elsewhere");
    let ada = comes(&env, "ada", Some(ada()), &other).await;
    let kept = |o: &Occupant| {
        texts(&o.presence, "avatar-url") == [PICTURE] && texts(&o.presence, "email") == [EMAIL]
    };
    focus.sees(ROOM, "ada", "with her own picture", kept).await;
    let both = owned(&[PICTURE], &[EMAIL]);
    for children in [
        picture("https://elsewhere/x.png") + &email("x@elsewhere"),
        picture(PICTURE) + &picture("https://elsewhere/x.png") + &email(EMAIL),
        format!("<avatar-url xmlns='urn:x'>y</avatar-url>{}", email("")),
        picture(PICTURE) + &email(EMAIL),
    ] {
        let seen = publishes(&focus, &ada, "ada", &(nick("Ada") + &children)).await;
        assert_eq!(seen, both, "{children}");
    }
    // Nobody must show one.
    let seen = publishes(&focus, &ada, "ada", &nick("Ada")).await;
    assert_eq!(seen, owned(&[], &[]));
    // If the token says nothing of it, and if there is none, they show any picture they like.
    let named = json!({ "context": { "user": { "name": "Bob", "avatar": 7 } } });
    for (user, claims) in [("bob", Some(named)), ("guest", None)] {
        let client = comes(&env, user, claims, &nick("Bob")).await;
        let own = picture(PICTURE) + &email(EMAIL);
        let seen = publishes(&focus, &client, user, &own).await;
        assert_eq!(seen, both, "{user}");
    }
}
on_both!(b8_a_picture_by_the_token_is_kept);

/// Asked ahead, gavel has the name pinned before anybody sees them, and with it
/// goes the picture.
async fn b8_a_picture_is_kept_from_the_first_presence(version: Version) {
    let options = Options {
        global: r#"muc_mapper_domain_base = "meet.jitsi" muc_mapper_domain_prefix = "muc""#.into(),
        ..Options::with_module()
    };
    let env = Env::with(version, options, &format!("{BRIDGE}\n{DISTINCT}")).await;
    let focus = env.focus_with_module(ROOM).await;
    env.settle().await;
    let fields = json!({
        "auth_token": token(ada()), "jitsi_meet_domain": "*",
        "jitsi_web_query_room": "room", "jitsi_web_query_prefix": "",
    });
    let fields = fields.to_string();
    let ada = Client::connect_with(&env.prosody, "ada@meet.jitsi", Some(&fields)).await;
    ada.ping(GAVEL).await.unwrap();
    let other = nick("Ada") + &picture("https://elsewhere/x.png") + &email("x@elsewhere");
    ada.join(ROOM, "ada", &other).await;
    let guest = comes(&env, "guest", None, &(nick("G") + &picture(PICTURE))).await;
    let shown = |s: &El, what: &str| format!("{s:?}").contains(what);
    assert_eq!(
        focus.count(|s| shown(s, "elsewhere")),
        0,
        "nobody has seen it"
    );
    assert!(focus.count(|s| shown(s, PICTURE)) > 0);
    let borrowed =
        |s: &El| s.attr("from") == Some("room@muc.meet.jitsi/guest") && shown(s, PICTURE);
    assert_eq!(
        focus.count(borrowed),
        0,
        "theirs alone from the first moment"
    );
    drop(guest);
}
on_both!(b8_a_picture_is_kept_from_the_first_presence);

async fn b8_with_freeze_off_pictures_are_anybodys(version: Version) {
    let (env, focus) = scene(version, "[names]\nfreeze = \"off\"").await;
    let ada = comes(&env, "ada", Some(ada()), &nick("Ada")).await;
    let seen = publishes(&focus, &ada, "ada", &(picture("x") + &email("y"))).await;
    assert_eq!(seen, owned(&["x"], &["y"]));
}
on_both!(b8_with_freeze_off_pictures_are_anybodys);

async fn b8_nobody_borrows_a_picture(version: Version) {
    let (env, focus) = scene(version, DISTINCT).await;
    let ada = comes(&env, "ada", Some(ada()), &(nick("Ada") + &picture(PICTURE))).await;
    let named = json!({ "context": { "user": { "name": "Bob" } } });
    for (user, claims) in [("guest", None), ("bob", Some(named))] {
        let borrowed = picture(&format!(" {PICTURE}")) + &email(EMAIL);
        // From the first presence on.
        let client = comes(&env, user, claims, &borrowed).await;
        let seen = focus.sees(ROOM, user, "there", |_| true).await;
        assert_eq!(texts(&seen.presence, "avatar-url"), Vec::<String>::new());
        let seen = publishes(&focus, &client, user, &(borrowed.clone() + &picture("own"))).await;
        assert_eq!(seen, owned(&["own"], &[]), "{user}");
        // Clients make the same picture of these.
        let alike = format!("<avatar-url>{PICTURE}<a/></avatar-url>")
            + &format!("<email><a>x</a>{EMAIL}</email>")
            + &email(&EMAIL.to_uppercase())
            + &email(&EMAIL.replace('\'', "&amp;apos;"));
        let seen = publishes(&focus, &client, user, &alike).await;
        assert_eq!(seen, owned(&[], &[]), "{user}");
    }
    let seen = publishes(&focus, &ada, "ada", &(picture(PICTURE) + &email(EMAIL))).await;
    assert_eq!(seen, owned(&[PICTURE], &[EMAIL]), "hers stays");
    // Switched off, and when its bearer has left, it is anybody's.
    let guest = comes(&env, "other", None, &nick("Other")).await;
    for (more, expected) in [("", owned(&[PICTURE], &[])), (DISTINCT, owned(&[], &[]))] {
        env.gavel
            .reconfigure(&env.prosody, &format!("{BRIDGE}\n{more}"));
        env.gavel.hang_up();
        let read = async {
            while publishes(&focus, &guest, "other", &picture(PICTURE)).await != expected {}
        };
        tokio::time::timeout(DEADLINE, read).await.expect(more);
    }
    ada.leave(ROOM, "ada").await;
    focus.sees_gone(ROOM, "ada").await;
    let seen = publishes(&focus, &guest, "other", &picture(PICTURE)).await;
    assert_eq!(seen, owned(&[PICTURE], &[]));
}
on_both!(b8_nobody_borrows_a_picture);

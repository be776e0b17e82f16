//! `PUT` and `DELETE /v1/rooms/{room}/overrides/{who}`.

use super::fault::Fault;
use super::limits::Connection;
use super::rooms::find;
use super::shared::Shared;
use crate::api::{OverrideRequest, RoomOverride};
use crate::config::duration;
use crate::engine::{Found, Input, NotFound, Override, SetOverride};
use crate::muc::RoomJid;
use crate::shell::driver::Driver;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Extension, Path, State};
use axum::routing::put;
use axum::{Json, Router};
use nix::unistd::{Uid, User};
use std::thread;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// The longest body that is read, in bytes; a right one has less than a hundred.
const LONGEST: usize = 4096;
/// It must be there within this.
const BODY: Duration = Duration::from_secs(10);
/// The longest wait for a user's name.
const NAME: Duration = Duration::from_secs(2);

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/v1/rooms/{room}/overrides/{who}", put(set).delete(clear))
}

/// The room and the person in the path.
type Named = Result<Path<(String, String)>, PathRejection>;

async fn set(
    State(shared): State<Shared>,
    Extension(connection): Extension<Connection>,
    named: Named,
    body: Body,
) -> Result<Json<RoomOverride>, Fault> {
    let Path((room, who)) = named.map_err(|error| Fault::bad(error.body_text()))?;
    let wish = read(body).await?;
    let lasts = wish.for_.as_deref().map(length).transpose()?;
    let by = user(&connection).await;
    let set = shared.handle.ask(move |driver| {
        let room = find(driver, &room)?;
        let person = steerable(driver, &room, &who)?;
        let lasts = lasts.map(|lasts| u64::try_from(lasts.as_millis()).unwrap_or(u64::MAX));
        let set = Override {
            affiliation: wish.affiliation,
            until: lasts.map(|lasts| driver.clock.now().unix_ms.saturating_add(lasts)),
            by: by.clone(),
            nick: person.nick,
            display_name: person.display_name,
        };
        let (main, jid) = (person.main, person.jid);
        driver.set_or_clear(SetOverride {
            main: main.clone(),
            jid: jid.clone(),
            set: Some(set),
            by,
        });
        let set = driver.engine.override_for(&main, &jid);
        set.ok_or_else(|| Fault::conflict(format!("the meeting in {room} has just ended")))
    });
    let set = set.await?;
    shared.answers.forget();
    set.map(Json)
}

async fn clear(
    State(shared): State<Shared>,
    Extension(connection): Extension<Connection>,
    named: Named,
) -> Result<Json<RoomOverride>, Fault> {
    let Path((room, who)) = named.map_err(|error| Fault::bad(error.body_text()))?;
    let by = user(&connection).await;
    let cleared = shared.handle.ask(move |driver| {
        let room = find(driver, &room)?;
        let person = driver.engine.find_overridden(&room, &who);
        let Found { main, jid, .. } = match person {
            Ok(person) => person,
            Err(NotFound::None) => {
                // A request that names nobody, or several people, fails with that first.
                let person = steerable(driver, &room, &who)?;
                let jid = person.jid;
                return Err(Fault::not_found(format!("{jid} has no override in {room}")));
            }
            Err(error) => return Err(no_person(error, &room, &who)),
        };
        let was = driver.engine.override_for(&main, &jid);
        driver.set_or_clear(SetOverride {
            main,
            jid,
            set: None,
            by,
        });
        was.ok_or_else(|| Fault::not_found(format!("{who:?} has no override in {room}")))
    });
    let cleared = cleared.await?;
    shared.answers.forget();
    cleared.map(Json)
}

/// The user that asks: the name that the system has for them, else `uid 1000`.
///
/// The name may come from a directory on the network. So a thread of its own
/// asks for it, and it is not waited for long.
async fn user(connection: &Connection) -> Option<String> {
    let uid = connection.uid?;
    let (tell, told) = oneshot::channel();
    let look = move || {
        let user = User::from_uid(Uid::from_raw(uid));
        // Nobody may be waiting any more.
        let _ = tell.send(user.ok().flatten().map(|user| user.name));
    };
    let asked = thread::Builder::new().name("user".into()).spawn(look);
    let name = match asked {
        Ok(_) => timeout(NAME, told)
            .await
            .ok()
            .and_then(Result::ok)
            .flatten(),
        Err(_) => None,
    };
    Some(
        name.filter(|name| !name.is_empty())
            .unwrap_or_else(|| format!("uid {uid}")),
    )
}

async fn read(body: Body) -> Result<OverrideRequest, Fault> {
    let bytes = timeout(BODY, axum::body::to_bytes(body, LONGEST)).await;
    let bytes = bytes.map_err(|_| Fault::bad(format!("no body came within {BODY:?}")))?;
    let bytes = bytes
        .map_err(|error| Fault::bad(format!("the body cannot be read ({error}): give JSON")))?;
    serde_json::from_slice(&bytes).map_err(|error| {
        Fault::bad(format!(
            "{error}: give {{\"affiliation\": \"owner\", \"for\": \"30m\"}}, where the affiliation is owner, admin, member, none or outcast and `for` may be left out"
        ))
    })
}

fn length(text: &str) -> Result<Duration, Fault> {
    let lasts = duration::parse(text)
        .map_err(|error| Fault::bad(format!("for is {text:?}: {error}; give one such as 30m")))?;
    if lasts.is_zero() {
        return Err(Fault::bad(
            "for is no time at all: give one such as 30m, or leave it out".to_owned(),
        ));
    }
    Ok(lasts)
}

/// The one person that `who` names: in the room, or kept out of it by an override.
fn steerable(driver: &Driver, room: &RoomJid, who: &str) -> Result<Found, Fault> {
    let person = match driver.engine.find_person(room, who) {
        Err(NotFound::None) => driver.engine.find_overridden(room, who),
        found => found,
    };
    person.map_err(|error| no_person(error, room, who))
}

fn no_person(error: NotFound, room: &RoomJid, who: &str) -> Fault {
    match error {
        NotFound::None => Fault::not_found(format!(
            "nobody in {room} has {who:?} as nick, real JID or display name; `gavel room show {room}` shows who is there"
        )),
        NotFound::Several(people) => Fault::ambiguous(
            format!(
                "several people in {room} are named {who:?}: write the JID of one, as in jid:ada@meet.jitsi"
            ),
            people,
        ),
        NotFound::Infrastructure(name) => Fault::forbidden(format!(
            "{name} is infrastructure, which gavel does not manage: see [infrastructure] in the configuration"
        )),
        NotFound::Hidden => Fault::conflict(format!(
            "{room} does not show gavel the real JID of {who:?}, and affiliations belong to real JIDs: make gavel its owner, or load mod_gavel"
        )),
        NotFound::Early => Fault::conflict(format!(
            "gavel has just come into {room} and is still reading its configuration: try again"
        )),
    }
}

impl Driver {
    /// Has the engine carry out an admin's wish; the consequences are sent with the rest.
    fn set_or_clear(&mut self, wish: SetOverride) {
        let input = Input::SetOverride(Box::new(wish));
        self.engine.handle(self.clock.now(), input);
    }
}

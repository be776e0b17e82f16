//! The modelled server's answers to gavel's requests.

use super::room::{Room, bare};
use super::server::Server;
use gavel::muc::{Affiliation, RoomJid};
use gavel::stanza::{CommandReply, Form, IqPayload, Item, LIST_ROOMS, Request, StanzaError};

impl Server {
    pub(super) fn answer(&mut self, to: &str, request: Request) -> Result<IqPayload, &'static str> {
        let gavel = self.gavel_full();
        let admin = self.admins.contains(&self.gavel_bare());
        match request {
            Request::SetRole { .. } if self.refuse_roles => return Err("not-allowed"),
            Request::CommandSetAffiliation {
                room,
                jid,
                affiliation,
            } if admin => {
                let outcome = self.set_affiliation(None, &room, &jid, affiliation);
                return Ok(command(None, Form::default(), outcome.err()));
            }
            Request::StartCommand { node: LIST_ROOMS } if admin => {
                let rooms = self.rooms.keys().map(ToString::to_string).collect();
                let form = Form {
                    fields: Vec::new(),
                    options: vec![("rooms".into(), rooms)],
                };
                return Ok(command(Some("s1".into()), form, None));
            }
            Request::CancelCommand { .. } => return Ok(command(None, Form::default(), None)),
            Request::CommandSetAffiliation { .. } | Request::StartCommand { .. } => {
                return Err("forbidden");
            }
            Request::Module if self.module => {
                return Ok(IqPayload::Module(self.said(to)));
            }
            Request::ForgetArrivals if self.module => {
                self.arrivals.forget();
                self.permissions.forget_ahead();
                return Ok(IqPayload::Empty);
            }
            Request::Lease { .. } if self.module && self.guards => return Ok(IqPayload::Empty),
            Request::Guard { all, people } if self.module && self.guards => {
                let room = RoomJid::parse(to).ok_or("service-unavailable")?;
                return self.take_guard(&room, all, people);
            }
            Request::PermitAll {
                permissions,
                infrastructure,
            } => return self.permit_all(to, permissions, infrastructure),
            Request::Permit {
                jid,
                permissions,
                keeps_denials,
            } => {
                return self.permit(to, jid.as_str(), permissions, keeps_denials);
            }
            Request::Pin { .. } | Request::UnpinAll if self.module => return Ok(IqPayload::Empty),
            // Prosody's answer to a request that it does not know.
            Request::Pin { .. } | Request::UnpinAll => return Err("service-unavailable"),
            Request::Ping if !to.contains('@') => return Ok(IqPayload::Empty),
            _ => {}
        }
        let (room, nick) = to.split_once('/').map_or((to, None), |(r, n)| (r, Some(n)));
        let room = RoomJid::parse(room).ok_or("service-unavailable")?;
        let state = self.rooms.get(&room).ok_or("item-not-found")?;
        let rank = self.affiliation(&room, &bare(&gavel));
        match request {
            Request::Ping => {
                let seated = nick.and_then(|nick| state.occupants.get(nick));
                let inside = seated.is_some_and(|o| o.bare == bare(&gavel)) || state.shadow;
                inside.then_some(IqPayload::Empty).ok_or("not-acceptable")
            }
            Request::ListAffiliation(which) if rank >= which && rank.moderates() => {
                let main = state.main.clone().unwrap_or(room);
                Ok(IqPayload::MucAdmin(self.list(&main, which)))
            }
            Request::Configuration if rank == Affiliation::Owner => {
                Ok(IqPayload::MucOwner(form(state)))
            }
            Request::ListAffiliation(_) | Request::Configuration => Err("forbidden"),
            Request::DiscoInfo => Ok(IqPayload::DiscoInfo {
                node: None,
                features: Vec::new(),
                form: info(state),
            }),
            Request::ShowEverybody if rank == Affiliation::Owner => {
                self.show_everybody(&room);
                Ok(IqPayload::Empty)
            }
            Request::Destroy { .. } if rank == Affiliation::Owner => {
                self.destroy(&room);
                Ok(IqPayload::Empty)
            }
            Request::MembersOnly(on) if rank == Affiliation::Owner => {
                self.rooms.get_mut(&room).unwrap().members_only = on;
                Ok(IqPayload::Empty)
            }
            Request::SetAffiliation { jid, affiliation } => {
                self.set_affiliation(Some(&gavel), &room, &jid, affiliation)?;
                Ok(IqPayload::Empty)
            }
            Request::SetRole { nick, role } => {
                self.set_role(Some(&gavel), &room, nick.as_str(), role)?;
                Ok(IqPayload::Empty)
            }
            _ => Err("service-unavailable"),
        }
    }

    pub(super) fn list(&self, room: &RoomJid, which: Affiliation) -> Vec<Item> {
        let affiliations = self
            .rooms
            .get(room)
            .into_iter()
            .flat_map(|room| &room.affiliations);
        let listed = affiliations.filter(|(_, affiliation)| **affiliation == which);
        let item = |(jid, affiliation): (&String, &Affiliation)| Item {
            jid: Some(jid.clone()),
            affiliation: Some(*affiliation),
            ..Item::default()
        };
        listed.map(item).collect()
    }
}

pub(super) fn error(condition: &str) -> StanzaError {
    StanzaError {
        kind: "cancel".into(),
        condition: condition.into(),
        text: None,
    }
}

fn command(session: Option<String>, form: Form, error: Option<&str>) -> IqPayload {
    IqPayload::Command(CommandReply {
        node: String::new(),
        completed: session.is_none(),
        session,
        form,
        error: error.map(str::to_owned),
    })
}

/// The form in disco#info: how many occupants there are, too.
fn info(room: &Room) -> Form {
    let mut form = form(room);
    let count = room.occupants.len().to_string();
    let count = ("muc#roominfo_occupants".to_owned(), vec![count]);
    form.fields.push(count);
    form.fields
        .retain(|(var, _)| !var.ends_with("presencebroadcast"));
    form
}

pub(super) fn form(room: &Room) -> Form {
    let flag = |set: bool| vec![u8::from(set).to_string()];
    let mut fields = vec![
        (
            "muc#roomconfig_membersonly".to_owned(),
            flag(room.members_only),
        ),
        (
            "muc#roomconfig_persistentroom".to_owned(),
            flag(room.persistent),
        ),
    ];
    let roles = ["moderator", "participant", "visitor"];
    let shown = match room.hides {
        true => Vec::new(),
        false => roles.map(str::to_owned).into(),
    };
    fields.push(("muc#roomconfig_presencebroadcast".to_owned(), shown));
    let texts = [
        ("muc#roomconfig_roomsecret", room.password.clone()),
        ("muc#roominfo_meetingId", room.meeting_id.clone()),
        (
            "muc#roominfo_breakout_main_room",
            room.main.as_ref().map(ToString::to_string),
        ),
    ];
    for (name, value) in texts {
        fields.extend(value.map(|value| (name.to_owned(), vec![value])));
    }
    Form {
        fields,
        options: Vec::new(),
    }
}

//! Whose meeting a room is, and what is held back until that is known.
//!
//! While gavel does not know a room's configuration, nobody in it can be judged. The
//! room goes on noting who is there. As soon as it is known whose meeting the room is,
//! they come to it, and then whoever was banned meanwhile is banned.

use super::Room;
use super::event::{Came, Left, Place, RoomEvent};
use super::held::HeldBan;
use super::occupant::{Held, Occupant};
use super::part::RoomPart;
use crate::muc::{Affiliation, BareJid, Nick, RoomJid};
use crate::stanza::{Actor, Item};

impl RoomPart<'_> {
    /// Somebody in a room that cannot be judged yet is banned from it.
    pub(super) fn hold_ban(&mut self, jid: &RoomJid, nick: &Nick, item: &Item) {
        let outcast = item.affiliation == Some(Affiliation::Outcast);
        let Some(room) = self.rooms.get_mut(jid).filter(|_| outcast) else {
            return;
        };
        let judged = room.meeting.is_some();
        let occupant = room.occupants.get(nick).filter(|o| !o.infrastructure);
        let Some(bare) = occupant.and_then(|o| o.bare()).filter(|_| !judged) else {
            return;
        };
        let occupant = room.occupants.remove(nick);
        room.held.hold(HeldBan {
            bare: bare.clone(),
            item: item.clone(),
            seat: occupant.map(|occupant| (nick.clone(), occupant)),
        });
        self.left_early(jid, &bare, None);
    }

    /// A ban of somebody who is not there; or a ban is lifted.
    pub(super) fn hold_announced(&mut self, jid: &RoomJid, bare: BareJid, item: &Item) {
        let Some(room) = self.rooms.get_mut(jid) else {
            return;
        };
        if item.affiliation != Some(Affiliation::Outcast) {
            room.held.lift(&bare);
        } else if !room.held.holds(&bare) {
            room.held.hold(HeldBan {
                bare,
                item: item.clone(),
                seat: None,
            });
        }
    }

    /// Somebody has left a room before anybody there was judged. `kicked` says by whom,
    /// where they were kicked.
    pub(super) fn left_early(
        &mut self,
        jid: &RoomJid,
        bare: &BareJid,
        kicked: Option<Option<Actor>>,
    ) {
        self.out.emit(RoomEvent::LeftEarly {
            room: jid.clone(),
            bare: bare.clone(),
            kicked,
        });
    }

    /// Tells the meeting who is in a room, once gavel is in and knows which meeting it
    /// is.
    pub(super) fn open_if_ready(&mut self, jid: &RoomJid) {
        let Some(room) = self.rooms.get_mut(jid) else {
            return;
        };
        if !room.is_ready() || room.meeting.is_some() {
            return;
        }
        let facts = room.facts.clone().unwrap_or_default();
        let main = facts.main.unwrap_or_else(|| jid.clone());
        room.meeting = Some(main.clone());
        if main != *jid {
            let rooms = self.breakouts.entry(main.clone()).or_default();
            rooms.insert(jid.clone());
        }
        self.out.emit(RoomEvent::Opened {
            room: jid.clone(),
            main: main.clone(),
            meeting_id: facts.meeting_id,
        });
        let more_bans = self.tell_all(jid, &main);
        let room = self.rooms.get(jid);
        let outcasts = room.and_then(|room| room.listed_as(Affiliation::Outcast));
        let outcasts = outcasts.map(|items| self.people_in(&items));
        let told = outcasts.is_some();
        self.out.emit(RoomEvent::CaughtUp {
            room: jid.clone(),
            main: main.clone(),
            outcasts,
            more_bans,
        });
        self.warn_without_module(jid);
        if main != *jid {
            self.enter(&main);
        } else if told {
            self.read_lists(jid);
        }
    }

    /// Tells who is there, and then who was banned meanwhile. In a breakout room nobody
    /// is banned: the main room tells of it. Answers whether more were banned than could be
    /// held back.
    fn tell_all(&mut self, jid: &RoomJid, main: &RoomJid) -> bool {
        let Some(room) = self.rooms.get_mut(jid) else {
            return false;
        };
        let (mut bans, more) = room.held.take();
        bans.retain(|ban| {
            let back = |(nick, _): &(Nick, _)| room.occupants.contains_key(nick);
            jid == main && !ban.seat.as_ref().is_some_and(back)
        });
        let mut came: Vec<RoomEvent> = Vec::new();
        let nicks: Vec<Nick> = room.occupants.keys().cloned().collect();
        for nick in nicks {
            came.extend(room.came(&nick, None, true).map(RoomEvent::Came));
        }
        let mut ends = Vec::new();
        for HeldBan { bare, item, seat } in bans {
            let Some((nick, mut occupant)) = seat else {
                ends.push(RoomEvent::Announced {
                    room: jid.clone(),
                    bare,
                    affiliation: Affiliation::Outcast,
                    actor: item.actor,
                    held: true,
                });
                continue;
            };
            let event = came_of(jid, main, &nick, &mut occupant, room.module);
            came.extend(event.map(RoomEvent::Came));
            let (room, main) = (jid.clone(), main.clone());
            ends.push(RoomEvent::Left(Box::new(Left {
                place: Place {
                    room,
                    nick,
                    main,
                    bare,
                },
                affiliation: item.affiliation,
                actor: item.actor,
                kicked: false,
                shown: occupant.shown(),
            })));
        }
        came.sort_by(|a, b| nick_of(a).cmp(&nick_of(b)));
        for event in came {
            self.out.emit(event);
        }
        self.out.emit(RoomEvent::AllCame { room: jid.clone() });
        for event in ends {
            self.out.emit(event);
        }
        more
    }

    /// Takes a room out of its meeting; returns the main room of a breakout room.
    /// `moves` says that it belongs to another one from now on.
    pub(super) fn close(&mut self, jid: &RoomJid, moves: bool) -> Option<RoomJid> {
        let room = self.rooms.get_mut(jid)?;
        let main = room.meeting.take()?;
        let occupants = room.occupants.iter();
        let shown = occupants.filter_map(|(nick, o)| Some((nick.clone(), o.shown()?)));
        self.out.emit(RoomEvent::LostSight {
            room: jid.clone(),
            main: main.clone(),
            moves,
            shown: shown.collect(),
        });
        if let Some(rooms) = self.breakouts.get_mut(&main) {
            rooms.remove(jid);
            if rooms.is_empty() {
                self.breakouts.remove(&main);
            }
        }
        Some(main).filter(|main| main != jid)
    }

    /// The meeting in this room is over. gavel may still be in breakout rooms of it.
    pub(super) fn end_meeting(&mut self, jid: &RoomJid) {
        let breakouts = self.breakouts.remove(jid).unwrap_or_default();
        for room in breakouts.iter().chain([jid]) {
            if let Some(room) = self.rooms.get_mut(room) {
                room.meeting = room.meeting.take().filter(|main| main != jid);
            }
        }
        self.out.emit(RoomEvent::Ended { room: jid.clone() });
    }

    /// Whether gavel is in a breakout room of the main room `jid`.
    pub(super) fn has_breakout(&self, jid: &RoomJid) -> bool {
        self.breakouts.contains_key(jid)
    }
}

fn nick_of(event: &RoomEvent) -> Option<&Nick> {
    match event {
        RoomEvent::Came(came) => Some(&came.place.nick),
        _ => None,
    }
}

fn came_of(
    jid: &RoomJid,
    main: &RoomJid,
    nick: &Nick,
    occupant: &mut Occupant,
    module: bool,
) -> Option<Box<Came>> {
    if occupant.infrastructure {
        return None;
    }
    let real = occupant.real.clone()?;
    let held = occupant.held.take();
    let (evidence, written) = match held.map(|held| *held) {
        Some(Held { evidence, written }) => (Some(evidence), Some(written)),
        None => (None, None),
    };
    let bridge = evidence.as_ref().and_then(|e| e.bridge.as_ref());
    let given = bridge.and_then(|bridge| bridge.given).filter(|_| module);
    Some(Box::new(Came {
        place: Place {
            room: jid.clone(),
            nick: nick.clone(),
            main: main.clone(),
            bare: real.bare(),
        },
        real,
        role: occupant.role,
        affiliation: occupant.affiliation,
        machine: occupant.machine,
        at: occupant.joined_at,
        listed: true,
        actor: None,
        given: given.filter(|given| *given == occupant.affiliation),
        evidence,
        written,
    }))
}

impl Room {
    /// The event that somebody in the room has come; none for infrastructure, and for
    /// somebody whose real JID is not shown.
    pub(super) fn came(
        &mut self,
        nick: &Nick,
        item: Option<&Item>,
        listed: bool,
    ) -> Option<Box<Came>> {
        let main = self.meeting.clone()?;
        let occupant = self.occupants.get_mut(nick)?;
        let mut came = came_of(&self.jid, &main, nick, occupant, self.module)?;
        came.listed = listed;
        came.actor = item.and_then(|item| item.actor.clone());
        Some(came)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::engine::outbox::{Delivery, Outbox};
    use crate::engine::room::part::Rooms;
    use crate::engine::room::{Facts, Membership};
    use crate::engine::settings::Settings;
    use crate::engine::stream::Stream;
    use crate::engine::testing::settings;
    use crate::engine::time::Now;
    use crate::stanza::{DisplayName, Evidence, LeftOut, MucUser, Presence, PresenceKind};
    use bytes::Bytes;

    fn presence(nick: &str, kind: PresenceKind, affiliation: Affiliation) -> Presence {
        let item = Item {
            jid: Some(format!("{nick}@x/r")),
            affiliation: Some(affiliation),
            ..Item::default()
        };
        Presence {
            from: format!("room@muc.x/{nick}"),
            kind,
            muc_user: Some(MucUser {
                items: vec![item],
                ..MucUser::default()
            }),
            to: "gavel@gavel.x/gavel".to_owned(),
            id: None,
            display_name: DisplayName::Absent,
            evidence: Evidence::default(),
            machine: false,
            module: None,
            raw: Bytes::new(),
            whole: true,
            left_out: LeftOut::default(),
        }
    }

    /// A room that gavel is in and whose configuration it does not know yet.
    fn one_room(settings: &Settings) -> (RoomJid, Rooms, Outbox) {
        let jid = RoomJid::parse("room@muc.x").unwrap();
        let mut room = Room::new(jid.clone(), 0, settings.nick.clone());
        (room.membership, room.module) = (Membership::In, true);
        let mut rooms = Rooms::new(settings);
        rooms.all.insert(jid.clone(), room);
        (jid, rooms, Outbox::default())
    }

    /// What the room has told, in short.
    fn told(out: &mut Outbox) -> Vec<String> {
        let deliveries = std::iter::from_fn(|| out.next_delivery());
        let events = deliveries.filter_map(|delivery| match delivery {
            Delivery::Event(event) => Some(event),
            Delivery::News(_) | Delivery::Order(_) => None,
        });
        let short = |event: RoomEvent| match event {
            RoomEvent::Opened { .. } => "opened".to_owned(),
            RoomEvent::Came(came) => format!("{} came", came.place.nick),
            RoomEvent::AllCame { .. } => "all came".to_owned(),
            RoomEvent::Left(left) => format!("{} left", left.place.nick),
            RoomEvent::LeftEarly { bare, .. } => format!("{bare} left early"),
            RoomEvent::CaughtUp { .. } => "caught up".to_owned(),
            other => format!("{other:?}"),
        };
        events.map(short).collect()
    }

    #[test]
    fn b2_what_happens_before_the_meeting_is_known_comes_after_it() {
        let (settings, stream) = (settings(), Stream::default());
        let (jid, mut rooms, mut out) = one_room(&settings);
        let mut part = rooms.part(Now::default(), &settings, &stream, &mut out);
        let (none, outcast) = (Affiliation::None, Affiliation::Outcast);
        for nick in ["b", "a", "c"] {
            part.presence(presence(nick, PresenceKind::Available, none));
        }
        part.presence(presence("b", PresenceKind::Unavailable, outcast));
        part.presence(presence("c", PresenceKind::Unavailable, none));
        assert_eq!(told(&mut out), ["b@x left early", "c@x left early"]);
        let mut part = rooms.part(Now::default(), &settings, &stream, &mut out);
        part.configured(&jid, Facts::default());
        let expected = [
            "opened",
            "a came",
            "b came",
            "all came",
            "b left",
            "caught up",
        ];
        assert_eq!(told(&mut out)[..6], expected);
        let mut part = rooms.part(Now::default(), &settings, &stream, &mut out);
        part.presence(presence("d", PresenceKind::Available, none));
        part.presence(presence("a", PresenceKind::Unavailable, none));
        assert_eq!(told(&mut out)[..2], ["d came", "a left"]);
    }

    /// What a room tells, which belongs to the meeting of `main`, once that is known; both
    /// `a` and `b` were banned before.
    fn told_of_bans(main: Option<&str>, back: bool) -> Vec<String> {
        let (settings, stream) = (settings(), Stream::default());
        let (jid, mut rooms, mut out) = one_room(&settings);
        let mut part = rooms.part(Now::default(), &settings, &stream, &mut out);
        let (none, outcast) = (Affiliation::None, Affiliation::Outcast);
        part.presence(presence("z", PresenceKind::Available, none));
        for nick in ["b", "a"] {
            part.presence(presence(nick, PresenceKind::Available, none));
            part.presence(presence(nick, PresenceKind::Unavailable, outcast));
        }
        if back {
            part.presence(presence("a", PresenceKind::Available, none));
        }
        told(&mut out);
        let facts = Facts {
            main: main.and_then(RoomJid::parse),
            ..Facts::default()
        };
        let mut part = rooms.part(Now::default(), &settings, &stream, &mut out);
        part.configured(&jid, facts);
        let mut told = told(&mut out);
        told.retain(|told| told.ends_with("came") || told.ends_with("left"));
        told
    }

    #[test]
    fn b4_a_ban_of_somebody_who_is_back_is_over() {
        let all = ["a came", "b came", "z came", "all came", "b left", "a left"];
        assert_eq!(told_of_bans(None, false), all);
        let one = ["a came", "b came", "z came", "all came", "b left"];
        assert_eq!(told_of_bans(None, true), one);
    }

    #[test]
    fn b15_bans_are_the_main_rooms() {
        let told = told_of_bans(Some("main@muc.x"), false);
        assert_eq!(told, ["z came", "all came"]);
    }
}

//! Occupants and their places in a meeting.

use super::Engine;
use super::event::Party;
use super::meeting::rights::Event;
use super::meeting::seat::Seat;
use super::person::LeftAs;
use super::task::Task;
use crate::muc::{Affiliation, BareJid, Nick, RoomJid};
use crate::stanza::Item;
use std::collections::HashMap;

impl Engine {
    /// Judges a room's people, once gavel is in and knows which meeting they
    /// belong to.
    pub(super) fn attach_if_ready(&mut self, jid: &RoomJid) {
        let Some(room) = self.rooms.get_mut(jid) else {
            return;
        };
        if !room.is_ready() || room.meeting.is_some() {
            return;
        }
        let facts = room.facts.clone().unwrap_or_default();
        let main = facts.main.unwrap_or_else(|| jid.clone());
        room.meeting = Some(main.clone());
        let bans = self.seat_banned(jid, &main);
        let room = self.rooms.get(jid).into_iter();
        let mut nicks: Vec<Nick> = room
            .flat_map(|room| room.occupants.keys().cloned())
            .collect();
        nicks.sort_unstable();
        self.join_meeting(&main, jid, facts.meeting_id);
        // Whoever was elected may be no more, as the configuration is now.
        self.out.todo(Task::Meeting(main.clone()));
        for nick in &nicks {
            self.take_seat(jid, nick, None, true);
        }
        self.settle_tokens(jid);
        self.ban_seated(jid, bans);
        self.guard_room(jid);
        self.warn_without_module(jid);
        for nick in nicks {
            self.out.todo(Task::Name(jid.clone(), nick));
        }
        if self.is_ready() {
            self.succeed_unseen(&main);
        }
        if main == *jid {
            self.doubt_unseated(jid);
            self.read_lists(jid);
        } else {
            self.enter(&main);
        }
    }

    /// What was known of people who are not in the main room, but in a breakout
    /// room or nowhere, may have changed unseen: the lists will tell.
    fn doubt_unseated(&mut self, main: &RoomJid) {
        let Some(meeting) = self.meetings.get(main) else {
            return;
        };
        let unseated = meeting.people.iter().filter(|(_, p)| !p.is_seated_in(main));
        let outcast = |shown| shown == Some(Affiliation::Outcast);
        // A ban that is to be lifted may be gone by now.
        let banned = unseated
            .clone()
            .any(|(_, p)| outcast(p.rights.shown()) || p.rights.is_ban_to_be_lifted());
        let doubted = unseated.filter(|(_, person)| !outcast(person.rights.shown()));
        let doubted: Vec<BareJid> = doubted.map(|(bare, _)| bare.clone()).collect();
        for bare in &doubted {
            self.apply(main, bare, Event::Doubted);
        }
        if banned {
            self.read_list(main, Affiliation::Outcast);
        }
    }

    pub(super) fn join_meeting(
        &mut self,
        main: &RoomJid,
        jid: &RoomJid,
        meeting_id: Option<String>,
    ) {
        let now = self.now.unix_ms;
        let known = self.meetings.get(main).map(|m| m.meeting_id.clone());
        let another = match (known.flatten(), &meeting_id) {
            (Some(old), Some(new)) => main == jid && old != *new,
            _ => false,
        };
        if another && let Some(meeting) = self.meetings.get_mut(main) {
            meeting.begin_anew(now, &self.settings.policy);
            let people: Vec<BareJid> = meeting.people.keys().cloned().collect();
            people.iter().for_each(|bare| self.counts_anew(main, bare));
            self.out.save();
        }
        let meeting = self.meetings.entry(main.clone());
        let meeting = meeting.or_default();
        meeting.rooms.insert(jid.clone());
        if main == jid {
            meeting.meeting_id = meeting_id.or(meeting.meeting_id.take());
        }
    }

    /// Gives an occupant its place in the meeting, and judges it. `listed` says
    /// that it was there when gavel came.
    pub(super) fn take_seat(
        &mut self,
        jid: &RoomJid,
        nick: &Nick,
        item: Option<&Item>,
        listed: bool,
    ) {
        let now = self.now;
        let Some(room) = self.rooms.get(jid) else {
            return;
        };
        let (Some(main), Some(occupant)) = (room.meeting.clone(), room.occupants.get(nick)) else {
            return;
        };
        let (affiliation, came) = (occupant.affiliation, occupant.joined_at);
        let (role, machine) = (occupant.role, occupant.machine);
        let bare = match occupant.bare() {
            Some(bare) if !occupant.infrastructure => bare,
            _ => return,
        };
        let Some(meeting) = self.meetings.get_mut(&main) else {
            return;
        };
        let person = meeting.person(&bare);
        person.unsettled_since.get_or_insert(now.tick);
        person.left_as = None;
        self.tally.people += 1;
        let back = !person.is_present();
        // Who was there before gavel lost sight of them does not appear now.
        let appears = back && !person.rights.is_lost();
        if appears {
            person.because = None;
        }
        let user_id = person.rights.user().map(Box::<str>::from);
        // Mostly there is one, and a vector's first room is for four.
        person.seats.reserve_exact(1);
        let known = take_parked(&mut self.parked, jid, nick, &bare);
        person.seats.push(Seat {
            role,
            machine,
            joined_at: came,
            ..known.unwrap_or_else(|| Seat::new(jid.clone(), nick.clone()))
        });
        if appears {
            self.apply(&main, &bare, Event::User(None));
        }
        if let Some(id) = user_id.filter(|_| back) {
            self.user_is_back(&main, &bare, &id, appears);
        }
        let given = self.given(jid, nick);
        self.examine(jid, nick, listed);
        if let Some(given) = given.filter(|_| main == *jid) {
            self.entered_as(&main, &bare, given, (jid, nick));
        }
        let actor = item.and_then(|item| item.actor.as_ref());
        let known = self.person(&main, &bare).and_then(|p| p.rights.shown());
        self.observe(jid, &bare, affiliation, actor, true);
        if back {
            self.apply(&main, &bare, Event::Appeared);
        }
        // The module announces nothing of people who are about to enter. So what a
        // server module gave somebody in that moment shows in their first presence.
        let entered = main == *jid && !listed && actor.is_none();
        if entered && affiliation.moderates() && !known.is_some_and(Affiliation::moderates) {
            self.count_promotion(&main, &bare, &Party::NONE);
        }
        let person = self.person(&main, &bare).filter(|_| back);
        if person.is_some_and(|person| person.rights.is_awaited()) {
            self.is_back(&main, &bare);
        }
        self.note_arrival(&main, &bare, came);
        self.distinguish(jid, nick);
        self.mark(&main, &bare);
    }

    /// Takes an occupant's place away. `seen` says that the room told so.
    pub(super) fn unseat(
        &mut self,
        main: &RoomJid,
        (room, nick): (&RoomJid, &Nick),
        bare: &BareJid,
        seen: bool,
    ) -> Option<Seat> {
        if let Some(meeting) = self.meetings.get_mut(main) {
            meeting.names.leaves(&(room.clone(), nick.clone()));
        }
        let at = self.now.unix_ms;
        let had = self.person(main, bare)?.standing(&self.settings);
        let person = self.person(main, bare)?;
        let place = person.seats.iter().position(|seat| seat.is_at(room, nick));
        let seat = place.map(|place| &person.seats[place]);
        let occupant = self.occupant(room, nick);
        let left_as = occupant.and_then(|occupant| LeftAs::of(occupant.names(seat)));
        let person = self.person_mut(main, bare)?;
        let taken = place.map(|place| person.seats.remove(place));
        if person.is_present() {
            self.apply(main, bare, Event::SeatLeft { had, seen });
        } else {
            person.unsettled_since = None;
            person.role_taken = false;
            person.left_as = left_as;
            self.apply(main, bare, Event::Left { had, seen, at });
            self.succeed(main, bare, seen);
            self.watch_kept(main, bare);
        }
        self.mark(main, bare);
        taken
    }
}

/// Takes what was known of an occupant whose room belonged to another meeting before.
fn take_parked(
    parked: &mut HashMap<RoomJid, Vec<(BareJid, Seat)>>,
    room: &RoomJid,
    nick: &Nick,
    bare: &BareJid,
) -> Option<Seat> {
    let seats = parked.get_mut(room)?;
    let at = seats
        .iter()
        .position(|(of, seat)| of == bare && seat.nick == *nick)?;
    Some(seats.swap_remove(at).1)
}

//! The configuration was read again: what it says now holds at once for
//! everybody present.
//!
//! Evidence is not kept, so where claims are read otherwise than before, rooms are
//! asked to show everybody anew: Prosody and the module answer a join of who is
//! in already with the list of occupants. What was refused before may be believed
//! then, and what was believed refused; until then everybody keeps what they have.

use super::event::Cause;
use super::meeting::rights::{Event, Standing};
use super::room::Room;
use super::settings::Freeze;
use super::task::Task;
use super::{Engine, Settings};
use crate::muc::{Affiliation, BareJid, Nick, OccupantJid, RoomJid};
use crate::policy::Grants;
use crate::stanza::Outbound;
use std::collections::BTreeSet;
use std::fmt;

/// Another configuration.
pub struct Reload {
    /// What holds from now on. Component, nick, services and seed stay what they
    /// were: they are the connection's.
    pub settings: Settings,
    /// Whether evidence is read otherwise than before.
    pub claims_changed: bool,
}

impl fmt::Debug for Reload {
    /// Without keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reload")
    }
}

impl Engine {
    /// Takes another configuration.
    pub(super) fn reload(&mut self, reload: Reload) {
        let Reload {
            mut settings,
            claims_changed,
        } = reload;
        settings.verifier.keep_keys(&mut self.settings.verifier);
        settings.component.clone_from(&self.settings.component);
        settings.nick = self.settings.nick.clone();
        settings.services.clone_from(&self.settings.services);
        let old = std::mem::replace(&mut self.settings, settings);
        self.forget_arrivals();
        self.out.todo(Task::Keys);
        // What is still wrong is said again.
        self.out.keep_told(|_| false);
        let mut unseen = BTreeSet::new();
        if old.infrastructure != self.settings.infrastructure {
            unseen = self.manage_anew();
        }
        let names = |settings: &Settings| (settings.freeze, settings.guests);
        let names_changed = names(&old) != names(&self.settings);
        if claims_changed {
            self.doubt_claims();
        }
        if names_changed {
            self.keep_names_anew();
            self.distinguish_everybody();
        }
        if claims_changed || names_changed {
            unseen = self.rooms.keys().cloned().collect();
        }
        self.count_everybody();
        self.tell_logins();
        self.judge_everybody();
        self.permit_everybody();
        self.set_expiries();
        self.note_arrivals();
        self.look_at_all_meetings();
        for room in unseen {
            self.see_anew(&room);
        }
        self.guard_anew();
        for service in 0..self.services.len() {
            self.poll_service(service);
        }
    }

    /// Moves people in and out of management. Answers the rooms that must show
    /// somebody anew.
    fn manage_anew(&mut self) -> BTreeSet<RoomJid> {
        let mut unseen = BTreeSet::new();
        let mut jids: Vec<RoomJid> = self.rooms.keys().cloned().collect();
        jids.sort_unstable();
        for jid in &jids {
            for nick in self.misplaced(jid) {
                if self.occupant(jid, &nick).is_some_and(|o| o.infrastructure) {
                    // Its evidence was never looked at: it is to come as others
                    // do.
                    if let Some(room) = self.rooms.get_mut(jid) {
                        room.occupants.remove(&nick);
                    }
                    unseen.insert(jid.clone());
                } else {
                    self.manage_no_more(jid, &nick);
                }
            }
        }
        let infrastructure = &self.settings.infrastructure;
        for meeting in self.meetings.values_mut() {
            let people = meeting.people.len();
            let managed = |jid: &BareJid| !infrastructure.contains_bare(jid);
            meeting.people.retain(|jid, _| managed(jid));
            self.out.save_if(meeting.people.len() != people);
        }
        for jid in &jids {
            // Owners who are away and were infrastructure may be people now.
            let room = self.rooms.get(jid);
            let meeting = room.and_then(|room| room.meeting.as_ref());
            if meeting == Some(jid) {
                self.read_lists(jid);
            }
            if !unseen.contains(jid) {
                self.leave_if_lonely(jid);
            }
        }
        unseen
    }

    /// Who is infrastructure and was not, or the other way round; by nick.
    fn misplaced(&self, jid: &RoomJid) -> Vec<Nick> {
        let infrastructure = &self.settings.infrastructure;
        let occupants = self.rooms.get(jid).into_iter();
        let occupants = occupants.flat_map(|room| &room.occupants);
        let misplaced = occupants.filter(|(_, o)| {
            let real = o.real.as_ref();
            o.infrastructure != real.is_some_and(|real| infrastructure.contains(real))
        });
        let mut nicks: Vec<Nick> = misplaced.map(|(nick, _)| nick.clone()).collect();
        nicks.sort_unstable();
        nicks
    }

    /// Somebody has become infrastructure.
    fn manage_no_more(&mut self, jid: &RoomJid, nick: &Nick) {
        let room = self.rooms.get(jid);
        let module = room.is_some_and(|room| room.module);
        let Some(occupant) = self.occupant_mut(jid, nick) else {
            return;
        };
        occupant.infrastructure = true;
        occupant.pending = None;
        occupant.early = None;
        let frozen = occupant.frozen.take();
        let main = self.rooms.get(jid).and_then(|room| room.meeting.as_ref());
        if let Some(meeting) = main.and_then(|main| self.meetings.get_mut(main)) {
            meeting.names.leaves(&(jid.clone(), nick.clone()));
        }
        if module && frozen.is_some_and(|frozen| frozen.pinned) {
            self.unpin_name(jid, nick);
        }
        self.warn_without_module(jid);
    }

    /// Evidence is to be looked at again when it is shown; claims of sources that
    /// are believed no more are gone at once.
    fn doubt_claims(&mut self) {
        let mut gone = Vec::new();
        let verifier = &self.settings.verifier;
        let meetings = self.meetings.values_mut();
        for (bare, person) in meetings.flat_map(|meeting| &mut meeting.people) {
            for seat in &mut person.seats {
                seat.evidence_mark = None;
                let believed = |source| verifier.believes(source, bare.domain());
                if seat.source().is_some_and(|source| !believed(source)) {
                    seat.credentials = None;
                    gone.push((seat.room.clone(), seat.nick.clone()));
                }
            }
        }
        gone.sort_unstable();
        for (jid, nick) in gone {
            self.freeze_name(&jid, &nick);
        }
    }

    /// What moderators granted before is no more than `policy.grants` makes of it
    /// now.
    pub(super) fn limit_grants(&mut self) {
        let limit = match self.settings.policy.grants {
            Grants::Owner => return,
            Grants::Admin => Some(Affiliation::Admin),
            Grants::None => None,
        };
        let policy = &self.settings.policy;
        let meetings = self.meetings.values_mut();
        for person in meetings.flat_map(|meeting| meeting.people.values_mut()) {
            let limit = Event::GrantsLimited(limit);
            let effect = person.rights.apply(limit, Standing::ABSENT, policy);
            self.out.save_if(effect.news);
        }
    }

    /// Judges everybody by the policy that holds now.
    fn judge_everybody(&mut self) {
        self.limit_grants();
        let rooms = self.rooms.values().filter(|room| room.is_ready());
        let occupants = rooms.flat_map(|room| {
            let nicks = room.occupants.keys();
            nicks.map(|nick| (room.jid.clone(), nick.clone()))
        });
        let mut occupants: Vec<_> = occupants.collect();
        occupants.sort_unstable();
        for (jid, nick) in occupants {
            self.judge_again(&jid, &nick);
        }
        let mut meetings: Vec<RoomJid> = self.meetings.keys().cloned().collect();
        meetings.sort_unstable();
        for main in meetings {
            let people = self.meetings.get_mut(&main).into_iter();
            for person in people.flat_map(|meeting| meeting.people.values_mut()) {
                person.because = Some(Cause::Reload);
                if let Some(trouble) = &mut person.trouble {
                    // It may be this that the admin has mended.
                    trouble.not_before = None;
                    trouble.ineffective = 0;
                }
            }
            self.mark_everybody(&main);
        }
    }

    /// Keeps names, or lets go of them, as it is configured now.
    fn keep_names_anew(&mut self) {
        let pins = self.settings.freeze == Freeze::Revert;
        let mut frozen = Vec::new();
        let mut rooms = Vec::new();
        for room in self.rooms.values_mut().filter(|room| room.is_ready()) {
            for (nick, occupant) in &mut room.occupants {
                if let Some(name) = &mut occupant.frozen {
                    name.pinned &= pins;
                    frozen.push((room.jid.clone(), nick.clone()));
                }
            }
            if room.module {
                rooms.push(room.jid.clone());
            }
        }
        rooms.sort_unstable();
        for room in rooms {
            self.unpin_if_off(&room);
        }
        frozen.sort_unstable();
        for (jid, nick) in frozen {
            self.out.todo(Task::Name(jid, nick));
        }
    }

    /// Has a room show everybody who is in it.
    pub(super) fn see_anew(&mut self, jid: &RoomJid) {
        let Some(room) = self.rooms.get(jid).filter(|room: &&Room| room.is_in()) else {
            return;
        };
        let join = Outbound::Join {
            occupant: OccupantJid {
                room: jid.clone(),
                nick: room.nick.clone(),
            },
            password: room.password.clone(),
        };
        self.out.send(join);
    }
}

//! Finding rooms: invitations, lists, the configuration (SPEC `[discovery]`).

use super::Membership;
use super::event::RoomEvent;
use super::join::YOUNG;
use super::module::Module;
use super::part::RoomPart;
use crate::engine::asker::{Answer, Asker, ServiceAsk};
use crate::engine::hash::HashSet;
use crate::engine::settings::Poll;
use crate::engine::timers::Timer;
use crate::engine::warning::Warning;
use crate::muc::{BareJid, RoomJid};
use crate::stanza::{
    CommandReply, IqPayload, Item, LIST_ROOMS, Message, MessageKind, Request, StanzaError,
};
use std::collections::BTreeSet;
use std::time::Duration;

/// A list is never asked for more often than this many times the duration of the last one:
/// Prosody is one thread, and a long list stops everybody.
const LIST_RATIO: u32 = 50;
/// A room gavel has left for lack of people is not joined again because of a
/// list for this long, unless it was missing from one.
pub const LISTED_AGAIN: Duration = Duration::from_secs(600);

impl RoomPart<'_> {
    /// After a connection: everything that was known, is configured or listed.
    /// `meetings` are those of which something is remembered.
    pub fn discover(&mut self, meetings: Vec<RoomJid>) {
        for service in 0..self.services.len() {
            self.services[service].polling = false;
            if self.services[service].had_module && self.settings.poll == Poll::Auto {
                self.seek_configured(service);
                self.poll_again(service);
            } else {
                self.poll_service(service);
            }
        }
        let all: BTreeSet<RoomJid> = self.rooms.keys().cloned().chain(meetings).collect();
        for room in all {
            self.enter(&room);
        }
    }

    /// Looks at a service's list, and for configured rooms, and will again.
    pub fn poll_service(&mut self, service: usize) {
        if !self.stream.is_open() || self.services[service].polling {
            return;
        }
        // It may have been loaded since, and people may log in otherwise than before.
        let missing =
            !self.services[service].module.serves() && self.settings.verifier.needs_module();
        if missing || !self.settings.policy.trusted_logins.is_empty() {
            self.ask_module(service);
        }
        let domain = self.settings.services[service].domain.clone();
        let (request, purpose) = match (self.settings.poll, self.services[service].module.serves())
        {
            (Poll::AdHoc, _) | (Poll::Auto, false) => {
                let request = Request::StartCommand { node: LIST_ROOMS };
                (request, Asker::Service(service, ServiceAsk::ListRooms))
            }
            (Poll::Disco, _) => (
                Request::DiscoItems,
                Asker::Service(service, ServiceAsk::Items),
            ),
            (Poll::Off, _) | (Poll::Auto, true) => {
                self.seek_configured(service);
                let again = self.now.tick + self.settings.interval;
                return self.out.wake(again, Timer::Poll(service));
            }
        };
        self.services[service].polling = true;
        self.services[service].polled_at = self.now.tick;
        self.out.ask(&domain, request, purpose);
        self.seek_configured(service);
    }

    /// Looks whether configured rooms exist.
    fn seek_configured(&mut self, service: usize) {
        let domain = &self.settings.services[service].domain;
        let rooms = self.settings.rooms.iter();
        let rooms: Vec<RoomJid> = rooms.filter(|r| r.service() == domain).cloned().collect();
        for room in rooms {
            self.enter_listed(&room);
        }
    }

    /// A list has come, or not.
    pub fn rooms_answered(&mut self, service: usize, answer: Answer<'_>) {
        match answer {
            Answer::Result(IqPayload::Command(reply)) => {
                self.listed_by_command(service, reply, true);
            }
            Answer::Partial(IqPayload::Command(reply)) => {
                self.listed_by_command(service, reply, false);
            }
            Answer::Result(IqPayload::DiscoItems { jids, .. })
            | Answer::Partial(IqPayload::DiscoItems { jids, .. }) => {
                self.listed(service, jids, false);
            }
            Answer::Error(error) => self.not_listed(service, error),
            Answer::Result(_) | Answer::Partial(_) | Answer::Unread | Answer::Silence => {
                self.poll_again(service);
            }
        }
    }

    /// Takes a service's list; rooms in it are entered.
    /// `complete` says that no room is hidden from it.
    fn listed(&mut self, service: usize, rooms: &[String], complete: bool) {
        let took = self
            .now
            .tick
            .saturating_sub(self.services[service].polled_at);
        self.out.tally.services[service].listed = Some((rooms.len(), took));
        self.out.tally.services[service].list_refused = None;
        self.poll_again(service);
        let found: Vec<RoomJid> = rooms
            .iter()
            .filter_map(|room| self.settings.locate(room))
            .filter(|(_, _, resource)| resource.is_none())
            .map(|(_, room, _)| room)
            .collect();
        self.drop_missing(service, &found, complete);
        for room in found {
            self.enter_listed(&room);
        }
    }

    /// The ad-hoc list: the options of the form; the command is then cancelled.
    /// `complete` says that all of it could be read.
    fn listed_by_command(&mut self, service: usize, reply: &CommandReply, complete: bool) {
        let domain = self.settings.services[service].domain.clone();
        if let Some(session) = reply.session.clone() {
            let node = LIST_ROOMS;
            let cancel = Request::CancelCommand { node, session };
            self.out.ask(&domain, cancel, Asker::Nobody);
        }
        let rooms = reply.form.choices("rooms").unwrap_or_default().to_vec();
        self.listed(service, &rooms, complete);
    }

    /// A list was refused.
    fn not_listed(&mut self, service: usize, error: &StanzaError) {
        self.poll_again(service);
        self.out.tally.services[service].list_refused = Some(error.to_string());
        // The module needs no list. At the first refusal it may not have answered.
        let again = std::mem::replace(&mut self.services[service].refused, true);
        let module = &self.services[service].module;
        if !again || module.serves() || *module == Module::Unknown {
            return;
        }
        self.out.warn_once(Warning::NotListable {
            service: self.settings.services[service].domain.clone(),
            gavel: self.settings.gavel(),
            error: error.to_string(),
        });
    }

    /// When the list is looked at next.
    fn poll_again(&mut self, service: usize) {
        let state = &mut self.services[service];
        let asked = std::mem::take(&mut state.polling);
        let took = self.now.tick.saturating_sub(state.polled_at);
        let took = if asked { took } else { Duration::ZERO };
        let pause = self.settings.interval.max(took * LIST_RATIO);
        self.out.wake(self.now.tick + pause, Timer::Poll(service));
    }

    /// A room that is missing from a list may be joined when it is listed again:
    /// it is another one. Only Prosody's own list is proof that the room has
    /// ended, whether gavel has left it or still waits to get in.
    fn drop_missing(&mut self, service: usize, found: &[RoomJid], complete: bool) {
        let found: HashSet<&RoomJid> = found.iter().collect();
        let before = self.services[service].polled_at;
        let missing = self.rooms.values_mut().filter(|room| {
            let waits =
                room.membership == Membership::Joining && room.joining_since + YOUNG < before;
            room.service == service
                && (room.not_listed_before.is_some() || waits)
                && !found.contains(&room.jid)
        });
        let mut ended = Vec::new();
        for room in missing {
            room.not_listed_before = None;
            let outside = [Membership::Out, Membership::Joining].contains(&room.membership);
            if complete && outside {
                ended.push(room.jid.clone());
            }
        }
        ended.sort_unstable();
        for room in ended {
            self.drop(&room);
        }
    }

    /// Enters a room because it is in a list or configured.
    fn enter_listed(&mut self, jid: &RoomJid) {
        let now = self.now.tick;
        let waits = |room: &super::Room| room.not_listed_before.is_some_and(|at| at > now);
        if !self.rooms.get(jid).is_some_and(waits) {
            self.enter_if_out(jid);
        }
    }

    /// Takes a message: an invitation, an absent JID's new affiliation, or a configuration
    /// change. Only the room's own words count: type normal, from its bare JID.
    pub fn message(&mut self, message: &Message) {
        let located = self.settings.locate(&message.from);
        if located.is_none() && message.kind == MessageKind::Normal {
            let user = message.muc_user.as_ref();
            if user.is_some_and(|user| user.invite) {
                self.invited_elsewhere(&message.from);
            }
        }
        let Some((_, room, None)) = located else {
            return;
        };
        if message.kind == MessageKind::Groupchat {
            self.heard_from(&room);
        }
        if message.left_out.room {
            self.doubt(&room);
        }
        let Some(user) = &message.muc_user else {
            return;
        };
        // 104 comes in groupchat, where a client can write it, too: it makes
        // gavel read the configuration again, no more.
        if user.has_status(crate::muc::status::CONFIG_CHANGED) {
            self.read_configuration(&room);
        }
        if message.kind != MessageKind::Normal {
            return;
        }
        if user.invite && self.settings.invites {
            return self.invited(&room, user.inviter.as_deref());
        }
        for item in &user.items {
            self.announced(&room, item);
        }
    }

    /// An invitation: the way in, or, from the module, the news that it does
    /// not know gavel in that room any more.
    fn invited(&mut self, jid: &RoomJid, by: Option<&str>) {
        if self.rooms.get(jid).is_some_and(super::Room::is_in) {
            return self.ping_room(jid);
        }
        self.enter_at_once(jid, self.turn_of(by));
    }

    /// Says whether everything found since the connection has been joined. All rooms are
    /// looked at only when the queue says that it may be so.
    pub fn all_joined(&self) -> bool {
        self.stream.is_resynchronising()
            && self.join_queue.is_empty()
            && self.services.iter().all(|service| !service.polling)
            && !self.is_joining_young()
            && !self.rooms.values().any(|room| self.is_entering(room))
    }

    /// Says whether one of the last joins has only just begun.
    fn is_joining_young(&self) -> bool {
        let mut joining = self.joining.iter();
        joining.any(|(_, jid)| {
            let room = self.rooms.get(jid);
            room.is_some_and(|room| self.is_entering(room))
        })
    }

    /// Says whether a join is still to come; one that has been under way for long (it may
    /// be queued until a focus comes) is not waited for.
    fn is_entering(&self, room: &super::Room) -> bool {
        use Membership::{In, Joining, Out, Probing, Queued};
        match room.membership {
            Out => false,
            // The room's kind, a breakout room perhaps, is about to be known.
            In => room.facts.is_none() && self.now.tick < room.joining_since + YOUNG,
            Probing | Queued => true,
            Joining => self.now.tick < room.joining_since + YOUNG,
        }
    }

    /// An invitation from a service that gavel does not look after.
    fn invited_elsewhere(&mut self, from: &str) {
        // A room invites from its bare JID; a person's message has a resource.
        let Some((room, service)) = from.split_once('@').filter(|_| !from.contains('/')) else {
            return;
        };
        if room.is_empty() || !self.out.tally.invited_from(service) {
            return;
        }
        let known = self.settings.services.iter().map(|s| s.domain.clone());
        let known: Vec<String> = known.collect();
        self.out.warn_once(Warning::InvitedElsewhere {
            service: service.to_owned(),
            known: known.join(", "),
        });
    }

    /// A message of the room about a JID that is not in it (or about to leave).
    fn announced(&mut self, jid: &RoomJid, item: &Item) {
        let bare = item.jid.as_deref().and_then(BareJid::parse);
        let room = self.rooms.get(jid).filter(|room| room.is_in());
        let (Some(bare), Some(affiliation), Some(room)) = (bare, item.affiliation, room) else {
            return;
        };
        if !room.is_ready() {
            return self.hold_announced(jid, bare, item);
        }
        // An affiliation that is set in a breakout room changes nothing there (B15).
        if room.meeting.as_ref() == Some(jid) {
            self.out.emit(RoomEvent::Announced {
                room: jid.clone(),
                bare,
                affiliation,
                actor: item.actor.clone(),
                held: false,
            });
        }
    }
}

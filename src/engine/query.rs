//! Questions of the shell and of tests to the engine. Looks only.

use super::Engine;
use super::doctor::answers::Answers;

use super::doctor::tally::Tally;
use super::meeting::Meeting;
use super::meeting::seat::Seat;
use super::room::Room;
use super::room::module::{Module, unserved};
use super::sizes::Sizes;
use super::state::State;
use super::view::survey::Survey;
use super::view::{Counts, Found, NotFound, View, WantedPeople};
use crate::api;
use crate::muc::{BareJid, Nick, RoomJid};

impl Engine {
    fn view(&self) -> View<'_> {
        View {
            known: self.parts.known(),
            names: &self.parts.names,
            permissions: &self.parts.permissions,
            bindings: &self.parts.meetings.bindings,
        }
    }

    /// Says whether gavel is connected and has found and joined all rooms there are.
    pub fn is_ready(&self) -> bool {
        self.parts.stream.is_ready()
    }

    /// Says whether the component's stream is open.
    pub fn is_connected(&self) -> bool {
        self.parts.stream.is_open()
    }

    /// The rooms gavel knows of, in no order.
    pub fn rooms(&self) -> impl Iterator<Item = &Room> {
        self.parts.rooms.all.values()
    }

    /// The meeting of the main room `room`.
    pub fn meeting(&self, room: &RoomJid) -> Option<&Meeting> {
        self.parts.meetings.all.get(room)
    }

    /// The seat of a person in a room under a nick, with the verdict on their evidence
    /// there; none if the room is not known well enough.
    pub fn seat(&self, room: &RoomJid, nick: &Nick) -> Option<&Seat> {
        self.parts.known().seat_at(room, nick)
    }

    /// Says whether gavel keeps the name of an occupant.
    pub fn keeps_name(&self, room: &RoomJid, nick: &Nick) -> bool {
        self.parts.names.keep(room, nick)
    }

    /// The MUC services by their domains, each with its module.
    pub fn modules(&self) -> impl Iterator<Item = (&str, &Module)> {
        let domains = self.parts.settings.services.iter();
        domains
            .map(|service| service.domain.as_str())
            .zip(self.parts.rooms.services.iter().map(|state| &state.module))
    }

    /// Says whether the module guards a service, by its domain.
    pub fn is_guarded(&self, domain: &str) -> bool {
        let service = self
            .parts
            .settings
            .services
            .iter()
            .position(|s| s.domain == domain);
        service.is_some_and(|service| {
            self.parts.guard.is_leased(service)
                && self.parts.rooms.services[service].module.serves()
        })
    }

    /// The services on which nobody gets claims: claims come from the module alone, and it
    /// does not serve these services, though they exist. If no service exists at all, these
    /// are all of them.
    pub fn unserved(&self) -> Vec<String> {
        unserved(&self.parts.settings, &self.parts.rooms.services)
    }

    /// Says whether gavel does its work: it is in all rooms, and claims can arrive.
    pub fn works(&self) -> bool {
        self.is_ready() && self.unserved().is_empty()
    }

    /// Says whether presence can be sent in an occupant's name, as far as is known.
    pub fn can_impersonate(&self) -> bool {
        self.parts.names.can_impersonate()
    }

    /// The counts since the start.
    pub fn tally(&self) -> &Tally {
        &self.parts.out.tally
    }

    /// Prosody's answers to the last probe, so far; none before the first on this stream.
    pub fn answers(&self) -> Option<Answers> {
        self.parts.doctor.answers()
    }

    /// Looks at everything; `domains` are those whose people are looked at.
    pub fn survey(&self, domains: &[String]) -> Survey {
        self.view().survey(domains)
    }

    /// The sizes of the engine's state now; goes through everybody.
    pub fn sizes(&self) -> Sizes {
        let sizes = self.parts.out.sizes();
        Sizes::of(
            &self.parts.meetings.all,
            sizes,
            (self.parts.rooms.all.len(), self.parts.rooms.queued()),
        )
    }

    /// The records of occupants who are in no room, and of meetings that are over; goes
    /// through everybody.
    pub fn left_over(&self) -> Vec<String> {
        let occupants = self
            .parts
            .permissions
            .occupants()
            .chain(self.parts.names.occupants());
        let gone =
            occupants.filter(|(room, nick)| self.parts.known().occupant(room, nick).is_none());
        let gone = gone.map(|(room, nick)| format!("{room}/{nick}"));
        let over = self.parts.names.meetings();
        let over = over.filter(|(main, any)| !any || !self.parts.meetings.all.contains_key(*main));
        let over = over.map(|(main, _)| main.to_string());
        let in_line = self.parts.meetings.in_line();
        let in_line = (in_line > 0).then(|| format!("{in_line} in line"));
        gone.chain(over).chain(in_line).collect()
    }

    /// The state to keep over a restart.
    pub fn state(&self) -> State {
        self.view().state()
    }

    /// Rooms and people; goes through everybody.
    pub fn counts(&self) -> Counts {
        self.view().counts()
    }

    /// People who moderate, in all rooms.
    pub fn moderators(&self) -> usize {
        self.view().moderators()
    }

    /// Some of those who are not settled, by room and nick.
    pub fn unsettled(&self) -> Vec<api::Unsettled> {
        self.view().unsettled()
    }

    /// The rooms gavel is in, by JID.
    pub fn summaries(&self) -> Vec<api::RoomSummary> {
        self.view().summaries()
    }

    /// One room with everybody in it; none if gavel is not in.
    pub fn detail(&self, room: &RoomJid) -> Option<api::RoomDetail> {
        self.view().detail(room)
    }

    /// The people that are `wanted`, by room and nick, at most `most`.
    pub fn people(&self, wanted: &WantedPeople, most: usize) -> Vec<api::Somebody> {
        self.view().people(wanted, most)
    }

    /// The override that an admin has set for somebody of the meeting of `main`.
    pub fn override_for(&self, main: &RoomJid, jid: &BareJid) -> Option<api::RoomOverride> {
        self.view().override_for(main, jid)
    }

    /// The room gavel is in that `text` names, as people write rooms
    /// ([`Spelling`](crate::muc::Spelling)). If several services have it, the first
    /// service's is meant.
    ///
    /// # Errors
    ///
    /// Fails if the text names no room, or several.
    pub fn find_room(&self, text: &str) -> Result<RoomJid, NotFound> {
        self.view().find_room(text)
    }

    /// The person in `room` that `text` names by nick, real JID or display name. Several
    /// seats of one person are one.
    ///
    /// # Errors
    ///
    /// Fails if the text names nobody, several people, or somebody who cannot be managed.
    pub fn find_person(&self, room: &RoomJid, text: &str) -> Result<Found, NotFound> {
        self.view().find_person(room, text)
    }

    /// The person in the meeting of `room` that `text` names, present or not, among those
    /// with an override.
    ///
    /// # Errors
    ///
    /// Fails if the text names nobody, or several people.
    pub fn find_overridden(&self, room: &RoomJid, text: &str) -> Result<Found, NotFound> {
        self.view().find_overridden(room, text)
    }
}

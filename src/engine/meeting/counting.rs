//! Keeps each meeting's [`Census`]: a person who has changed is counted again.

use super::census::{Census, Counted, Entry, NOBODY};
use super::decide::Wanted;
use super::known::Known;
use super::part::MeetingPart;
use super::person::Person;
use crate::muc::{BareJid, RoomJid};

impl<'a> Known<'a> {
    /// The counts of a meeting's people. People who have changed are counted first.
    pub fn census(self, main: &RoomJid) -> Option<&'a Census> {
        let meeting = self.meetings.get(main)?;
        Some(meeting.census.as_deref().unwrap_or(&NOBODY))
    }

    /// The people of a meeting who fit `wanted`, as far as the census names them. The
    /// census names only people who are elected, or have been. Without a census this looks
    /// at everybody.
    pub fn people_matching(self, main: &RoomJid, wanted: fn(&Entry) -> bool) -> Vec<BareJid> {
        let Some(meeting) = self.meetings.get(main) else {
            return Vec::new();
        };
        let people = meeting.people.iter();
        let mut found: Vec<BareJid> = match self.settings.takes_census() {
            true => {
                let census = meeting.census.iter();
                let noted = census.flat_map(|census| census.noted());
                let noted = noted.filter_map(|bare| meeting.people.get_key_value(bare));
                self.pick(main, noted, wanted)
            }
            false => self.pick(main, people, wanted),
        };
        found.sort_unstable();
        found
    }

    fn pick<'b>(
        self,
        main: &RoomJid,
        people: impl Iterator<Item = (&'b BareJid, &'b Person)>,
        wanted: fn(&Entry) -> bool,
    ) -> Vec<BareJid> {
        let found = people.filter(|(_, person)| wanted(&self.entry(main, person)));
        found.map(|(bare, _)| bare.clone()).collect()
    }

    /// The census entry of somebody.
    fn entry(self, main: &RoomJid, person: &Person) -> Entry {
        let rights = &person.rights;
        let (present, elected) = (person.is_present(), rights.is_elected());
        let mut entry = Entry {
            present,
            elected,
            awaited: rights.is_awaited(),
            by_election: elected || rights.is_awaited() || rights.is_elected_power(),
            unseen: !present && (rights.since().is_some() || elected),
            since: rights.since().unwrap_or_default(),
            ..Entry::default()
        };
        if !present {
            return entry;
        }
        let standing = person.standing(self.settings);
        entry.host = rights.moderates_by_claims(standing) && !rights.is_banned();
        entry.owner = rights.is_entitled_owner(standing);
        entry.electable = person.is_electable(self.settings);
        if elected {
            return entry;
        }
        match self.wanted(main, person) {
            Wanted::Anything => {
                entry.moderates = person.moderates_now();
                entry.unsure = rights.shown().is_none();
            }
            wanted => entry.moderates = wanted.may_moderate(),
        }
        entry
    }
}

impl MeetingPart<'_> {
    /// Everybody is counted again.
    pub fn count_everybody(&mut self) {
        self.uncounted.clear();
        let counts = self.settings.takes_census();
        for (main, meeting) in self.meetings.iter_mut() {
            meeting.census = None;
            for (bare, person) in meeting.people.iter_mut() {
                person.counted = Counted::default();
                if counts {
                    self.uncounted.insert((main.clone(), bare.clone()));
                }
            }
        }
    }

    /// Counts everybody again who has changed.
    pub fn count_changed(&mut self) {
        for (main, bare) in std::mem::take(self.uncounted) {
            let known = self.known();
            let new = known.person(&main, &bare).map(|p| known.entry(&main, p));
            let Some(meeting) = self.meetings.get_mut(&main) else {
                continue;
            };
            let Some(person) = meeting.people.get_mut(&bare) else {
                continue;
            };
            let new = new.unwrap_or_default();
            let old = std::mem::replace(&mut person.counted, new.into()).into();
            let census = meeting.census.get_or_insert_default();
            census.replace(&bare, old, new);
        }
    }

    /// Somebody is known no more.
    pub fn count_out(&mut self, main: &RoomJid, bare: &BareJid) {
        let Some(meeting) = self.meetings.get_mut(main) else {
            return;
        };
        if let (Some(person), Some(census)) = (meeting.people.get(bare), &mut meeting.census) {
            census.replace(bare, person.counted.into(), Entry::default());
        }
    }
}

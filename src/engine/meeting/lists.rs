//! The people in a room's lists of power (SPEC B1, B20).

use super::part::MeetingPart;
use super::rights::Event;
use crate::engine::hash::HashSet;
use crate::engine::order::Order;
use crate::muc::{Affiliation, BareJid, RoomJid};
use std::collections::BTreeSet;

impl MeetingPart<'_> {
    /// A list of the main room's owners or admins, of its members, or of its banned people.
    /// It says who is in it, and, if it is `complete`, also who is not.
    pub(super) fn listed(
        &mut self,
        main: &RoomJid,
        which: Affiliation,
        listed: &[BareJid],
        complete: bool,
    ) {
        let Some(meeting) = self.meetings.get(main) else {
            return;
        };
        if which == Affiliation::Member {
            return self.members_listed(main, listed, complete);
        }
        let mut stale = Vec::new();
        let mut shown = BTreeSet::new();
        let named: HashSet<&BareJid> = listed.iter().collect();
        let unlisted = meeting.people.iter();
        let unlisted = unlisted.filter(|(bare, _)| complete && !named.contains(bare));
        for (bare, person) in unlisted {
            let (seated, rights) = (person.is_seated_in(main), &person.rights);
            if seated && rights.shown() == Some(which) {
                shown.insert(bare.clone());
            }
            let unknown = rights.shown().is_none() && rights.depends_on_ban();
            let doubted = rights.shown() == Some(which) || unknown && which == Affiliation::Outcast;
            if doubted && !seated {
                stale.push(bare.clone());
            }
        }
        stale.sort_unstable();
        for bare in &stale {
            self.apply(main, bare, Event::Unlisted(which));
            self.out.save();
        }
        if !stale.is_empty() && !self.unseen_members(main).is_empty() {
            self.out
                .order(Order::List(main.clone(), Affiliation::Member));
        }
        if which == Affiliation::Outcast {
            self.banned_unseen(main, listed);
        }
        for bare in listed {
            if let Some(meeting) = self.meetings.get_mut(main) {
                meeting.person(bare);
            }
            self.apply(main, bare, Event::Shown(which));
        }
        self.compare_shown(main, shown, listed);
        for bare in stale.iter().chain(listed) {
            self.mark(main, bare);
        }
        if which == Affiliation::Admin {
            // People in neither list have neither of the two affiliations.
            self.mark_everybody(main);
        }
    }

    /// The main room's members. The list can be long, and says something only of people
    /// who sit in breakout rooms alone.
    fn members_listed(&mut self, main: &RoomJid, listed: &[BareJid], complete: bool) {
        let members: HashSet<&BareJid> = listed.iter().collect();
        for bare in self.unseen_members(main) {
            let event = match members.contains(&bare) {
                true => Event::Shown(Affiliation::Member),
                false if complete => Event::Unlisted(Affiliation::Member),
                false => continue,
            };
            self.apply(main, &bare, event);
            self.out.save();
            self.mark(main, &bare);
        }
    }

    /// People who sit in breakout rooms alone and are members of the main room, or may
    /// be: no presence shows their affiliation.
    pub(super) fn unseen_members(&self, main: &RoomJid) -> Vec<BareJid> {
        let people = self.meetings.get(main).map(|meeting| meeting.people.iter());
        let unseen = people.into_iter().flatten().filter(|(_, person)| {
            let elsewhere = !person.seats.is_empty() && !person.is_seated_in(main);
            let member = person.rights.shown() == Some(Affiliation::Member);
            elsewhere && (member || person.rights.may_be_member())
        });
        let mut unseen: Vec<BareJid> = unseen.map(|(bare, _)| bare.clone()).collect();
        unseen.sort_unstable();
        unseen
    }

    /// So is the list of those who are banned, if somebody is, and the list of members, if
    /// only that shows the affiliation of somebody.
    pub(super) fn lists_asked(&mut self, main: &RoomJid, roll: bool) {
        let banned = !roll
            && self.meetings.get(main).is_some_and(|meeting| {
                let mut people = meeting.people.values();
                people.any(|p| {
                    p.rights.shown() == Some(Affiliation::Outcast) || p.rights.depends_on_ban()
                })
            });
        let unseen = !self.unseen_members(main).is_empty();
        let more = [
            (banned, Affiliation::Outcast),
            (unseen, Affiliation::Member),
        ];
        for (needed, which) in more {
            if needed {
                self.out.order(Order::List(main.clone(), which));
            }
        }
    }

    /// Some people are `shown` with an affiliation that the list does not give them. If
    /// that is new, gavel missed something: Prosody lists no admins of the server.
    fn compare_shown(&mut self, main: &RoomJid, shown: BTreeSet<BareJid>, listed: &[BareJid]) {
        let Some(meeting) = self.meetings.get_mut(main) else {
            return;
        };
        meeting.unlisted.retain(|bare| !listed.contains(bare));
        let known = meeting.unlisted.len();
        meeting.unlisted.extend(shown);
        if meeting.unlisted.len() > known {
            self.out.order(Order::Doubt(main.clone()));
        }
    }

    /// The list of those who are banned names somebody whose ban was missed.
    fn banned_unseen(&mut self, main: &RoomJid, listed: &[BareJid]) {
        for bare in listed {
            let person = self.known().person(main, bare);
            let known = person.and_then(|person| person.rights.shown());
            if known.is_some_and(|known| known != Affiliation::Outcast) {
                self.observe((main, main), bare, Affiliation::Outcast, None, false);
            }
        }
    }
}

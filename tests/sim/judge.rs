//! gavel's actions, and everybody's rights in the end, held against the history.

use super::history::{Allowed, Meeting, Truth, What, is_infrastructure, knows};
use super::room::bare;
use super::server::FOCUS;
use super::world::World;
use gavel::muc::{Affiliation, Role, RoomJid};
use gavel::policy::Fallback;

impl World {
    /// gavel asks for a change: it makes nobody a moderator who is not entitled.
    pub(super) fn check_asked(&mut self, room: &RoomJid, jid: &str, to: Affiliation) {
        let now = self.now;
        let meeting = self.history.meeting(room);
        let i = meeting.now();
        if to.moderates() && knows(&meeting.scene().policy) {
            let facts = meeting.facts(i, jid);
            let entitled = facts.iter().any(|facts| facts.may_be_raised());
            if !entitled {
                let electable = meeting.is_electable(i, jid);
                let electable = electable || meeting.may_stay_elected(i, jid);
                assert!(
                    electable,
                    "{now} ms: {jid} is promoted unentitled: {facts:?}"
                );
                meeting.check_order(jid);
            }
        }
        self.history.asked(room, jid, to);
    }

    /// Everybody has the rights they should have.
    pub fn check_history(&mut self) {
        let seen = self
            .server
            .rooms
            .iter()
            .filter(|(room, state)| state.main.is_none() && self.server.gavel_sees(room));
        let seen: Vec<RoomJid> = seen.map(|(room, _)| room.clone()).collect();
        for room in seen.into_iter().filter(|_| knows(&self.choice.policy)) {
            let state = &self.server.rooms[&room];
            let meeting = self.history.meeting(&room);
            let mut people = meeting.people();
            people.extend(state.affiliations.keys().cloned());
            people.retain(|jid| !is_infrastructure(jid));
            let has = people.iter().map(|jid| (&**jid, state.stored(jid)));
            meeting.check(&has.collect::<Vec<_>>(), state.members_only);
        }
    }
}

impl World {
    /// The module knows who is entitled.
    pub(super) fn check_named(&mut self) {
        let policy = &self.choice.policy;
        if !self.choice.module || !policy.guard || !self.server.guards || !knows(policy) {
            return;
        }
        for (room, state) in &self.server.rooms {
            if !state.shadow {
                continue;
            }
            let named = state.named.as_ref();
            let named = named.unwrap_or_else(|| panic!("nothing was said of {room}"));
            let main = state.main.as_ref().unwrap_or(room);
            let meeting = self.history.meeting(main);
            let mut people = meeting.people();
            people.extend(named.keys().cloned());
            people.retain(|jid| *jid != bare(FOCUS) && *jid != self.server.gavel_bare());
            for jid in people {
                let told = named.get(&jid).map(|who| (who.affiliation, who.promotes));
                let mut seated = state.occupants.values();
                let here = room == main || seated.any(|occupant| occupant.bare == jid);
                let may = match here {
                    true => meeting.may_be_named(&jid),
                    false => vec![None],
                };
                assert!(may.contains(&told), "{jid} in {room}: {told:?} of {may:?}");
            }
        }
    }
}

impl Meeting {
    /// Says whether any affiliation of somebody may be right.
    pub(super) fn may_have_anything(&self, jid: &str) -> bool {
        let facts = self.facts(self.now(), jid);
        let mut may = facts.iter().map(|facts| facts.allowed(false));
        may.any(|may| may == Allowed::Anything)
    }

    /// Everybody who `has` something may have it, and one is elected if one is to be.
    fn check(&self, has: &[(&str, Affiliation)], members_only: bool) {
        let i = self.now();
        let mut elected = Vec::new();
        for (jid, has) in has {
            let facts = self.facts(i, jid);
            let others = facts.iter().filter(|facts| !facts.elected);
            let may: Vec<Allowed> = others.map(|facts| facts.allowed(members_only)).collect();
            if may.iter().any(|may| may.admits(*has)) {
                continue;
            }
            let able = self.is_electable(i, jid) || self.may_stay_elected(i, jid);
            let owner = *has == Affiliation::Owner;
            assert!(
                owner && able,
                "{jid} has {has}, may have {may:?}: {facts:?}"
            );
            elected.push(*jid);
        }
        assert!(elected.len() <= 1, "{elected:?} are elected");
        let host = self.host(i);
        assert!(
            elected.is_empty() || host != Truth::Yes,
            "{elected:?} beside a host"
        );
        let scene = self.scene();
        let first = scene.policy.fallback == Fallback::First;
        let mut there = has.iter().filter(|(jid, _)| scene.is_present(jid));
        let by_role = |jid: &str| {
            let mut seats = scene.seats_of(jid);
            let moderator = seats.any(|(_, seat)| seat.role == Role::Moderator);
            moderator && self.may_have_anything(jid)
        };
        let moderated = there.any(|(jid, has)| has.moderates() || by_role(jid));
        if first && !moderated && host == Truth::No {
            let mut people = has.iter().map(|(jid, _)| jid);
            let waits = people.find(|jid| self.waits(i, jid));
            assert!(
                waits.is_none(),
                "nobody is elected, though {waits:?} can be"
            );
        }
    }

    /// Somebody is elected: nobody else moderates, and nobody came first.
    fn check_order(&self, jid: &str) {
        let i = self.now();
        if self.elections(i, jid).contains(&Some(())) || self.was_elected_lately(i, jid) {
            return;
        }
        let scene = self.scene();
        // While something else was asked for, they may have been elected.
        let since = self.asked_last(jid).unwrap_or(i);
        for other in scene.present().into_iter().filter(|other| *other != jid) {
            let moderates = (since..=i).all(|k| self.surely_moderates(k, other));
            assert!(!moderates, "{jid} is elected beside {other}");
            let (Some(mine), Some(theirs)) = (self.came(i, jid), self.came(i, other)) else {
                continue;
            };
            let waits = || (since..=i).all(|k| self.waits(k, other) || !self.is_electable(k, jid));
            assert!(
                theirs >= mine || !waits(),
                "{jid} is elected, but {other} came first"
            );
        }
    }

    /// Says whether somebody can be elected, beyond doubt.
    fn waits(&self, k: usize, jid: &str) -> bool {
        self.is_candidate(k, jid)
            && self.caps(k, jid) == [None]
            && !self.moments[k].scene.is_left_alone(jid)
    }

    /// An elected person may go to a breakout room, and may have gone there.
    pub fn may_stay_elected(&self, i: usize, jid: &str) -> bool {
        let scene = &self.moments[i].scene;
        let first = scene.policy.fallback == Fallback::First && scene.speaks(jid);
        let free = self.overridden(i, jid).is_none() && self.caps(i, jid).contains(&None);
        let elected = || self.elections(i, jid).contains(&Some(()));
        first
            && free
            && self.host(i) != Truth::Yes
            && (elected() || self.was_elected_lately(i, jid))
    }

    /// Since when somebody is there, if that is beyond doubt.
    fn came(&self, i: usize, jid: &str) -> Option<u64> {
        let mut last = None;
        for moment in &self.moments[..=i] {
            if moment.jid != jid {
                continue;
            }
            let mut elsewhere = moment
                .scene
                .seats_of(jid)
                .filter(|(room, _)| **room != self.main);
            if moment.what == What::Lost || elsewhere.next().is_some() || !moment.sure {
                return None;
            }
            if moment.what == What::Came {
                // Before elections are held, since when their newest seat is there counts.
                let elects = moment.scene.policy.fallback == Fallback::First;
                last = elects.then_some(moment.scene.unix);
            }
        }
        last
    }
}

impl Meeting {
    /// The entitlements that the module may have been told for somebody: the most that
    /// anybody may make them, and whether they may promote others.
    fn may_be_named(&self, jid: &str) -> Vec<Option<(Affiliation, bool)>> {
        let i = self.now();
        let present = self.scene().is_present(jid);
        let facts = self.facts(i, jid);
        let name = |(highest, promotes): (Affiliation, bool)| {
            Some((highest, promotes)).filter(|(highest, _)| highest.moderates())
        };
        let said = facts.iter().map(|facts| {
            let highest = match facts.allowed(false) {
                Allowed::Exactly(highest) | Allowed::AtMost(highest) => highest,
                Allowed::NotBanned(highest) if present || facts.kept.is_some() => highest,
                Allowed::NotBanned(_) => Affiliation::None,
                // The module sees that absent people have no claims.
                Allowed::Anything if present => Affiliation::Owner,
                Allowed::Anything => Affiliation::None,
            };
            name((highest, facts.power().is_some()))
        });
        let mut all: Vec<_> = said.collect();
        if !present && facts.iter().any(|facts| facts.grant.is_some()) {
            // They may have left as somebody who keeps nothing: the grant is for when
            // they come.
            all.push(None);
        }
        if self.is_electable(i, jid) || self.may_stay_elected(i, jid) {
            all.push(Some((Affiliation::Owner, true)));
        }
        all
    }
}

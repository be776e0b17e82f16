//! Rooms that gavel has left within the last day, for the status page.

use crate::api::{EndedRoom, Time};
use crate::muc::RoomJid;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

/// They are kept for so long, in milliseconds.
const KEPT_MS: u64 = 24 * 3600 * 1000;
/// So many at most; of more, those that ended first are forgotten.
const MAX_ROOMS: usize = 1000;

/// Such rooms. One that gavel is in again is none.
#[derive(Debug, Default)]
pub struct Ended(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    rooms: HashMap<RoomJid, (u64, &'static str)>,
    /// The same by time.
    times: BTreeSet<(u64, RoomJid)>,
}

impl Ended {
    /// gavel left a room at `unix_ms`.
    pub fn left(&self, room: &RoomJid, why: &'static str, unix_ms: u64) {
        self.with(|kept| {
            kept.forget(room);
            kept.rooms.insert(room.clone(), (unix_ms, why));
            kept.times.insert((unix_ms, room.clone()));
            kept.prune(unix_ms);
        });
    }

    /// gavel is in a room (again).
    pub fn joined(&self, room: &RoomJid) {
        self.with(|kept| kept.forget(room));
    }

    /// Those of the last day before `unix_ms`, the newest first.
    pub fn rooms(&self, unix_ms: u64) -> Vec<EndedRoom> {
        self.with(|kept| {
            kept.prune(unix_ms);
            let newest = kept.times.iter().rev();
            let all = newest.filter_map(|(at, room)| {
                let (_, why) = kept.rooms.get(room)?;
                Some(EndedRoom {
                    room: room.to_string(),
                    service: room.service().to_owned(),
                    ended_at: Time::from_unix_ms(*at),
                    why: (*why).to_owned(),
                })
            });
            all.collect()
        })
    }

    fn with<T>(&self, act: impl FnOnce(&mut Kept) -> T) -> T {
        // Nothing that holds it can panic half-way.
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Kept {
    fn forget(&mut self, room: &RoomJid) {
        if let Some((at, _)) = self.rooms.remove(room) {
            self.times.remove(&(at, room.clone()));
        }
    }

    fn prune(&mut self, now: u64) {
        while let Some((at, room)) = self.times.first() {
            if self.times.len() <= MAX_ROOMS && now.saturating_sub(*at) < KEPT_MS {
                return;
            }
            let room = room.clone();
            self.forget(&room);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn room(number: u64) -> RoomJid {
        RoomJid::parse(&format!("r{number}@muc.meet.jitsi")).unwrap()
    }

    #[test]
    fn rooms_of_the_last_day_are_remembered_and_not_for_ever() {
        let ended = Ended::default();
        let names = |now| {
            let rooms = ended.rooms(now).into_iter();
            rooms.map(|room| room.room).collect::<Vec<_>>()
        };
        ended.left(&room(1), "it has ended", 1000);
        ended.left(&room(2), "nobody is there", 2000);
        assert_eq!(names(3000), ["r2@muc.meet.jitsi", "r1@muc.meet.jitsi"]);
        ended.joined(&room(2));
        assert_eq!(names(3000), ["r1@muc.meet.jitsi"]);
        assert_eq!(names(1000 + KEPT_MS), [""; 0]);
        for number in 0..3 * MAX_ROOMS as u64 {
            ended.left(&room(number), "it has ended", number);
            ended.left(&room(number), "it has ended", number + 1);
        }
        let rooms = names(3 * MAX_ROOMS as u64);
        assert_eq!(rooms.len(), MAX_ROOMS);
        assert_eq!(rooms[0], room(3 * MAX_ROOMS as u64 - 1).as_str());
    }
}

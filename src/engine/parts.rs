//! The parts of the engine, and each of them at work: with its own state to change, and the
//! state of the others to look at.

use super::doctor::{Doctor, DoctorPart};
use super::guard::{Guard, GuardPart};
use super::keys::{KeyPart, Keys};
use super::meeting::known::Known;
use super::meeting::part::{Below, MeetingPart, Meetings};
use super::names::{NamePart, Names};
use super::opening::{Opened, OpeningPart};
use super::outbox::Outbox;
use super::permissions::{PermissionPart, Permissions};
use super::room::part::{RoomPart, Rooms};
use super::settings::Settings;
use super::stream::Stream;
use super::time::Now;

/// The state that every part may look at while another state changes.
macro_rules! known {
    ($parts:ident) => {
        Known {
            now: $parts.now,
            settings: &$parts.settings,
            stream: &$parts.stream,
            services: &$parts.rooms.services,
            rooms: &$parts.rooms.all,
            meetings: &$parts.meetings.all,
        }
    };
}

/// A part at work that looks at everything and changes its own state.
macro_rules! part {
    ($name:ident, $Part:ident, $state:ident) => {
        pub(super) fn $name(&mut self) -> $Part<'_> {
            $Part {
                known: known!(self),
                $state: &mut self.$state,
                out: &mut self.out,
            }
        }
    };
}

/// The state of the parts, each its own.
pub(super) struct Parts {
    pub(super) settings: Settings,
    pub(super) now: Now,
    pub(super) stream: Stream,
    pub(super) rooms: Rooms,
    pub(super) meetings: Meetings,
    pub(super) keys: Keys,
    pub(super) names: Names,
    pub(super) guard: Guard,
    pub(super) permissions: Permissions,
    pub(super) opened: Opened,
    pub(super) doctor: Doctor,
    pub(super) out: Outbox,
}

impl Parts {
    /// Parts that know nothing yet.
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            rooms: Rooms::new(&settings),
            out: Outbox::new(&settings),
            settings,
            now: Now::default(),
            stream: Stream::default(),
            meetings: Meetings::default(),
            keys: Keys::default(),
            names: Names::default(),
            guard: Guard::default(),
            permissions: Permissions::default(),
            opened: Opened::default(),
            doctor: Doctor::default(),
        }
    }

    /// The state that every part may look at.
    pub(super) fn known(&self) -> Known<'_> {
        known!(self)
    }

    pub(super) fn room_part(&mut self) -> RoomPart<'_> {
        let (now, settings, stream) = (self.now, &self.settings, &self.stream);
        self.rooms.part(now, settings, stream, &mut self.out)
    }

    pub(super) fn meeting_part(&mut self) -> MeetingPart<'_> {
        let below = Below {
            now: self.now,
            settings: &self.settings,
            stream: &self.stream,
            services: &self.rooms.services,
            rooms: &self.rooms.all,
        };
        self.meetings.part(below, &mut self.out)
    }

    pub(super) fn key_part(&mut self) -> KeyPart<'_> {
        KeyPart {
            now: self.now.tick,
            keys: &mut self.keys,
            cache: self.settings.verifier.remote_keys_mut(),
            rooms: &self.rooms.all,
            meetings: &self.meetings.all,
            out: &mut self.out,
        }
    }

    part!(name_part, NamePart, names);
    part!(guard_part, GuardPart, guard);
    part!(permission_part, PermissionPart, permissions);
    part!(opening_part, OpeningPart, opened);

    pub(super) fn doctor_part(&mut self) -> DoctorPart<'_> {
        DoctorPart {
            now: self.now.tick,
            settings: &self.settings,
            doctor: &mut self.doctor,
            out: &mut self.out,
        }
    }
}

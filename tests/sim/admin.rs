//! The room that a scenario begins with, and an admin's actions on gavel.

use super::choice::{Choice, room};
use super::world::World;
use gavel::engine::{Input, Override, Reload, Report, SetOverride, Warning};
use gavel::muc::{Affiliation, BareJid, RoomJid};
use gavel::policy::Policy;

impl World {
    /// With a room that only the focus has entered.
    pub fn opened(choice: Choice) -> (Self, RoomJid) {
        let mut world = Self::new(choice);
        let room = room("r");
        world.open_room(&room);
        (world, room)
    }

    /// The same, under this policy.
    pub fn under(policy: Policy) -> (Self, RoomJid) {
        Self::opened(Choice {
            policy,
            ..Choice::default()
        })
    }

    /// gavel reads its configuration again: the present `choice`.
    pub fn reload(&mut self) {
        let reload = Reload {
            settings: self.choice.settings(),
            claims_changed: false,
        };
        self.handle(Input::Reload(Box::new(reload)));
    }

    /// gavel reads its configuration again, which has another policy.
    pub fn reconfigure(&mut self, policy: Policy) {
        self.choice.policy = policy;
        self.reload();
        self.run(100);
    }

    /// Sets an override for somebody, with its end, or takes it back.
    pub fn set_override(
        &mut self,
        main: &RoomJid,
        who: &str,
        set: Option<(Affiliation, Option<u64>)>,
    ) {
        let by = Some("uid 0".to_owned());
        let set = set.map(|(affiliation, until)| Override {
            affiliation,
            until,
            by: by.clone(),
            nick: None,
            display_name: None,
        });
        self.handle(Input::SetOverride(Box::new(SetOverride {
            main: main.clone(),
            jid: BareJid::parse(who).unwrap(),
            set,
            by,
        })));
    }

    /// How many such warnings the log has got.
    pub fn warnings(&self, like: impl Fn(&Warning) -> bool) -> usize {
        let told = self.reports.iter();
        told.filter(|report| matches!(report, Report::Warning(warning) if like(warning)))
            .count()
    }
}

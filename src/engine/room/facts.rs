//! The facts of a room's configuration.

use crate::muc::RoomJid;
use crate::stanza::Form;

/// The facts of a room's configuration, as far as gavel must know them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Affiliation none throws people out.
    pub members_only: bool,
    /// It outlives its occupants.
    pub persistent: bool,
    /// The main room, if this is a breakout room (B15).
    pub main: Option<RoomJid>,
    /// Jitsi's id of this meeting: another one is another meeting.
    pub meeting_id: Option<String>,
    /// The password.
    pub password: Option<String>,
    /// Presence of some roles is shown to nobody but themselves
    /// (`muc#roomconfig_presencebroadcast`).
    pub hides: bool,
    /// Nothing could be learned of late: whether affiliation none throws people
    /// out is not known, so nobody is lowered to it.
    pub unread: bool,
}

/// Readings of a room's configuration, by number.
#[derive(Debug, Clone, Copy, Default)]
pub struct Readings {
    /// The last that was asked for.
    pub begun: u64,
    /// The last that was answered, or given up.
    pub done: u64,
}

/// Roles that presence is to be shown of.
pub const SHOWN: [&str; 3] = ["moderator", "participant", "visitor"];

impl Facts {
    /// Reads a configuration form or the form in disco#info.
    pub fn read(form: &Form, features: &[String]) -> Self {
        let text = |name| form.value(name).filter(|value| !value.is_empty());
        let has = |feature: &str| features.iter().any(|f| f == feature);
        let shown = form.values("muc#roomconfig_presencebroadcast");
        let all = |roles: &[String]| SHOWN.iter().all(|role| roles.iter().any(|r| r == role));
        Self {
            members_only: form.is_set("muc#roomconfig_membersonly") || has("muc_membersonly"),
            persistent: form.is_set("muc#roomconfig_persistentroom") || has("muc_persistent"),
            main: text("muc#roominfo_breakout_main_room").and_then(RoomJid::parse),
            meeting_id: text("muc#roominfo_meetingId").map(str::to_owned),
            password: text("muc#roomconfig_roomsecret").map(str::to_owned),
            hides: shown.is_some_and(|roles| !all(roles)),
            unread: false,
        }
    }

    /// The same of an answer of which a part could not be read: a missing value is taken
    /// for the safe one.
    pub fn half_read(form: &Form, features: &[String]) -> Self {
        let known = form.value("muc#roomconfig_membersonly").is_some() || !features.is_empty();
        Self {
            // Setting it once more changes nothing.
            hides: true,
            unread: !known,
            ..Self::read(form, features)
        }
    }
}

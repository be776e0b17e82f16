//! Things that an admin should know or fix, and their words in the log.

use crate::engine::permissions::Unchecked;
use crate::engine::room::authentication::Unloaded;
use crate::muc::RoomJid;
use std::fmt;

/// The release of this gavel, and of the module that belongs to it.
pub const RELEASE: &str = env!("CARGO_PKG_VERSION");

/// Something that an admin should know or fix. Its text names the thing, the place and the
/// remedy.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Warning {
    /// gavel is not owner of a room and cannot make itself owner.
    NotOwner {
        /// The MUC service.
        service: String,
        /// gavel's bare JID.
        gavel: String,
        /// Prosody's answer.
        error: String,
    },
    /// Claims come from the module alone, and it does not serve a service.
    ModuleMissing {
        /// The MUC service.
        service: String,
        /// gavel's bare JID.
        gavel: String,
        /// Says whether it is there and takes another address for gavel's.
        refuses: bool,
    },
    /// The module on a service is of another release than gavel.
    OtherRelease {
        /// The MUC service.
        service: String,
        /// The module's release.
        version: String,
    },
    /// Rooms of a service cannot be listed.
    NotListable {
        /// The MUC service.
        service: String,
        /// gavel's bare JID.
        gavel: String,
        /// Prosody's answer.
        error: String,
    },
    /// Somebody keeps overwriting an affiliation.
    Contested {
        /// The room.
        room: RoomJid,
        /// The person whose affiliation it is.
        jid: String,
        /// The acting party, in words.
        actor: String,
    },
    /// Prosody refuses presence sent in an occupant's name.
    NoImpersonation {
        /// The component's domain.
        component: String,
    },
    /// A join is refused.
    JoinRefused {
        /// The room.
        room: RoomJid,
        /// Prosody's answer.
        error: String,
    },
    /// A focus is in a room that the module does not serve.
    FocusWithoutModule {
        /// The MUC service.
        service: String,
    },
    /// Names cannot be kept by a message either.
    NotifyRefused {
        /// The room.
        room: RoomJid,
        /// Prosody's answer.
        error: String,
    },
    /// A token's name holds characters that XML cannot carry.
    UnshowableName {
        /// The room.
        room: RoomJid,
        /// The person.
        jid: String,
    },
    /// No more tokens can be remembered.
    TokensFull,
    /// The module does not guard a service.
    NoGuard {
        /// The MUC service.
        service: String,
        /// Prosody's answer.
        error: String,
    },
    /// Nobody enforces permissions on a service.
    NoPermissions {
        /// The MUC service.
        service: String,
        /// The module's answer; none if it does not serve the service.
        error: Option<String>,
    },
    /// Nobody checks some permissions of the people of a VirtualHost.
    Unchecked(Unchecked),
    /// A rule would allow something to people without claims.
    PermissionNeedsClaims {
        /// Its name.
        rule: String,
    },
    /// A room without host is persistent, and so is not ended.
    HostAbsentPersistent {
        /// The room.
        room: RoomJid,
    },
    /// Rooms of a service are locked that the module does not serve.
    LockWithoutModule {
        /// The MUC service.
        service: String,
    },
    /// A room without host cannot be ended, locked or opened again.
    HostAbsent {
        /// The room.
        room: RoomJid,
        /// Prosody's answer.
        error: String,
    },
    /// A room was set not to show everybody.
    PeopleHidden {
        /// The room.
        room: RoomJid,
    },
    /// A room's configuration could not be read.
    ConfigurationUnread {
        /// The room.
        room: RoomJid,
    },
    /// A service outside the configuration has invited gavel.
    InvitedElsewhere {
        /// The service.
        service: String,
        /// The configured ones.
        known: String,
    },
    /// A rule matches people without claims and gives them nothing.
    RuleNeedsClaims {
        /// Its name.
        rule: String,
    },
    /// Nobody who came with claims may moderate.
    NobodyEntitled {
        /// How many came.
        people: u64,
        /// Claims that may have been meant to make moderators.
        hints: Vec<String>,
    },
    /// The focus promotes people without token, and nobody comes with one.
    NobodyHasToken {
        /// The domain of such a person.
        domain: String,
    },
    /// Logins on a domain of `policy.trusted_logins` do not count.
    LoginsDoNotCount {
        /// The domain.
        domain: String,
        /// Why, in words.
        problem: String,
        /// The remedy.
        remedy: String,
    },
    /// Prosody has not loaded a VirtualHost's authentication, or not all of it.
    AuthenticationUnloaded(Unloaded),
    /// A module of Prosody refuses gavel's requests.
    RefusedByModule {
        /// The MUC service.
        service: String,
    },
    /// The server admin's affiliation cannot be changed.
    ServerAdmin {
        /// The room.
        room: RoomJid,
        /// The person.
        jid: String,
    },
}

/// The release that a module means by its version.
pub fn release_of(version: &str) -> &str {
    match version {
        // All that releases up to 0.1 said.
        "1" => "0.1",
        version => version,
    }
}

impl Warning {
    /// The room that it is about, if it is told once and about one room.
    pub fn once_of_room(&self) -> Option<&RoomJid> {
        match self {
            Self::HostAbsentPersistent { room } | Self::HostAbsent { room, .. } => Some(room),
            _ => None,
        }
    }

    /// Says whether gavel cannot do its work because of it.
    pub fn is_error(&self) -> bool {
        matches!(
            self,
            Self::ModuleMissing { .. }
                | Self::LoginsDoNotCount { .. }
                | Self::AuthenticationUnloaded(_)
        )
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotOwner {
                service,
                gavel,
                error,
            } => write!(
                f,
                "not owner of rooms of {service}, and cannot become it ({error}): add \"{gavel}\" to `admins` of Component \"{service}\" in Prosody's configuration, or load mod_gavel there"
            ),
            Self::ModuleMissing {
                service,
                gavel,
                refuses: true,
            } => write!(
                f,
                "mod_gavel on {service} does not serve this gavel: nobody there gets a role from a token. Set gavel_jid = \"{gavel}\" in Component \"{service}\" of Prosody's configuration, and restart Prosody"
            ),
            Self::ModuleMissing { service, .. } => write!(
                f,
                "mod_gavel is not active on {service}: nobody there gets a role from a token. gavel doctor lists the possible causes"
            ),
            Self::OtherRelease { service, version } => write!(
                f,
                "mod_gavel on {service} is of release {} and gavel is {RELEASE}: update the older of the two, so that both are of one release; after an update of the module restart Prosody, after one of gavel restart gavel",
                release_of(version)
            ),
            Self::NotListable {
                service,
                gavel,
                error,
            } => write!(
                f,
                "cannot list the rooms of {service} ({error}): see that it is a MUC service of this Prosody; add \"{gavel}\" to `admins` of Component \"{service}\" in Prosody's configuration, or load mod_gavel there, or set discovery.poll"
            ),
            Self::Contested { room, jid, actor } => write!(
                f,
                "{actor} keeps changing the affiliation of {jid} in {room}; gavel corrects it with growing pauses: switch that off where it is configured"
            ),
            Self::NoImpersonation { component } => write!(
                f,
                "Prosody refuses presence in an occupant's name, so changed names are not reverted: set `validate_from_addresses = false` in Component \"{component}\" of Prosody's configuration"
            ),
            Self::JoinRefused { room, error } if error.starts_with("item-not-found") => write!(
                f,
                "cannot join {room} yet ({error}): Prosody keeps a new room locked until whoever opened it has submitted its configuration form; gavel tries again. muc_room_locking = false in Component \"{}\" of Prosody's configuration switches that off",
                room.service()
            ),
            Self::JoinRefused { room, error } if error.starts_with("not-authorized") => write!(
                f,
                "cannot join {room} ({error}): it has a password that gavel cannot read. Either gavel is not an owner of the room (add its JID to `admins` of Component \"{}\" in Prosody's configuration, or load mod_gavel there), or the password is longer than 16 KiB; gavel tries again",
                room.service()
            ),
            Self::JoinRefused { room, error } => {
                write!(f, "cannot join {room} ({error}); trying again")
            }
            Self::InvitedElsewhere { service, known } => write!(
                f,
                "a room of {service} has invited gavel, but {service} is in no [[muc]] of gavel's configuration (which has {known}), so gavel ignores its rooms: add [[muc]] with service = \"{service}\" (docker-jitsi-meet: GAVEL_MUC), or correct the domain that is there"
            ),
            Self::RuleNeedsClaims { rule } => write!(
                f,
                "rule {rule} matches people without a token and would make them moderators: gavel makes moderators only of people with a token, so the rule gives these nothing. Where people log in with accounts and without tokens, set policy.trusted_logins"
            ),
            Self::NobodyEntitled { people, hints } if hints.is_empty() => write!(
                f,
                "{people} people have come with a token, and none of them may moderate: no token has context.user.moderator = true or context.user.affiliation = \"owner\" (or what your rules ask for). See what a token says with gavel token decode, and what it gives with gavel explain --jwt"
            ),
            Self::NobodyEntitled { hints, .. } => write!(
                f,
                "no token has made a moderator yet, though one says {}: gavel does not look there. Write context.user.moderator = true into the tokens, or add a [[policy.rule]] that reads this claim; try it with gavel explain --jwt",
                hints.join(" and ")
            ),
            Self::NobodyHasToken { domain } if domain.starts_with("guest.") => write!(
                f,
                "Jicofo wants to make somebody on {domain} a moderator who came without a token, and gavel does not allow it. Nobody has come with a token since gavel started, so nobody moderates. If hosts log in with accounts in Jitsi's login dialog, only Jicofo knows who has: set policy.guests = \"ignore\", and gavel leaves them to Jicofo; if nobody logs in, set policy.fallback = \"first\"; if people should have tokens, switch on token authentication in Prosody (docker-jitsi-meet: ENABLE_AUTH=1, AUTH_TYPE=jwt)"
            ),
            Self::NobodyHasToken { domain } => write!(
                f,
                "Jicofo wants to make somebody a moderator who came without a token, and gavel does not allow it. Nobody has come with a token since gavel started, so nobody moderates. If people log in with accounts on {domain} (internal accounts, LDAP), set policy.trusted_logins = [\"{domain}\"]; if meetings are open to everybody, set policy.fallback = \"first\" or policy.guests = \"ignore\"; if people should have tokens, switch on token authentication in Prosody (docker-jitsi-meet: ENABLE_AUTH=1, AUTH_TYPE=jwt)"
            ),
            Self::LoginsDoNotCount {
                problem, remedy, ..
            } => write!(f, "{problem}. To mend it, {remedy}"),
            Self::AuthenticationUnloaded(unloaded) => {
                write!(f, "{}. To mend it, {}", unloaded.problem(), unloaded.remedy())
            }
            Self::RefusedByModule { service } => write!(
                f,
                "a module of Prosody refuses to let gavel change affiliations in rooms of {service} (not-acceptable): token_moderation and matrix_power_sync do that. Take it out of modules_enabled of Component \"{service}\" in Prosody's configuration, or load mod_gavel there, which gets past it"
            ),
            Self::FocusWithoutModule { service } => write!(
                f,
                "a focus is in a room of {service} and mod_gavel is not loaded there: participants see gavel as a nameless tile, the participant count is wrong and calls of two lose their direct connection; load mod_gavel on Component \"{service}\""
            ),
            Self::NotifyRefused { room, error } => write!(
                f,
                "cannot send a message to an occupant of {room} about its name ({error})"
            ),
            Self::UnshowableName { room, jid } => write!(
                f,
                "the token of {jid} in {room} has a name with characters that XML cannot carry; it is not kept: correct context.user.name where tokens are made"
            ),
            Self::PeopleHidden { room } => write!(
                f,
                "{room} was set to hide the presence of people (muc#roomconfig_presencebroadcast), so gavel has set it to show everybody; load mod_gavel on Component \"{}\", then gavel needs no such setting",
                room.service()
            ),
            Self::ConfigurationUnread { room } => write!(
                f,
                "the configuration of {room} cannot be read: everybody in it is judged, nobody is lowered to none since that may throw them out, and gavel asks again"
            ),
            Self::TokensFull => f.write_str(
                "too many tokens are remembered, so new ones are refused as replayed: give tokens a short `exp` and set claims.jwt.require_exp = true",
            ),
            Self::NoGuard { service, error } => write!(
                f,
                "the guard has no effect on rooms of {service} ({error}): mod_gavel there is of another release; copy that of this release and restart Prosody. Until then gavel takes back what others give, a moment later"
            ),
            Self::NoPermissions {
                service,
                error: Some(error),
            } => write!(
                f,
                "mod_gavel on {service} does not take permissions ({error}), so nobody there is allowed or denied anything by [policy.permissions], a rule or a token through gavel: update the module to gavel's release, and restart Prosody"
            ),
            Self::NoPermissions { service, .. } => write!(
                f,
                "permissions have no effect on {service}: only mod_gavel enforces them, and it does not serve this service. Load it on Component \"{service}\" in Prosody's configuration, and restart Prosody"
            ),
            Self::Unchecked(Unchecked {
                host,
                module,
                names,
            }) => write!(
                f,
                "nobody checks {names} for people of {host}: Jitsi's module {module} does, and it is not loaded there. Add \"{module}\" to modules_enabled of VirtualHost \"{host}\" in Prosody's configuration (docker-jitsi-meet: XMPP_MODULES={module}), and restart Prosody"
            ),
            Self::PermissionNeedsClaims { rule } => write!(
                f,
                "rule {rule} matches people without a token and would allow them something: a rule allows only people with a token, so it only denies for these. Say in [policy.permissions] what everyone may do"
            ),
            Self::HostAbsentPersistent { room } => write!(
                f,
                "{room} is persistent, and ending it would delete it for good, so policy.host_absent leaves it alone: use action = \"lock\" for such rooms"
            ),
            Self::LockWithoutModule { service } => write!(
                f,
                "a room of {service} was locked for want of a host, and mod_gavel is not loaded there: only a host who is on the room's lists gets in; load mod_gavel on Component \"{service}\""
            ),
            Self::HostAbsent { room, error } => write!(
                f,
                "cannot do in {room} what policy.host_absent says ({error}); trying again: gavel must be owner there, load mod_gavel on the MUC component or add gavel to its `admins`"
            ),
            Self::ServerAdmin { room, jid } => write!(
                f,
                "Prosody does not let gavel lower {jid} in {room} (not-acceptable): it refuses that for admins of the server. If this JID is in `admins` (global, or of Component \"{}\"), take it out there; if it is not, a module such as token_moderation or matrix_power_sync refuses it",
                room.service()
            ),
        }
    }
}

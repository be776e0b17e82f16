//! Every setting, declared once: its key, its standard value and its meaning.
//!
//! From these rows come the list of keys, the names of the environment variables, the
//! values that hold if a key is not given, the commented sample `deploy/gavel.toml`, the
//! tables of `docs/reference/configuration.md` and the man page `gavel.toml(5)`. A new
//! setting is a row here, a field of [`Config`](super::Config) and the line that reads it.

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// `section.name`, e.g. `claims.jwt.leeway`.
    pub key: &'static str,
    /// The value if the key is not given.
    pub standard: Standard,
    /// The effect of the setting, in Markdown.
    pub help: &'static str,
}

/// The value if a key is not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standard {
    /// This value, in TOML.
    Value(&'static str),
    /// Nothing: the key is required. The text is an example, in TOML.
    Required(&'static str),
    /// No value; the key may be left out. The text is an example, in TOML.
    Unset(&'static str),
    /// Something that follows from other settings.
    Derived {
        /// In words.
        words: &'static str,
        /// The value in the sample, in TOML.
        sample: &'static str,
    },
}

/// A section of the file.
#[derive(Debug, Clone, Copy)]
pub struct SectionRow {
    /// Its name without brackets.
    pub name: &'static str,
    /// The subject of its keys, in Markdown.
    pub help: &'static str,
}

impl Row {
    /// The section that the key stands in.
    pub fn section(&self) -> &'static str {
        self.key.rsplit_once('.').map_or("", |(section, _)| section)
    }

    /// The key's name within its section.
    pub fn name(&self) -> &'static str {
        self.key.rsplit_once('.').map_or(self.key, |(_, name)| name)
    }
}

/// The row of `key`.
pub(super) fn row(key: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.key == key)
}

/// Writes a [`Row`].
const fn row_of(key: &'static str, standard: Standard, help: &'static str) -> Row {
    Row {
        key,
        standard,
        help,
    }
}

/// Writes a [`SectionRow`].
const fn section_of(name: &'static str, help: &'static str) -> SectionRow {
    SectionRow { name, help }
}

/// Every section, in the order of the file.
pub const SECTIONS: &[SectionRow] = &[
    section_of(
        "component",
        "How gavel connects to Prosody, as an external component (XEP-0114).",
    ),
    section_of(
        "muc",
        "A MUC service whose rooms gavel manages. Write one such section for each service, breakout rooms included.",
    ),
    section_of("discovery", "How gavel finds rooms."),
    section_of("claims", "Which claims about people gavel believes."),
    section_of(
        "claims.jwt",
        "How gavel verifies tokens. The source `jwt` and `gavel token` need this section. It has exactly one of `secret_file`, `secret`, `public_key_file`, `jwks_file`, `jwks_url` and `asap_key_server`.",
    ),
    section_of("policy", "What follows from claims."),
    section_of(
        "policy.host_absent",
        "What happens to a meeting that has had no host for some time. A host is somebody whose token makes them owner. gavel tells everybody in the meeting one minute before.",
    ),
    section_of(
        "policy.permissions",
        "Who may do what besides moderating: see [permissions](../permissions.md). Each is `everyone`, `token` (whoever has a valid token), `moderators`, `owners` or `nobody`. A rule's `permissions` and the token's `context.features` come before it; what is not named anywhere is left to Jitsi. In the environment a `-` is written `_`: `GAVEL_POLICY__PERMISSIONS__BREAKOUT_ENTER`.",
    ),
    section_of(
        "policy.rule",
        "A rule of your own. gavel tries your rules in order, then those of the preset; the first rule that matches decides. Rules stand in the file only: the environment has no lists of tables.",
    ),
    section_of("names", "Names that tokens give to people."),
    section_of("state", "What gavel remembers over a restart."),
    section_of(
        "infrastructure",
        "Occupants that gavel never manages and never counts as people: the focus, recorders.",
    ),
    section_of(
        "admin",
        "The admin API. Whoever may use its socket may steer gavel.",
    ),
    section_of(
        "log",
        "How gavel logs. The level is that of the variable `RUST_LOG`, by default `info`.",
    ),
];

use Standard::{Derived, Required, Unset, Value};

/// Every setting, in the order of the file.
pub const ROWS: &[Row] = &[
    row_of(
        "component.jid",
        Required("\"gavel.meet.jitsi\""),
        "The component's domain, as in Prosody's `Component \"gavel.meet.jitsi\"`. gavel's full JID is always `gavel@<jid>/gavel`.",
    ),
    row_of(
        "component.server",
        Required("\"127.0.0.1:5347\""),
        "`host:port` of Prosody's component listener (`component_interfaces`, `component_ports`). Write IPv6 as `[::1]:5347`.",
    ),
    row_of(
        "component.secret_file",
        Required("\"/run/secrets/gavel\""),
        "A file with Prosody's `component_secret`. Give either this key or `secret`.",
    ),
    row_of(
        "component.secret",
        Unset("\"…\""),
        "The secret itself, in place of `secret_file`.",
    ),
    row_of(
        "component.nick",
        Value("\"gavel\""),
        "gavel's nick in rooms: letters A to Z, digits and `_`, not beginning with `_`.",
    ),
    row_of(
        "muc.service",
        Required("\"muc.meet.jitsi\""),
        "The service's domain.",
    ),
    row_of(
        "muc.tenants",
        Value("true"),
        "Whether Jitsi's `muc_domain_mapper` gives a tenant's room `[tenant]room@muc.meet.jitsi` the address `room@muc.<tenant>.meet.jitsi`.",
    ),
    row_of(
        "discovery.invites",
        Value("true"),
        "Whether gavel joins a room of a configured service that invites it.",
    ),
    row_of(
        "discovery.poll",
        Value("\"auto\""),
        "How gavel asks services for their rooms. `auto`: by ad-hoc command, where the Prosody module does not serve. `adhoc`: by ad-hoc command, always. `disco`: public rooms only. `off`: not at all.",
    ),
    row_of(
        "discovery.interval",
        Value("\"30s\""),
        "The time between two lists of rooms, at least `1s`. gavel never asks more often than 50 times as long as the last list took.",
    ),
    row_of(
        "discovery.rooms",
        Value("[]"),
        "Rooms that gavel joins whenever they exist, written as people write them: a name, `[tenant]name`, a JID, or a meeting's URL.",
    ),
    row_of(
        "claims.sources",
        Value("[\"bridge\"]"),
        "Where claims may come from; the first source that yields claims wins. `bridge`: what the Prosody module hands over. `jwt`: tokens in presence. `identity`: what Jitsi's `presence_identity` writes, unsigned. Read about the security of each before you list another than `bridge`.",
    ),
    row_of(
        "claims.trusted_domains",
        Derived {
            words: "the domain above each MUC service",
            sample: "[\"meet.jitsi\"]",
        },
        "gavel believes the source `identity` only of people whose real JID is in one of these domains.",
    ),
    row_of(
        "claims.jwt.secret_file",
        Unset("\"/run/secrets/jwt\""),
        "A file with the shared secret, for HS256, HS384 and HS512.",
    ),
    row_of(
        "claims.jwt.secret",
        Unset("\"…\""),
        "The shared secret itself.",
    ),
    row_of(
        "claims.jwt.public_key_file",
        Unset("\"/etc/gavel/issuer.pem\""),
        "A public key in PEM, for the other algorithms.",
    ),
    row_of(
        "claims.jwt.jwks_file",
        Unset("\"/etc/gavel/keys.json\""),
        "A file with a JSON Web Key Set (RFC 7517).",
    ),
    row_of(
        "claims.jwt.jwks_url",
        Unset("\"https://id.example/realms/school/protocol/openid-connect/certs\""),
        "The URL of a JSON Web Key Set, such as Keycloak's.",
    ),
    row_of(
        "claims.jwt.asap_key_server",
        Unset("\"https://keys.example/asap/\""),
        "A URL below which each key is a PEM file named `<lower-case hex SHA-256 of kid>.pem`, as for Jitsi's option of that name.",
    ),
    row_of(
        "claims.jwt.elements",
        Value("[\"jwt\", \"token\", \"jitsi_participant_jwt\"]"),
        "Local names of the presence children that hold a token.",
    ),
    row_of(
        "claims.jwt.algorithms",
        Value("[\"HS256\"]"),
        "The algorithms that tokens may be signed with; gavel never takes the algorithm from the token. HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA. With public keys say what they are for, such as `[\"RS256\"]`.",
    ),
    row_of(
        "claims.jwt.verify_tenant",
        Value("true"),
        "Whether the token's `sub` must be the tenant, or `*`, in a tenant's room `[tenant]room`. It holds for the claims that the module hands over, too; for these alone no key is needed.",
    ),
    row_of(
        "claims.jwt.require_exp",
        Value("false"),
        "Whether gavel refuses tokens without `exp`. Jitsi accepts them.",
    ),
    row_of(
        "claims.jwt.issuers",
        Value("[\"jitsi\"]"),
        "Accepted values of `iss`, compared exactly; `*` accepts any.",
    ),
    row_of(
        "claims.jwt.audiences",
        Value("[\"jitsi\"]"),
        "Accepted values of `aud`, compared exactly; `*` accepts any.",
    ),
    row_of(
        "claims.jwt.leeway",
        Value("\"30s\""),
        "How far clocks may differ when gavel judges `exp` and `nbf`.",
    ),
    row_of(
        "policy.preset",
        Value("\"jitsi\""),
        "The rules that gavel brings along. `jitsi`: `context.user.affiliation` owner, moderator or teacher, or `context.user.moderator` true or `\"true\"`, makes an owner, any other claims a member. `jaas`: the same by `context.user.moderator` alone, as in 8x8's tokens. `authenticated`: everybody with valid claims is owner. `none`: only your own rules.",
    ),
    row_of(
        "policy.guests",
        Value("\"strip\""),
        "What happens to moderators without claims. `strip`: nobody without claims is moderator unless a moderator made them one. `ignore`: gavel leaves people without claims alone, once it has taken back what a token, a grant or an override gave them.",
    ),
    row_of(
        "policy.fallback",
        Value("\"none\""),
        "What happens in a room that nobody is entitled to moderate. `none`: nothing. `first`: [the occupant who has been there longest moderates](../moderators.md#an-elected-moderator), as with Jicofo's auto-owner.",
    ),
    row_of(
        "policy.grants",
        Value("\"owner\""),
        "What a promotion by a moderator becomes. `owner`: a moderator with all rights. `admin`: [a co-host](../moderators.md#co-hosts). `none`: gavel takes it back.",
    ),
    row_of(
        "policy.protect_hosts",
        Value("true"),
        "Whether somebody whose token makes them owner gets owner back after somebody else has demoted them.",
    ),
    row_of(
        "policy.guard",
        Value("true"),
        "Whether the Prosody module refuses what gavel would otherwise take back, so that nobody unentitled moderates even for a moment: [the guard](../moderators.md#policyguard-nobody-unentitled-moderates-not-even-for-a-moment).",
    ),
    row_of(
        "policy.on_expiry",
        Value("\"keep\""),
        "What happens when a token's `exp` passes during the meeting. `keep`: nothing. `demote`: what the token entitles to ends, `claims.jwt.leeway` later: [tokens that expire](../moderators.md#policyon_expiry-tokens-that-expire-during-the-meeting).",
    ),
    row_of(
        "policy.trusted_logins",
        Value("[]"),
        "Domains on which everybody who has logged in moderates, without a token: [people without tokens](../moderators.md#people-without-tokens). Never list a domain on which anybody gets in without a password, or makes an account without being asked (Prosody's `allow_registration`).",
    ),
    row_of(
        "policy.fallback_services",
        Derived {
            words: "every `[[muc]]` but those whose name begins with `breakout.`",
            sample: "[\"muc.meet.jitsi\"]",
        },
        "The MUC services in whose rooms `fallback` makes a moderator.",
    ),
    row_of(
        "policy.host_absent.after",
        Value("\"5m\""),
        "How long a meeting may be without host, at least `1s`.",
    ),
    row_of(
        "policy.host_absent.action",
        Value("\"none\""),
        "What happens then. `none`: nothing. `end`: the room is destroyed. `lock`: the room is members-only until a host comes.",
    ),
    row_of(
        "policy.host_absent.services",
        Derived {
            words: "every `[[muc]]` but those whose name begins with `breakout.`",
            sample: "[\"muc.meet.jitsi\"]",
        },
        "The MUC services of the meetings that this section is for. A meeting counts by its main room.",
    ),
    row_of(
        "policy.permissions.breakout-enter",
        Value("\"everyone\""),
        "Entering a breakout room without having been sent there by a moderator. Moderators always may.",
    ),
    row_of(
        "policy.permissions.breakout-manage",
        Unset("\"owners\""),
        "Adding, renaming and removing breakout rooms, and moving people. Jitsi lets moderators do it; this can only take it from some of them.",
    ),
    row_of(
        "policy.permissions.create-polls",
        Unset("\"moderators\""),
        "Starting a poll.",
    ),
    row_of(
        "policy.permissions.file-upload",
        Unset("\"token\""),
        "Sharing files in the meeting, and removing them.",
    ),
    row_of(
        "policy.permissions.flip",
        Unset("\"token\""),
        "Coming in again on another device in the place of the first.",
    ),
    row_of(
        "policy.permissions.live-translation",
        Unset("\"moderators\""),
        "Having what is said translated.",
    ),
    row_of(
        "policy.permissions.live-translation-subscribe",
        Unset("\"everyone\""),
        "Listening to a translation.",
    ),
    row_of(
        "policy.permissions.livestreaming",
        Unset("\"owners\""),
        "Streaming the meeting.",
    ),
    row_of(
        "policy.permissions.lobby-bypass",
        Value("\"owners\""),
        "Entering although the lobby or a password is on. With `moderators` people whose token makes them admin enter, too.",
    ),
    row_of(
        "policy.permissions.outbound-call",
        Unset("\"moderators\""),
        "Calling a phone from the meeting.",
    ),
    row_of(
        "policy.permissions.recording",
        Unset("\"moderators\""),
        "Recording the meeting.",
    ),
    row_of(
        "policy.permissions.send-groupchat",
        Unset("\"everyone\""),
        "Writing to everybody in the chat.",
    ),
    row_of(
        "policy.permissions.send-private-message",
        Unset("\"moderators\""),
        "Writing to one person in the chat.",
    ),
    row_of(
        "policy.permissions.sip-outbound-call",
        Unset("\"moderators\""),
        "Calling a SIP address from the meeting. Jitsi's invite service checks it in the token; gavel only sets what Prosody and the client see.",
    ),
    row_of(
        "policy.permissions.transcription",
        Unset("\"moderators\""),
        "Having what is said written down.",
    ),
    row_of(
        "policy.rule.name",
        Required("\"teachers\""),
        "What logs, `gavel explain` and the API call the rule.",
    ),
    row_of(
        "policy.rule.when",
        Required("'\"teacher\" in claims.roles'"),
        "A condition in [CEL](https://cel.dev) over `claims`, `room` (`jid`, `name`, `service`, `tenant`) and `occupant` (`jid`, `nick`, `domain`): see [rules](../rules.md).",
    ),
    row_of(
        "policy.rule.affiliation",
        Required("\"owner\""),
        "What the rule gives: `owner`, `admin`, `member`, `none`, `outcast` (a ban), or `keep` (gavel leaves the person's affiliation alone).",
    ),
    row_of(
        "policy.rule.permissions",
        Unset("{ recording = true, send-groupchat = false }"),
        "What those whom the rule matches may do or not: names of `[policy.permissions]`, each `true` or `false`. It beats the token and `[policy.permissions]`. Only people with a token get a `true`; a `false` is for everybody.",
    ),
    row_of(
        "names.freeze",
        Value("\"revert\""),
        "What happens when somebody changes the name that their token gives them. `revert`: gavel restores the token's name, and the module keeps the picture and the email in the token, too. `notify`: gavel tells them. `off`: nothing.",
    ),
    row_of(
        "names.guests",
        Value("\"free\""),
        "Which names people may show whose token gives them none. `free`: any. `distinct`: whoever shows a name that looks like one that a token gives to somebody else in the meeting is shown as `Ada Lovelace (guest)`: [names that nobody can borrow](../tokens.md#names-that-nobody-can-borrow). With `freeze = \"notify\"` they are only told, with `off` it has no effect.",
    ),
    row_of(
        "state.file",
        Value("\"/var/lib/gavel/state.json\""),
        "Where gavel keeps grants, step-downs, overrides and token bindings over a restart; `\"\"` keeps them in memory only.",
    ),
    row_of(
        "infrastructure.jids",
        Derived {
            words: "`focus@auth.` of the domain above each MUC service",
            sample: "[\"focus@auth.meet.jitsi\"]",
        },
        "Bare JIDs.",
    ),
    row_of(
        "infrastructure.domains",
        Derived {
            words: "`auth.`, `hidden.` and `recorder.` of that domain",
            sample: "[\"auth.meet.jitsi\", \"hidden.meet.jitsi\", \"recorder.meet.jitsi\"]",
        },
        "Domains of real JIDs.",
    ),
    row_of(
        "admin.socket",
        Value("\"/run/gavel/admin.sock\""),
        "The unix socket of the admin API.",
    ),
    row_of(
        "admin.listen",
        Value("\"127.0.0.1:9318\""),
        "Where gavel serves health and metrics over TCP; `\"\"` is nowhere.",
    ),
    row_of(
        "admin.web",
        Value("\"\""),
        "Where gavel serves the read-only [status page](../operate.md#the-status-page) over TCP, such as `127.0.0.1:9319`; `\"\"` is nowhere.",
    ),
    row_of(
        "admin.web_token_file",
        Unset("\"/run/secrets/gavel-web\""),
        "A file with the token that the status page asks for as a password, at least 16 characters. It is required where other machines can reach the page.",
    ),
    row_of("admin.web_token", Unset("\"…\""), "The token itself."),
    row_of(
        "log.format",
        Value("\"text\""),
        "`text`, or `json` with one object a line.",
    ),
    row_of(
        "log.audit",
        Value("\"\""),
        "A file to which gavel appends every decision as a line of JSON, such as `/var/log/gavel/audit.jsonl`: see [the audit file](../operate.md#what-has-gavel-done). `\"\"` is nowhere.",
    ),
];

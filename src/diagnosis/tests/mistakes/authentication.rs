//! Mistakes about how people log in.

use super::*;
use crate::stanza::Login;

/// Logins on meet.jitsi are to count; how people log in there, if that is told: provider,
/// whether it offers ANONYMOUS, `allow_empty_token`.
fn trusted(facts: &mut Facts, told: Option<(&str, bool, bool)>) {
    facts.setup.logins = vec!["meet.jitsi".into()];
    answers(facts).logins = told.map(|(provider, anonymous, empty_token)| {
        vec![Login {
            host: "meet.jitsi".into(),
            provider: provider.into(),
            configured: provider.into(),
            loaded: true,
            anonymous,
            empty_token,
            ..Login::default()
        }]
    });
}

/// The authentication of a VirtualHost has not come to a provider.
fn unloaded(facts: &mut Facts, host: &str, configured: &str, loaded: bool) {
    answers(facts).logins = Some(vec![Login {
        host: host.into(),
        provider: "null".into(),
        configured: configured.into(),
        loaded,
        ..Login::default()
    }]);
}

pub const MISTAKES: &[Mistake] = &[
    Mistake {
        name: "anybody gets in where logins are to count",
        make: |facts| {
            trusted(facts, Some(("anonymous", true, false)));
            // It follows from it that nobody moderates.
            let tally = &mut daemon(facts).tally;
            tally.believed.clear();
        },
        check: "logins",
        severity: Severity::Fail,
        says: &[
            "logins on meet.jitsi do not count",
            "authentication = \"anonymous\" of VirtualHost \"meet.jitsi\"",
            "take meet.jitsi out of policy.trusted_logins",
        ],
        never: &["set policy.trusted_logins"],
    },
    Mistake {
        name: "people without tokens get in where logins are to count",
        make: |facts| trusted(facts, Some(("token", true, true))),
        check: "logins",
        severity: Severity::Fail,
        says: &["allow_empty_token", "JWT_ALLOW_EMPTY=0", "meet.jitsi"],
        never: &["internal_hashed"],
    },
    Mistake {
        name: "logins are to count on a domain that is none",
        make: |facts| {
            trusted(facts, Some(("internal_hashed", false, false)));
            facts.setup.logins = vec!["meet.jitzi".into()];
        },
        check: "logins",
        severity: Severity::Fail,
        says: &["no VirtualHost \"meet.jitzi\"", "spelled"],
        never: &[],
    },
    Mistake {
        name: "something is missing that the authentication needs",
        make: |facts| {
            unloaded(facts, "meet.jitsi", "token", false);
            facts.setup.logins = vec!["meet.jitsi".into()];
        },
        check: "authentication",
        severity: Severity::Fail,
        says: &[
            "nobody can log in on VirtualHost \"meet.jitsi\"",
            "has not loaded mod_auth_token (authentication = \"token\")",
            "Unable to load module 'auth_token'",
            "Error initializing module 'auth_token' on 'meet.jitsi'",
            "apt install lua-cjson lua-luaossl",
            "luarocks install basexx",
            "Restart Prosody",
        ],
        never: &["take meet.jitsi out", "app_id"],
    },
    Mistake {
        name: "the authentication lacks a setting",
        make: |facts| unloaded(facts, "meet.jitsi", "token", true),
        check: "authentication",
        severity: Severity::Fail,
        says: &[
            "lacks a setting",
            "meet.jitsi:auth_token",
            "app_id",
            "JWT_APP_ID",
        ],
        never: &["luarocks"],
    },
    Mistake {
        name: "the authentication of the focus's host is misspelled",
        make: |facts| unloaded(facts, "auth.meet.jitsi", "internal_hashd", false),
        check: "authentication",
        severity: Severity::Fail,
        says: &[
            "auth.meet.jitsi",
            "mod_auth_internal_hashd",
            "focus",
            "the name is wrong",
        ],
        never: &["luarocks", "app_id"],
    },
    Mistake {
        name: "the authentication of another host is not there",
        make: |facts| unloaded(facts, "chat.example", "ldap2", false),
        check: "authentication",
        severity: Severity::Warn,
        says: &["chat.example", "mod_auth_ldap2", "does not name this host"],
        never: &["luarocks"],
    },
    Mistake {
        name: "the authentication has failed half-way",
        make: |facts| {
            trusted(facts, Some(("token", true, false)));
            answers(facts).logins.as_mut().unwrap()[0].loaded = false;
        },
        check: "authentication",
        severity: Severity::Fail,
        says: &[
            "logins and tokens on VirtualHost \"meet.jitsi\" do not count",
            "Error initializing module",
        ],
        never: &["nobody can log in", "Unable to load"],
    },
    Mistake {
        name: "the module is too old to tell how people log in",
        make: |facts| trusted(facts, None),
        check: "logins",
        severity: Severity::Warn,
        says: &[
            "meet.jitsi",
            "too old",
            "update mod_gavel",
            "restart Prosody",
        ],
        never: &["take meet.jitsi out"],
    },
    Mistake {
        name: "nobody has a token",
        make: |facts| {
            let tally = &mut daemon(facts).tally;
            tally.believed.clear();
            tally.tokenless = Some("meet.jitsi".into());
        },
        check: "logins",
        severity: Severity::Warn,
        says: &["policy.trusted_logins = [\"meet.jitsi\"]", "AUTH_TYPE=jwt"],
        never: &["policy.guests = \"ignore\""],
    },
    Mistake {
        name: "hosts log in in Jitsi's dialog",
        make: |facts| {
            let tally = &mut daemon(facts).tally;
            tally.believed.clear();
            tally.tokenless = Some("guest.meet.jitsi".into());
        },
        check: "logins",
        severity: Severity::Warn,
        says: &["policy.guests = \"ignore\""],
        never: &["trusted_logins"],
    },
];

//! Mistakes about the Prosody module, and other modules beside it.

use super::*;

pub const MISTAKES: &[Mistake] = &[
    Mistake {
        name: "the module is missing",
        make: |facts| answers(facts).module = Some(Module::Absent),
        check: "module",
        severity: Severity::Fail,
        says: &[
            "mod_gavel is not active on muc.meet.jitsi: nobody there gets a role from a token",
            "plugin_paths",
            "cannot read it",
            "Error initializing module 'gavel'",
            "1000",
            "modules_enabled of Component \"muc.meet.jitsi\"",
            "global section",
            "restarted",
            "XMPP_MUC_MODULES",
        ],
        never: &[
            "`admins`",
            "claims.sources = [\"jwt\"]",
            "validate_from_addresses",
        ],
    },
    Mistake {
        name: "gavel_jid is another's",
        make: |facts| answers(facts).module = Some(Module::Refuses),
        check: "module",
        severity: Severity::Fail,
        says: &[
            "gavel_jid = \"gavel@gavel.meet.jitsi\"",
            "Component \"muc.meet.jitsi\"",
        ],
        never: &["`admins`", "plugin_paths"],
    },
    Mistake {
        name: "the module is of another release",
        make: |facts| answers(facts).version = Some("0.1.7".into()),
        check: "module",
        severity: Severity::Warn,
        says: &["0.1.7", env!("CARGO_PKG_VERSION"), "restart Prosody"],
        never: &["modules_enabled"],
    },
    Mistake {
        name: "the module is the first of all",
        make: |facts| answers(facts).version = Some("1".into()),
        check: "module",
        severity: Severity::Warn,
        says: &["release 0.1,", "restart Prosody"],
        never: &["modules_enabled"],
    },
    Mistake {
        name: "another module wraps set_affiliation, and ours gets past it",
        make: |facts| answers(facts).goes_round = vec!["token_moderation".into()],
        check: "wrapper",
        severity: Severity::Warn,
        says: &["token_moderation", "muc.meet.jitsi", "modules_enabled"],
        never: &["`admins`"],
    },
    Mistake {
        name: "another module wraps set_affiliation, without ours",
        make: |facts| daemon(facts).tally.services[0].refused_by_module = 3,
        check: "refused",
        severity: Severity::Fail,
        says: &[
            "token_moderation",
            "matrix_power_sync",
            "3 times",
            "muc.meet.jitsi",
        ],
        never: &["`admins`"],
    },
];

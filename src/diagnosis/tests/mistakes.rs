//! Each mistake: the one finding that must be there, with the words that mend it,
//! and the wrong remedies that must not.

use super::*;
use crate::stanza::Login;

/// A mistake.
struct Mistake {
    name: &'static str,
    /// What makes it of a healthy Jitsi.
    make: fn(&mut Facts),
    check: &'static str,
    severity: Severity,
    /// What the finding says: what, where, remedy.
    says: &'static [&'static str],
    /// What no finding that is not `ok` may say.
    never: &'static [&'static str],
}

fn answers(facts: &mut Facts) -> &mut ServiceAnswers {
    &mut facts.answers.as_mut().unwrap().services[0]
}

fn down(facts: &mut Facts, trouble: Trouble) {
    facts.connection = Connection::Down(trouble);
    facts.answers = None;
}

/// Logins on meet.jitsi are to count; how people log in there, where that is told:
/// provider, whether it offers ANONYMOUS, `allow_empty_token`.
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

fn by_focus(facts: &mut Facts, not_first: u64) {
    let promoter = Promoter {
        kind: PartyKind::Infrastructure,
        name: Some("focus@auth.meet.jitsi".into()),
        service: SERVICE.into(),
    };
    let promotions = Promotions {
        total: 4,
        at_join: 1,
        not_first,
    };
    daemon(facts).tally.promotions.insert(promoter, promotions);
}

const MISTAKES: &[Mistake] = &[
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
    Mistake {
        name: "Jicofo's authentication promotes",
        make: |facts| by_focus(facts, 2),
        check: "promotions",
        severity: Severity::Warn,
        says: &[
            "JICOFO_ENABLE_AUTH=0",
            "wait for a host",
            "policy.guard",
            "policy.trusted_logins",
        ],
        never: &["ENABLE_AUTO_OWNER"],
    },
    Mistake {
        name: "one of Jicofo's two promotes",
        make: |facts| by_focus(facts, 0),
        check: "promotions",
        severity: Severity::Warn,
        says: &[
            "ENABLE_AUTO_OWNER=0",
            "JICOFO_ENABLE_AUTH=0",
            "ENABLE_AUTH=1",
        ],
        never: &[],
    },
    Mistake {
        name: "the component's port is the clients'",
        make: |facts| down(facts, Trouble::ClientPort),
        check: "connection",
        severity: Severity::Fail,
        says: &["port for clients", "127.0.0.1:5347", "component_ports"],
        never: &["add Component", "component_secret"],
    },
    Mistake {
        name: "the component is not there",
        make: |facts| down(facts, Trouble::HostUnknown),
        check: "connection",
        severity: Severity::Fail,
        says: &["Component \"gavel.meet.jitsi\"", "restart Prosody"],
        never: &["port for clients"],
    },
    Mistake {
        name: "the component has no secret",
        make: |facts| down(facts, Trouble::NoSecret),
        check: "connection",
        severity: Severity::Fail,
        says: &[
            "has no component_secret",
            "Component \"gavel.meet.jitsi\"",
            "restart Prosody",
        ],
        never: &["refuses the secret"],
    },
    Mistake {
        name: "nothing listens",
        make: |facts| {
            let reason = "Connection refused (os error 111)".to_owned();
            down(facts, Trouble::Unreachable(reason));
        },
        check: "connection",
        severity: Severity::Fail,
        says: &["component_ports = { 5347 }", "Prosody runs"],
        never: &["name"],
    },
    Mistake {
        name: "nothing listens on IPv6",
        make: |facts| {
            facts.setup.server = "[::1]:5347".into();
            let reason = "Connection refused (os error 111)".to_owned();
            down(facts, Trouble::Unreachable(reason));
        },
        check: "connection",
        severity: Severity::Fail,
        says: &["127.0.0.1:5347", "component_interfaces"],
        never: &[],
    },
    Mistake {
        name: "the name does not resolve",
        make: |facts| {
            facts.setup.server = "prosodi:5347".into();
            let reason = "failed to lookup address information: Name or service not known";
            down(facts, Trouble::Unreachable(reason.to_owned()));
        },
        check: "connection",
        severity: Severity::Fail,
        says: &["the name prosodi is not known", "xmpp.meet.jitsi:5347"],
        never: &["component_ports"],
    },
    Mistake {
        name: "the admin socket's folder cannot be written",
        make: |facts| {
            facts.daemon = None;
            down(facts, Trouble::Conflict);
        },
        check: "connection",
        severity: Severity::Fail,
        says: &[
            "/run/gavel/admin.sock",
            "the admin API is not served",
            "writable for gavel's user",
            "RuntimeDirectory",
        ],
        never: &["end it"],
    },
    Mistake {
        name: "two gavels under kick_old",
        make: |facts| daemon(facts).replaced = 2,
        check: "kicked",
        severity: Severity::Fail,
        says: &[
            "kick_old",
            "2 times",
            "component_conflict_resolve",
            "standby",
        ],
        never: &[],
    },
    Mistake {
        name: "the service is the virtual host",
        make: |facts| {
            facts.setup.services = vec!["meet.jitsi".into()];
            answers(facts).muc = Some(Ok(false));
        },
        check: "service",
        severity: Severity::Fail,
        says: &["meet.jitsi is not a MUC service", "[[muc]]", "GAVEL_MUC"],
        never: &["add Component \"meet.jitsi\""],
    },
    Mistake {
        name: "an invitation from elsewhere",
        make: |facts| {
            daemon(facts).tally.invited_from("conference.meet.jitsi");
        },
        check: "invitations",
        severity: Severity::Warn,
        says: &["conference.meet.jitsi", "muc.meet.jitsi", "GAVEL_MUC"],
        never: &[],
    },
    Mistake {
        name: "a rule for people without tokens",
        make: |facts| {
            daemon(facts).tally.needs_claims.insert("staff".into());
        },
        check: "rules",
        severity: Severity::Warn,
        says: &["rule staff", "policy.trusted_logins"],
        never: &[],
    },
    Mistake {
        name: "anybody gets in where logins are to count",
        make: |facts| {
            trusted(facts, Some(("anonymous", true, false)));
            // That nobody moderates follows from it.
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
    Mistake {
        name: "the claim stands elsewhere",
        make: |facts| {
            let tally = &mut daemon(facts).tally.with_token;
            tally.people = 1;
            tally.hints = vec!["moderator is true".into()];
        },
        check: "entitled",
        severity: Severity::Warn,
        says: &[
            "moderator is true",
            "context.user.moderator",
            "[[policy.rule]]",
        ],
        never: &[],
    },
    Mistake {
        name: "twelve people, no moderator",
        make: |facts| daemon(facts).tally.with_token.people = 12,
        check: "entitled",
        severity: Severity::Warn,
        says: &[
            "12 people",
            "none of them may moderate",
            "gavel token decode",
        ],
        never: &[],
    },
    Mistake {
        name: "the state file cannot be written",
        make: |facts| daemon(facts).kept = Kept::Failed("/x/s.json".into(), "denied".into()),
        check: "state",
        severity: Severity::Warn,
        says: &["/x/s.json", "state.file"],
        never: &[],
    },
];

#[test]
fn each_mistake_has_its_one_finding_and_no_wrong_remedy() {
    for mistake in MISTAKES {
        let mut facts = healthy();
        (mistake.make)(&mut facts);
        let wrong: Vec<_> = told(&facts)
            .into_iter()
            .filter(|(severity, ..)| *severity != Severity::Ok)
            .collect();
        let name = mistake.name;
        assert_eq!(wrong.len(), 1, "{name}: {wrong:#?}");
        let (severity, check, text) = &wrong[0];
        assert_eq!(
            (severity, check.as_str()),
            (&mistake.severity, mistake.check),
            "{name}"
        );
        for words in mistake.says {
            assert!(
                text.contains(words),
                "{name} does not say {words:?}: {text}"
            );
        }
        for words in mistake.never {
            assert!(!text.contains(words), "{name} says {words:?}: {text}");
        }
    }
}

/// Breakout rooms may be switched off: no failure, and nothing to mend.
#[test]
fn a_breakout_service_that_is_not_there_is_no_failure() {
    let mut facts = healthy();
    facts.setup.services.push("breakout.meet.jitsi".into());
    let missing = ServiceAnswers {
        muc: Some(Err("not-allowed".into())),
        module: Some(Module::Absent),
        ..ServiceAnswers::default()
    };
    facts.answers.as_mut().unwrap().services.push(missing);
    let wrong = told(&facts).into_iter().find(|(s, ..)| *s != Severity::Ok);
    assert_eq!(wrong, None);
    one(&facts, "service", Severity::Ok, "breakout.meet.jitsi");
}

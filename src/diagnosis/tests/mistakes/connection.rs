//! Mistakes about gavel's connection and the services it is to serve.

use super::*;

fn down(facts: &mut Facts, trouble: Trouble) {
    facts.connection = Connection::Down(trouble);
    facts.answers = None;
}

pub const MISTAKES: &[Mistake] = &[
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
];

//! Configurations with something wrong, and the exact text about each.

use super::*;

mod addresses;
mod policy;
mod tokens;

/// A configuration with something wrong: [`LEAST`] with `text` after it.
struct Bad {
    name: &'static str,
    text: &'static str,
    environment: &'static [(&'static str, &'static str)],
    errors: &'static [&'static str],
    warnings: &'static [&'static str],
}

/// The values that most rows have.
const BAD: Bad = Bad {
    name: "",
    text: "",
    environment: &[],
    errors: &[],
    warnings: &[],
};

#[track_caller]
fn each(rows: &[Bad]) {
    let mut wrong = String::new();
    for row in rows {
        let folder = Folder::with(&format!("{LEAST}{}", row.text));
        folder.write("empty", b"\n");
        folder.write("private.pem", b"-----BEGIN PRIVATE KEY-----\nhushhush\n");
        folder.write("keys.json", b"{\"keys\": 1, \"k\": \"hushhush\"}");
        folder.write("binary", b"\xffhushhush");
        let text = std::fs::read_to_string(folder.path("gavel.toml")).unwrap();
        let text = text.replace("$D", folder.0.path().to_str().unwrap());
        folder.write("gavel.toml", text.as_bytes());
        let found = folder.notes(row.environment);
        if (found.0.as_slice(), found.1.as_slice()) != (&owned(row.errors), &owned(row.warnings)) {
            wrong += &format!("{}: {:#?}\n", row.name, found);
        }
        let all = format!("{found:?}");
        assert!(!all.contains("hush"), "{}: {all}", row.name);
    }
    assert!(wrong.is_empty(), "{wrong}");
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn values_of_the_wrong_kind_name_their_key() {
    each(&[
        Bad {
            name: "a number for a text",
            text: "[names]\nfreeze = 1\n",
            errors: &[
                "gavel.toml:8, names.freeze: is a number, not a string; write it in quotes: freeze = \"…\"",
            ],
            ..BAD
        },
        Bad {
            name: "a text for a flag",
            text: "[policy]\nprotect_hosts = 'true'\n",
            errors: &[
                "gavel.toml:8, policy.protect_hosts: is a string, not true or false; write protect_hosts = true or protect_hosts = false, without quotes",
            ],
            ..BAD
        },
        Bad {
            name: "a number for a flag",
            text: "[policy]\nprotect_hosts = 1\n",
            errors: &[
                "gavel.toml:8, policy.protect_hosts: is a number, not true or false; write protect_hosts = true or protect_hosts = false, without quotes",
            ],
            ..BAD
        },
        Bad {
            name: "a text for a list",
            text: "[claims]\nsources = 'bridge'\n",
            errors: &[
                "gavel.toml:8, claims.sources: is a string, not a list; write it in brackets: sources = [\"…\"]",
            ],
            ..BAD
        },
        Bad {
            name: "numbers in a list",
            text: "[infrastructure]\ndomains = [\n  'a.b',\n  1,\n]\n",
            errors: &[
                "gavel.toml:10, infrastructure.domains: holds a number, not strings; write each in quotes: domains = [\"…\"]",
            ],
            ..BAD
        },
        Bad {
            name: "a number for a time",
            text: "[discovery]\ninterval = 30\n",
            errors: &[
                "gavel.toml:8, discovery.interval: is a number, not a duration; write it in quotes and with a unit: interval = \"30s\"",
            ],
            ..BAD
        },
        Bad {
            name: "a flag for a time",
            text: "[discovery]\ninterval = true\n",
            errors: &[
                "gavel.toml:8, discovery.interval: is a boolean, not a duration; write it in quotes and with a unit: interval = \"30s\"",
            ],
            ..BAD
        },
        Bad {
            name: "a date for a text",
            text: "[state]\nfile = 2026-01-01\n",
            errors: &[
                "gavel.toml:8, state.file: is a date, not a string; write it in quotes: file = \"…\"",
            ],
            ..BAD
        },
        Bad {
            name: "a table for a text",
            text: "[state.file]\na = 1\n",
            errors: &[
                "gavel.toml:7, state.file: is a table, not a string; write it in quotes: file = \"…\"",
            ],
            ..BAD
        },
        Bad {
            name: "a text for a section",
            text: "[claims]\njwt = 'x'\n",
            errors: &[
                "gavel.toml:8, claims.jwt: is a string, not a section; write [claims.jwt] and its keys below it",
            ],
            ..BAD
        },
        Bad {
            name: "a text for sections",
            text: "[[muc]]\nservice = ['a']\n",
            errors: &[
                "gavel.toml:8, muc.service: is a list, not a string; write it in quotes: service = \"…\"",
            ],
            ..BAD
        },
    ]);
}

#[test]
fn values_that_cannot_be_are_refused() {
    each(&[
        Bad {
            name: "a nick with a space",
            text: "[component.x]\n",
            environment: &[("GAVEL_COMPONENT__NICK", "my nick")],
            errors: &[
                "environment GAVEL_COMPONENT__NICK: \"my nick\" does not match ^[A-Za-z0-9][A-Za-z0-9_]*$; use the letters A to Z, digits and _, and no _ first",
                "gavel.toml:7, component.x: unknown section x; [component] has jid, server, secret_file, secret, nick",
            ],
            ..BAD
        },
        Bad {
            name: "an unknown word",
            text: "[policy]\nguests = 'stripp'\n",
            errors: &[
                "gavel.toml:8, policy.guests: \"stripp\" is unknown; did you mean \"strip\"?",
            ],
            ..BAD
        },
        Bad {
            name: "a wholly unknown word",
            text: "[policy]\nguests = 'ban'\n",
            errors: &[
                "gavel.toml:8, policy.guests: \"ban\" is unknown; use \"strip\" or \"ignore\"",
            ],
            ..BAD
        },
        Bad {
            name: "a wrong word of two kinds",
            text: "[discovery]\npoll = 'ad-hoc'\n",
            errors: &[
                "gavel.toml:8, discovery.poll: \"ad-hoc\" is unknown; did you mean \"adhoc\"?",
            ],
            ..BAD
        },
        Bad {
            name: "a time without unit",
            text: "[discovery]\ninterval = '30'\n",
            errors: &[
                "gavel.toml:8, discovery.interval: \"30\" is no duration: a unit is missing; write a time such as 30s, at least 1s",
            ],
            ..BAD
        },
        Bad {
            name: "a time too short",
            text: "[discovery]\ninterval = '999ms'\n",
            errors: &[
                "gavel.toml:8, discovery.interval: \"999ms\" is too short; write a time such as 30s, at least 1s",
            ],
            ..BAD
        },
        Bad {
            name: "no leeway is fine",
            text: "[claims.jwt]\nsecret = 'hush'\nleeway = '0s'\n",
            ..BAD
        },
        Bad {
            name: "rooms",
            text: "[discovery]\nrooms = ['a@muc.meet.jitsi', 'a@other', 'muc.meet.jitsi', 'a@muc.meet.jitsi/n', 'a b@x', 'https://meet.jitsi/?jwt=hush']\n",
            errors: &[
                "gavel.toml:8, discovery.rooms: \"a@other\" is in none of the configured MUC services; add a [[muc]] with service = \"other\"",
                "gavel.toml:8, discovery.rooms: \"muc.meet.jitsi\" is a MUC service, no room; write a room's name, as in the meeting's URL, or lobby@muc.meet.jitsi",
                "gavel.toml:8, discovery.rooms: \"a@muc.meet.jitsi/n\" has a / behind the service, as people's addresses have; write a room's name, as in the meeting's URL, or lobby@muc.meet.jitsi",
                "gavel.toml:8, discovery.rooms: \"a b@x\" is in none of the configured MUC services; add a [[muc]] with service = \"x\"",
                "gavel.toml:8, discovery.rooms: \"https://meet.jitsi/\" names no room; write a room's name, as in the meeting's URL, or lobby@muc.meet.jitsi",
            ],
            ..BAD
        },
        Bad {
            name: "services",
            text: "[[muc]]\nservice = 'MUC.meet.jitsi'\n[[muc]]\ntenants = false\n[[muc]]\nservice = 'a@b'\nsrvice = 'x'\n",
            errors: &[
                "gavel.toml:9, muc.service: is required; write service = \"muc.meet.jitsi\" under [[muc]], or set GAVEL_MUC",
                "gavel.toml:13, muc.srvice: unknown key srvice; did you mean service?",
                "gavel.toml:12, muc.service: \"a@b\" is not a domain alone; write a domain such as meet.jitsi, without @ and /",
                "gavel.toml:8, muc.service: \"muc.meet.jitsi\" is there twice; keep one",
            ],
            ..BAD
        },
        Bad {
            name: "infrastructure",
            text: "[infrastructure]\njids = ['focus@auth.x/focus', '@x', 'auth.x']\ndomains = ['a@b', 'a b', '']\n",
            errors: &[
                "gavel.toml:8, infrastructure.jids: \"focus@auth.x/focus\" is not valid: it has a /; write a JID such as focus@auth.meet.jitsi, without /",
                "gavel.toml:8, infrastructure.jids: \"@x\" is not valid: nothing stands before the @; write a JID such as focus@auth.meet.jitsi, without /",
                "gavel.toml:9, infrastructure.domains: \"a@b\" is not a domain alone; write a domain such as meet.jitsi, without @ and /",
                "gavel.toml:9, infrastructure.domains: \"a b\" is not valid: it holds \" \"; write a domain such as meet.jitsi, without @ and /",
                "gavel.toml:9, infrastructure.domains: is empty; write a domain such as meet.jitsi, without @ and /",
            ],
            ..BAD
        },
        Bad {
            name: "trusted domains",
            text: "[claims]\nsources = ['identity', 'identity']\ntrusted_domains = ['x/y']\n",
            errors: &[
                "gavel.toml:8, claims.sources: \"identity\" is listed twice; keep one",
                "gavel.toml:9, claims.trusted_domains: \"x/y\" is not valid: it has a /; write a domain such as meet.jitsi, without @ and /",
            ],
            ..BAD
        },
        Bad {
            name: "nobody trusted",
            text: "[claims]\nsources = ['identity']\ntrusted_domains = []\n",
            warnings: &[
                "gavel.toml:9, claims.trusted_domains: is empty, so the source \"identity\" is never believed; list the domains where presence_identity is loaded",
            ],
            ..BAD
        },
        Bad {
            name: "guests who are distinct from nobody",
            text: "[names]\nfreeze = 'off'\nguests = 'distinct'\n",
            warnings: &[
                "gavel.toml:9, names.guests: has no effect, because names.freeze is \"off\": no name is anybody's own; set names.freeze = \"revert\", or take guests out",
            ],
            ..BAD
        },
        Bad {
            name: "no source",
            text: "[claims]\nsources = []\n",
            warnings: &[
                "gavel.toml:8, claims.sources: is empty, so nobody ever has claims; list at least one of \"bridge\", \"jwt\" and \"identity\"",
            ],
            ..BAD
        },
        Bad {
            name: "no way into a room",
            text: "[discovery]\ninvites = false\npoll = 'off'\n",
            warnings: &[
                "gavel.toml, discovery: no way to find rooms is left, so gavel will be in none; set invites = true, choose a poll, or list rooms",
            ],
            ..BAD
        },
        Bad {
            name: "the admin API",
            text: "[admin]\nsocket = ''\nlisten = 'localhost'\n",
            errors: &[
                "gavel.toml:8, admin.socket: is empty; write the path of a socket such as /run/gavel/admin.sock",
                "gavel.toml:9, admin.listen: \"localhost\" is not address:port; write an IP address and a port such as 127.0.0.1:9318",
            ],
            ..BAD
        },
        Bad {
            name: "the admin API given",
            text: "[admin]\nsocket = '/run/x'\nlisten = ''\n",
            ..BAD
        },
        Bad {
            name: "a status page for everybody",
            text: "[admin]\nweb = '0.0.0.0:9319'\n",
            errors: &[
                "gavel.toml:8, admin.web: 0.0.0.0:9319 can be reached from other machines, without a token; set admin.web_token_file, or listen on 127.0.0.1",
            ],
            ..BAD
        },
        Bad {
            name: "a short token",
            text: "[admin]\nweb = '0.0.0.0:9319'\nweb_token = '0123456789abcde'\n",
            errors: &[
                "gavel.toml:9, admin.web_token: a token of fewer than 16 characters can be guessed; make one with `openssl rand -hex 24`",
            ],
            ..BAD
        },
        Bad {
            name: "a token for nothing",
            text: "[admin]\nweb_token = '0123456789abcdef'\n",
            warnings: &[
                "gavel.toml:8, admin.web_token: has no effect without admin.web; set admin.web to an address such as 127.0.0.1:9319, or remove it",
            ],
            ..BAD
        },
        Bad {
            name: "a status page as it should be",
            text: "[admin]\nweb = '0.0.0.0:9319'\nweb_token = '0123456789abcdef'\n",
            ..BAD
        },
        Bad {
            name: "the log",
            text: "[log]\nformat = 'xml'\n",
            errors: &["gavel.toml:8, log.format: \"xml\" is unknown; use \"text\" or \"json\""],
            ..BAD
        },
    ]);
}

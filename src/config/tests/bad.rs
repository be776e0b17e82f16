//! Configurations with something wrong, and the exact text about each.

use super::*;

/// A configuration with something wrong: [`LEAST`] with `text` after it.
struct Bad {
    name: &'static str,
    text: &'static str,
    environment: &'static [(&'static str, &'static str)],
    errors: &'static [&'static str],
    warnings: &'static [&'static str],
}

/// What most rows have.
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
                "gavel.toml:7, component.x: unknown section x; [component] has jid, server, secret, secret_file, nick",
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
            text: "[discovery]\nrooms = ['a@muc.meet.jitsi', 'a@other', 'muc.meet.jitsi', 'a@muc.meet.jitsi/n', 'a b@x']\n",
            errors: &[
                "gavel.toml:8, discovery.rooms: \"a@other\" is in none of the configured MUC services; add a [[muc]] with service = \"other\"",
                "gavel.toml:8, discovery.rooms: \"muc.meet.jitsi\" has no local part; write a room such as lobby@muc.meet.jitsi",
                "gavel.toml:8, discovery.rooms: \"a@muc.meet.jitsi/n\" is not valid: resource found while parsing a bare JID; write a room such as lobby@muc.meet.jitsi",
                "gavel.toml:8, discovery.rooms: \"a b@x\" is not valid: it holds \" \"; write a room such as lobby@muc.meet.jitsi",
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
                "gavel.toml:8, infrastructure.jids: \"focus@auth.x/focus\" is not valid: resource found while parsing a bare JID; write a JID such as focus@auth.meet.jitsi, without /",
                "gavel.toml:8, infrastructure.jids: \"@x\" is not valid: nodepart empty despite the presence of a @; write a JID such as focus@auth.meet.jitsi, without /",
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
                "gavel.toml:9, claims.trusted_domains: \"x/y\" is not valid: resource found while parsing a bare JID; write a domain such as meet.jitsi, without @ and /",
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

#[test]
fn keys_of_tokens_are_checked() {
    each(&[
        Bad {
            name: "jwt listed without section",
            text: "[claims]\nsources = ['jwt']\n",
            errors: &[
                "gavel.toml:8, claims.sources: lists \"jwt\", but [claims.jwt] is missing; add [claims.jwt] with a key, or take \"jwt\" out of the list",
            ],
            ..BAD
        },
        Bad {
            name: "no key",
            text: "[claims.jwt]\n",
            errors: &[
                "gavel.toml:7, claims.jwt.secret: one of secret, secret_file, public_key_file, jwks_file, jwks_url, asap_key_server is required; write secret_file, secret, public_key_file, jwks_file, jwks_url or asap_key_server under [claims.jwt]",
            ],
            ..BAD
        },
        Bad {
            name: "two keys",
            text: "[claims.jwt]\nsecret = 'hush'\nsecret_file = '$D/x'\n",
            errors: &[
                "gavel.toml:9, claims.jwt.secret_file: secret and secret_file exclude one another; keep one of them",
            ],
            ..BAD
        },
        Bad {
            name: "three keys",
            text: "[claims.jwt]\nsecret = 'hush'\npublic_key_file = '$D/x'\njwks_file='$D/x'\n",
            errors: &[
                "gavel.toml:9, claims.jwt.public_key_file: secret and public_key_file and jwks_file exclude one another; keep one of them",
            ],
            ..BAD
        },
        Bad {
            name: "an empty secret",
            text: "[claims.jwt]\nsecret = ''\n",
            errors: &["gavel.toml:8, claims.jwt.secret: is empty; write the secret"],
            ..BAD
        },
        Bad {
            name: "a number for a secret",
            text: "[claims.jwt]\nsecret = 12345\n",
            errors: &[
                "gavel.toml:8, claims.jwt.secret: is a number, not a string; write it in quotes: secret = \"…\"",
            ],
            ..BAD
        },
        Bad {
            name: "a secret file that is missing",
            text: "[claims.jwt]\nsecret_file = '$D/missing'\n",
            errors: &[
                "gavel.toml:8, claims.jwt.secret_file: cannot read the file: No such file or directory (os error 2); create it, or name another",
            ],
            ..BAD
        },
        Bad {
            name: "a secret file that is empty",
            text: "[claims.jwt]\nsecret_file = '$D/empty'\n",
            errors: &[
                "gavel.toml:8, claims.jwt.secret_file: the file is empty; write the secret into it",
            ],
            ..BAD
        },
        Bad {
            name: "a folder for a secret file",
            text: "[claims.jwt]\nsecret_file = '$D'\n",
            errors: &[
                "gavel.toml:8, claims.jwt.secret_file: cannot read the file: Is a directory (os error 21); name a readable file",
            ],
            ..BAD
        },
        Bad {
            name: "no name for a secret file",
            text: "[claims.jwt]\nsecret_file = ''\n",
            errors: &["gavel.toml:8, claims.jwt.secret_file: is empty; write the path of a file"],
            ..BAD
        },
        Bad {
            name: "a device",
            text: "[claims.jwt]\nsecret_file = '/dev/zero'\n",
            errors: &[
                "gavel.toml:8, claims.jwt.secret_file: cannot read the file: it holds more than 1048576 bytes; name a readable file",
            ],
            ..BAD
        },
        Bad {
            name: "a private key",
            text: "[claims.jwt]\nalgorithms = ['ES256']\npublic_key_file = '$D/private.pem'\n",
            errors: &[
                "gavel.toml:9, claims.jwt.public_key_file: the file \"private.pem\" holds a private key, which gavel must not have; name the public key's file, which begins with -----BEGIN PUBLIC KEY-----",
            ],
            ..BAD
        },
        Bad {
            name: "no PEM",
            text: "[claims.jwt]\npublic_key_file = '$D/keys.json'\n",
            errors: &[
                "gavel.toml:8, claims.jwt.public_key_file: the file \"keys.json\" is not in PEM; name the public key's file, which begins with -----BEGIN PUBLIC KEY-----",
            ],
            ..BAD
        },
        Bad {
            name: "no key set",
            text: "[claims.jwt]\njwks_file = '$D/keys.json'\n",
            errors: &[
                "gavel.toml:8, claims.jwt.jwks_file: the file \"keys.json\" is no key set; name a file of JSON such as {\"keys\": [{\"kty\": …}]}",
            ],
            ..BAD
        },
        Bad {
            name: "no text",
            text: "[claims.jwt]\njwks_file = '$D/binary'\n",
            errors: &[
                "gavel.toml:8, claims.jwt.jwks_file: the file \"binary\" is not text; name a text file in UTF-8",
            ],
            ..BAD
        },
        Bad {
            name: "algorithms of the other kind",
            text: "[claims.jwt]\nsecret = 'hush'\nalgorithms = ['HS256', 'RS256', 'none', 'hs256']\n",
            errors: &[
                "gavel.toml:9, claims.jwt.algorithms: \"none\" is unknown; use \"HS256\", \"HS384\", \"HS512\", \"RS256\", \"RS384\", \"RS512\", \"PS256\", \"PS384\", \"PS512\", \"ES256\", \"ES384\" or \"EdDSA\"",
                "gavel.toml:9, claims.jwt.algorithms: \"hs256\" is unknown; did you mean \"HS256\"?",
                "gavel.toml:9, claims.jwt.algorithms: RS256 needs a public key, and a secret is given; list HS256, HS384 or HS512, or give public_key_file",
            ],
            ..BAD
        },
        Bad {
            name: "nothing accepted",
            text: "[claims.jwt]\nsecret = 'hush'\nalgorithms = []\nissuers = []\naudiences = ['']\nelements = []\n",
            errors: &[
                "gavel.toml:12, claims.jwt.elements: is empty, so no token is ever accepted; list at least one, e.g. [\"jwt\"]",
                "gavel.toml:9, claims.jwt.algorithms: is empty, so no token is ever accepted; list at least one, e.g. [\"HS256\"]",
                "gavel.toml:10, claims.jwt.issuers: is empty, so no token is ever accepted; list at least one, e.g. [\"*\"]",
                "gavel.toml:11, claims.jwt.audiences: holds an empty string; remove it",
            ],
            ..BAD
        },
    ]);
}

#[test]
fn urls_of_keys_are_checked_and_not_fetched() {
    each(&[
        Bad {
            name: "a secret as well",
            text: "[claims.jwt]\nasap_key_server = 'https://x'\nsecret = 'hush'\n",
            errors: &[
                "gavel.toml:8, claims.jwt.asap_key_server: secret and asap_key_server exclude one another; keep one of them",
            ],
            ..BAD
        },
        Bad {
            name: "the default algorithm, which is for secrets",
            text: "[claims.jwt]\njwks_url = 'https://hush:hush@x'\n",
            errors: &[
                "gavel.toml:7, claims.jwt.algorithms: HS256 needs a secret, and what a server hands out are public keys; list what the key is for, e.g. [\"RS256\"], or give secret_file",
            ],
            ..BAD
        },
        Bad {
            name: "no TLS to another machine",
            text: "[claims.jwt]\nalgorithms = ['RS256']\njwks_url = 'http://hush@keys:80/a?hush'\n",
            warnings: &[
                "gavel.toml:9, claims.jwt.jwks_url: keys come unprotected from http://keys/a?***: whoever can change them on the way makes anybody a moderator; use https, or a server on this machine",
            ],
            ..BAD
        },
        Bad {
            name: "no TLS to this machine",
            text: "[claims.jwt]\nalgorithms = ['ES256']\nasap_key_server = 'http://127.0.0.1:1/a'\n",
            ..BAD
        },
        Bad {
            name: "no URL",
            text: "[claims.jwt]\nalgorithms = ['ES256']\n",
            environment: &[("GAVEL_CLAIMS__JWT__JWKS_URL", "hush")],
            errors: &[
                "environment GAVEL_CLAIMS__JWT__JWKS_URL: is no URL: relative URL without a base; write one such as https://id.example/keys",
            ],
            ..BAD
        },
        Bad {
            name: "another scheme",
            text: "[claims.jwt]\nalgorithms = ['ES256']\njwks_url = 'hush:hush@x/keys'\n",
            errors: &[
                "gavel.toml:9, claims.jwt.jwks_url: is not a URL of https or http; write one such as https://id.example/keys",
            ],
            ..BAD
        },
    ]);
}

#[test]
fn bad_rules_say_which_rule_and_where_in_it() {
    each(&[
        Bad {
            name: "nothing in it",
            text: "[[policy.rule]]\n[[policy.rule]]\nname = ' '\nwhen = ''\naffiliation = 'boss'\n",
            errors: &[
                "gavel.toml:7, policy.rule.name: is required; write name = \"teachers\" under [[policy.rule]]",
                "gavel.toml:7, policy.rule.when: is required; write when = \"has(claims.staff)\" under [[policy.rule]]",
                "gavel.toml:7, policy.rule.affiliation: is required; write affiliation = \"owner\" under [[policy.rule]]",
                "gavel.toml:11, policy.rule.affiliation: \"boss\" is unknown; use \"owner\", \"admin\", \"member\", \"none\", \"outcast\" or \"keep\"",
                "gavel.toml:9, policy.rule.name: is empty; name the rule: logs and `gavel explain` show it",
                "gavel.toml:10, policy.rule.when: a rule without a usable name, line 1 column 1 of the expression: is empty; mend the expression\n  \n  ^",
            ],
            ..BAD
        },
        Bad {
            name: "names",
            text: "[policy]\nrule = [\n\
                   { name = 'a', when = 'true', affiliation = 'owner' },\n\
                   { name = 'a', when = 'true', affiliation = 'owner' },\n\
                   { name = 'jitsi:member', when = 'true', affiliation = 'owner' },\n\
                   { name = 'guest', when = 'true', affiliation = 'owner' },\n\
                   ]\n",
            errors: &[
                "gavel.toml:10, policy.rule.name: \"a\" is there twice; name each rule otherwise",
                "gavel.toml:11, policy.rule.name: \"jitsi:member\" is a name of gavel's own; name the rule otherwise",
                "gavel.toml:12, policy.rule.name: \"guest\" is a name of gavel's own; name the rule otherwise",
            ],
            ..BAD
        },
        Bad {
            name: "an unknown variable in the second line",
            text: "[[policy.rule]]\nname = 'a'\naffiliation = 'owner'\nwhen = '''\nhas(claims.x) &&\n  \"ä\" in claim.roles'''\n",
            errors: &[
                "gavel.toml:10, policy.rule.when: rule \"a\", line 2 column 10 of the expression: unknown variable claim; the variables are claims, room and occupant\n    \"ä\" in claim.roles\n           ^",
            ],
            ..BAD
        },
        Bad {
            name: "no expression, and no condition",
            text: "[[policy.rule]]\nname = 'a'\naffiliation = 'owner'\nwhen = 'claims.a == == 2'\n\
                   [[policy.rule]]\nname = 'b'\naffiliation = 'owner'\nwhen = 'size(claims.roles)'\n",
            errors: &[
                "gavel.toml:10, policy.rule.when: rule \"a\", line 1 column 13 of the expression: unexpected '=='; mend the expression\n  claims.a == == 2\n              ^",
                "gavel.toml:14, policy.rule.when: rule \"b\", line 1 column 1 of the expression: is an int, not true or false; mend the expression\n  size(claims.roles)\n  ^",
            ],
            ..BAD
        },
        Bad {
            name: "not a list of sections",
            text: "[policy.rule]\nname = 'a'\n",
            errors: &[
                "gavel.toml:7, policy.rule: is a table, not a list of sections; write [[policy.rule]] and its keys below it",
            ],
            ..BAD
        },
        Bad {
            name: "an unknown key",
            text: "[[policy.rule]]\nname = 'a'\naffiliation = 'owner'\nif = 'true'\n",
            errors: &[
                "gavel.toml:7, policy.rule.when: is required; write when = \"has(claims.staff)\" under [[policy.rule]]",
                "gavel.toml:10, policy.rule.if: unknown key if; [[policy.rule]] has name, when, affiliation",
            ],
            ..BAD
        },
    ]);
}

#[test]
fn services_of_a_policy_are_configured_ones() {
    each(&[
        Bad {
            name: "an unknown service",
            text: "[policy]\nfallback_services = ['muc.b']\n",
            errors: &[
                "gavel.toml:8, policy.fallback_services: \"muc.b\" is no configured MUC service; use \"muc.meet.jitsi\", or add a [[muc]] for it",
            ],
            ..BAD
        },
        Bad {
            name: "meetings without host",
            text: "[policy.host_absent]\nafter = '0s'\naction = 'ende'\nservices = ['muc.b']\n",
            errors: &[
                "gavel.toml:8, policy.host_absent.after: \"0s\" is too short; write a time such as 5m, at least 1s",
                "gavel.toml:9, policy.host_absent.action: \"ende\" is unknown; did you mean \"end\"?",
                "gavel.toml:10, policy.host_absent.services: \"muc.b\" is no configured MUC service; use \"muc.meet.jitsi\", or add a [[muc]] for it",
            ],
            ..BAD
        },
        Bad {
            name: "no domain",
            environment: &[("GAVEL_POLICY__FALLBACK_SERVICES", "a b")],
            errors: &[
                "environment GAVEL_POLICY__FALLBACK_SERVICES: \"a b\" is not valid: it holds \" \"; write a domain such as meet.jitsi, without @ and /",
            ],
            ..BAD
        },
    ]);
}

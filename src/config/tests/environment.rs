//! The values that the environment gives, and those of the file that it replaces.

use super::*;

#[test]
fn an_empty_secret_in_the_environment_is_none() {
    let secret = "GAVEL_CLAIMS__JWT__SECRET";
    let issuers = ("GAVEL_CLAIMS__JWT__ISSUERS", "school");
    assert_eq!(
        loaded(LEAST, &[(secret, ""), issuers]).config.claims.jwt,
        None
    );
    let jwt = loaded(LEAST, &[(secret, "x"), issuers]).config.claims.jwt;
    assert_eq!(jwt.unwrap().issuers, ["school"]);
    let both = loaded(LEAST, &[("GAVEL_COMPONENT__SECRET", "")]).config;
    assert_eq!(both.component.secret.expose(), "hush");
    let jwt = ("GAVEL_CLAIMS__SOURCES", "jwt");
    let (errors, _) = Folder::with(LEAST).notes(&[jwt, (secret, ""), issuers]);
    assert!(errors[0].contains("[claims.jwt] is missing"), "{errors:?}");
}

/// docker-compose 1.29 gives such values from the overlay; with them the errors about
/// each variable would lead nowhere.
#[test]
fn variables_that_compose_has_not_replaced_are_named_as_such() {
    let server = (
        "GAVEL_COMPONENT__SERVER",
        "${XMPP_SERVER:-xmpp.meet.jitsi:5347}",
    );
    let issuers = (
        "GAVEL_CLAIMS__JWT__ISSUERS",
        "${JWT_ACCEPTED_ISSUERS:-${JWT_APP_ID:-jitsi}}",
    );
    let (errors, _) = Folder::with(LEAST).notes(&[server, issuers]);
    assert_eq!(
        errors,
        [
            "environment GAVEL_CLAIMS__JWT__ISSUERS: the value holds \"${\", which Docker Compose should have replaced; use Docker Compose 2.20 or newer (docker compose version shows it): docker-compose 1.x replaces no variable within another"
        ]
    );
    let secret = ("GAVEL_COMPONENT__SECRET", "a${b");
    let kept = loaded(LEAST, &[secret]).config;
    assert_eq!(kept.component.secret.expose(), "a${b");
}

#[test]
fn the_environment_alone_is_enough() {
    let nowhere = Path::new("/nonexistent/gavel.toml");
    let loaded = load_from(None, nowhere, vars(&LEAST_ENVIRONMENT)).unwrap();
    assert_eq!(loaded.config, config(LEAST));
    assert_eq!((loaded.file, loaded.warnings), (None, Vec::new()));
}

/// Every key with a value that is not its default, as TOML and as environment.
const OTHERS: &[(&str, &str, &str)] = &[
    ("component.jid", "'g.x'", "g.x"),
    ("component.server", "'[::1]:5348'", "[::1]:5348"),
    ("component.secret", "'psst'", "psst"),
    ("component.nick", "'G_1'", "G_1"),
    ("discovery.invites", "false", "false"),
    ("discovery.poll", "'disco'", "disco"),
    ("discovery.interval", "'1m30s'", "1m30s"),
    (
        "discovery.rooms",
        "['a@muc.meet.jitsi', 'b@muc.t.meet.jitsi']",
        " a@muc.meet.jitsi,b@muc.t.meet.jitsi , ",
    ),
    ("claims.sources", "['jwt', 'identity']", "jwt,identity"),
    ("claims.trusted_domains", "['a.b', 'c.d']", "a.b, c.d"),
    ("claims.jwt.elements", "['t']", "t"),
    ("claims.jwt.algorithms", "['HS512', 'HS384']", "HS512,HS384"),
    ("claims.jwt.secret", "'tok'", "tok"),
    ("claims.jwt.verify_tenant", "false", "false"),
    ("claims.jwt.require_exp", "true", "true"),
    ("claims.jwt.issuers", "['*']", "*"),
    ("claims.jwt.audiences", "['a', 'b']", "a,b"),
    ("claims.jwt.leeway", "'0s'", "0s"),
    ("policy.preset", "'none'", "none"),
    ("policy.guests", "'ignore'", "ignore"),
    ("policy.fallback", "'first'", "first"),
    ("policy.grants", "'admin'", "admin"),
    ("policy.protect_hosts", "false", "false"),
    ("policy.guard", "false", "false"),
    ("policy.on_expiry", "'demote'", "demote"),
    ("policy.trusted_logins", "['a.b', 'c.d']", "a.b, c.d"),
    ("policy.fallback_services", "[]", ""),
    ("policy.host_absent.after", "'90s'", "90s"),
    ("policy.host_absent.action", "'lock'", "lock"),
    ("policy.host_absent.services", "[]", ""),
    (
        "policy.permissions.breakout-enter",
        "'moderators'",
        "moderators",
    ),
    (
        "policy.permissions.breakout-manage",
        "'moderators'",
        "moderators",
    ),
    (
        "policy.permissions.create-polls",
        "'moderators'",
        "moderators",
    ),
    (
        "policy.permissions.file-upload",
        "'moderators'",
        "moderators",
    ),
    ("policy.permissions.flip", "'moderators'", "moderators"),
    (
        "policy.permissions.live-translation",
        "'moderators'",
        "moderators",
    ),
    (
        "policy.permissions.live-translation-subscribe",
        "'moderators'",
        "moderators",
    ),
    (
        "policy.permissions.livestreaming",
        "'moderators'",
        "moderators",
    ),
    (
        "policy.permissions.lobby-bypass",
        "'moderators'",
        "moderators",
    ),
    (
        "policy.permissions.outbound-call",
        "'moderators'",
        "moderators",
    ),
    ("policy.permissions.recording", "'moderators'", "moderators"),
    (
        "policy.permissions.send-groupchat",
        "'moderators'",
        "moderators",
    ),
    (
        "policy.permissions.send-private-message",
        "'moderators'",
        "moderators",
    ),
    (
        "policy.permissions.sip-outbound-call",
        "'moderators'",
        "moderators",
    ),
    (
        "policy.permissions.transcription",
        "'moderators'",
        "moderators",
    ),
    ("names.freeze", "'notify'", "notify"),
    ("names.guests", "'distinct'", "distinct"),
    ("state.file", "''", ""),
    ("infrastructure.jids", "[]", ""),
    ("infrastructure.domains", "['a.b']", "a.b"),
    ("admin.listen", "''", ""),
    ("admin.web", "'127.0.0.1:9319'", "127.0.0.1:9319"),
    ("log.format", "'json'", "json"),
    ("log.audit", "'/a'", "/a"),
];

#[test]
fn each_key_can_be_given_in_the_environment_and_beats_the_file() {
    // A token's section needs a key, in each of the attempts.
    let base = format!("{LEAST}[claims.jwt]\nsecret = 'hush'\n");
    for (key, written, value) in OTHERS.iter().copied() {
        let (section, name) = key.rsplit_once('.').unwrap();
        let line = format!("{name} = {written}\n");
        let text = match base.split_once(&format!("[{section}]\n")) {
            // There already: its header stays, and a key that is there goes.
            Some((before, after)) => {
                let same = |line: &&str| !line.starts_with(&format!("{name} = "));
                let (own, rest) = after.split_once('[').unwrap_or((after, ""));
                let own: String = own.lines().filter(same).map(|l| format!("{l}\n")).collect();
                let rest = if rest.is_empty() {
                    String::new()
                } else {
                    format!("[{rest}")
                };
                format!("{before}[{section}]\n{line}{own}{rest}")
            }
            None => format!("{base}[{section}]\n{line}"),
        };
        let variable = variable(key);
        let from_file = config(&text);
        let from_environment = loaded(&base, &[(&variable, value)]).config;
        assert_eq!(from_environment, from_file, "{key}");
        let both = loaded(SAMPLE_WITHOUT_FILES, &[(&variable, value)]).config;
        let shown = |config: &Config| lookup(config, key);
        assert_eq!(shown(&both), shown(&from_file), "{key} over the sample");
        let same = ["component.secret", "claims.jwt.secret"];
        if !same.contains(&key) {
            assert_ne!(
                shown(&from_file),
                shown(&config(&base)),
                "{key} is no other value"
            );
        }
    }
    // The rest is about files, URLs, sockets or refused, and tried elsewhere.
    let rest: Vec<_> = keys::all()
        .filter(|key| OTHERS.iter().all(|other| other.0 != *key))
        .collect();
    assert_eq!(
        rest,
        [
            "component.secret_file",
            "muc.service",
            "muc.tenants",
            "claims.jwt.secret_file",
            "claims.jwt.public_key_file",
            "claims.jwt.jwks_file",
            "claims.jwt.jwks_url",
            "claims.jwt.asap_key_server",
            "policy.rule.name",
            "policy.rule.when",
            "policy.rule.affiliation",
            "policy.rule.permissions",
            "admin.socket",
            "admin.web_token_file",
            "admin.web_token",
        ]
    );
}

/// Like [`SAMPLE`], for a test without secret files.
const SAMPLE_WITHOUT_FILES: &str = "
component = { jid = 'gavel.meet.jitsi', server = '127.0.0.1:5347', secret = 'hush', nick = 'x' }
muc = [{ service = 'muc.meet.jitsi' }]
claims.jwt = { secret = 'hush', leeway = '5s', issuers = ['x'], audiences = ['x'], elements = ['x'] }
discovery = { invites = true, poll = 'off', interval = '5s', rooms = ['z@muc.meet.jitsi'] }
";

/// The effective value of `key`.
fn lookup(config: &Config, key: &str) -> serde_json::Value {
    let path = format!("/{}", key.replace('.', "/"));
    let value = serde_json::to_value(config).unwrap();
    // A key that nobody has set, and that has no default, is not printed.
    value.pointer(&path).cloned().unwrap_or_default()
}

#[test]
fn a_secret_in_the_environment_replaces_any_setting_of_the_file_in_its_place() {
    let folder = with_secrets(SAMPLE);
    let file = folder.path("other").display().to_string();
    folder.write("other", b"from another file");
    let found = |environment: &[(&str, &str)]| {
        let config = folder.load(environment).unwrap().config;
        let KeySource::Secret(jwt) = config.claims.jwt.unwrap().key else {
            panic!("not a secret");
        };
        let jwt = String::from_utf8(jwt.expose().clone()).unwrap();
        (config.component.secret.expose().clone(), jwt)
    };
    let is = |component: &str, jwt: &str| (component.to_owned(), jwt.to_owned());
    assert_eq!(found(&[]), is("hush", "hushhush"));
    let environment = [
        ("GAVEL_COMPONENT__SECRET", "a"),
        ("GAVEL_CLAIMS__JWT__SECRET", "b"),
    ];
    assert_eq!(found(&environment), is("a", "b"));
    let environment = [
        ("GAVEL_COMPONENT__SECRET_FILE", file.as_str()),
        ("GAVEL_CLAIMS__JWT__SECRET_FILE", &file),
    ];
    assert_eq!(
        found(&environment),
        is("from another file", "from another file")
    );
    // A file that cannot be read does not matter once it is replaced.
    let text = LEAST.replace("secret = 'hush'", "secret_file = '/nonexistent'");
    let replaced = loaded(&text, &[("GAVEL_COMPONENT__SECRET", "a")]).config;
    assert_eq!(replaced.component.secret.expose(), "a");
    // Nor does a secret in the file, if the environment names a file.
    let over = Folder::with(LEAST).load(&[("GAVEL_COMPONENT__SECRET_FILE", &file)]);
    assert_eq!(
        over.unwrap().config.component.secret.expose(),
        "from another file"
    );
}

#[test]
fn services_in_the_environment_replace_those_of_the_file_but_not_their_tenants() {
    let text = format!("{LEAST}tenants = false\n[[muc]]\nservice = 'breakout.meet.jitsi'\n");
    let services = |environment: &[(&str, &str)]| -> Vec<(String, bool)> {
        let services = loaded(&text, environment).config.muc;
        services
            .into_iter()
            .map(|s| (s.domain, s.tenants))
            .collect()
    };
    let is = |list: &[(&str, bool)]| -> Vec<(String, bool)> {
        list.iter()
            .map(|(name, tenants)| ((*name).to_owned(), *tenants))
            .collect()
    };
    let file = [("muc.meet.jitsi", false), ("breakout.meet.jitsi", true)];
    assert_eq!(services(&[]), is(&file));
    let listed = services(&[("GAVEL_MUC", "muc.x, MUC.meet.jitsi")]);
    assert_eq!(listed, is(&[("muc.x", true), ("muc.meet.jitsi", false)]));
}

#[test]
fn a_variable_that_is_not_text_is_an_error_without_its_value() {
    use std::os::unix::ffi::OsStringExt;
    let odd = OsString::from_vec(b"hush\xff".to_vec());
    let environment = [("GAVEL_COMPONENT__SECRET".into(), odd)];
    let error = load_from(None, Path::new("/nonexistent"), environment).unwrap_err();
    assert_eq!(
        error.errors[0].to_string(),
        "environment GAVEL_COMPONENT__SECRET: is not text in UTF-8; set it to text, or unset it"
    );
}

//! The sources whose word about a person is believed: authentication providers which are
//! known to verify it.

use crate::on_both;
use crate::scene::{ROOM, SERVICE, Scene, claims, options};
use crate::support::{Client, Version, sign};
use serde_json::{Value, json};

/// A session that claims everything that one with a verified token has; Lua.
fn full_session() -> String {
    let token = sign(&moderator());
    format!(
        "auth_token = '{token}', jitsi_meet_domain = '*', jitsi_meet_room = '*',
         jitsi_meet_context_user = {{ name = 'Ada', moderator = true }},
         jitsi_meet_context_group = 'staff'"
    )
}

fn moderator() -> Value {
    json!({ "context": { "user": { "name": "Ada", "moderator": true } } })
}

/// People of `meet.jitsi` log in by this provider, and these are believed.
async fn scene(version: Version, provider: &str, believed: Option<&str>) -> Scene {
    let mut options = options();
    options.host = format!("authentication = \"{provider}\"");
    options.muc = believed.map_or_else(String::new, |names| {
        format!("gavel_token_providers = {{ {names} }}")
    });
    Scene::with(version, options).await
}

/// Somebody with these fields of their session enters; the news that gavel is told.
async fn told(scene: &Scene, name: &str, fields: &str) -> (Client, Value) {
    let client = scene.client(name).await;
    scene.session(&client, fields).await;
    client.join(ROOM, name, "").await;
    if scene.shown(&format!("{ROOM}/gavel")).await.is_empty() {
        scene.follow(ROOM).await;
    }
    let text = claims(
        &scene.gavel,
        &scene.latest(name).await,
        &format!("{ROOM}/{name}"),
    );
    let claimed = match text.expect("a good mac").as_str() {
        "" => Value::Null,
        text => serde_json::from_str(text).expect("JSON"),
    };
    (client, claimed)
}

async fn module_believes_providers_by_name(version: Version) {
    let cases = [
        ("token", None, true),
        ("internal_plain", None, false),
        ("internal_plain", Some("\"internal_plain\""), true),
        ("token", Some("\"internal_plain\""), false),
        ("hybrid_matrix_token", None, false),
        (
            "hybrid_matrix_token",
            Some("\"token\", \"hybrid_matrix_token\""),
            true,
        ),
    ];
    for (provider, believed, expected) in cases {
        let scene = scene(version, provider, believed).await;
        let (_ada, claimed) = told(&scene, "ada", &full_session()).await;
        let expected = if expected { moderator() } else { Value::Null };
        assert_eq!(claimed, expected, "{provider} with {believed:?}");
    }
}
on_both!(module_believes_providers_by_name);

async fn module_believes_no_field_beside_the_token(version: Version) {
    let scene = scene(version, "token", None).await;
    let fields = full_session();
    let without = |field: &str| fields.replace(field, "other");
    let (_one, claimed) = told(&scene, "one", &without("auth_token")).await;
    assert_eq!(claimed, Value::Null, "fields that modules fill unverified");
    let (_two, claimed) = told(&scene, "two", &without("jitsi_meet_domain")).await;
    assert_eq!(claimed, Value::Null, "a token that nobody has verified");
    let matrix = "matrix_affiliation = 'owner', auth_matrix_user_verification_is_owner = true";
    let (_three, claimed) = told(&scene, "three", matrix).await;
    assert_eq!(claimed, Value::Null, "no homeserver is asked here");
}
on_both!(module_believes_no_field_beside_the_token);

/// A member of the Matrix room has signed a token with the key that all know.
async fn module_takes_the_homeservers_word_alone(version: Version) {
    let affiliation = |word: &str| json!({ "context": { "user": { "affiliation": word } } });
    let forged = full_session();
    let hybrid = "jitsi_meet_context_matrix = { room_id = '!x:y.z' }";
    let cases = [
        (
            "hybrid_matrix_token",
            format!("{hybrid}, matrix_affiliation = 'owner'"),
            affiliation("owner"),
        ),
        (
            "hybrid_matrix_token",
            format!("{hybrid}, matrix_affiliation = 'member'"),
            affiliation("member"),
        ),
        // With uvs_disable_membership_verification nobody asks for the power level.
        ("hybrid_matrix_token", hybrid.into(), Value::Null),
        (
            "hybrid_matrix_token",
            format!("{hybrid}, matrix_affiliation = 'admin'"),
            Value::Null,
        ),
        (
            "matrix_user_verification",
            "auth_matrix_user_verification_is_owner = true".into(),
            affiliation("owner"),
        ),
        (
            "matrix_user_verification",
            "auth_matrix_user_verification_is_owner = false".into(),
            affiliation("member"),
        ),
        ("matrix_user_verification", "x = 1".into(), Value::Null),
    ];
    let both = "\"token\", \"hybrid_matrix_token\", \"matrix_user_verification\"";
    for (index, (provider, fields, expected)) in cases.into_iter().enumerate() {
        for believed in [None, Some(both)] {
            let scene = scene(version, provider, believed).await;
            let (_ada, claimed) = told(&scene, "ada", &format!("{forged}, {fields}")).await;
            assert_eq!(claimed, expected, "{index}: {provider}, {believed:?}");
        }
    }
}
on_both!(module_takes_the_homeservers_word_alone);

async fn module_warns_once_of_a_provider_that_it_does_not_believe(version: Version) {
    let scene = scene(version, "internal_plain", None).await;
    let _one = told(&scene, "one", &full_session()).await;
    let _two = told(&scene, "two", &full_session()).await;
    let _guest = told(&scene, "guest", "x = 1").await;
    let log = scene.prosody.log();
    let lines: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("gavel_token_providers"))
        .collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("meet.jitsi") && lines[0].contains("internal_plain"));
    assert!(lines[0].contains(SERVICE) && lines[0].contains("warn"));
    // There is nothing to say of logins by Matrix; of tokens beside them there is.
    let scene = self::scene(version, "hybrid_matrix_token", None).await;
    let matrix = "matrix_affiliation = 'member'";
    let _one = told(&scene, "one", &format!("{}, {matrix}", full_session())).await;
    assert!(!scene.prosody.log().contains("gavel_token_providers"));
    let _two = told(&scene, "two", &full_session()).await;
    assert!(scene.prosody.log().contains("gavel_token_providers"));
}
on_both!(module_warns_once_of_a_provider_that_it_does_not_believe);

/// The module's word about a host: provider, configured provider, whether its module is
/// loaded, and whether it offers ANONYMOUS.
async fn told_of(scene: &Scene, host: &str) -> [String; 4] {
    let question = "<module xmlns='urn:gavel:module:0'/>";
    let reply = scene.gavel.iq("get", SERVICE, question).await.unwrap();
    let module = reply.child("module", "urn:gavel:module:0").unwrap();
    let hosts = &module.named("logins").expect("how people log in").children;
    let found = hosts.iter().find(|told| told.attr("name") == Some(host));
    let found = found.unwrap_or_else(|| panic!("{host} is not told of: {module:?}"));
    let words = ["provider", "configured", "loaded", "anonymous"];
    words.map(|name| found.attr(name).unwrap_or("-").to_owned())
}

/// Prosody logs an error and goes on. The outcome was tried here: nobody gets in, unless
/// the module had offered its provider before it threw.
async fn module_says_whether_a_provider_is_loaded(version: Version) {
    let cases = [
        ("missing", ["null", "missing", "false", "false"], None),
        ("unready", ["null", "unready", "false", "false"], None),
        ("idle", ["null", "idle", "true", "false"], None),
        ("half", ["half", "half", "false", "false"], Some("PLAIN")),
        ("null", ["null", "null", "false", "false"], None),
        ("token", ["token", "token", "true", "false"], Some("PLAIN")),
    ];
    let hosts = cases
        .map(|(name, ..)| format!("VirtualHost \"{name}.jitsi\"\nauthentication = \"{name}\"\n"));
    let mut options = options();
    options.more = hosts.concat() + "VirtualHost \"default.jitsi\"";
    let scene = Scene::with(version, options).await;
    for (name, wanted, way) in cases {
        let host = format!("{name}.jitsi");
        assert_eq!(told_of(&scene, &host).await, wanted.map(str::to_owned));
        let offered = Client::mechanisms(&scene.prosody, &host).await;
        assert_eq!(offered, Vec::from_iter(way), "{name}");
    }
    let default = ["internal_hashed", "internal_hashed", "true", "false"];
    assert_eq!(told_of(&scene, "default.jitsi").await, default);
    // A module that was loaded may be gone by now.
    let code = "require 'core.modulemanager'.unload('token.jitsi', 'auth_token')";
    scene.eval(code).await;
    let gone = ["null", "token", "false", "false"];
    assert_eq!(told_of(&scene, "token.jitsi").await, gone);
}
on_both!(module_says_whether_a_provider_is_loaded);

/// Nobody knows the checks that half a module has made.
async fn module_believes_no_tokens_of_half_a_provider(version: Version) {
    let scene = scene(version, "half", Some("\"half\"")).await;
    let (_ada, claimed) = told(&scene, "ada", &full_session()).await;
    assert_eq!(claimed, Value::Null);
    let said = |line: &str| line.contains("has not loaded all") && line.contains("meet.jitsi");
    let line = scene.prosody.logs("why", said).await;
    assert!(line.contains("warn") && line.contains("\"half\""), "{line}");
}
on_both!(module_believes_no_tokens_of_half_a_provider);

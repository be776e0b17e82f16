//! The files that are read, and the part of the configuration that the socket needs.

use super::*;

#[test]
fn one_trailing_newline_of_a_secret_file_is_cut() {
    for (content, secret, warned) in [
        ("hush", "hush", false),
        ("hush\n", "hush", false),
        ("hush\r\n", "hush", false),
        ("hush\n\n", "hush\n", true),
        ("hush \n", "hush ", true),
        ("\nhush\n", "\nhush", false),
        (" hush", " hush", false),
    ] {
        let folder = with_secrets(SAMPLE);
        folder.write("gavel", content.as_bytes());
        let loaded = folder.load(&[]).unwrap();
        assert_eq!(
            loaded.config.component.secret.expose(),
            secret,
            "{content:?}"
        );
        let warning = loaded.warnings.iter().any(|warning| {
            warning.problem == "the secret in the file ends in white space"
                && warning
                    .place
                    .ends_with("gavel.toml:5, component.secret_file")
        });
        assert_eq!(warning, warned, "{content:?}");
    }
    let folder = with_secrets(SAMPLE);
    folder.write("jwt", b"\xff\x00\n");
    let jwt = folder.load(&[]).unwrap().config.claims.jwt.unwrap();
    assert!(matches!(jwt.key, KeySource::Secret(secret) if secret.expose() == b"\xff\x00"));
    folder.write("gavel", b"\xff\x00\n");
    let error = folder.load(&[]).unwrap_err().errors.remove(0);
    assert_eq!(error.problem, "the file is not text");
}

#[test]
fn a_file_that_is_named_must_be_there_and_the_default_need_not() {
    let folder = Folder::with(LEAST);
    let nowhere = folder.path("nowhere.toml");
    let there = folder.path("gavel.toml");
    let refused = |file: Option<&Path>, environment: &[(&str, &str)]| {
        let found = load_from(file, &nowhere, vars(environment));
        let problem = found.unwrap_err().errors.remove(0).to_string();
        problem.replace(&format!("{}/", folder.0.path().display()), "")
    };
    let error = "cannot read \"nowhere.toml\": No such file or directory (os error 2); \
                 create the file, or name another with --config";
    assert_eq!(
        refused(Some(&nowhere), &LEAST_ENVIRONMENT),
        format!("--config: {error}")
    );
    let named = nowhere.to_str().unwrap();
    assert_eq!(
        refused(None, &[("GAVEL_CONFIG", named)]),
        format!("environment GAVEL_CONFIG: {error}")
    );
    assert_eq!(
        refused(None, &[]),
        "nowhere.toml (not there), component.jid: is required; write jid = \
         \"gavel.meet.jitsi\" under [component], or set GAVEL_COMPONENT__JID"
    );
    // The first one named wins: the argument, the variable, the default.
    let file = |file: Option<&Path>, default: &Path, environment: &[(&str, &str)]| {
        load_from(file, default, vars(environment))
            .unwrap()
            .file
            .unwrap()
    };
    let variable = [("GAVEL_CONFIG", there.to_str().unwrap())];
    let wrong = [("GAVEL_CONFIG", named)];
    assert_eq!(file(Some(&there), &nowhere, &wrong), there);
    assert_eq!(file(None, &nowhere, &variable), there);
    assert_eq!(file(None, &there, &[("GAVEL_CONFIG", "")]), there);
    // The default is as strict as any once it is there.
    let error = load_from(None, folder.0.path(), [])
        .unwrap_err()
        .to_string();
    assert!(error.contains("Is a directory"), "{error}");
    folder.write("gavel.toml", b"\xff");
    let error = load_from(None, &there, []).unwrap_err().to_string();
    assert!(
        error.contains("is not text; name a file of TOML"),
        "{error}"
    );
}

/// The socket that a file `text`, named or the default one, and an environment
/// tell.
fn socket_of(text: &str, named: bool, environment: &[(&str, &str)]) -> Result<PathBuf, String> {
    let folder = Folder::with(text);
    let file = folder.path("gavel.toml");
    let nowhere = folder.path("nowhere.toml");
    let socket = match named {
        true => admin_socket_from(Some(&file), &nowhere, vars(environment)),
        false => admin_socket_from(None, &file, vars(environment)),
    };
    let shown = format!("{}/", folder.0.path().display());
    socket.map_err(|invalid| invalid.to_string().replace(&shown, ""))
}

#[test]
fn the_socket_needs_nothing_else_of_the_configuration() {
    let usual = PathBuf::from("/run/gavel/admin.sock");
    let set = [("GAVEL_ADMIN__SOCKET", "e.sock")];
    for text in [
        "",
        "[component]\nsecret_file = '/nowhere'\n[nonsense]\nx = 1\n",
    ] {
        assert_eq!(socket_of(text, true, &[]).as_ref(), Ok(&usual));
        assert_eq!(socket_of(text, true, &set), Ok("e.sock".into()));
        let text = format!("{text}[admin]\nsocket = 'f.sock'\nother = 1\n");
        assert_eq!(socket_of(&text, false, &[]), Ok("f.sock".into()));
        assert_eq!(socket_of(&text, false, &set), Ok("e.sock".into()));
    }
    let folder = Folder::with("");
    let nowhere = folder.path("nowhere.toml");
    assert_eq!(admin_socket_from(None, &nowhere, []), Ok(usual));
    for (text, error) in [
        ("[admin", "gavel.toml:1: not valid TOML"),
        (
            "[admin]\nsocket = ''\n",
            "gavel.toml:2, admin.socket: is empty",
        ),
        (
            "[admin]\nsocket = 1\n",
            "gavel.toml:2, admin.socket: is a number",
        ),
    ] {
        let found = socket_of(text, true, &[]).unwrap_err();
        assert!(found.starts_with(error), "{found}");
    }
    let missing = admin_socket_from(Some(&nowhere), &nowhere, []).unwrap_err();
    assert_eq!(missing.errors[0].place, "--config");
}

//! No secret is shown (SPEC B14).

use super::*;

/// A configuration with a marker in the place of each secret.
fn secretive() -> Folder {
    let folder = with_secrets(SAMPLE);
    folder.write("gavel", b"markermarker");
    folder.write("jwt", b"markermarker");
    folder
}

#[test]
fn b14_the_url_of_keys_is_printed_without_its_credentials() {
    for (key, name) in [
        ("jwks_url", "JWKS_URL"),
        ("asap_key_server", "ASAP_KEY_SERVER"),
    ] {
        let url = "https://marker:marker@id.example:8443/keys?marker";
        let text = format!("{LEAST}[claims.jwt]\nalgorithms = ['RS256']\n{key} = '{url}'\n");
        let from_file = config(&text);
        let other = text.replace(url, "https://other.example");
        let variable = format!("GAVEL_CLAIMS__JWT__{name}");
        let from_environment = loaded(&other, &[(&variable, url)]).config;
        assert_eq!(from_environment, from_file, "{key}");
        let printed = toml::to_string(&from_file).unwrap();
        let line = format!("{key} = \"https://id.example:8443/keys?***\"");
        assert!(printed.contains(&line), "{printed}");
        for text in [printed, format!("{from_file:?}")] {
            assert!(!text.contains("marker"), "{text}");
        }
        let url = from_file.claims.jwt.unwrap();
        assert_eq!(url.key.url().unwrap().expose().password(), Some("marker"));
    }
}

#[test]
fn b14_no_secret_is_printed() {
    let jwks = secretive();
    let path = jwks.write(
        "keys.json",
        b"{\"keys\": [{\"kty\": \"oct\", \"k\": \"markermarker\"}]}",
    );
    let key_set = [("GAVEL_CLAIMS__JWT__JWKS_FILE", path.to_str().unwrap())];
    let inline = [
        ("GAVEL_COMPONENT__SECRET", "markermarker"),
        ("GAVEL_CLAIMS__JWT__SECRET", "markermarker"),
    ];
    for environment in [&[] as &[_], &key_set, &inline] {
        let loaded = jwks.load(environment).unwrap();
        let shown = [
            format!("{loaded:?}"),
            format!("{loaded:#?}"),
            toml::to_string(&loaded.config).unwrap(),
            serde_json::to_string(&loaded.config).unwrap(),
        ];
        for text in shown {
            assert!(!text.contains("marker"), "{text}");
            // Nor as the bytes they are.
            assert!(!text.contains("109, 97"), "{text}");
        }
    }
    let shown = toml::to_string(&jwks.load(&inline).unwrap().config).unwrap();
    assert_eq!(shown.matches("secret = \"***\"").count(), 2, "{shown}");
}

proptest::proptest! {
    /// However a file is damaged, no error shows a secret, and nothing panics.
    #[test]
    fn b14_no_error_about_a_damaged_file_shows_a_secret(
        at in 0usize..500,
        cut in 0usize..8,
        put in "[\\PC\n\"'=\\[\\]#\\\\]{0,3}",
    ) {
        let text = format!(
            "{}[claims.jwt]\nsecret = \"\"\"markermarker\"\"\"\n[policy]\nguests = 'strip'\n\
             [discovery]\ninterval = '30s'\nrooms = [\n  'a@muc.meet.jitsi',\n]\n",
            LEAST.replace("hush", "markermarker")
        );
        let mut letters: Vec<char> = text.chars().collect();
        let at = at.min(letters.len());
        let end = (at + cut).min(letters.len());
        letters.splice(at..end, put.chars());
        let text: String = letters.into_iter().collect();
        let folder = Folder::with(&text);
        let shown = format!("{:?}", folder.load(&[]));
        proptest::prop_assert!(!shown.contains("marker"), "{}\n{}", text, shown);
    }
}

//! Keys that tokens are verified with.

use super::*;

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

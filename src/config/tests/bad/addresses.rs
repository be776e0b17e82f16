//! Addresses that are valid and cannot be meant.

use super::*;

const PEOPLE: &str = "gavel.toml:8, infrastructure.domains: people log in to \"meet.jitsi\", so all of them count as infrastructure: gavel manages none of them; list only domains of machines, such as auth.meet.jitsi (the focus) and hidden.meet.jitsi (recorders)";

#[test]
fn addresses_that_do_not_fit_together_are_told() {
    each(&[
        Bad {
            name: "the component is the MUC service",
            environment: &[("GAVEL_COMPONENT__JID", "muc.meet.jitsi")],
            errors: &[
                "environment GAVEL_COMPONENT__JID: \"muc.meet.jitsi\" is the MUC service itself; give gavel a domain of its own, such as \"gavel.meet.jitsi\", and add Component \"gavel.meet.jitsi\" with a component_secret to Prosody's configuration; leave Component \"muc.meet.jitsi\" \"muc\" there as it is",
            ],
            ..BAD
        },
        Bad {
            name: "the component is the virtual host",
            environment: &[("GAVEL_COMPONENT__JID", "meet.jitsi")],
            errors: &[
                "environment GAVEL_COMPONENT__JID: \"meet.jitsi\" is the domain that people log in to (a VirtualHost of Prosody); give gavel a domain of its own, such as \"gavel.meet.jitsi\", and add Component \"gavel.meet.jitsi\" with a component_secret to Prosody's configuration; leave VirtualHost \"meet.jitsi\" there as it is",
            ],
            ..BAD
        },
        Bad {
            name: "everybody is infrastructure",
            text: "[infrastructure]\ndomains = ['meet.jitsi']\n",
            warnings: &[PEOPLE],
            ..BAD
        },
        Bad {
            name: "a wildcard",
            text: "[infrastructure]\ndomains = ['*.meet.jitsi']\n",
            errors: &[
                "gavel.toml:8, infrastructure.domains: \"*.meet.jitsi\" is not valid: * is no wildcard here, so list each domain; write a domain such as meet.jitsi, without @ and /",
            ],
            ..BAD
        },
        Bad {
            name: "guests are trusted",
            text: "[policy]\ntrusted_logins = ['guest.meet.jitsi', 'muc.meet.jitsi', 'auth.meet.jitsi']\n",
            errors: &[
                "gavel.toml:8, policy.trusted_logins: \"guest.meet.jitsi\" is where Jitsi lets guests in without a password: every guest would moderate; list only a domain on which everyone has logged in with an account, such as meet.jitsi",
                "gavel.toml:8, policy.trusted_logins: \"muc.meet.jitsi\" is a MUC service, and nobody logs in to one; list only a domain on which everyone has logged in with an account, such as meet.jitsi",
                "gavel.toml:8, policy.trusted_logins: \"auth.meet.jitsi\" is in infrastructure.domains, so nobody from there is managed; list only a domain on which everyone has logged in with an account, such as meet.jitsi",
            ],
            ..BAD
        },
    ]);
}

#[test]
fn quotes_around_a_value_of_the_environment_are_refused_by_name() {
    each(&[
        Bad {
            name: "a compose list keeps them",
            environment: &[("GAVEL_MUC", "\"muc.meet.jitsi\"")],
            errors: &[
                "environment GAVEL_MUC: the value has quotes around it, and they count as part of it; remove the quotes: in a list under `environment:` Docker Compose keeps them, so write - GAVEL_MUC=value",
            ],
            ..BAD
        },
        Bad {
            name: "single ones",
            environment: &[("GAVEL_POLICY__GUESTS", "'strip'")],
            errors: &[
                "environment GAVEL_POLICY__GUESTS: the value has quotes around it, and they count as part of it; remove the quotes: in a list under `environment:` Docker Compose keeps them, so write - GAVEL_POLICY__GUESTS=value",
            ],
            ..BAD
        },
        Bad {
            name: "a secret may have some",
            environment: &[("GAVEL_COMPONENT__SECRET", "\"hush\"")],
            warnings: &[
                "environment GAVEL_COMPONENT__SECRET: the value has quotes around it, and they count as part of it; remove the quotes: in a list under `environment:` Docker Compose keeps them, so write - GAVEL_COMPONENT__SECRET=value",
            ],
            ..BAD
        },
    ]);
}

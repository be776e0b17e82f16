//! Rules, and where the policy holds.

use super::*;

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
                "gavel.toml:10, policy.rule.when: a rule without a usable name, line 1 column 1 of the expression: is empty; correct the expression\n  \n  ^",
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
                "gavel.toml:10, policy.rule.when: rule \"a\", line 1 column 13 of the expression: unexpected '=='; correct the expression\n  claims.a == == 2\n              ^",
                "gavel.toml:14, policy.rule.when: rule \"b\", line 1 column 1 of the expression: is an int, not true or false; correct the expression\n  size(claims.roles)\n  ^",
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
                "gavel.toml:10, policy.rule.if: unknown key if; [[policy.rule]] has name, when, affiliation, permissions",
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

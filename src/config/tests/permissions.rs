//! The holders of permissions: `[policy.permissions]` and the `permissions` of rules.

use super::*;
use crate::policy::{Holders, Permission, Permissions};

const RULE: &str = "[[policy.rule]]\nname = 'r'\nwhen = 'true'\naffiliation = 'member'\n";

#[test]
fn b17_permissions_are_read_and_printed() {
    let text = format!(
        "{LEAST}[policy.permissions]\nrecording = 'moderators'\nbreakout-enter = 'nobody'\n\
         {RULE}permissions = {{ recording = true, send-groupchat = false }}\n"
    );
    let config = config(&text);
    let mut expected = Permissions::default();
    expected.set(Permission::Recording, Holders::Moderators);
    expected.set(Permission::BreakoutEnter, Holders::Nobody);
    assert_eq!(config.policy.permissions, expected);
    let rule = config.policy.rules.iter().next().unwrap();
    assert_eq!(
        rule.permissions(),
        [
            (Permission::Recording, true),
            (Permission::SendGroupchat, false)
        ]
    );
    let printed = toml::to_string(&config).unwrap();
    for part in [
        "[policy.permissions]\nbreakout-enter = \"nobody\"\nlobby-bypass = \"owners\"\nrecording = \"moderators\"\n",
        "[policy.rule.permissions]\nrecording = true\nsend-groupchat = false\n",
    ] {
        assert!(printed.contains(part), "{printed}");
    }
    // The printed configuration can be read again.
    let secret = printed.replace("secret = \"***\"", "secret = \"hush\"");
    assert_eq!(super::config(&secret).policy, config.policy);
}

#[test]
fn b17_variables_have_underscores_for_dashes() {
    let variable = ("GAVEL_POLICY__PERMISSIONS__BREAKOUT_ENTER", "nobody");
    let permissions = loaded(LEAST, &[variable]).config.policy.permissions;
    assert_eq!(
        permissions.get(Permission::BreakoutEnter),
        Some(Holders::Nobody)
    );
    // Container tools pass empty variables.
    let empty = ("GAVEL_POLICY__PERMISSIONS__RECORDING", "");
    let permissions = loaded(LEAST, &[empty]).config.policy.permissions;
    assert_eq!(permissions, Permissions::default());
    let (_, warnings) =
        Folder::with(LEAST).notes(&[("GAVEL_POLICY__PERMISSIONS__RECORDINGS", "x")]);
    assert_eq!(
        warnings,
        [
            "environment GAVEL_POLICY__PERMISSIONS__RECORDINGS: unknown variable; did you mean GAVEL_POLICY__PERMISSIONS__RECORDING?"
        ]
    );
}

const ALL: &str = "the permissions are breakout-enter, breakout-manage, create-polls, file-upload, flip, live-translation, live-translation-subscribe, livestreaming, lobby-bypass, outbound-call, recording, send-groupchat, send-private-message, sip-outbound-call, transcription";

#[test]
fn b17_unknown_permissions_are_errors_that_list_the_known() {
    for (name, text, expected) in [
        (
            "a slip in the section",
            "[policy.permissions]\nbreakout_enter = 'nobody'\n".to_owned(),
            format!("gavel.toml:8, policy.permissions.breakout_enter: unknown permission breakout_enter; did you mean breakout-enter? {ALL}"),
        ),
        (
            "a slip in a rule",
            format!("{RULE}permissions = {{ recordings = true }}\n"),
            format!("gavel.toml:11, policy.rule.permissions.recordings: unknown permission recordings; did you mean recording? {ALL}"),
        ),
        (
            "what only the client looks at",
            "[policy.permissions]\nscreen-sharing = 'nobody'\n".to_owned(),
            format!("gavel.toml:8, policy.permissions.screen-sharing: no server checks screen-sharing: only Jitsi's client looks at it, and anybody can change theirs; {ALL}"),
        ),
        (
            "an unknown word",
            "[policy.permissions]\nrecording = 'moderator'\n".to_owned(),
            "gavel.toml:8, policy.permissions.recording: \"moderator\" is unknown; did you mean \"moderators\"?".to_owned(),
        ),
        (
            "a flag where there are words",
            "[policy.permissions]\nrecording = true\n".to_owned(),
            "gavel.toml:8, policy.permissions.recording: is a boolean, not a string; write it in quotes: recording = \"…\"".to_owned(),
        ),
        (
            "a word where there are flags",
            format!("{RULE}permissions = {{ recording = 'nobody' }}\n"),
            "gavel.toml:11, policy.rule.permissions.recording: is a string, not true or false; write recording = true or recording = false, without quotes".to_owned(),
        ),
        (
            "no table",
            format!("{RULE}permissions = ['recording']\n"),
            "gavel.toml:11, policy.rule.permissions: is a list, not a section; write permissions = { recording = true } in the rule".to_owned(),
        ),
        (
            "permissions after a rule by nick",
            format!("[[policy.rule]]\nname = 'n'\nwhen = 'occupant.nick == \"x\"'\naffiliation = 'member'\n{RULE}permissions = {{ recording = true }}\n"),
            "gavel.toml:15, policy.rule.permissions: rule \"n\" looks at occupant.nick, which everybody chooses, so it cannot decide on permissions, nor come before a rule that does; look at claims or occupant.jid instead, or put that rule last".to_owned(),
        ),
    ] {
        let (errors, _) = Folder::with(&format!("{LEAST}{text}")).notes(&[]);
        assert_eq!(errors, [expected], "{name}");
    }
}

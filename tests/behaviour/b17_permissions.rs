//! B17: permissions by rule, token and setting, enforced by the module, with real
//! Prosody.

use crate::on_both;
use crate::permitting::{Meeting, NAMES, ROOM, claims, config};
use crate::support::{Client, Env, Options, Version};
use serde_json::{Value, json};

const GUARDS: [&str; 2] = ["[policy]\nguard = true\n", "[policy]\nguard = false\n"];

/// `[policy.permissions]` with the same for every name.
fn settings(holders: &str) -> String {
    let lines: Vec<String> = NAMES
        .iter()
        .map(|n| format!("{n} = '{holders}'\n"))
        .collect();
    format!("[policy.permissions]\n{}", lines.concat())
}

/// A rule that allows or denies every name to people whose token has a group.
fn rule(allowed: bool) -> String {
    let items: Vec<String> = NAMES.iter().map(|n| format!("{n} = {allowed}")).collect();
    let items = items.join(", ");
    let preset = "claims.context.user.moderator == true";
    ["owner", "member"]
        .iter()
        .map(|affiliation| {
            let negated = if *affiliation == "owner" { "" } else { "!" };
            format!(
                "[[policy.rule]]\nname = '{affiliation}s'\nwhen = '{negated}({preset})'\n\
                 affiliation = '{affiliation}'\npermissions = {{ {items} }}\n"
            )
        })
        .collect()
}

fn features(allowed: bool) -> Vec<(&'static str, bool)> {
    NAMES.iter().map(|name| (*name, allowed)).collect()
}

/// Its name, the configuration, and the features of tokens.
type Case = (&'static str, String, Vec<(&'static str, bool)>);

/// Configurations and tokens by which one of the three allows, or denies, everything,
/// whatever those after it say.
fn cases(allowed: bool) -> Vec<Case> {
    let (so, otherwise) = match allowed {
        true => ("everyone", "nobody"),
        false => ("nobody", "everyone"),
    };
    let ruled = format!("{}{}", settings(otherwise), rule(allowed));
    vec![
        ("setting", settings(so), Vec::new()),
        ("token", settings(otherwise), features(allowed)),
        ("rule", ruled, features(!allowed)),
    ]
}

async fn each_way(version: Version, guard: &str, ahead: bool) {
    let meeting = Meeting::new(version, guard).await;
    for allowed in [true, false] {
        for (way, more, features) in cases(allowed) {
            meeting.reload(&format!("{guard}{more}")).await;
            for moderates in [true, false] {
                let name = format!("{way}-{allowed}-{moderates}");
                let claims = Some(claims(&name, moderates, &features));
                let client = match ahead {
                    true => meeting.arrives(&name, claims).await,
                    false => meeting.comes(&name, claims).await,
                };
                // In breakout rooms, only moderators manage them, whatever gavel says, and
                // enter all of them.
                let names = NAMES.iter().copied();
                let names = names.filter(|n| moderates || *n != "breakout-manage");
                let names: Vec<_> = names.collect();
                let anyway = |name| moderates && name == "breakout-enter";
                let expected = names.iter().map(|n| (*n, allowed || anyway(*n)));
                let expected: Vec<_> = expected.collect();
                assert_eq!(meeting.all(&client, &names).await, expected, "{name}");
                client.leave(ROOM, &name).await;
            }
        }
    }
}

async fn b17_each_way_allows_and_denies_with_the_guard(version: Version) {
    each_way(version, GUARDS[0], true).await;
    each_way(version, GUARDS[0], false).await;
}
on_both!(b17_each_way_allows_and_denies_with_the_guard);

async fn b17_each_way_allows_and_denies_without_the_guard(version: Version) {
    each_way(version, GUARDS[1], true).await;
    each_way(version, GUARDS[1], false).await;
}
on_both!(b17_each_way_allows_and_denies_without_the_guard);

/// A person without a token has everybody's permissions, less those that rules deny; people
/// with a token have the ones that `token` gives.
async fn b17_tokens_and_guests(version: Version) {
    let more = "[policy.permissions]\nrecording = 'token'\nsend-groupchat = 'everyone'\n\
                [[policy.rule]]\nname = 'all'\nwhen = 'occupant.domain == \"meet.jitsi\"'\naffiliation = 'member'\n\
                permissions = { livestreaming = true, send-private-message = false }\n";
    let meeting = Meeting::new(version, more).await;
    let ada = meeting
        .arrives("ada", Some(claims("ada", false, &[])))
        .await;
    let guest = meeting.comes("guest", None).await;
    for (name, adas, guests) in [
        ("recording", true, false),
        ("send-groupchat", true, true),
        ("livestreaming", true, false),
        ("send-private-message", false, false),
    ] {
        assert_eq!(meeting.may(&ada, name).await, adas, "ada {name}");
        assert_eq!(meeting.may(&guest, name).await, guests, "guest {name}");
    }
    let said = meeting.shown("guest").await;
    let of = |name: &str| {
        let mut all = said.as_array().unwrap().iter();
        let found = all.find(|item| item["name"] == name);
        found.cloned().unwrap_or_default()
    };
    assert_eq!(
        of("livestreaming"),
        json!({ "name": "livestreaming", "allowed": null, "for": null,
                "because": "rule all allows it only with a token" })
    );
    assert_eq!(
        of("send-private-message"),
        json!({ "name": "send-private-message", "allowed": false, "for": "nobody", "because": "rule all" })
    );
    meeting.env.gavel.logs("would allow them something").await;
}
on_both!(b17_tokens_and_guests);

/// A moderator's permission lasts while they are moderator, without a word from gavel.
async fn loses(version: Version, guard: &str) {
    let more = format!(
        "{guard}[policy.permissions]\nrecording = 'moderators'\noutbound-call = 'owners'\nbreakout-enter = 'moderators'\n"
    );
    let meeting = Meeting::new(version, &more).await;
    let bob = meeting
        .arrives("bob", Some(claims("bob", false, &[])))
        .await;
    let names = ["recording", "outbound-call"];
    assert_eq!(meeting.all(&bob, &names).await, names.map(|n| (n, false)));
    meeting
        .host
        .affiliate(ROOM, bob.bare(), "owner")
        .await
        .unwrap();
    meeting.focus.sees_affiliation(ROOM, "bob", "owner").await;
    meeting.settle().await;
    let told = meeting.told().await;
    assert_eq!(meeting.all(&bob, &names).await, names.map(|n| (n, true)));
    let room = meeting.shown("bob").await;
    assert!(room.to_string().contains("\"allowed\":true"), "{room}");
    meeting
        .host
        .affiliate(ROOM, bob.bare(), "member")
        .await
        .unwrap();
    meeting.focus.sees_affiliation(ROOM, "bob", "member").await;
    meeting.settle().await;
    assert_eq!(meeting.all(&bob, &names).await, names.map(|n| (n, false)));
    assert_eq!(
        buttons(&bob, "recording"),
        Some("false".into()),
        "and the client hears of it"
    );
    assert_eq!(meeting.told().await, told);
}

/// The last news of a feature that the client was told.
fn buttons(client: &Client, feature: &str) -> Option<String> {
    let received = client.received();
    let newest = received.iter().rev().find_map(|s| s.named("permissions"))?;
    let mut features = newest.children.iter();
    let found = features.find(|p| p.attr("name") == Some(feature))?;
    found.attr("val").map(str::to_owned)
}

async fn b17_a_lost_role_takes_its_permissions_along(version: Version) {
    for guard in GUARDS {
        loses(version, guard).await;
    }
}
on_both!(b17_a_lost_role_takes_its_permissions_along);

/// A moderator of Jitsi gives away neither what a token denies nor what a rule does.
async fn b17_a_promotion_gives_nothing_that_is_denied(version: Version) {
    let meeting = Meeting::new(version, "[policy.permissions]\nlivestreaming = 'nobody'\n").await;
    let full = [("recording", true), ("livestreaming", true)];
    let ada = meeting
        .arrives("ada", Some(claims("ada", true, &full)))
        .await;
    let bob = meeting
        .arrives("bob", Some(claims("bob", false, &[("recording", false)])))
        .await;
    ada.affiliate(ROOM, bob.bare(), "owner").await.unwrap();
    meeting.focus.sees_affiliation(ROOM, "bob", "owner").await;
    meeting.settle().await;
    assert!(meeting.may(&ada, "recording").await && meeting.may(&ada, "livestreaming").await);
    assert!(!meeting.may(&bob, "recording").await);
    assert!(!meeting.may(&bob, "livestreaming").await);
}
on_both!(b17_a_promotion_gives_nothing_that_is_denied);

/// Another device is another session, and has the same from its first presence on.
async fn b17_another_device_has_the_same(version: Version) {
    let meeting = Meeting::new(version, "[policy.permissions]\nrecording = 'nobody'\n").await;
    let own = claims(
        "ada",
        false,
        &[("recording", true), ("send-groupchat", false)],
    );
    let laptop = meeting.arrives("laptop", Some(own.clone())).await;
    let phone = meeting.arrives("phone", Some(own)).await;
    for device in [&laptop, &phone] {
        assert!(meeting.may(device, "recording").await);
        assert!(!meeting.may(device, "send-groupchat").await);
    }
    laptop.leave(ROOM, "laptop").await;
    meeting.settle().await;
    assert!(meeting.may(&phone, "recording").await);
    assert!(!meeting.may(&phone, "send-groupchat").await);
}
on_both!(b17_another_device_has_the_same);

/// Two sessions of one account behind one nick are one occupant.
async fn b17_a_second_session_behind_a_nick_has_the_same(version: Version) {
    let meeting = Meeting::new(version, "[policy.permissions]\nrecording = 'nobody'\n").await;
    let own = claims(
        "ada",
        false,
        &[("recording", true), ("send-groupchat", false)],
    );
    let first = meeting.comes("ada", Some(own.clone())).await;
    let second = Client::connect(&meeting.env.prosody, "ada@meet.jitsi/second").await;
    let session = crate::permitting::fields(Some(own));
    second.set_session(&session).await;
    second.join(ROOM, "ada", "").await;
    meeting.settle().await;
    for session in [&first, &second] {
        assert!(
            !meeting.may(session, "send-groupchat").await,
            "{}",
            session.jid
        );
        assert!(meeting.may(session, "recording").await, "{}", session.jid);
    }
    // The first leaves: the second goes on as before.
    first
        .send(&format!("<presence type='unavailable' to='{ROOM}/ada'/>"))
        .await;
    first.ping("meet.jitsi").await.unwrap();
    meeting.settle().await;
    assert!(!meeting.may(&second, "send-groupchat").await);
    assert!(meeting.may(&second, "recording").await);
}
on_both!(b17_a_second_session_behind_a_nick_has_the_same);

/// A reload holds at once for people who are there, guests among them.
async fn b17_a_reload_holds_at_once(version: Version) {
    let meeting = Meeting::new(version, "").await;
    let ada = meeting
        .arrives("ada", Some(claims("ada", false, &[("flip", true)])))
        .await;
    let guest = meeting.comes("guest", None).await;
    let names = ["recording", "send-groupchat", "create-polls"];
    let free = [
        ("recording", false),
        ("send-groupchat", true),
        ("create-polls", true),
    ];
    for client in [&ada, &guest] {
        assert_eq!(meeting.all(client, &names).await, free);
    }
    let more = "[policy.permissions]\nrecording = 'everyone'\nsend-groupchat = 'token'\ncreate-polls = 'nobody'\n";
    meeting.reload(more).await;
    assert_eq!(
        meeting.all(&ada, &names).await,
        [
            ("recording", true),
            ("send-groupchat", true),
            ("create-polls", false)
        ]
    );
    assert_eq!(
        meeting.all(&guest, &names).await,
        [
            ("recording", true),
            ("send-groupchat", false),
            ("create-polls", false)
        ]
    );
    meeting.reload("").await;
    for client in [&ada, &guest] {
        assert_eq!(meeting.all(client, &names).await, free);
    }
}
on_both!(b17_a_reload_holds_at_once);

/// While gavel is away its word holds: people who are there have their own list, others the
/// list for everybody. Back again, it says only the news.
async fn b17_gavels_absence_and_return(version: Version) {
    let more = "[policy.permissions]\nsend-groupchat = 'token'\nbreakout-enter = 'nobody'\n";
    let mut meeting = Meeting::new(version, more).await;
    let ada = meeting
        .arrives("ada", Some(claims("ada", false, &[("recording", true)])))
        .await;
    let own = [
        ("recording", true),
        ("send-groupchat", true),
        ("breakout-enter", false),
    ];
    let names = own.map(|(name, _)| name);
    assert_eq!(meeting.all(&ada, &names).await, own);
    meeting.gavel().kill();
    assert_eq!(
        meeting_without_gavel(&meeting, &ada, &names[..2]).await,
        own[..2]
    );
    let late = Client::connect(&meeting.env.prosody, "late@meet.jitsi/late").await;
    let session = crate::permitting::fields(Some(claims("late", false, &[("recording", true)])));
    late.set_session(&session).await;
    late.join(ROOM, "late", "").await;
    assert!(
        !meeting.may(&late, "send-groupchat").await,
        "what holds for everybody"
    );
    let told = meeting.told().await;
    meeting.gavel().restart();
    meeting.env.connected().await;
    meeting.env.gavel.logs_again("module=true").await;
    meeting.settle().await;
    // Nothing about Ada and the host; of the latecomer, and to each service for all.
    let [main, breakouts] = meeting.told().await;
    let [mut main, breakouts] = [
        main[told[0].len()..].to_vec(),
        breakouts[told[1].len()..].to_vec(),
    ];
    main.sort();
    assert_eq!(main, ["", late.jid.as_str()]);
    assert_eq!(breakouts, [""]);
    assert_eq!(meeting.all(&late, &names[..2]).await, own[..2]);
    assert_eq!(meeting.all(&ada, &names).await, own);
}
on_both!(b17_gavels_absence_and_return);

async fn meeting_without_gavel(
    meeting: &Meeting,
    client: &Client,
    names: &[&'static str],
) -> Vec<(&'static str, bool)> {
    client.ping("meet.jitsi").await.unwrap();
    meeting.all(client, names).await
}

/// `lobby-bypass`: by the setting, and for one person by their token or a rule.
async fn b17_people_who_pass_lobby_and_password(version: Version) {
    let meeting = Meeting::new(version, "").await;
    let closed = [
        ("muc#roomconfig_membersonly", "1"),
        ("muc#roomconfig_passwordprotectedroom", "1"),
        ("muc#roomconfig_roomsecret", "open sesame"),
    ];
    for (holders, owner, member, guest) in [
        ("owners", true, false, false),
        ("moderators", true, false, false),
        ("token", true, true, false),
        ("nobody", false, false, false),
    ] {
        meeting
            .reload(&format!(
                "[policy.permissions]\nlobby-bypass = '{holders}'\n"
            ))
            .await;
        meeting.host.configure(ROOM, &closed).await.unwrap();
        let people = [
            ("owner", Some(claims("owner", true, &[])), owner),
            ("member", Some(claims("member", false, &[])), member),
            ("guest", None, guest),
            (
                "denied",
                Some(claims("denied", true, &[("lobby-bypass", false)])),
                false,
            ),
            (
                "allowed",
                Some(claims("allowed", false, &[("lobby-bypass", true)])),
                true,
            ),
        ];
        for (who, claims, passes) in people {
            let name = format!("{who}-{holders}");
            let client = meeting.connects(&name, claims).await;
            let entered = client.try_join(ROOM, &name, "").await;
            assert_eq!(entered.is_ok(), passes, "{name}: {entered:?}");
        }
    }
}
on_both!(b17_people_who_pass_lobby_and_password);

/// `gavel room show` names each person's configured permissions.
async fn b17_room_show_names_somebodys_permissions(version: Version) {
    let more = "[policy.permissions]\nrecording = 'moderators'\n";
    let meeting = Meeting::new(version, more).await;
    let _ada = meeting
        .arrives(
            "ada",
            Some(claims("ada", false, &[("send-groupchat", false)])),
        )
        .await;
    meeting.settle().await;
    let out = meeting
        .env
        .gavel
        .command(&["room", "show", "room"])
        .output()
        .unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    for line in [
        "may not: recording (policy.permissions: moderators), send-groupchat (the token's context.features)",
        "may: breakout-enter (rule host), breakout-manage (rule host), lobby-bypass (rule host), recording (policy.permissions: moderators)",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let ada: Value = meeting.shown("ada").await;
    assert!(ada.as_array().is_some_and(|all| all.len() == 4), "{ada}");
    assert!(config(more).contains("moderators"));
}
on_both!(b17_room_show_names_somebodys_permissions);

/// A permission that Jitsi has to check, if its module is not loaded, is said to be checked
/// by nobody.
async fn b17_an_unchecked_permission_is_said(version: Version) {
    let options = Options {
        host_modules: vec!["filter_iq_jibri"],
        ..Options::with_module()
    };
    let more = "[claims]\nsources = ['bridge']\n\
                [policy.permissions]\nrecording = 'nobody'\noutbound-call = 'owners'\n";
    let env = Env::with(version, options, more).await;
    let log = &env.gavel;
    log.logs("nobody checks recording for people of guest.meet.jitsi")
        .await;
    log.logs("nobody checks outbound-call for people of meet.jitsi")
        .await;
    env.settle().await;
    let wrong = "nobody checks recording for people of meet.jitsi";
    assert!(!env.gavel.log().contains(wrong), "it is loaded there");
    let doctor = env.gavel.command(&["doctor"]).output().unwrap();
    let said = String::from_utf8(doctor.stdout).unwrap();
    assert!(said.contains("filter_iq_rayo"), "{said}");
    assert!(!said.contains("auth.meet.jitsi: Jitsi's"), "{said}");
}
on_both!(b17_an_unchecked_permission_is_said);

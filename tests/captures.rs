//! Stanzas recorded from real servers, read by the framer and the decoder.
#![allow(clippy::unwrap_used)]

use gavel::muc::{Affiliation, Role, status};
use gavel::stanza::{
    DisplayName, Inbound, Iq, IqKind, IqPayload, LIST_ROOMS, Message, MessageKind, Presence,
    PresenceKind, SET_AFFILIATION,
};
use gavel::wire::{Decoder, Frame, Framer};

const JITSI: &str = include_str!("captures/jitsi-2026-prosody-13.xml");
const PROSODY_0_12: &str = include_str!("captures/prosody-0.12-component.xml");
const PROSODY_13: &str = include_str!("captures/prosody-13-component.xml");
const NOT_OWNER: &str = include_str!("captures/prosody-13-not-owner.xml");

fn read(capture: &str) -> Vec<Inbound> {
    let mut framer = Framer::new();
    framer.feed(capture.as_bytes());
    let decoder = Decoder::new(vec!["token".to_owned()]);
    let stanzas: Vec<_> = std::iter::from_fn(|| framer.next_frame())
        .map(|frame| match frame {
            Frame::Stanza(bytes) => decoder.decode(bytes).unwrap(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(stanzas.len(), capture.lines().count());
    stanzas
}

fn presence(stanza: &Inbound) -> &Presence {
    let Inbound::Presence(presence) = stanza else {
        panic!("{stanza:?}")
    };
    presence
}

fn message(stanza: &Inbound) -> &Message {
    let Inbound::Message(message) = stanza else {
        panic!("{stanza:?}")
    };
    message
}

fn iq(stanza: &Inbound) -> &Iq {
    let Inbound::Iq(iq) = stanza else {
        panic!("{stanza:?}")
    };
    iq
}

/// (nick, affiliation, role, actor's nick) of an occupant's presence.
fn standing(stanza: &Inbound) -> (&str, Option<Affiliation>, Option<Role>, Option<&str>) {
    let presence = presence(stanza);
    let item = &presence.muc_user.as_ref().unwrap().items[0];
    let actor = item.actor.as_ref();
    (
        presence.from.split_once('/').unwrap().1,
        item.affiliation,
        item.role,
        actor.and_then(|actor| actor.nick.as_deref()),
    )
}

fn plain(name: &str) -> DisplayName {
    DisplayName::Plain(name.into())
}

#[test]
fn jitsi_invites_gavel_and_shows_it_itself() {
    let stanzas = read(JITSI);
    let invitation = message(&stanzas[0]);
    assert_eq!(invitation.from, "room1@muc.meet.jitsi");
    assert_eq!(invitation.to, "gavel@gavel.meet.jitsi");
    assert_eq!(invitation.kind, MessageKind::Normal);
    assert!(invitation.muc_user.as_ref().unwrap().invite);

    let focus = presence(&stanzas[1]).muc_user.as_ref().unwrap();
    let focus = focus.items[0].jid.as_deref();
    assert_eq!(focus, Some("focus@auth.meet.jitsi/focus"));

    let own = presence(&stanzas[2]).muc_user.as_ref().unwrap();
    assert!(own.has_status(status::SELF_PRESENCE) && own.has_status(100));
    assert_eq!(own.items[0].role, Some(Role::Visitor));
    assert_eq!(message(&stanzas[3]).kind, MessageKind::Groupchat);
    assert_eq!(message(&stanzas[3]).muc_user, None);
}

#[test]
fn jitsi_promotes_everybody_with_a_token() {
    use {Affiliation as A, Role as R};
    let stanzas = read(JITSI);
    let (none, owner) = (Some(A::None), Some(A::Owner));
    let (participant, moderator) = (Some(R::Participant), Some(R::Moderator));
    let focus = Some("focus");
    let standings: Vec<_> = stanzas[4..10].iter().map(standing).collect();
    assert_eq!(
        standings,
        [
            ("71ad36b9", none, participant, None),
            ("71ad36b9", owner, moderator, focus),
            ("778a43ba", none, participant, None),
            ("778a43ba", owner, moderator, focus),
            ("71ad36b9", owner, moderator, None),
            ("4d0ccd15", none, participant, None),
        ]
    );
}

#[test]
fn jitsi_names_and_identities() {
    let stanzas = read(JITSI);
    assert_eq!(presence(&stanzas[4]).display_name, plain("Alice JWT"));
    assert_eq!(presence(&stanzas[8]).display_name, plain("Alice Evil"));
    assert_eq!(presence(&stanzas[9]).display_name, plain("Gus Guest"));
    let identity = |index: usize| presence(&stanzas[index]).evidence.identity.clone();
    let fields = |fields: &[(&str, &str)]| -> Vec<(String, String)> {
        let owned = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        fields.iter().map(owned).collect()
    };
    let alice = identity(4).unwrap();
    assert_eq!(
        alice.user,
        fields(&[
            ("moderator", "true"),
            ("email", "alice@example.org"),
            ("avatar", "https://example.org/a.png"),
            ("name", "Alice JWT"),
            ("id", "u1"),
        ])
    );
    assert_eq!(alice.group, None);
    let bob = fields(&[
        ("affiliation", "member"),
        ("moderator", "false"),
        ("name", "Bob JWT"),
        ("id", "u2"),
    ]);
    assert_eq!(identity(6).unwrap().user, bob);
    assert_eq!(identity(9), None);
    assert!(presence(&stanzas[9]).evidence.is_empty());
}

#[test]
fn jitsi_announces_the_kicked_before_the_kick() {
    let stanzas = read(JITSI);
    let announcement = message(&stanzas[10]);
    assert_eq!(announcement.kind, MessageKind::Normal);
    let item = &announcement.muc_user.as_ref().unwrap().items[0];
    let bob = "778a43ba-dc17-463f-9e88-af9c5d28f565@meet.jitsi";
    assert_eq!(item.jid.as_deref(), Some(bob));
    assert_eq!(item.affiliation, Some(Affiliation::None));
    assert_eq!(item.role, None);

    let kick = presence(&stanzas[11]);
    assert_eq!(kick.kind, PresenceKind::Unavailable);
    assert!(kick.muc_user.as_ref().unwrap().has_status(status::KICKED));
    let (nick, _, role, actor) = standing(&stanzas[11]);
    assert_eq!(
        (nick, role, actor),
        ("778a43ba", Some(Role::None), Some("71ad36b9"))
    );
}

#[test]
fn every_presence_keeps_its_own_bytes() {
    for (stanza, line) in read(JITSI).iter().zip(JITSI.lines()) {
        if let Inbound::Presence(presence) = stanza {
            assert_eq!(presence.raw, line.as_bytes());
        }
    }
}

#[test]
fn stock_prosody_lists_rooms_and_sets_affiliations() {
    for capture in [PROSODY_0_12, PROSODY_13] {
        let stanzas = read(capture);
        let IqPayload::DiscoItems { jids, .. } = &iq(&stanzas[0]).payload else {
            panic!()
        };
        assert_eq!(jids.len(), 0);

        let IqPayload::Command(list) = &iq(&stanzas[1]).payload else {
            panic!()
        };
        assert_eq!((list.node.as_str(), list.completed), (LIST_ROOMS, false));
        let rooms = ["room1@muc.meet.jitsi".to_owned()];
        assert_eq!(list.form.choices("rooms"), Some(&rooms[..]));
        assert_eq!(list.form.value("FORM_TYPE"), Some(LIST_ROOMS));
        assert_eq!(list.session.as_deref().map(str::len), Some(36));

        let answer = iq(&stanzas[2]);
        assert_eq!((answer.id.as_str(), &answer.kind), ("a1", &IqKind::Result));
        assert_eq!(answer.payload, IqPayload::Empty);

        let IqPayload::Command(set) = &iq(&stanzas[11]).payload else {
            panic!()
        };
        assert_eq!((set.node.as_str(), set.completed), (SET_AFFILIATION, true));
        assert_eq!(set.error, None);
    }
}

#[test]
fn stock_prosody_names_the_actor_except_for_the_command() {
    use Affiliation as A;
    for capture in [PROSODY_0_12, PROSODY_13] {
        let stanzas = read(capture);
        let seen: Vec<_> = [3, 4, 7, 9, 10]
            .map(|index| standing(&stanzas[index]))
            .map(|(nick, affiliation, _, actor)| (nick, affiliation.unwrap(), actor))
            .into();
        assert_eq!(
            seen,
            [
                ("bbbb", A::Member, None),
                ("aaaa", A::Owner, None),
                ("bbbb", A::Owner, Some("gavel")),
                ("aaaa", A::Owner, Some("bbbb")),
                ("aaaa", A::Member, None),
            ]
        );
    }
}

#[test]
fn stock_prosody_names_change_and_change_back() {
    for capture in [PROSODY_0_12, PROSODY_13] {
        let stanzas = read(capture);
        assert_eq!(presence(&stanzas[12]).display_name, plain("Mallory"));
        assert_eq!(presence(&stanzas[13]).display_name, plain("Bob"));
        for (index, from, to) in [(14, "bbbb", "mallory"), (16, "mallory", "bbbb")] {
            let change = presence(&stanzas[index]);
            let user = change.muc_user.as_ref().unwrap();
            assert_eq!(change.kind, PresenceKind::Unavailable);
            assert!(change.from.ends_with(from) && user.has_status(status::NICK_CHANGED));
            assert_eq!(user.items[0].nick.as_deref(), Some(to));
        }
        let renamed = presence(&stanzas[15]);
        assert_eq!(renamed.display_name, DisplayName::Absent);
    }
}

#[test]
fn a_component_that_is_no_owner_is_refused() {
    let stanzas = read(NOT_OWNER);
    for index in [0, 1] {
        let IqKind::Error(error) = &iq(&stanzas[index]).kind else {
            panic!()
        };
        assert!(error.is("not-allowed") && error.kind == "cancel");
        assert_eq!(iq(&stanzas[index]).payload, IqPayload::Empty);
    }
    let IqPayload::Command(set) = &iq(&stanzas[3]).payload else {
        panic!()
    };
    assert!(set.completed);
}

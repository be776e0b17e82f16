//! An engine that is in rooms, without a server: every request is answered as
//! an open, unmoderated Prosody room would.
#![allow(dead_code)]

use gavel::claims::{self, Source, Verifier};
use gavel::engine::settings::{Freeze, GuestNames, HostAbsent, Infrastructure, Poll};
use gavel::engine::{Action, Engine, Input, Now, Settings, State};
use gavel::muc::{Affiliation, BareJid, Nick, Role, Service};
use gavel::policy::Policy;
use gavel::stanza::{
    DisplayName, Evidence, Form, Identity, Inbound, Iq, IqKind, IqPayload, Item, Message,
    MessageKind, MucUser, Outbound, Presence, PresenceKind, Request,
};
use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// The id of the rig's stream.
pub const STREAM: &str = "s1";

/// CPU time that this thread has taken.
fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let (seconds, nanos) = (time.tv_sec, time.tv_nsec);
    Duration::new(seconds.try_into().unwrap(), nanos.try_into().unwrap())
}

/// An engine, its time, and how many stanzas it sent.
pub struct Rig {
    pub engine: Engine,
    now: Now,
    pub sent: usize,
    /// CPU time of the engine, without the rig's.
    pub spent: Duration,
    /// How the service answers.
    service: fn(Outbound) -> Vec<Inbound>,
}

impl Rig {
    /// A connected engine that believes `<identity/>` of `meet.jitsi`.
    pub fn new() -> Self {
        Self::with(answer, |_| {})
    }

    /// The same with other settings, and a service that answers otherwise.
    pub fn with(service: fn(Outbound) -> Vec<Inbound>, change: impl FnOnce(&mut Settings)) -> Self {
        let verifier = Verifier::new(claims::Settings {
            sources: vec![Source::Identity],
            trusted_domains: vec!["meet.jitsi".into()],
            bridge_secret: b"secret".to_vec(),
            verify_tenant: true,
            jwt: None,
        });
        let mut settings = Settings {
            component: "gavel.meet.jitsi".into(),
            nick: Nick::new("gavel"),
            services: vec![Service {
                domain: "muc.meet.jitsi".into(),
                tenants: true,
            }],
            invites: true,
            poll: Poll::Off,
            interval: Duration::from_secs(30),
            rooms: Vec::new(),
            verifier: verifier.unwrap(),
            policy: Policy::default(),
            fallback_services: Vec::new(),
            host_absent: HostAbsent::default(),
            leeway: Duration::from_secs(30),
            freeze: Freeze::Revert,
            guests: GuestNames::Free,
            infrastructure: Infrastructure {
                jids: BareJid::parse("focus@auth.meet.jitsi")
                    .into_iter()
                    .collect(),
                domains: Vec::new(),
            },
            seed: 1,
        };
        change(&mut settings);
        let mut rig = Self {
            spent: Duration::ZERO,
            service,
            engine: Engine::new(settings, State::default()),
            now: Now {
                tick: Duration::ZERO,
                unix_ms: 1_795_000_000_000,
            },
            sent: 0,
        };
        let stream_id = STREAM.into();
        rig.hand_in(Input::Connected { stream_id });
        rig
    }

    /// Hands in a stanza, and answers the output until there is none.
    pub fn stanza(&mut self, stanza: Inbound) {
        self.hand_in(Input::Stanza(stanza));
    }

    fn hand_in(&mut self, input: Input) {
        let before = cpu();
        self.engine.handle(self.now, input);
        let actions: Vec<Action> = std::iter::from_fn(|| self.engine.poll()).collect();
        self.spent += cpu() - before;
        let mut answers = Vec::new();
        for action in actions {
            if let Action::Send(stanza) = action {
                self.sent += 1;
                answers.extend((self.service)(stanza));
            }
        }
        for answer in answers {
            self.hand_in(Input::Stanza(answer));
        }
    }

    /// The same, but requests stay unanswered.
    pub fn decide_only(&mut self, stanza: Inbound) {
        self.engine.handle(self.now, Input::Stanza(stanza));
        while self.engine.poll().is_some() {
            self.sent += 1;
        }
    }

    /// A room invites gavel, and gavel joins it.
    pub fn enter(&mut self, room: &str) {
        let user = MucUser {
            invite: true,
            ..MucUser::default()
        };
        self.stanza(Inbound::Message(Box::new(Message {
            from: room.into(),
            to: "gavel@gavel.meet.jitsi/gavel".into(),
            id: None,
            kind: MessageKind::Normal,
            muc_user: Some(user),
            left_out: Default::default(),
        })));
    }
}

/// An available presence of somebody with a token's identity.
pub fn presence(occupant: &str, real: &str, affiliation: Affiliation, name: &str) -> Presence {
    let text = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let user = vec![
        text("moderator", "false"),
        text("email", "somebody@example.org"),
        text("avatar", "https://example.org/avatars/somebody.png"),
        text("name", name),
        text("id", real),
    ];
    Presence {
        from: occupant.into(),
        to: "gavel@gavel.meet.jitsi/gavel".into(),
        id: None,
        kind: PresenceKind::Available,
        muc_user: Some(MucUser {
            items: vec![Item {
                jid: Some(real.into()),
                affiliation: Some(affiliation),
                role: Some(Role::Participant),
                ..Item::default()
            }],
            ..MucUser::default()
        }),
        display_name: DisplayName::Plain(name.into()),
        evidence: Evidence {
            identity: Some(Identity { user, group: None }),
            ..Evidence::default()
        },
        machine: false,
        module: None,
        raw: vec![b'x'; 900].into(),
        whole: true,
        left_out: Default::default(),
    }
}

/// The room, the number of the person and their new affiliation, if gavel changes one. The
/// person's JID begins with the number.
pub fn change(stanza: &Outbound) -> Option<(&str, usize, Affiliation)> {
    match stanza {
        Outbound::Iq {
            to,
            request: Request::SetAffiliation { jid, affiliation },
            ..
        } => {
            let number = usize::from_str_radix(&jid[..8], 16).unwrap();
            Some((to, number, *affiliation))
        }
        _ => None,
    }
}

/// The room's answers. A focus is in each, or gavel would leave at once.
pub fn answer(stanza: Outbound) -> Vec<Inbound> {
    match stanza {
        Outbound::Join { occupant, .. } => {
            let focus = presence(
                &format!("{}/focus", occupant.room),
                "focus@auth.meet.jitsi/focus",
                Affiliation::Owner,
                "focus",
            );
            let mut own = presence(
                &occupant.to_string(),
                "gavel@gavel.meet.jitsi/gavel",
                Affiliation::Owner,
                "gavel",
            );
            own.muc_user.as_mut().unwrap().status.push(110);
            [focus, own].map(|p| Inbound::Presence(Box::new(p))).into()
        }
        Outbound::Iq { id, to, request } => vec![Inbound::Iq(Box::new(Iq {
            from: to,
            to: "gavel@gavel.meet.jitsi/gavel".into(),
            id,
            kind: IqKind::Result,
            payload: match request {
                Request::Configuration => IqPayload::MucOwner(Form::default()),
                Request::ListAffiliation(_) => IqPayload::MucAdmin(Vec::new()),
                _ => IqPayload::Empty,
            },
            left_out: Default::default(),
        }))],
        _ => Vec::new(),
    }
}

//! B17: through all that happens to somebody, a permission that their list denies stays
//! denied, one that it gives is given, and their client's buttons say the same.

use crate::features::{may, scene_with, told};
use crate::on_both;
use crate::permissions::{defaults, says_of};
use crate::scene::{ROOM, Scene};
use crate::support::{Client, Version, nick};
use std::collections::BTreeMap;

const OWN: &str = "own@muc.meet.jitsi";
const NAMES: [&str; 4] = ["recording", "transcription", "flip", "create-polls"];
const WHOM: [&str; 5] = ["everyone", "nobody", "moderators", "owners", ""];

/// Numbers that look random, the same in each run (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % most as u64).unwrap()
    }

    fn list(&mut self) -> List {
        let names = NAMES.iter().map(|name| (*name, WHOM[self.below(5)]));
        names.filter(|(_, whom)| !whom.is_empty()).collect()
    }
}

type List = Vec<(&'static str, &'static str)>;

struct Run {
    scene: Scene,
    alice: Client,
    bob: Client,
    defaults: List,
    /// The lists that bob was given, by room.
    own: BTreeMap<&'static str, List>,
    /// The rooms that bob is in.
    rooms: Vec<&'static str>,
}

impl Run {
    async fn step(&mut self, numbers: &mut Numbers) -> String {
        let Self {
            scene, alice, bob, ..
        } = self;
        let affiliation = ["owner", "admin", "member", "none"][numbers.below(4)];
        let what = numbers.below(11);
        match what {
            0 => scene
                .gavel
                .affiliate(ROOM, bob.bare(), affiliation)
                .await
                .unwrap(),
            1 => drop(alice.affiliate(ROOM, bob.bare(), affiliation).await),
            2 => {
                let role = ["moderator", "participant"][numbers.below(2)];
                drop(alice.set_role(ROOM, "bob", role).await);
            }
            3 => {
                let set = format!(
                    "room('{ROOM}'):set_affiliation(true, '{}', '{affiliation}')",
                    bob.bare()
                );
                scene.eval(&set).await;
            }
            4 => {
                let (list, room) = (numbers.list(), self.rooms[numbers.below(self.rooms.len())]);
                says_of(scene, room, bob, &list).await.unwrap();
                self.own.insert(room, list);
            }
            5 => {
                self.defaults = numbers.list();
                defaults(scene, &self.defaults).await;
            }
            6 => drop(scene.eval("return manage('reload', 'gavel')").await),
            7 => {
                scene.session(bob, "force_permissions_update = true").await;
                bob.presence(ROOM, "bob", &nick("Forced")).await;
            }
            8 => {
                let fields = "jitsi_meet_context_features = { recording = true, flip = 'true', more = true }";
                scene.session(bob, fields).await;
                bob.presence(ROOM, "bob", &nick("Features")).await;
            }
            9 if self.rooms.contains(&OWN) => {
                bob.leave(OWN, "bob").await;
                bob.presence(ROOM, "bob", &nick("Alone")).await;
                self.rooms = vec![ROOM];
            }
            9 => {
                bob.join(OWN, "bob", "").await;
                self.rooms = vec![ROOM, OWN];
            }
            _ => {
                bob.leave(ROOM, "bob").await;
                bob.join(ROOM, "bob", "").await;
            }
        }
        bob.ping("meet.jitsi").await.unwrap();
        format!(
            "step {what} {affiliation}, {:?}, {:?}, {:?}",
            self.rooms, self.own, self.defaults
        )
    }

    /// His lists' word on a name, by room: whether he may, or nothing.
    async fn said(&self, name: &str) -> Vec<Option<bool>> {
        let mut said = Vec::new();
        for room in &self.rooms {
            let list = self.own.get(room).unwrap_or(&self.defaults);
            let whom = list
                .iter()
                .find(|(listed, _)| listed == &name)
                .map(|(_, whom)| *whom);
            let standing = format!(
                "local r = room('{room}') return r:get_occupant_by_nick('{room}/bob').role
                     ..' '..tostring(r:get_affiliation('{}'))",
                self.bob.bare()
            );
            let standing = self.scene.eval(&standing).await;
            said.push(whom.map(|whom| match whom {
                "everyone" => true,
                "moderators" => standing.starts_with("moderator"),
                "owners" => standing.ends_with(" owner"),
                _ => false,
            }));
        }
        said
    }

    async fn check(&self, after: &str) {
        for name in NAMES {
            let said = self.said(name).await;
            let expected = match said.as_slice() {
                said if said.contains(&Some(false)) => false,
                said if said.iter().all(|may| *may == Some(true)) => true,
                _ => continue,
            };
            assert_eq!(
                may(&self.bob, name, "moderator").await,
                expected,
                "{name} after {after}"
            );
            let told = told(&self.bob).unwrap_or_default();
            let told = told.get(name).map(String::as_str);
            assert_eq!(
                told == Some("true"),
                expected,
                "{name} as told {told:?} after {after}"
            );
        }
    }
}

async fn runs(version: Version, shared: bool, seed: u64) {
    let scene = scene_with(version, &format!("test_permissions_shared = {shared}")).await;
    let alice = scene.person("alice").await;
    let fields = "jitsi_meet_context_features = { recording = true, transcription = true, flip = true, ['create-polls'] = true }";
    scene.session(&alice, fields).await;
    scene.follow(ROOM).await;
    let bob = scene.person("bob").await;
    let mut numbers = Numbers(seed);
    let own = BTreeMap::new();
    let (defaults, rooms) = (Vec::new(), vec![ROOM]);
    let mut run = Run {
        scene,
        alice,
        bob,
        defaults,
        own,
        rooms,
    };
    for _ in 0..120 {
        let step = run.step(&mut numbers).await;
        run.check(&step).await;
    }
}

async fn module_never_widens_a_denial(version: Version) {
    runs(version, false, 0x9e37_79b9_7f4a_7c15).await;
}
on_both!(module_never_widens_a_denial);

async fn module_never_widens_a_denial_with_older_jitsi(version: Version) {
    runs(version, true, 0x2545_f491_4f6c_dd1d).await;
}
on_both!(module_never_widens_a_denial_with_older_jitsi);

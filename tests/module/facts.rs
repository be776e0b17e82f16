//! The module's description of a room in its answer to gavel's join.

use crate::on_both;
use crate::scene::{ROOM, Scene, options};
use crate::support::{El, MUC_ADMIN, Version};

const MODULE: &str = "urn:gavel:module:0";
const DATA: &str = "jabber:x:data";
const OWNER: &str = "http://jabber.org/protocol/muc#owner";

/// The values of each field of a form, by its name.
fn fields(form: &El) -> Vec<(String, Vec<String>)> {
    let fields = form.children.iter().filter(|child| child.name == "field");
    let values = |field: &El| {
        let values = field.children.iter().filter(|child| child.name == "value");
        values.map(|value| value.text.clone()).collect()
    };
    fields
        .filter_map(|field| Some((field.attr("var")?.to_owned(), values(field))))
        .collect()
}

fn people(query: &El) -> Vec<(String, String)> {
    let text = |item: &El, name| item.attr(name).unwrap().to_owned();
    let items = query.children.iter();
    let mut people: Vec<_> = items
        .map(|item| (text(item, "affiliation"), text(item, "jid")))
        .collect();
    people.sort_unstable();
    people
}

/// gavel's own presence, as it joins the room again.
async fn rejoined(scene: &Scene) -> El {
    scene.gavel.leave(ROOM, "gavel").await;
    scene.gavel.forget(|_| true);
    scene.gavel.join(ROOM, "gavel", "").await;
    let all = scene.gavel.received();
    let own = all.iter().rfind(|stanza| stanza.status() == [110]);
    own.cloned().expect("its own presence")
}

/// The same as Prosody answers to everybody who asks.
async fn module_answers_before_gavel_asks(version: Version) {
    let scene = Scene::new(version).await;
    // As Jitsi's modules do it.
    let hook = "module:hook('muc-config-form', function (event)
        local name = 'muc#roominfo_meetingId'
        table.insert(event.form, { name = name, type = 'text-single', label = 'Id', value = 'meeting 1' })
    end)";
    scene.eval(hook).await;
    let alice = scene.person("alice").await;
    scene.follow(ROOM).await;
    for (jid, affiliation) in [
        ("adam@meet.jitsi", "admin"),
        ("zoe@meet.jitsi", "admin"),
        ("mia@meet.jitsi", "member"),
        ("eve@meet.jitsi", "outcast"),
    ] {
        alice.affiliate(ROOM, jid, affiliation).await.unwrap();
    }
    let settings = [
        ("muc#roomconfig_roomsecret", "a<b & \"c\""),
        ("muc#roomconfig_membersonly", "1"),
        ("muc#roomconfig_presencebroadcast", "moderator"),
    ];
    alice.configure(ROOM, &settings).await.unwrap();
    let own = rejoined(&scene).await;
    let module = own.child("module", MODULE).expect("a module");
    let said = fields(module.child("x", DATA).expect("a configuration"));
    let query = format!("<query xmlns='{OWNER}'/>");
    let form = scene.gavel.iq("get", ROOM, &query).await.unwrap();
    let form = fields(
        form.child("query", OWNER)
            .unwrap()
            .child("x", DATA)
            .unwrap(),
    );
    for (name, value) in settings {
        let own = said.iter().find(|(var, _)| var == name);
        assert_eq!(own.unwrap().1, [value], "{name}");
    }
    for field in &said {
        assert!(form.contains(field), "{field:?} is not in {form:?}");
    }
    let meeting = said.iter().find(|(var, _)| var == "muc#roominfo_meetingId");
    assert_eq!(meeting.unwrap().1, ["meeting 1"]);
    let query = module.child("query", MUC_ADMIN).expect("lists");
    let mut asked = Vec::new();
    for affiliation in ["owner", "admin", "outcast"] {
        let list = scene.gavel.affiliated(ROOM, affiliation).await.unwrap();
        asked.extend(list.into_iter().map(|jid| (affiliation.to_owned(), jid)));
    }
    asked.sort_unstable();
    assert_eq!(asked.len(), 4);
    assert_eq!(people(query), asked);
    // All others in the room are told nothing of it.
    assert_eq!(alice.count(|s| s.child("module", MODULE).is_some()), 0);
}
on_both!(module_answers_before_gavel_asks);

async fn module_says_nothing_of_a_room_with_long_lists(version: Version) {
    let scene = Scene::new(version).await;
    let _alice = scene.person("alice").await;
    scene.follow(ROOM).await;
    let ban = |from: usize, to: usize| {
        format!(
            "local r = room('{ROOM}')
             for n = {from}, {to} do r:set_affiliation(true, ('x'):rep(100)..n..'@meet.jitsi', 'outcast') end
             return r.jid"
        )
    };
    scene.eval(&ban(1, 50)).await;
    let own = rejoined(&scene).await;
    let module = own.child("module", MODULE).expect("a module");
    assert_eq!(people(module.child("query", MUC_ADMIN).unwrap()).len(), 51);
    scene.eval(&ban(51, 200)).await;
    let own = rejoined(&scene).await;
    let module = own.child("module", MODULE).expect("a module");
    assert!(module.children.is_empty(), "{module:?}");
}
on_both!(module_says_nothing_of_a_room_with_long_lists);

/// A room that Prosody has written to disk stays there when gavel asks whether it
/// is still in it.
async fn module_answers_self_pings_of_rooms_on_disk(version: Version) {
    let mut options = options();
    options.muc = "muc_room_cache_size = 2".into();
    let scene = Scene::with(version, options).await;
    let alice = scene.client("alice").await;
    for name in ["one", "two", "three", "four"] {
        let room = format!("{name}@muc.meet.jitsi");
        alice.join(&room, "alice", "").await;
        scene.follow(&room).await;
    }
    let live = "local names = {}
        for r in prosody.hosts[module.host].modules.muc.live_rooms() do table.insert(names, r.jid:match('^[^@]+')) end
        table.sort(names) return table.concat(names, ' ')";
    assert_eq!(scene.eval(live).await, "four three");
    let own = "one@muc.meet.jitsi/gavel";
    assert_eq!(scene.gavel.ping(own).await, Ok(()));
    assert_eq!(scene.eval(live).await, "four three");
}
on_both!(module_answers_self_pings_of_rooms_on_disk);

/// Each invitation has the name of the person who has entered.
async fn module_invites_in_the_name_of_the_newcomer(version: Version) {
    let scene = Scene::new(version).await;
    let alice = scene.person("alice").await;
    let bob = scene.person("bob").await;
    for client in [&alice, &bob] {
        let invitation = scene.invited(ROOM).await;
        let x = invitation.child("x", crate::support::MUC_USER).unwrap();
        let invite = x.named("invite").unwrap();
        assert_eq!(invite.attr("from"), Some(client.bare()));
    }
}
on_both!(module_invites_in_the_name_of_the_newcomer);

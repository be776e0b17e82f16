//! B17: the permissions that Jitsi's clients are told, and by whom.

use crate::arrival::{connects, session, with};
use crate::features::{map, may, scene, told};
use crate::on_both;
use crate::permissions::{defaults, says_of};
use crate::scene::ROOM;
use crate::support::{El, MUC_USER, Options, Version};
use serde_json::json;

/// A person's message to a client is not its room's.
async fn module_takes_nobodys_word_for_the_features_a_client_was_told(version: Version) {
    let scene = scene(version, &[]).await;
    let mallory = scene.person("mallory").await;
    scene.follow(ROOM).await;
    defaults(&scene, &[("recording", "nobody")]).await;
    let bob = scene.person("bob").await;
    assert_eq!(told(&bob), map(&[("recording", "false")]));
    for child in ["<p/>", "<p name='recording' val='true'/>"] {
        mallory
            .send(&format!(
                "<presence to='{}' id='forged'><x xmlns='{MUC_USER}'><status code='110'/></x>\
                 <permissions xmlns='http://jitsi.org/jitmeet'>{child}</permissions></presence>",
                bob.jid
            ))
            .await;
        let forged = |s: &El| s.attr("id") == Some("forged");
        bob.expect("a forged presence", forged).await;
        bob.forget(forged);
    }
    says_of(&scene, ROOM, &bob, &[("recording", "everyone")])
        .await
        .unwrap();
    bob.ping("meet.jitsi").await.unwrap();
    let own = format!("{ROOM}/bob");
    let told = |s: &El| s.attr("from") == Some(&own) && s.named("permissions").is_some();
    assert_eq!(bob.count(told), 2, "denied, then allowed");
    assert!(!scene.prosody.log().contains("buttons:"));
}
on_both!(module_takes_nobodys_word_for_the_features_a_client_was_told);

/// Somebody's permissions in a room that refuses them change nothing in their own room.
async fn module_forgets_the_features_of_a_refused_join(version: Version) {
    let scene = scene(version, &[]).await;
    let other = "other@muc.meet.jitsi";
    let bob = scene.client("bob").await;
    bob.join(other, "bob", "").await;
    bob.configure(other, &[("muc#roomconfig_membersonly", "1")])
        .await
        .unwrap();
    defaults(&scene, &[("recording", "moderators")]).await;
    let alice = scene.person("alice").await;
    assert!(may(&alice, "recording", "moderator").await);
    let refused = alice.try_join(other, "alice", "").await;
    assert_eq!(refused, Err("registration-required".into()));
    assert!(may(&alice, "recording", "moderator").await);
}
on_both!(module_forgets_the_features_of_a_refused_join);

/// The features that clients allow unsaid they allow again when a promotion is over.
async fn module_gives_back_features_that_clients_allow_unsaid(version: Version) {
    let scene = scene(version, &["test_permissions"]).await;
    let alice = scene.person("alice").await;
    let features = "{ recording = true, ['screen-sharing'] = true, \
        ['live-translation-subscribe'] = true }";
    let field = format!("jitsi_meet_context_features = {features}");
    scene.session(&alice, &field).await;
    scene.follow(ROOM).await;
    let bob = scene.person("bob").await;
    for affiliation in ["owner", "none"] {
        alice
            .affiliate(ROOM, bob.bare(), affiliation)
            .await
            .unwrap();
        bob.ping("meet.jitsi").await.unwrap();
    }
    let after = [
        ("recording", "false"),
        ("screen-sharing", "true"),
        ("live-translation-subscribe", "true"),
    ];
    assert_eq!(told(&bob), map(&after));
}
on_both!(module_gives_back_features_that_clients_allow_unsaid);

/// Clients know tenants' rooms by another address.
async fn module_tells_clients_in_tenants_rooms(version: Version) {
    let scene = with(version, |options: &mut Options| {
        options.host_modules.push("test_tenants");
    })
    .await;
    defaults(&scene, &[("recording", "nobody")]).await;
    let mut fields = session("lesson", "school");
    fields["auth_token"] = json!(null);
    let bob = connects(&scene, "bob", &fields).await;
    bob.join("lesson@muc.school.meet.jitsi", "bob", "").await;
    bob.ping("meet.jitsi").await.unwrap();
    assert_eq!(told(&bob).unwrap()["recording"], "false");
}
on_both!(module_tells_clients_in_tenants_rooms);

/// The filter of the buttons treats each shape of stanza at one glance as when it looks at
/// all of it, whatever a session has been told.
async fn module_passes_at_one_glance_only_stanzas_without_features(version: Version) {
    let scene = scene(version, &[]).await;
    let seen = scene.eval(ONE_GLANCE).await;
    assert_eq!(seen, "7168 shapes, 8 told, 4 noted");
}
on_both!(module_passes_at_one_glance_only_stanzas_without_features);

/// Each shape goes through the filter, and through the code behind the glance.
const ONE_GLANCE: &str = "
local function upvalue(work, name)
    for i = 1, 99 do
        local found, value = debug.getupvalue(work, i);
        if found == name then return value; end
    end
end
local buttons = prosody.hosts[module.host].modules.gavel.module.part('buttons');
local glance = upvalue(upvalue(buttons.show, 'watch'), 'safely');
local whole = upvalue(glance, 'write');
local jitsi, user = 'http://jitsi.org/jitmeet', 'http://jabber.org/protocol/muc#user';

local function shape(name, type, from, x, status, said)
    local stanza = st.stanza(name, { type = type, from = from });
    if x then stanza:tag('x', { xmlns = x }); if status then stanza:tag('status', { code = status }):up() end stanza:up() end
    for _, xmlns in ipairs(said) do
        stanza:tag('permissions', { xmlns = xmlns }):tag('p', { name = 'flip', val = 'true' }):up():tag('p'):up():up();
    end
    return stanza;
end

local function text(features)
    local all = {};
    for name, value in pairs(features or {}) do table.insert(all, name..'='..tostring(value)); end
    table.sort(all);
    return features and table.concat(all, ' ') or 'nil';
end

local function passes(filter, stanza, known)
    local session = { gavel = { seats = { ['room@muc.meet.jitsi'] = 1 }, told = known.told, untold = known.untold } };
    local result = tostring(filter(stanza, session));
    return result, text(session.gavel.told), text(session.gavel.untold);
end

local knowledge = { {}, { told = { recording = true } }, { untold = { recording = false } },
    { told = { recording = true }, untold = { recording = false } } };
local shapes, told, noted = 0, 0, 0;
for _, name in ipairs { 'presence', 'message', 'iq', 'r' } do
for _, type in ipairs { '', 'unavailable', 'error', 'probe' } do
for _, from in ipairs { 'room@muc.meet.jitsi/a', 'other@muc.meet.jitsi/a', 'mallory@meet.jitsi/m', '' } do
for _, x in ipairs { user, 'urn:x', '' } do
for _, status in ipairs { '110', '100', '' } do
for _, said in ipairs { {}, { jitsi }, { 'urn:x' }, { 'urn:x', jitsi } } do
    local some = function (value) return value ~= '' and value or nil end;
    if x ~= '' or status == '' then
    for _, known in ipairs(knowledge) do
        local make = function () return shape(name, some(type), some(from), some(x), some(status), said) end;
        local a, b, c = passes(glance, make(), known);
        local d, e, f;
        if name == 'presence' then d, e, f = passes(whole, make(), known);
        else d, e, f = tostring(make()), text(known.told), text(known.untold); end
        assert(a == d and b == e and c == f, a..' '..b..' '..c..' but '..d..' '..e..' '..f);
        shapes = shapes + 1;
        if a:find('recording', 1, true) then told = told + 1; end
        if b:find('flip', 1, true) then noted = noted + 1; end
    end
    end
end end end end end end
local bare = shape('presence', nil, 'room@muc.meet.jitsi/a', user, '110', { jitsi });
assert(tostring(glance(bare, {})) == tostring(bare), 'a session of which nothing is known');
return shapes..' shapes, '..told..' told, '..noted..' noted'";

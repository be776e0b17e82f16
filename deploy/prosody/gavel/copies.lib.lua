-- gavel's copies of what a room publishes: with real JIDs, actors and verified claims.
local st, jid = require "util.stanza", require "util.jid";
local t_insert, t_concat = table.insert, table.concat;
local claims, names, arrivals = module.part "claims", module.part "names", module.part "arrivals";
local intake = module.part "intake";

local xmlns_user = "http://jabber.org/protocol/muc#user";

-- What of a presence's content concerns gavel, and is all that its copy carries: display names, and claims in any form.
local told = { nick = true, identity = true };

-- By these features Jicofo knows recorders, phone gateways and transcribers; gavel elects none of them.
local machines = {
	["http://jitsi.org/protocol/jibri"] = true,
	["http://jitsi.org/protocol/jigasi"] = true,
	["http://jitsi.org/protocol/transcriber"] = true,
};

-- The first of them that a presence declares, or nil.
local function machine_feature(stanza)
	local features = stanza:get_child("features");
	for _, feature in ipairs(features and features.tags or {}) do
		if feature.name == "feature" and machines[feature.attr.var] then return feature.attr.var; end
	end
end

local function add_actor(item, room, actor)
	if actor then item:tag("actor", { jid = actor, nick = jid.resource(room:get_occupant_jid(actor)) }):up(); end
end

-- An element as text; unlike tostring without escaping anything, since it is only compared.
local function flatten(parts, element)
	t_insert(parts, element.name);
	t_insert(parts, element.attr.xmlns or "");
	for _, child in ipairs(element) do
		if child.name then flatten(parts, child); else t_insert(parts, child); end
	end
	t_insert(parts, "\1"); -- its end, in a character that XML has not
end

-- What decides whether an update is worth sending: who is behind the nick, affiliation, role, display name, and claims.
-- Most presence in Jitsi tells of cameras and microphones, and is spared.
local function fingerprint(stanza, parts, tokens)
	for _, child in ipairs(stanza.tags) do
		if told[child.name] then flatten(parts, child); end
	end
	for _, token in ipairs(tokens) do t_insert(parts, tostring(token)); end
	return t_concat(parts, "\0");
end

-- Sends gavel, the shadow, its copy of a presence. The event is that of muc-broadcast-presence: its stanza is what
-- everybody gets, as yet without its x.
local function show(shadow, event)
	local room, occupant, stanza = event.room, event.occupant, event.stanza;
	local available = stanza.attr.type == nil;
	if not available and room:get_occupant_by_nick(occupant.nick) then return; end -- hidden from others, but there
	local affiliation, role = room:get_affiliation(occupant.bare_jid) or "none", occupant.role or "none";
	local text, owner, fault = "", occupant.jid, nil;
	if available then text, owner, fault = claims.of_occupant(occupant); end
	local full_jids = { owner }; -- the claims' session first; one that has left is shown only where all have
	for full, presence in occupant:each_session() do
		if full ~= owner and not (available and presence.attr.type) then t_insert(full_jids, full); end
	end
	local tokens = available and intake.tokens(room.jid, owner) or {};
	local machine = machine_feature(stanza);
	local parts = { affiliation, role, fault or text, t_concat(full_jids, "\n"), machine or "" };
	local now = available and fingerprint(stanza, parts, tokens) or nil;
	if now and now == shadow.seen[occupant.nick] then return; end
	shadow.seen[occupant.nick] = now;

	local attr = { from = occupant.nick, to = shadow.full, type = stanza.attr.type, id = stanza.attr.id };
	local copy = st.presence(attr);
	for _, child in ipairs(stanza.tags) do
		if told[child.name] then copy:add_direct_child(child); end
	end
	for _, token in ipairs(tokens) do copy:add_direct_child(token); end
	if machine then
		copy:add_direct_child(st.stanza("features"):tag("feature", { var = machine }):up());
	end
	if available then
		local known = {
			given = arrivals.take_given(room.jid, occupant.nick), pinned = names.pinned(room.jid, occupant.nick);
			fault = fault;
		};
		copy:add_direct_child(claims.signed(text, owner, occupant.nick, known));
	end
	local x = st.stanza("x", { xmlns = xmlns_user });
	for _, child in ipairs(event.x.tags) do x:add_direct_child(child); end
	for _, full in ipairs(full_jids) do
		x:tag("item", { affiliation = affiliation, role = role, jid = full, nick = event.nick });
		add_actor(x, room, event.actor);
		if event.reason then x:text_tag("reason", event.reason); end
		x:up();
	end
	module:send(copy:add_child(x));
end

-- An affiliation has changed of somebody who is not in the room; for those who are, their presence tells.
local function show_absent(shadow, event)
	local message = st.message({ from = event.room.jid, to = shadow.full }):tag("x", { xmlns = xmlns_user })
		:tag("item", { affiliation = event.affiliation, jid = event.jid });
	add_actor(message, event.room, event.actor);
	module:send(message);
end

-- A message of the room to everybody; of interest where it says that the configuration has changed.
local function show_message(shadow, event)
	local x = event.stanza.attr.from == event.room.jid and event.stanza:get_child("x", xmlns_user);
	if not x or not x:get_child("status") then return; end
	module:send(st.message({ from = event.room.jid, to = shadow.full, type = "groupchat" }):add_child(st.clone(x)));
end

return { show = show, show_absent = show_absent, show_message = show_message };

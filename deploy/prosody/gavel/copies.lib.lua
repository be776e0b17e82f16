-- gavel's copies of the stanzas that a room publishes: with real JIDs, actors and verified claims.
local st, jid = require "util.stanza", require "util.jid";
local t_insert, t_concat = table.insert, table.concat;
local claims, names, entering = module.part "claims", module.part "names", module.part "entering";
local evidence, intake = module.part "evidence", module.part "intake";
local permissions = module.part "permissions";

local xmlns_user = "http://jabber.org/protocol/muc#user";
local MOST = 8; -- sessions behind one nick, and status codes, that gavel is shown
local ID = 128; -- the longest stanza id, in bytes: clients choose them

local function add_actor(item, room, actor)
	if actor then item:tag("actor", { jid = actor, nick = jid.resource(room:get_occupant_jid(actor)) }):up(); end
end

-- An element as text; unlike tostring without escaping anything, since it is only compared.
local function flatten(parts, element)
	t_insert(parts, element.name);
	t_insert(parts, element.attr.xmlns or element.attr.var or "");
	for _, child in ipairs(element) do
		if child.name then flatten(parts, child); else t_insert(parts, child); end
	end
	t_insert(parts, "\1"); -- its end, in a character that XML has not
end

-- The parts that make an update worth sending: the person behind the nick, affiliation, role, display name, and
-- claims. Most presence in Jitsi tells of cameras and microphones, and is spared.
local function fingerprint(parts, elements)
	for _, element in ipairs(elements) do flatten(parts, element); end
	return t_concat(parts, "\0");
end

-- The full JIDs behind a nick, those of the claims first; one that has left is shown only if all have.
local function full_jids_of(occupant, owner, available)
	local full_jids = { owner };
	for full, presence in occupant:each_session() do
		local gone = available and presence.attr.type;
		if full ~= owner and not gone and #full_jids < MOST then t_insert(full_jids, full); end
	end
	return full_jids;
end

-- The room's own words in a presence or message, without reasons.
local function copy_x(x)
	local copy, count = st.stanza("x", { xmlns = xmlns_user }), 0;
	for _, child in ipairs(x.tags) do
		local code = child.name == "status" and tostring(child.attr.code):match("^%d%d?%d?$");
		if code and count < MOST then
			copy:tag("status", { code = code }):up();
			count = count + 1;
		elseif child.name == "destroy" then
			copy:tag("destroy"):up();
		end
	end
	return copy;
end

-- The claims of the occupant, their holder, their fault, and whether they were too long.
local function claims_of(occupant, available)
	if not available then return "", occupant.jid; end
	local text, owner, fault = claims.of_occupant(occupant);
	local bounded, left_out = evidence.bound_claims(text);
	return bounded, owner, fault, left_out;
end

-- Sends gavel, the shadow, its copy of a presence. The event is that of muc-broadcast-presence: its stanza is the one
-- that everybody gets, as yet without its x.
local function show(shadow, event)
	local room, occupant, stanza = event.room, event.occupant, event.stanza;
	local available = stanza.attr.type == nil;
	if not available and room:get_occupant_by_nick(occupant.nick) then return; end -- hidden from others, but there
	local affiliation, role = room:get_affiliation(occupant.bare_jid) or "none", occupant.role or "none";
	local text, owner, fault, long_claims = claims_of(occupant, available);
	local full_jids = full_jids_of(occupant, owner, available);
	local elements, left_out = evidence.collect(stanza, available and intake.tokens(room.jid, owner) or {});
	left_out = long_claims or left_out;
	local standing = { affiliation, role, fault or text, left_out or "", t_concat(full_jids, "\n") };
	local now = available and fingerprint(standing, elements) or nil;
	if now and now == shadow.seen[occupant.nick] then return; end
	shadow.seen[occupant.nick] = now;

	local id = stanza.attr.id and #stanza.attr.id <= ID and stanza.attr.id or nil;
	local copy = st.presence({ from = occupant.nick, to = shadow.full, type = stanza.attr.type, id = id });
	for _, element in ipairs(elements) do copy:add_direct_child(element); end
	if available then
		local pinned, sent = names.pinned(room.jid, occupant.nick);
		local known = {
			given = entering.take_given(room.jid, occupant.nick), pinned = pinned, shown = sent;
			fault = fault, ["left-out"] = left_out, permitted = permissions.digest(owner, room);
		};
		copy:add_direct_child(claims.signed(text, owner, occupant.nick, known));
	end
	local x = copy_x(event.x);
	for _, full in ipairs(full_jids) do
		x:tag("item", { affiliation = affiliation, role = role, jid = full, nick = event.nick });
		add_actor(x, room, event.actor);
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

-- A message of the room to everybody; of interest if it says that the configuration has changed.
local function show_message(shadow, event)
	local x = event.stanza.attr.from == event.room.jid and event.stanza:get_child("x", xmlns_user);
	if not x or not x:get_child("status") then return; end
	module:send(st.message({ from = event.room.jid, to = shadow.full, type = "groupchat" }):add_child(copy_x(x)));
end

return { show = show, show_absent = show_absent, show_message = show_message };

-- mod_gavel: lets gavel follow the rooms of a MUC component without being in them.
--
-- For Prosody 0.12 and 13, with and without Jitsi's modules; load it on each MUC component that gavel looks after.
-- Options, on that component or globally:
--   gavel_jid             gavel's bare JID; default: gavel@gavel.<parent domain of the MUC component>
--   gavel_token_elements  local names of presence children that hold tokens;
--                         default: { "jwt", "token", "jitsi_participant_jwt" }
--
-- gavel is a shadow, not an occupant: its join is answered here, no room counts it and nobody ever receives its
-- presence. It gets a copy of every presence a room publishes, with real JIDs, actors and verified claims.

local st, jid, json = require "util.stanza", require "util.jid", require "util.json";
local encodings = require "util.encodings";
local hmac_sha256 = require "util.hashes".hmac_sha256;
local new_id = require "util.id".short;
local seconds = require "util.time".monotonic; -- since some moment
local t_insert, t_concat = table.insert, table.concat;
local hosts, full_sessions, bare_sessions = prosody.hosts, prosody.full_sessions, prosody.bare_sessions;

local xmlns_muc, xmlns_user = "http://jabber.org/protocol/muc", "http://jabber.org/protocol/muc#user";
local xmlns_nick, xmlns_arrival = "http://jabber.org/protocol/nick", "urn:gavel:arrival:0";
local FIRST = 10000; -- priority of what must happen before any other module looks

local option = module:get_option_string("gavel_jid", "gavel@gavel."..module.host:gsub("^[^.]+%.", ""));
local gavel = jid.prep(option);
local gavel_host = jid.host(gavel);
if not jid.node(gavel) or jid.resource(gavel) then
	module:log("error", "gavel_jid is %q, not a bare JID with a local part: mod_gavel does nothing here", option);
	return;
end
local gavel_component = module:context(gavel_host);
local token_elements = {}; -- by name
for name in module:get_option_set("gavel_token_elements", { "jwt", "token", "jitsi_participant_jwt" }) do
	token_elements[name] = true;
end

local muc = module:depends("muc");
local room_mt = muc.room_mt;
local affiliation_ranks = module:require("muc/util").valid_affiliations;

-- What is kept of a room, by its JID, for room objects come and go with Prosody's cache:
--   shadow: gavel's { full, nick } while it follows the room;  seen: by occupant JID, what gavel was shown last
--   tokens: by real JID, the elements taken out of its latest presence;  pins: by occupant JID, { bare, name }
--   given: by occupant JID, the affiliation somebody entered with as gavel had said, until gavel is shown them
--   locked: gavel has made the room members-only
-- and for the guard:
--   judged: gavel has said who is entitled;  since: when somebody came whom gavel has yet to see
--   named: by bare JID, { rank, promotes, host };  held: by bare JID, { affiliation, at } of what was refused lately
local rooms = {};
local function state_of(room_jid)
	rooms[room_jid] = rooms[room_jid] or { seen = {}, tokens = {}, pins = {}, given = {}, named = {}, held = {} };
	return rooms[room_jid];
end

local arrivals, asked; -- people about to enter, by session and by the id of the question about them

local function unfollow(state)
	state.shadow, state.seen = nil, {};
	state.judged, state.since, state.named, state.held = nil, nil, {}, {};
end

---- Who gavel is ----

-- Nil unless gavel's domain is an external component of this server; without it this module does nothing.
local function component()
	local host = hosts[gavel_host];
	return host and host.type == "component" and host.modules.component or nil;
end

-- The stream gavel is connected by, if it is.
local function connection()
	local external = component();
	return external and external.session or nil;
end

local function is_gavel(address)
	return address and (address == gavel or address:sub(1, #gavel + 1) == gavel.."/");
end

-- Only what comes through gavel's own stream is obeyed: other components may be free to write any sender.
local function from_gavel(event)
	return is_gavel(event.stanza.attr.from) and event.origin == connection();
end

local function shadow_in(room_jid)
	return connection() and rooms[room_jid] and rooms[room_jid].shadow;
end

local function find_room(stanza)
	local room = muc.get_room_from_jid(jid.bare(stanza.attr.to));
	return room and not room._data.destroyed and room or nil;
end

local function answer(event, type, condition) -- always true, so that nobody else handles the stanza
	local stanza = event.stanza;
	if not type then
		event.origin.send(st.reply(stanza));
	elseif stanza.attr.type ~= "error" and stanza.attr.type ~= "result" then
		event.origin.send(st.error_reply(stanza, type, condition));
	end
	return true;
end

-- Methods of rooms that are wrapped here. Another module may wrap ours since, and go on calling it when this one has
-- been unloaded: then `active` is false.
local active, unwrap = true, {};
local function wrap(method, around)
	local inner = room_mt[method];
	local outer = around(inner);
	room_mt[method] = outer;
	t_insert(unwrap, function () if room_mt[method] == outer then room_mt[method] = inner; end end);
end

-- A fault of ours must keep nobody out of a room.
local function attempt(what, work, ...)
	local ok, err = pcall(work, ...);
	if not ok then module:log("error", "%s: %s", what, err); end
end

---- Claims ----

local function payload_of(token)
	local payload = token:match("^[^.]*%.([^.]*)%."):gsub("[-_]", { ["-"] = "+", ["_"] = "/" });
	return encodings.base64.decode(payload..("="):rep(-#payload % 4));
end

local function decode_payload(token)
	return json.decode(payload_of(token));
end

-- The payload of a token that Prosody has verified. auth_token alone proves nothing, it is filled from the URL before
-- any check; jitsi_meet_domain is set by verification only.
local function token_claims(session)
	if not session.auth_token or not session.jitsi_meet_domain then return nil; end
	local ok, claims = pcall(decode_payload, session.auth_token);
	return ok and type(claims) == "table" and claims or {};
end

-- U+FFFE and U+FFFF are no XML characters: one of them would end gavel's stream.
local json_escapes = { ["\239\191\190"] = "\\ufffe", ["\239\191\191"] = "\\uffff" };
local cache = setmetatable({}, { __mode = "k" }); -- by session: { token, text }, as most presence brings nothing new

local function encode_claims(claims)
	local ok, text = pcall(json.encode_ordered, claims);
	return ok and encodings.utf8.valid(text) and text:gsub("\239\191[\190\191]", json_escapes) or "";
end

-- The payload as it stands in a token, where that is an object with something in it, in text that XML carries unchanged
-- and without escaped surrogates, which may be no pairs. gavel will read it: doing so here, too, costs the most.
local function plain_payload(token)
	local ok, text = pcall(payload_of, token);
	local odd = not ok or not text or not text:find('^{ *"') or text:find("%c") or text:find("\239\191[\190\191]")
		or text:find("\\u[dD]");
	return not odd and encodings.utf8.valid(text) and text or nil;
end

local function claims_json(session)
	if not session then return ""; end
	local verified, cached = session.jitsi_meet_domain and session.auth_token, cache[session];
	if cached and cached.token == verified then return cached.text; end
	local text = verified and plain_payload(verified);
	if not text then
		local claims = token_claims(session) or session.jitsi_meet_context_user
			and { context = { user = session.jitsi_meet_context_user, group = session.jitsi_meet_context_group } };
		if not claims or next(claims) == nil then return ""; end
		text = encode_claims(claims);
	end
	cache[session] = verified and { token = verified, text = text } or nil;
	return text;
end

-- Claims of an occupant and the real JID they belong to; of several sessions, those of the first that has some.
local function claims_of(occupant)
	local text = claims_json(full_sessions[occupant.jid]);
	if text ~= "" then return text, occupant.jid; end
	for full, presence in occupant:each_session() do
		text = presence.attr.type == nil and claims_json(full_sessions[full]) or "";
		if text ~= "" then return text, full; end
	end
	return "", occupant.jid;
end

-- An element that only this module can have written, for this stream, holder and place.
local function signed_claims(text, full, place, attr)
	local secret = gavel_component:get_option_string("component_secret", "");
	attr.xmlns = "urn:gavel:claims:0";
	attr.mac = hmac_sha256(secret, t_concat({ connection().streamid, full, place, text }, "\n"), true);
	return st.stanza("claims", attr):text(text);
end

---- What gavel is sent ----

-- Takes gavel out of the room's own books, where it stands from a time without this module.
local function strike_out(room, full)
	local occupant_jid = room:get_occupant_jid(full);
	room._affiliations[gavel] = nil;
	if occupant_jid then room:set_role(true, occupant_jid, nil); end
end

local function invite(room)
	if not connection() or shadow_in(room.jid) then return; end
	strike_out(room, gavel.."/gavel");
	module:send(st.message({ from = room.jid, to = gavel })
		:tag("x", { xmlns = xmlns_user }):tag("invite", { from = room.jid }));
end

local function invite_everywhere()
	if not connection() then return; end
	for room in muc.live_rooms() do invite(room); end
end

local function own_presence(shadow, available) -- with its <x/> still open
	return st.presence({ from = shadow.nick, to = shadow.full, type = not available and "unavailable" or nil })
		:tag("x", { xmlns = xmlns_user })
			:tag("item", { affiliation = "owner", role = available and "moderator" or "none", jid = shadow.full }):up()
			:tag("status", { code = "110" }):up();
end

local function end_shadow(room_jid)
	local shadow = shadow_in(room_jid);
	if not shadow then return; end
	unfollow(rooms[room_jid]);
	module:send(own_presence(shadow));
end

local function add_actor(item, room, actor)
	if actor then item:tag("actor", { jid = actor, nick = jid.resource(room:get_occupant_jid(actor)) }):up(); end
end

-- What of a presence's content concerns gavel, and is all that its copy carries: display names, and claims in any form.
local told = { nick = true, identity = true };

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

-- Sends gavel its copy of a presence. The event is that of muc-broadcast-presence: its stanza is what everybody gets,
-- as yet without its x.
local function show(state, event)
	local room, occupant, stanza = event.room, event.occupant, event.stanza;
	local available = stanza.attr.type == nil;
	if not available and room:get_occupant_by_nick(occupant.nick) then return; end -- hidden from others, but there
	local affiliation, role = room:get_affiliation(occupant.bare_jid) or "none", occupant.role or "none";
	local text, owner = "", occupant.jid;
	if available then text, owner = claims_of(occupant); end
	local full_jids = { owner }; -- the claims' session first; one that has left is shown only where all have
	for full, presence in occupant:each_session() do
		if full ~= owner and not (available and presence.attr.type) then t_insert(full_jids, full); end
	end
	local tokens = available and state.tokens[owner] or {};
	local now = available and fingerprint(stanza, { affiliation, role, text, t_concat(full_jids, "\n") }, tokens) or nil;
	if now and now == state.seen[occupant.nick] then return; end
	state.seen[occupant.nick] = now;

	local attr = { from = occupant.nick, to = state.shadow.full, type = stanza.attr.type, id = stanza.attr.id };
	local copy = st.presence(attr);
	for _, child in ipairs(stanza.tags) do
		if told[child.name] then copy:add_direct_child(child); end
	end
	for _, token in ipairs(tokens) do copy:add_direct_child(token); end
	if available then
		local pin = state.pins[occupant.nick];
		local known = { given = state.given[occupant.nick], pinned = pin and pin.name };
		state.given[occupant.nick] = nil;
		copy:add_direct_child(signed_claims(text, owner, occupant.nick, known));
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

---- What gavel asks ----

local function gavel_joins(event, room)
	local shadow, state = { full = event.stanza.attr.from, nick = event.stanza.attr.to }, state_of(room.jid);
	if room:get_occupant_by_nick(shadow.nick) then return answer(event, "cancel", "conflict"); end
	state.shadow, state.seen = shadow, {};
	for _, occupant in room:each_occupant() do
		local presence, x = occupant:get_presence(), st.stanza("x", { xmlns = xmlns_user });
		attempt("list", show, state, { room = room, occupant = occupant, stanza = presence, x = x });
	end
	module:send(own_presence(shadow, true):up():tag("module", { xmlns = "urn:gavel:module:0", version = "1" }));
	return true;
end

local function gavel_presence(event)
	local stanza, room_jid = event.stanza, jid.bare(event.stanza.attr.to);
	if stanza.attr.type == "unavailable" then
		end_shadow(room_jid);
	elseif stanza.attr.type == nil then
		local room = find_room(stanza);
		if room then strike_out(room, stanza.attr.from); end
		room = find_room(stanza); -- which may have ended with that
		if not room then return answer(event, "cancel", "item-not-found"); end
		if stanza:get_child("x", xmlns_muc) and jid.resource(stanza.attr.to) then return gavel_joins(event, room); end
		if not shadow_in(room_jid) then return answer(event, "cancel", "not-acceptable"); end
	end
	return true;
end

local function gavel_writes(event) -- to one occupant, as from another
	local stanza, room = st.clone(event.stanza), find_room(event.stanza);
	local shadow = room and shadow_in(room.jid);
	local occupant = room and room:get_occupant_by_nick(stanza.attr.to);
	if not shadow then return answer(event, "cancel", "not-acceptable"); end
	if not occupant then return answer(event, "cancel", "item-not-found"); end
	if stanza.attr.type == "error" then return true; end
	stanza.attr.from = shadow.nick;
	room:route_to_occupant(occupant, stanza:tag("x", { xmlns = xmlns_user }):up());
	return true;
end

local function gavel_announces(event) -- to everybody, as from the room itself; no history keeps it
	local message, room = st.clone(event.stanza), find_room(event.stanza);
	if not room or not shadow_in(room.jid) then return answer(event, "cancel", "not-acceptable"); end
	message.attr.from = room.jid;
	room:broadcast(message);
	return true;
end

local function gavel_pings(event) -- XEP-0410
	local room = find_room(event.stanza);
	local shadow, attr = room and shadow_in(room.jid), event.stanza.attr;
	if shadow and shadow.nick == attr.to and shadow.full == attr.from then return answer(event); end
	return answer(event, "cancel", "not-acceptable");
end

-- Straight to the room: the hooks of other modules hide it from all but occupants (muc_hide_all), refuse that somebody
-- is lowered (muc_allowners), or answer twice (muc_lobby_rooms).
for request, method in pairs {
	["iq-get/bare/http://jabber.org/protocol/disco#info:query"] = "handle_disco_info_get_query";
	["iq-get/bare/http://jabber.org/protocol/muc#admin:query"] = "handle_admin_query_get_command";
	["iq-set/bare/http://jabber.org/protocol/muc#admin:query"] = "handle_admin_query_set_command";
	["iq-get/bare/http://jabber.org/protocol/muc#owner:query"] = "handle_owner_query_get_to_room";
} do
	module:hook(request, function (event)
		local room = from_gavel(event) and find_room(event.stanza);
		if room then return room[method](room, event.origin, event.stanza); end
	end, FIRST);
end

-- The same. What gavel has locked lets those in who have claims: gavel has to see first whether they are hosts.
module:hook("iq-set/bare/http://jabber.org/protocol/muc#owner:query", function (event)
	local room = from_gavel(event) and find_room(event.stanza);
	if not room then return; end
	local result = room:handle_owner_query_set_to_room(event.origin, event.stanza);
	if not room._data.destroyed then state_of(room.jid).locked = room:get_members_only() or nil; end
	return result;
end, FIRST);

module:hook("muc-config-submitted/muc#roomconfig_membersonly", function (event) -- by anybody: then it is theirs
	local state = rooms[event.room.jid];
	if state then state.locked = nil; end
end, FIRST);

local function admit(event)
	local room, session = event.room, event.origin;
	local state, bare = rooms[room.jid], jid.bare(event.stanza.attr.from);
	if not state or not state.locked or not room:get_members_only() or room:get_affiliation(bare) then return; end
	if not session or session.full_jid ~= event.stanza.attr.from or claims_json(session) == "" then return; end
	local arrival = arrivals[session];
	local changed = arrival and arrival.changed;
	if room:set_affiliation(true, bare, "member") then
		event.occupant.role = room:get_default_role("member"); -- as it would be, had they been one before
	end
	if arrival then arrival.changed = changed; end -- by others: what gavel has said of them stands
end
module:hook("muc-occupant-pre-join", function (event) attempt("admit", admit, event); end, FIRST);

---- Pinned names ----

local function is_pinned(stanza, name)
	local count = 0;
	for _, tag in ipairs(stanza.tags) do count = count + (tag.name == "nick" and 1 or 0); end
	return count == 1 and stanza:get_child_text("nick", xmlns_nick) == name;
end

-- Makes this name the only one in a presence.
local function pin_name(stanza, name)
	if is_pinned(stanza, name) then return; end
	stanza:maptags(function (tag) if tag.name ~= "nick" then return tag; end end);
	stanza:text_tag("nick", name, { xmlns = xmlns_nick });
end

local function pin_in(room, nick, bare)
	local pin = rooms[room.jid] and rooms[room.jid].pins[nick];
	return pin and pin.bare == bare and pin;
end

local function republish(room, occupant, name)
	local changed = false;
	for full, presence in occupant:each_session() do
		if presence.attr.type == nil and not is_pinned(presence, name) then
			local pinned = st.clone(presence);
			pin_name(pinned, name);
			occupant:set_session(full, pinned);
			changed = true;
		end
	end
	if not changed then return; end
	room:save_occupant(occupant);
	room:publicise_occupant_status(occupant, st.stanza("x", { xmlns = xmlns_user }), nil, nil, nil, occupant.role);
end

local function pin(request, room)
	local occupant = room:get_occupant_by_nick(room.jid.."/"..(request.attr.nick or ""));
	local presence = occupant and request.attr.jid and occupant:get_presence(request.attr.jid);
	if not presence or presence.attr.type then return false; end
	local name = request:get_text();
	state_of(room.jid).pins[occupant.nick] = name ~= "" and { bare = occupant.bare_jid, name = name } or nil;
	if name ~= "" then republish(room, occupant, name); end
	return true;
end

local function unpin_all(_, room)
	state_of(room.jid).pins = {};
	return true;
end

for name, work in pairs { ["pin"] = pin, ["unpin-all"] = unpin_all } do
	module:hook("iq-set/bare/urn:gavel:names:0:"..name, function (event)
		if not from_gavel(event) then return answer(event, "auth", "forbidden"); end
		local room = find_room(event.stanza);
		if not room or not work(event.stanza.tags[1], room) then return answer(event, "cancel", "item-not-found"); end
		return answer(event);
	end, FIRST);
end

module:hook("muc-occupant-pre-change", function (event)
	local before = event.orig_occupant;
	if before.nick ~= event.dest_occupant.nick and pin_in(event.room, before.nick, before.bare_jid) then
		return answer(event, "cancel", "not-acceptable");
	end
end, FIRST);

---- Who is about to enter ----

-- Jitsi's clients name their room as they connect, well before they enter it. gavel is asked at once what their claims
-- are going to give them there; if it has answered by the time they enter, they enter as that, under the name that is
-- theirs. Nobody ever waits for the answer: without one gavel acts when it sees them, as for everybody else. Kept is:
--   room, text (of the claims), stream, since: what was asked, and when;  affiliation, name: what gavel has answered
--   changed: somebody has set their affiliation since, of which gavel did not know
local STANDS = 60; -- for so many seconds

local function forget_arrivals()
	arrivals, asked = setmetatable({}, { __mode = "k" }), setmetatable({}, { __mode = "v" });
end
forget_arrivals();

-- Where Jitsi's domain mapper is configured it names the main MUC component: breakout rooms are not connected to.
local mapper_base = module:get_option_string("muc_mapper_domain_base");
local main_host = mapper_base and module:get_option_string("muc_mapper_domain_prefix", "conference").."."..mapper_base;

local function room_ahead(session)
	local name, tenant = session.jitsi_web_query_room, session.jitsi_web_query_prefix or "";
	local here = (main_host or module.host) == module.host;
	if not here or type(name) ~= "string" or name == "" then return nil; end
	if not main_host and session.host ~= module.host:gsub("^[^.]+%.", "") then return nil; end
	local node = encodings.stringprep.nodeprep((tenant ~= "" and "["..tenant.."]" or "")..name);
	return node and node.."@"..module.host;
end

local function ask_ahead(event)
	local session = event.session;
	local text = connection() and claims_json(session) or "";
	local room_jid = text ~= "" and room_ahead(session);
	if not room_jid then return; end
	local id, full = new_id(), session.full_jid;
	local arrival = { room = room_jid, text = text, stream = connection(), since = seconds() };
	arrivals[session], asked[id] = arrival, arrival;
	module:send(st.iq({ type = "get", id = id, from = module.host, to = gavel.."/gavel" })
		:tag("arrival", { xmlns = xmlns_arrival, room = room_jid, jid = full })
			:add_child(signed_claims(text, full, room_jid.."/", {})));
end

local function listen(host)
	if hosts[host].type == "local" then
		module:context(host):hook("resource-bind", function (event) attempt("arrival", ask_ahead, event); end);
	end
end

module:hook("iq/host", function (event)
	local stanza = event.stanza;
	local arrival = stanza.attr.type == "result" and asked[stanza.attr.id];
	if not arrival or not from_gavel(event) then return; end
	local said = stanza:get_child("arrival", xmlns_arrival);
	asked[stanza.attr.id] = nil;
	if not said then return true; end
	local name = said:get_text();
	arrival.affiliation, arrival.name = said.attr.affiliation, name ~= "" and name or nil;
	return true;
end, FIRST);

module:hook("iq-set/host/"..xmlns_arrival..":forget", function (event) -- gavel judges otherwise from now on
	if not from_gavel(event) then return answer(event, "auth", "forbidden"); end
	forget_arrivals();
	return answer(event);
end, FIRST);

local entering; -- the bare JID of who is being given what gavel has said

-- Sets an affiliation without announcing it as that of somebody absent: it will be in their presence. It is stored if
-- the room is; of a room that is not, nothing is looked for on the disk.
local function set_quietly(room, bare, affiliation)
	local own, broadcast = rawget(room, "broadcast"), room.broadcast;
	local own_save, save = rawget(room, "save"), room.save;
	room.save = function (self, _, ...) return save(self, false, ...); end
	room.broadcast = function (self, stanza, ...)
		local x = stanza.name == "message" and stanza:get_child("x", xmlns_user);
		local item = x and x:get_child("item");
		if not item or item.attr.jid ~= bare then return broadcast(self, stanza, ...); end
	end;
	entering = bare;
	attempt("enter", room.set_affiliation, room, true, bare, affiliation);
	entering, room.broadcast, room.save = nil, own, own_save;
	return room:get_affiliation(bare) == affiliation; -- also where another module has failed when it heard of it
end

-- Gives somebody who is about to enter the affiliation that gavel has said. Nothing is taken away by that.
local function give_ahead(room, occupant, affiliation)
	local bare, rank = occupant.bare_jid, affiliation_ranks[affiliation];
	local before = affiliation_ranks[room:get_affiliation(bare) or "none"];
	if not rank or rank <= before or before < affiliation_ranks.none then return nil; end
	if occupant.role == "visitor" and rank < affiliation_ranks.admin then return nil; end
	if not set_quietly(room, bare, affiliation) then return nil; end
	occupant.role = room:get_default_role(affiliation) or occupant.role;
	return affiliation;
end

local function is_elsewhere_in(room, bare) -- then others would see them change
	for _, session in pairs(bare_sessions[bare] and bare_sessions[bare].sessions or {}) do
		if room:get_occupant_jid(session.full_jid) then return true; end
	end
	return false;
end

local function enter_as_said(event)
	local room, session, occupant, stanza = event.room, event.origin, event.occupant, event.stanza;
	local arrival = arrivals[session];
	if not arrival or arrival.room ~= room.jid then return; end
	arrivals[session] = nil; -- whoever comes again is seen to by gavel
	if arrival.stream ~= connection() or seconds() >= arrival.since + STANDS then return; end
	if session.full_jid ~= stanza.attr.from or claims_json(session) ~= arrival.text then return; end
	if not event.is_first_session or is_elsewhere_in(room, occupant.bare_jid) then return; end
	if arrival.name then
		state_of(room.jid).pins[occupant.nick] = { bare = occupant.bare_jid, name = arrival.name };
		pin_name(stanza, arrival.name);
	end
	if arrival.affiliation and not arrival.changed then
		state_of(room.jid).given[occupant.nick] = give_ahead(room, occupant, arrival.affiliation);
	end
end

---- What arrives for a room ----

local taken_out = setmetatable({}, { __mode = "k" }); -- token elements, by the stanza they were in
local accepted = {}; -- room, full JID and tokens of the presence being handled

local function is_ours(tag)
	local xmlns = tag.attr.xmlns;
	return xmlns and xmlns:find("urn:gavel:", 1, true) == 1;
end

local function is_private(tag) -- what nobody but gavel is to see
	return token_elements[tag.name] or is_ours(tag);
end

local function has_private(stanza)
	for _, tag in ipairs(stanza.tags) do
		if is_private(tag) then return true; end
	end
	return false;
end

local function client_presence(stanza)
	local tokens = {};
	if has_private(stanza) then
		stanza:maptags(function (tag)
			if not is_private(tag) then return tag; end
			if not is_ours(tag) then t_insert(tokens, tag); end
		end);
	end
	taken_out[stanza] = tokens[1] and tokens;
	local state = rooms[jid.bare(stanza.attr.to)];
	if not state or next(state.pins) == nil or stanza.attr.type == "error" then return; end
	local room = find_room(stanza);
	local nick = room and room:get_occupant_jid(stanza.attr.from);
	local pinned = nick and pin_in(room, nick, jid.bare(stanza.attr.from));
	if pinned then pin_name(stanza, pinned.name); end
end

for _, kind in ipairs { "presence", "iq", "message" } do
	for _, to in ipairs { "full", "bare" } do
		module:hook(kind.."/"..to, function (event)
			local stanza = event.stanza;
			if not component() then return; end
			if not is_gavel(stanza.attr.from) then
				if kind == "presence" then client_presence(stanza); end
			elseif not from_gavel(event) then
				return answer(event, "auth", "forbidden");
			elseif kind == "presence" then
				return gavel_presence(event);
			elseif kind == "message" and to == "full" then
				return gavel_writes(event);
			elseif kind == "message" and stanza.attr.type == "groupchat" then
				return gavel_announces(event);
			elseif kind == "iq" and to == "full" and stanza.attr.type == "get"
				and stanza:get_child("ping", "urn:xmpp:ping") then
				return gavel_pings(event);
			end
		end, FIRST);
	end
end

-- Last, when all others have let it in. A join may have waited in a queue since it arrived (muc_meeting_id).
local function accept(event)
	accepted = { room = event.room, full = event.stanza.attr.from, tokens = taken_out[event.stanza] };
end
module:hook("muc-occupant-pre-join", function (event)
	accept(event);
	attempt("enter", enter_as_said, event);
end, -FIRST);
module:hook("muc-occupant-pre-change", accept, -FIRST);

---- What rooms do ----

-- Runs `work` after all handlers of an event, whatever they return.
local function after(name, work)
	module:wrap_event(name, function (handlers, event_name, event)
		local result = handlers(event_name, event);
		attempt(name, work, event, event.room);
		return result;
	end);
end

after("muc-broadcast-presence", function (event, room)
	local is_new = accepted.room == room;
	local state = is_new and accepted.tokens and state_of(room.jid) or rooms[room.jid];
	if not state then return; end
	for full, presence in event.occupant:each_session() do
		if presence.attr.type then
			state.tokens[full] = nil;
		elseif is_new and accepted.full == full then
			state.tokens[full], accepted = accepted.tokens, {};
		end
	end
	local shadow = shadow_in(room.jid);
	if shadow and shadow.nick == event.occupant.nick then -- taken by somebody: gavel comes back under another
		end_shadow(room.jid);
		invite(room);
	elseif shadow then
		show(state, event);
	end
end);

-- Jitsi gives features (recording, dial-out …) with a promotion, and takes them back only where an occupant lowers.
local function restore_features(bare)
	for _, session in pairs(bare_sessions[bare] and bare_sessions[bare].sessions or {}) do
		local claims = token_claims(session);
		local context = claims and type(claims.context) == "table" and claims.context or {};
		session.jitsi_meet_context_features = type(context.features) == "table" and context.features or nil;
		for _, field in ipairs { "pre_grant_jitsi_meet_context_features", "granted_jitsi_meet_context_features",
			"granted_jitsi_meet_context_user_id", "granted_jitsi_meet_context_group_id", "force_permissions_update" } do
			session[field] = nil;
		end
	end
end

after("muc-set-affiliation", function (event, room)
	if entering == event.jid then return; end -- gavel has said so
	for _, session in pairs(bare_sessions[event.jid] and bare_sessions[event.jid].sessions or {}) do
		local arrival = arrivals[session];
		if arrival and arrival.room == room.jid then arrival.changed = true; end
	end
	if rooms[room.jid] then rooms[room.jid].held[event.jid] = nil; end
	if is_gavel(event.actor) and affiliation_ranks[event.affiliation] < affiliation_ranks[event.previous_affiliation] then
		restore_features(event.jid);
	end
	local shadow = shadow_in(room.jid);
	if not shadow or event.in_room then return; end -- occupants' presence tells
	local message = st.message({ from = room.jid, to = shadow.full }):tag("x", { xmlns = xmlns_user })
		:tag("item", { affiliation = event.affiliation, jid = event.jid });
	add_actor(message, room, event.actor);
	module:send(message);
end);

after("muc-broadcast-message", function (event, room)
	local shadow = event.stanza.attr.from == room.jid and shadow_in(room.jid);
	local x = shadow and event.stanza:get_child("x", xmlns_user);
	if x and x:get_child("status") then -- the configuration has changed
		module:send(st.message({ from = room.jid, to = shadow.full, type = "groupchat" }):add_child(st.clone(x)));
	end
end);

module:hook("muc-occupant-joined", function (event) invite(event.room); end, FIRST);
module:hook("muc-room-restored", function (event) if event.room:has_occupant() then invite(event.room); end end);

module:hook("muc-occupant-left", function (event)
	local state = rooms[event.room.jid];
	if not state then return; end
	state.pins[event.nick], state.given[event.nick], state.held[event.occupant.bare_jid] = nil, nil, nil;
	for full in event.occupant:each_session() do state.tokens[full] = nil; end
end, FIRST);

module:hook("muc-room-destroyed", function (event)
	local shadow = shadow_in(event.room.jid);
	rooms[event.room.jid] = nil;
	if shadow then module:send(own_presence(shadow):tag("destroy", { jid = event.newjid })); end
end, FIRST);

---- What gavel may do: all that an owner may, without being listed as one ----

wrap("get_affiliation", function (inner)
	return function (room, address, ...)
		if active and is_gavel(address) and component() then return "owner"; end
		return inner(room, address, ...);
	end
end);

module:hook("muc-pre-set-affiliation", function (event)
	if not component() or not is_gavel(event.jid) and event.jid ~= gavel_host then return; end
	event.allowed = false;
	return true;
end, FIRST);

module:hook("muc-pre-set-role", function (event)
	if not component() or not is_gavel(event.actor) then return; end
	if event.occupant.role == "moderator" and event.role ~= "moderator" then restore_features(event.occupant.bare_jid); end
	event.allowed = true;
	return true;
end, FIRST);

---- The guard: who is not entitled is moderator not even for a moment ----

-- gavel's lease on this component: { session, renewed, ends, grants, spares_guests, machines }. While it lasts, nobody
-- but those whom gavel has named, or by whom it has named as promoting, becomes owner, admin or role moderator in the
-- rooms that gavel has judged, and in those it is just being invited to. gavel renews it all the time, so that the
-- guard opens where gavel is away, or hangs.
local lease;
local OPENS = 9; -- after so many seconds without gavel, at most

local function guarded(room) -- what is kept of the room, if the guard is shut there
	local state = rooms[room.jid];
	if not state or not lease or lease.session ~= connection() then return nil; end
	local time = seconds();
	local shut = state.judged or state.since and time < state.since + OPENS;
	return shut and time < lease.ends and state or nil;
end

local function rank_in(room, bare)
	return affiliation_ranks[room:get_affiliation(bare) or "none"];
end

local function is_machine(address)
	return lease.machines[jid.bare(address)] or lease.machines[jid.host(address)];
end

local function has_claims(bare)
	for _, session in pairs(bare_sessions[bare] and bare_sessions[bare].sessions or {}) do
		if claims_json(session) ~= "" then return true; end
	end
	return false;
end

local function may_rise(state, bare, rank, actor)
	if is_gavel(actor) or entering == bare or is_machine(bare) then return true; end
	local named, by = state.named[bare], actor and state.named[jid.bare(actor)];
	if named and rank <= named.rank then return true; end
	return by and by.promotes and lease.grants or lease.spares_guests and not has_claims(bare);
end

-- Whether somebody may not throw somebody out; the server's own modules may (a device switch, an admin's tool).
local function may_not_remove(state, bare, actor)
	if not actor or is_gavel(actor) or jid.bare(actor) == bare then return false; end
	if jid.node(bare) then return state.named[bare] and state.named[bare].host; end
	for host, named in pairs(state.named) do -- a ban of a whole domain
		if named.host and jid.host(host) == bare then return true; end
	end
	return false;
end

-- What a server module or the focus wanted to give, and will not try again: where gavel turns out to be away, or leaves
-- the matter to them, they shall have it.
local function hold(state, bare, affiliation)
	for other, held in pairs(state.held) do
		if held.at + OPENS < seconds() then state.held[other] = nil; end
	end
	state.held[bare] = { affiliation = affiliation, at = seconds() };
end

local function give_back(room, bare, affiliation)
	if rank_in(room, bare) < affiliation_ranks[affiliation] then room:set_affiliation(true, bare, affiliation); end
end

local function give_back_all(room, state, refused_since)
	local all = {};
	for _, occupant in room:each_occupant() do
		local held = state.held[occupant.bare_jid];
		if held and held.at >= refused_since then all[occupant.bare_jid] = held.affiliation; end
	end
	state.held = {};
	for bare, affiliation in pairs(all) do give_back(room, bare, affiliation); end
end

local function log_refusal(room, actor, what, whom)
	if actor and rank_in(room, actor) < affiliation_ranks.admin then return; end -- who may not anyway can try for ever
	module:log("info", "The guard keeps %s in %s from: %s %s", actor or "a server module", room.jid, what, whom);
end

local rising = {}; -- room and bare JID of a rise that was let through, until it is done

module:hook("muc-pre-set-affiliation", function (event)
	local room, bare, actor = event.room, event.jid, event.actor;
	local state, refused = guarded(room), false;
	rising = {};
	if not state then return; end
	local rank = affiliation_ranks[event.affiliation];
	if rank >= affiliation_ranks.admin and rank > rank_in(room, bare) then
		refused = not may_rise(state, bare, rank, actor);
		if not refused then
			rising = { room = room, bare = bare };
		elseif not actor or is_machine(actor) then
			hold(state, bare, event.affiliation);
		end
	elseif not room:get_default_role(event.affiliation ~= "none" and event.affiliation or nil) then
		refused = may_not_remove(state, bare, actor);
	end
	if not refused then return; end
	log_refusal(room, actor, "affiliation "..event.affiliation.." for", bare);
	event.allowed = false;
	return true;
end, FIRST - 1);
module:hook("muc-set-affiliation", function () rising = {}; end, -FIRST);

local function may_not_set_role(state, room, occupant, role, actor)
	local bare, admin = occupant.bare_jid, affiliation_ranks.admin;
	if role == "moderator" then
		return occupant.role ~= role and rank_in(room, bare) < admin and not may_rise(state, bare, admin, actor);
	end
	return (not role or role == "none") and may_not_remove(state, bare, actor);
end

wrap("set_role", function (inner)
	return function (room, actor, nick, role, ...)
		local state = active and actor and guarded(room);
		local occupant = state and room._occupants[nick];
		if not occupant then return inner(room, actor, nick, role, ...); end
		local person = actor ~= true and actor or nil;
		if may_not_set_role(state, room, occupant, role, person) then
			log_refusal(room, person, "role "..(role or "none").." for", occupant.bare_jid);
			return nil, "cancel", "not-allowed";
		end
		rising = { room = room, bare = occupant.bare_jid };
		local done, kind, condition = inner(room, actor, nick, role, ...);
		rising = {};
		return done, kind, condition;
	end
end);

-- Modules write roles straight into an occupant, too (token_affiliation, muc_flip): what counts is what is saved.
local function keep_down(state, room, occupant)
	local before, bare = room._occupants[occupant.nick], occupant.bare_jid;
	if before and before.role == "moderator" or rising.bare == bare and rising.room == room then return; end
	if rank_in(room, bare) >= affiliation_ranks.admin or may_rise(state, bare, affiliation_ranks.admin) then return; end
	log_refusal(room, nil, "role moderator for", bare);
	occupant.role = before and before.role or room:get_default_role(room:get_affiliation(bare)) or "participant";
end

wrap("save_occupant", function (inner)
	return function (room, occupant, ...)
		local state = occupant.role == "moderator" and active and guarded(room);
		if state then attempt("guard", keep_down, state, room, occupant); end
		return inner(room, occupant, ...);
	end
end);

-- Reserving an occupant's nick for another JID throws the occupant out. Prosody 0.12 and 13 do that before they look
-- whether somebody may: with or without the guard it is for moderators alone.
module:hook("iq-set/bare/http://jabber.org/protocol/muc#admin:query", function (event)
	local room, actor = connection() and find_room(event.stanza), event.stanza.attr.from;
	if not room then return; end
	local state, may = guarded(room), rank_in(room, actor) >= affiliation_ranks.admin;
	for item in event.stanza.tags[1]:childtags("item") do
		local nick = item.attr.jid and item.attr.nick and encodings.stringprep.resourceprep(item.attr.nick);
		local occupant = nick and room._occupants[room.jid.."/"..nick];
		if occupant and jid.prep(item.attr.jid) ~= occupant.bare_jid
			and (not may or state and may_not_remove(state, occupant.bare_jid, actor)) then
			log_refusal(room, actor, "the nick of", occupant.bare_jid);
			return answer(event, "cancel", "not-allowed");
		end
	end
end, FIRST - 1);

local function only_machines_in(room)
	for _, occupant in room:each_occupant() do
		if not is_machine(occupant.bare_jid) then return false; end
	end
	return true;
end

-- Nobody comes for a room, or nobody says who is entitled there.
local function open_unjudged(room_jid)
	local state = rooms[room_jid];
	if not state or not state.since or seconds() < state.since + OPENS then return; end
	local room = muc.get_room_from_jid(room_jid);
	if room then
		give_back_all(room, state, state.since);
	elseif not state.shadow then
		rooms[room_jid] = nil; -- a room that was not to be
	end
end

local function watch_unjudged(room_jid)
	module:add_timer(OPENS, function () attempt("open", open_unjudged, room_jid); end);
end

-- The first person in a room is there before gavel: Prosody makes the creator owner, others whom a token names.
local function entered(event)
	local room = event.room;
	if not lease or lease.session ~= connection() or seconds() >= lease.ends then return; end
	local state = state_of(room.jid);
	local begun = state.since and (room:has_occupant() or seconds() < state.since + OPENS);
	if state.judged or begun or not only_machines_in(room) then return; end
	state.since = seconds();
	watch_unjudged(room.jid);
end
for _, name in ipairs { "muc-room-pre-create", "muc-occupant-pre-join" } do
	module:hook(name, function (event) attempt(name, entered, event); end, FIRST);
end

local function lapse()
	local over = lease;
	lease = nil;
	module:log("warn", "gavel has not been heard of: until it is, the guard is open for the rooms of %s", module.host);
	for room_jid, state in pairs(rooms) do -- the others have timers of their own
		local room = state.judged and next(state.held) and muc.get_room_from_jid(room_jid);
		if room then attempt("lapse", give_back_all, room, state, over.renewed); end
	end
end

local watching = false;
local function watch_lease()
	watching = false;
	if not lease then return; end
	local left = lease.ends - seconds();
	if left <= 0 or lease.session ~= connection() then return lapse(); end
	watching = true;
	return left;
end

local function begin_lease(new)
	lease = new;
	if not watching then
		watching = true;
		module:add_timer(math.max(new.ends - seconds(), 0), watch_lease);
	end
end

module:hook("iq-set/host/urn:gavel:guard:0:lease", function (event)
	if not from_gavel(event) then return answer(event, "auth", "forbidden"); end
	local request, machines = event.stanza.tags[1], {};
	local length = math.min(tonumber(request.attr.seconds) or 0, OPENS);
	for child in request:childtags("infrastructure") do machines[child.attr.jid or ""] = true; end
	if length <= 0 then
		lease = nil;
	else
		begin_lease { session = connection(), renewed = seconds(), ends = seconds() + length, machines = machines,
			grants = request.attr.grants ~= "none", spares_guests = request.attr.guests == "ignore" };
	end
	return answer(event);
end, FIRST);

local function name_person(state, room, child)
	local bare, rank = child.attr.jid, affiliation_ranks[child.attr.affiliation];
	if not bare then return; end
	if not rank or rank < affiliation_ranks.admin then
		state.named[bare] = nil;
		return;
	end
	state.named[bare] = { rank = rank, promotes = child.attr.promotes == "true", host = child.attr.host == "true" };
	local held = state.held[bare];
	if held and affiliation_ranks[held.affiliation] <= rank then
		state.held[bare] = nil;
		give_back(room, bare, held.affiliation);
	end
end

module:hook("iq-set/bare/urn:gavel:guard:0:guard", function (event)
	if not from_gavel(event) then return answer(event, "auth", "forbidden"); end
	local room = find_room(event.stanza);
	if not room or not shadow_in(room.jid) then return answer(event, "cancel", "item-not-found"); end
	local state, request = rooms[room.jid], event.stanza.tags[1];
	if request.attr.all == "true" then state.named = {}; end
	for child in request:childtags("person") do name_person(state, room, child); end
	if not state.judged then state.judged, state.since, state.held = true, nil, {}; end
	return answer(event);
end, FIRST);

---- Coming and going ----

-- A component that connects knows nothing of what the one before was sent. Its host may start after this one.
local function watch(host)
	listen(host);
	if host ~= gavel_host then return; end
	gavel_component:hook("component-authenticated", function ()
		forget_arrivals();
		for _, state in pairs(rooms) do unfollow(state); end
		invite_everywhere();
	end);
end
for host in pairs(hosts) do watch(host); end
module:hook_global("host-activated", watch);

module:add_timer(1, function () -- all hosts have started by then
	if component() then return; end
	module:log("warn", "%s is not an external component of this server, so mod_gavel does nothing here: "
		.."add Component %q with a component_secret, or set gavel_jid", gavel_host, gavel_host);
end);

function module.load()
	if not module.reloading then invite_everywhere(); end
end

function module.save()
	return { rooms = rooms, session = connection(), lease = lease };
end

function module.restore(saved)
	rooms = saved.rooms or {};
	for room_jid, state in pairs(rooms) do
		-- An older version has saved none.
		state.given, state.named, state.held = state.given or {}, state.named or {}, state.held or {};
		if saved.session == connection() and state.shadow and is_gavel(state.shadow.full) then
			state.seen = {};
		else
			unfollow(state);
		end
		if state.since then watch_unjudged(room_jid); end
	end
	if saved.lease then begin_lease(saved.lease); end
	invite_everywhere();
end

function module.unload()
	active = false;
	for _, undo in ipairs(unwrap) do undo(); end
	if module.reloading then return; end
	for room_jid in pairs(rooms) do end_shadow(room_jid); end
end

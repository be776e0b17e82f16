-- gavel is a shadow, not an occupant: its join is answered here, no room counts it and nobody ever receives its
-- presence. It gets a copy of every presence a room publishes.
local st, jid = require "util.stanza", require "util.jid";
local daemon, hooks = module.part "daemon", module.part "hooks";
local state, copies = module.part "state", module.part "copies";
local entering, moment, release = module.part "entering", module.part "moment", module.part "release";
local facts = module.part "facts";
local FIRST, answer = hooks.FIRST, daemon.answer;

local xmlns_muc, xmlns_user = "http://jabber.org/protocol/muc", "http://jabber.org/protocol/muc#user";

-- By room JID, while gavel follows the room: its own { full, nick }, and by occupant JID the copy it was shown last
-- (seen).
local shadows = state.while_followed "shadow";

local function shadow_in(room_jid)
	return daemon.connection() and shadows[room_jid];
end

-- Takes gavel out of the room's own books, if it stands there from a time without this module.
local function strike_out(room, full)
	local occupant_jid = room:get_occupant_jid(full);
	room._affiliations[daemon.jid] = nil;
	if occupant_jid then room:set_role(true, occupant_jid, nil); end
end

-- `by` has brought it about, if somebody has: if many rooms wait for gavel, each of those people has a turn.
local function invite(room, by)
	if not daemon.connection() or shadow_in(room.jid) then return; end
	strike_out(room, daemon.jid.."/gavel");
	module:send(st.message({ from = room.jid, to = daemon.jid })
		:tag("x", { xmlns = xmlns_user }):tag("invite", { from = by or room.jid }));
end

local function invite_everywhere()
	if not daemon.connection() then return; end
	for room in daemon.muc.live_rooms() do invite(room); end
end

local function own_presence(shadow, available) -- with its <x/> still open
	return st.presence({ from = shadow.nick, to = shadow.full, type = not available and "unavailable" or nil })
		:tag("x", { xmlns = xmlns_user })
			:tag("item", { affiliation = "owner", role = available and "moderator" or "none", jid = shadow.full }):up()
			:tag("status", { code = "110" }):up();
end

local function finish(room_jid)
	local shadow = shadow_in(room_jid);
	if not shadow then return; end
	state.unfollow(room_jid);
	module:send(own_presence(shadow));
end

local function finish_all()
	local room_jids = {};
	for room_jid in pairs(shadows) do table.insert(room_jids, room_jid); end
	for _, room_jid in ipairs(room_jids) do finish(room_jid); end
end

---- Stanzas from gavel to a room ----

local function join(event, room)
	local shadow = { full = event.stanza.attr.from, nick = event.stanza.attr.to, seen = {} };
	if room:get_occupant_by_nick(shadow.nick) then return answer(event, "cancel", "conflict"); end
	shadows[room.jid] = shadow;
	for _, occupant in room:each_occupant() do
		local presence, x = occupant:get_presence(), st.stanza("x", { xmlns = xmlns_user });
		local listed = { room = room, occupant = occupant, stanza = presence, x = x };
		hooks.attempt("list", copies.show, shadow, listed);
	end
	local said = release.element(room);
	hooks.attempt("facts", facts.add, said, room, shadow.full);
	module:send(own_presence(shadow, true):up():add_child(said));
	return true;
end

local function on_presence(event)
	local stanza, room_jid = event.stanza, jid.bare(event.stanza.attr.to);
	if stanza.attr.type == "unavailable" then
		finish(room_jid);
	elseif stanza.attr.type == nil then
		local room = daemon.find_room(stanza);
		if room then strike_out(room, stanza.attr.from); end
		room = daemon.find_room(stanza); -- which may have ended with that
		if not room then return answer(event, "cancel", "item-not-found"); end
		if stanza:get_child("x", xmlns_muc) and jid.resource(stanza.attr.to) then return join(event, room); end
		if not shadow_in(room_jid) then return answer(event, "cancel", "not-acceptable"); end
	end
	return true;
end

local function on_message(event) -- to one occupant, as from another
	local stanza, room = st.clone(event.stanza), daemon.find_room(event.stanza);
	local shadow = room and shadow_in(room.jid);
	local occupant = room and room:get_occupant_by_nick(stanza.attr.to);
	if not shadow then return answer(event, "cancel", "not-acceptable"); end
	if not occupant then return answer(event, "cancel", "item-not-found"); end
	if stanza.attr.type == "error" then return true; end
	stanza.attr.from = shadow.nick;
	room:route_to_occupant(occupant, stanza:tag("x", { xmlns = xmlns_user }):up());
	return true;
end

local function on_announcement(event) -- to everybody, as from the room itself; no history keeps it
	if event.stanza.attr.type ~= "groupchat" then return; end
	local message, room = st.clone(event.stanza), daemon.find_room(event.stanza);
	if not room or not shadow_in(room.jid) then return answer(event, "cancel", "not-acceptable"); end
	message.attr.from = room.jid;
	room:broadcast(message);
	return true;
end

local function on_ping(event) -- XEP-0410
	if event.stanza.attr.type ~= "get" or not event.stanza:get_child("ping", "urn:xmpp:ping") then return; end
	local attr = event.stanza.attr;
	local shadow = shadow_in(jid.bare(attr.to)); -- the room itself may be on disk, and is left there
	if shadow and shadow.nick == attr.to and shadow.full == attr.from then return answer(event); end
	return answer(event, "cancel", "not-acceptable");
end

for name, work in pairs {
	["presence/full"] = on_presence, ["presence/bare"] = on_presence;
	["message/full"] = on_message, ["message/bare"] = on_announcement, ["iq/full"] = on_ping;
} do
	hooks.serve(name, function (event) if daemon.from_gavel(event) then return work(event); end end);
end

---- Events of rooms ----

hooks.after("muc-broadcast-presence", function (event, room)
	local shadow = shadow_in(room.jid);
	if shadow and shadow.nick == event.occupant.nick then -- taken by somebody: gavel comes back under another
		shadows[room.jid] = nil; -- the other records of the room stay until then
		module:send(own_presence(shadow));
		invite(room);
	elseif shadow then
		copies.show(shadow, event);
	end
end);

local function is_in(room, bare)
	for _, occupant in room:each_occupant() do
		if occupant.bare_jid == bare then return true; end
	end
	return false;
end

-- If somebody has entered in the meantime, their presence has told it. The presences of people whose whole domain is
-- banned do not name the domain.
hooks.after("muc-set-affiliation", function (event, room)
	local told = event.in_room and jid.node(event.jid);
	if not shadow_in(room.jid) or told or entering.is_entering(event.jid) then return; end
	local waits = moment.is_open();
	moment.finally(function ()
		local shadow = shadow_in(room.jid);
		if not shadow or waits and is_in(room, event.jid) then return; end
		copies.show_absent(shadow, event);
	end);
end);

hooks.after("muc-broadcast-message", function (event, room)
	local shadow = shadow_in(room.jid);
	if shadow then copies.show_message(shadow, event); end
end);

hooks.hook("muc-occupant-joined", function (event)
	invite(event.room, event.occupant.bare_jid);
end, FIRST);
hooks.hook("muc-room-restored", function (event) if event.room:has_occupant() then invite(event.room); end end);

hooks.hook("muc-room-destroyed", function (event)
	local shadow = shadow_in(event.room.jid);
	state.forget(event.room.jid);
	if shadow then module:send(own_presence(shadow):tag("destroy", { jid = event.newjid })); end
end, FIRST);

-- After a reload gavel still follows its rooms if it is connected as it was, and is shown everybody again.
local function restore(rooms, session)
	for room_jid in pairs(rooms) do
		local shadow = shadows[room_jid];
		if session ~= daemon.connection() or shadow and not daemon.is_gavel(shadow.full) then
			state.unfollow(room_jid);
		elseif shadow then
			shadow.seen = {};
		end
	end
end

return {
	shadow_in = shadow_in, invite_everywhere = invite_everywhere, finish_all = finish_all, restore = restore;
};

-- People who have dropped out of a breakout room get back into it for a while: they come by the same JID, or, after a
-- reload of the page, with the same verified user id. Somebody who has left for another room, was thrown out, or was
-- sent elsewhere since, has not dropped out.
local jid = require "util.jid";
local seconds = require "util.time".monotonic; -- since some moment
local full_sessions = prosody.full_sessions;
local hooks, claims, seats = module.part "hooks", module.part "claims", module.part "seats";

local WHILE = 60; -- seconds
local SAME = 120; -- seconds; an id that two people have carried for longer names nobody

-- By room JID, the time until which somebody gets back in, by bare JID or user id. Rooms end when all have dropped out.
local rights = {};

-- The verified user id of a session, false if it has none. A person who takes up a connection again may bring another
-- token.
local function user_id(session)
	local known = session.gavel or {};
	if known.user_id == nil or known.token ~= session.auth_token then
		local held = claims.token_claims(session);
		local user = held and type(held.context) == "table" and held.context.user;
		local id = type(user) == "table" and user.id;
		local names = type(id) == "string" and id ~= "" or type(id) == "number"; -- null does not
		known.user_id, known.token = names and tostring(id) or false, session.auth_token;
	end
	return known.user_id;
end

-- The keys of rights: of a bare JID, and of a user id.
local function keys_of(bare, id)
	return id and { "jid:"..bare, "id:"..id } or { "jid:"..bare };
end

-- Says whether an id is that of somebody else in a room, who has been there for longer than a ghost stays.
local function is_anothers(room, id, full)
	for _, occupant in room:each_occupant() do
		for other in occupant:each_session() do
			local session = other ~= full and full_sessions[other];
			local since = session and user_id(session) == id and seats.find(other).seats[room.jid];
			if since and since + SAME < seconds() then return true; end
		end
	end
	return false;
end

local function prune()
	for room_jid, keys in pairs(rights) do
		for key, ends in pairs(keys) do
			if ends < seconds() then keys[key] = nil; end
		end
		if next(keys) == nil then rights[room_jid] = nil; end
	end
end

local function drops_out(room, full, session)
	local id, main = session and user_id(session), seats.room_at(seats.meeting(room));
	if id and (is_anothers(room, id, full) or main and is_anothers(main, id, full)) then id = nil; end
	prune();
	rights[room.jid] = rights[room.jid] or {};
	for _, key in ipairs(keys_of(jid.bare(full), id)) do rights[room.jid][key] = seconds() + WHILE; end
end

hooks.hook("muc-occupant-left", function (event)
	local room, stanza, origin = event.room, event.stanza, event.origin;
	if not stanza or stanza.attr.type ~= "unavailable" or stanza:get_child_text("status") == "switch_room" then return; end
	if seats.meeting(room) == room.jid then return; end
	local full = stanza.attr.from;
	local session = full_sessions[full] or origin and origin.full_jid == full and origin;
	drops_out(room, full, session);
end, hooks.FIRST);

-- Somebody's client may be gone before the server has noticed.
local function is_ghost_in(room, id)
	for _, occupant in room:each_occupant() do
		for full in occupant:each_session() do
			local session = full_sessions[full];
			if session and session.hibernating and user_id(session) == id then return true; end
		end
	end
	return false;
end

local function may_return(room, session, bare)
	local id, known = session.full_jid and user_id(session), rights[room.jid] or {};
	for _, key in ipairs(keys_of(bare, id)) do
		if known[key] and known[key] >= seconds() then return true; end
	end
	return id and is_ghost_in(room, id) or false;
end

local function end_keys(known, bare, id)
	for _, key in ipairs(keys_of(bare, id)) do known[key] = nil; end
end

hooks.hook("muc-occupant-joined", function (event)
	local full, known = event.stanza.attr.from, rights[event.room.jid];
	local session = full_sessions[full];
	if known then end_keys(known, jid.bare(full), session and user_id(session)); end
end, -hooks.FIRST);

return {
	may_return = may_return;
	-- Somebody was sent elsewhere.
	end_of = function (full)
		local session = full_sessions[full];
		for _, known in pairs(rights) do end_keys(known, jid.bare(full), session and user_id(session)); end
	end;
	save = function () return rights; end;
	restore = function (saved) rights = saved or {}; end;
};

-- The seats of people: the rooms that somebody is in at the moment, and the meeting that a room belongs to. In Jitsi
-- a meeting is a main room with its breakout rooms, which are another component's.
local jid = require "util.jid";
local seconds = require "util.time".monotonic; -- since some moment
local hosts, full_sessions = prosody.hosts, prosody.full_sessions;
local daemon, hooks = module.part "daemon", module.part "hooks";
local jitsi, claims = module.part "jitsi", module.part "claims";

-- The record of somebody by gavel's modules of all services. It lies in their session, and ends with it:
--   seats: by room JID, since when;  lists: by meeting, as gavel has said (permissions.lib.lua)
--   told, untold: of Jitsi's features (features.lib.lua)
-- People of other servers have no session here.
local remote = module:shared("/*/gavel/remote"); -- by full JID

local function find(full)
	local session = full_sessions[full];
	if session then return session.gavel; end
	return remote[full];
end

local function begin(session)
	session.gavel = { seats = {}, lists = {} };
	return session.gavel;
end

local function book(full)
	local found = find(full);
	if found then return found; end
	if full_sessions[full] then return begin(full_sessions[full]); end
	remote[full] = { seats = {}, lists = {} };
	return remote[full];
end

-- The record of a full JID, or of all sessions of a bare one.
local function known_of(address)
	local all = {};
	if jid.resource(address) then
		all[address] = find(address);
	else
		for _, session in claims.sessions(address) do all[session.full_jid] = book(session.full_jid); end
	end
	return pairs(all);
end

local function room_at(room_jid)
	local host = hosts[jid.host(room_jid)];
	return host and host.modules.muc and host.modules.muc.get_room_from_jid(room_jid) or nil;
end

---- Meetings ----

local main_of = setmetatable({}, { __mode = "k" }); -- by room: the JID of its main room

-- The main room of a breakout room, as the room's configuration form names it.
local function named_main(room)
	for _, field in ipairs(room:get_form_layout(daemon.jid.."/gavel")) do
		if (field.var or field.name) == "muc#roominfo_breakout_main_room" then return field.value; end
	end
end

-- The main room's JID; a room that is no breakout room is its own.
local function meeting(room)
	if jid.host(room.jid) == jitsi.main_host then return room.jid; end
	if not main_of[room] then
		local ok, named = pcall(named_main, room); -- other modules' functions fail on a breakout room without main room
		if not ok then return room.jid; end
		main_of[room] = type(named) == "string" and jitsi.as_stored(named) or room.jid;
	end
	return main_of[room];
end

---- Seats ----

local function sit(room, full)
	local seats = book(full).seats;
	seats[room.jid] = seats[room.jid] or seconds();
end

-- The seats of a full JID: { room, occupant, meeting, since } each. While somebody exchanges their nick, there is a
-- moment in which the room knows neither: their seat stays.
local function of(full)
	local found, known = {}, find(full);
	for room_jid, since in pairs(known and known.seats or {}) do
		local room = room_at(room_jid);
		local nick = room and room:get_occupant_jid(full);
		local occupant = nick and room._occupants[nick];
		if occupant then
			table.insert(found, { room = room, occupant = occupant, meeting = meeting(room), since = since });
		elseif not room then
			known.seats[room_jid] = nil;
		end
	end
	return found;
end

hooks.hook("muc-occupant-session-new", function (event) -- also for people whom a module has thrown out in the meantime
	if event.room:get_occupant_jid(event.jid) then sit(event.room, event.jid); end
end, hooks.FIRST);

local function stand_up(room, full)
	local known = find(full);
	if not known then return; end
	known.seats[room.jid] = nil;
	if next(known.seats) == nil then remote[full] = nil; end
end

-- Prosody also says so of a nick that somebody has exchanged for another: they stay.
hooks.hook("muc-occupant-left", function (event)
	local stanza = event.stanza;
	local stays = stanza and stanza.attr.type == nil and stanza.attr.from;
	for full in event.occupant:each_session() do
		if full ~= stays then stand_up(event.room, full); end
	end
end, -hooks.FIRST);

-- One session of several behind a nick has left, or was thrown out for an error: no other event tells. With a new nick
-- nobody leaves.
hooks.hook("muc-broadcast-presence", function (event)
	if event.nick then return; end
	for full, presence in event.occupant:each_session() do
		if presence.attr.type then stand_up(event.room, full); end
	end
end, hooks.FIRST);

hooks.follow("handle_kickable", function (room, _, stanza)
	if not room:get_occupant_jid(stanza.attr.from) then stand_up(room, stanza.attr.from); end
end);

-- Those who were in before this module was loaded.
local function sit_all()
	for room in daemon.muc.live_rooms() do
		for _, occupant in room:each_occupant() do
			for full in occupant:each_session() do sit(room, full); end
		end
	end
end

return {
	find = find, book = book, known_of = known_of, room_at = room_at, meeting = meeting;
	sit = sit, of = of, sit_all = sit_all;
};

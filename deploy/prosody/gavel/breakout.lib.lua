-- Breakout rooms, on the component that has them: this file decides who may enter one, and who may manage them. In
-- Jitsi everybody in the meeting may enter, since all are told of the rooms, and every moderator may manage.
--
-- A person who is denied breakout-enter gets into the room to which a moderator of the meeting has sent them, once.
-- And they get back into a room that they have dropped out of. Moderators enter everywhere. The main room is open as
-- ever.
local st, jid = require "util.stanza", require "util.jid";
local hooks, seats, permissions = module.part "hooks", module.part "seats", module.part "permissions";
local machines, returns, away = module.part "machines", module.part "returns", module.part "away";

---- Entering ----

local function is_sent_to(room, full, meeting)
	local known = seats.find(full);
	local ticket = known and known.ticket;
	return ticket and ticket.room == room.jid and ticket.meetings[meeting] or false;
end

local function may_enter(event)
	local room, full, session = event.room, event.stanza.attr.from, event.origin;
	local bare, meeting = jid.bare(full), seats.meeting(room);
	if meeting == room.jid or machines.is_machine(bare) then return true; end
	local affiliation = room:get_affiliation(bare) or "none";
	local role = event.is_first_session and event.occupant.role or room:get_default_role(affiliation);
	if role == "moderator" or affiliation == "owner" or affiliation == "admin" then return true; end
	if permissions.allows("breakout-enter", full, meeting, role, affiliation) ~= false then return true; end
	return is_sent_to(room, full, meeting) or returns.may_return(room, session, bare);
end

-- Also before a room begins, so that none comes of it.
for _, name in ipairs { "muc-room-pre-create", "muc-occupant-pre-join" } do
	hooks.hook(name, function (event)
		if may_enter(event) then return; end
		module:log("info", "%s may not enter the breakout room %s unsent", event.stanza.attr.from, event.room.jid);
		return away.turn_away(event, seats.meeting(event.room));
	end, hooks.FIRST - 1);
end

hooks.hook("muc-occupant-joined", function (event)
	local known = seats.find(event.stanza.attr.from);
	if known and known.ticket and known.ticket.room == event.room.jid then known.ticket = nil; end
end, -hooks.FIRST);

---- Managing ----

local managing = { add = true, remove = true, rename = true, ["move-to-room"] = true };

-- The kind of a request to Jitsi's module, and the request.
local function request_in(stanza)
	for _, child in ipairs(stanza.tags) do
		local kind = child.name == "breakout_rooms" and child.attr.type;
		kind = kind and kind:match("^features/breakout%-rooms/(.*)$");
		if managing[kind] then return kind, child; end
	end
end

local refused = setmetatable({}, { __mode = "k" }); -- by stanza

hooks.hook("message/host", function (event)
	local full = event.stanza.attr.from;
	if event.stanza.attr.type == "error" or not request_in(event.stanza) then return; end
	if not full or not permissions.is_denied("breakout-manage", full) then return; end
	refused[event.stanza] = true;
	event.origin.send(st.error_reply(event.stanza, "cancel", "not-allowed", "You may not manage breakout rooms."));
	return true;
end, hooks.FIRST);

-- The meetings that somebody moderates, as Jitsi judges it: by the role in the main room or a breakout room.
local function moderated_by(full)
	local meetings = {};
	for _, seat in ipairs(seats.of(full)) do
		if seat.occupant.role == "moderator" then meetings[seat.meeting] = true; end
	end
	return meetings;
end

-- Says whether somebody is in one of these meetings, or between two rooms. Jitsi lets moderators send people of all
-- others.
local function is_theirs(full, meetings)
	local places = seats.of(full);
	for _, seat in ipairs(places) do
		if meetings[seat.meeting] then return true; end
	end
	return #places == 0;
end

-- Jitsi has sent somebody somewhere: only the last place counts.
hooks.after("message/host", function (event, _, result)
	local kind, request = request_in(event.stanza);
	if result ~= true or kind ~= "move-to-room" or refused[event.stanza] then return; end
	local meetings, whom, to = moderated_by(event.stanza.attr.from), request.attr.participantJid, request.attr.roomJid;
	if next(meetings) == nil or not whom or not to then return; end
	for full, known in seats.known_of(whom) do
		if is_theirs(full, meetings) then
			known.ticket = { room = to, meetings = meetings };
			returns.end_of(full);
		end
	end
end);

-- Plays Jitsi's part: it carries out a moderator's orders about breakout rooms, and decides who gets into them.
-- Loaded on the breakout MUC component, beside test_breakout.
local st, json = require "util.stanza", require "util.json";
local service = module:get_option_string("test_main_muc", "muc." .. module.host:gsub("^[^.]+%.", ""));

local function main_room(session)
	local name = session.jitsi_web_query_room;
	return name and prosody.hosts[service].modules.muc.get_room_from_jid(name.."@"..service);
end

-- In the main room or in one of its breakout rooms.
local function occupant_of(room, full)
	local occupant = room:get_occupant_by_real_jid(full);
	for breakout in pairs(room._data.breakout_rooms or {}) do
		local other = prosody.hosts[module.host].modules.muc.get_room_from_jid(breakout);
		occupant = occupant or other and other:get_occupant_by_real_jid(full);
	end
	return occupant;
end

local done = {
	add = function (rooms, order) rooms[order.subject.."@"..module.host] = order.subject; end;
	remove = function (rooms, order) rooms[order.breakoutRoomJid] = nil; end;
	rename = function (rooms, order) rooms[order.breakoutRoomJid] = order.subject; end;
	["move-to-room"] = function (rooms, order)
		if not rooms[order.roomJid] and not order.roomJid:find("@"..service, 1, true) then return false; end
		local text = json.encode { type = "breakout_rooms", event = "move", roomJid = order.roomJid };
		module:send(st.message({ from = module.host, to = order.participantJid })
			:tag("json-message", { xmlns = "http://jitsi.org/jitmeet" }):text(text));
	end;
};

module:hook("message/host", function (event)
	local session, stanza = event.origin, event.stanza;
	local order = stanza:get_child("breakout_rooms");
	local room = order and stanza.attr.type ~= "error" and main_room(session);
	local occupant = room and occupant_of(room, stanza.attr.from);
	if not occupant or occupant.role ~= "moderator" then return false; end
	room._data.breakout_rooms = room._data.breakout_rooms or {};
	local kind = order.attr.type:match("^features/breakout%-rooms/(.*)$");
	return done[kind](room._data.breakout_rooms, order.attr) ~= false;
end);

-- The focus is an occupant of each room, and anybody else enters after it.
module:hook("muc-occupant-pre-join", function (event)
	if event.occupant.nick:match("/focus$") or event.room._data.unlocked then
		event.room._data.unlocked = true;
		return;
	end
	event.origin.send(st.error_reply(event.stanza, "wait", "resource-constraint"));
	return true;
end, 8);

-- Breakout rooms as Jitsi has them: affiliations are those of the main room, whose address stands in the
-- configuration form and in disco#info. Loaded on the breakout MUC component; the room MAIN--x belongs to MAIN of
-- test_main_muc.
local muc = module:depends "muc";
local service = module:get_option_string("test_main_muc", "muc." .. module.host:gsub("^[^.]+%.", ""));

local function main_jid(room)
	local name = room.jid:match("^(.-)%-%-") or room.jid:match("^[^@]+");
	return name .. "@" .. service;
end
local function main_room(room)
	return prosody.hosts[service].modules.muc.get_room_from_jid(main_jid(room));
end

function muc.room_mt:get_affiliation(who)
	local main = main_room(self);
	return main and main:get_affiliation(who) or "none";
end

local FIELD = "muc#roominfo_breakout_main_room";
module:hook("muc-config-form", function (event)
	table.insert(event.form, { name = FIELD, label = "Main room", type = "text-single", value = main_jid(event.room) });
end);
module:hook("muc-disco#info", function (event)
	table.insert(event.form, { name = FIELD, label = "Main room", type = "text-single" });
	event.formdata[FIELD] = main_jid(event.room);
end);

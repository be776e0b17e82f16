-- The facts of a room that gavel must know as it comes: the settings that matter to it, and the lists of people that
-- the room treats in a special way. gavel gets them with its own presence and need not ask. Prosody writes silent
-- rooms to disk beyond muc_room_cache_size, and each question about such a room brings it back.
local st, dataforms = require "util.stanza", require "util.dataforms";

local LONGEST = 16 * 1024; -- bytes; of a room with longer lists gavel is told none of this, and asks

local settings, listed = {}, { owner = true, admin = true, outcast = true };
for _, name in ipairs { "roomconfig_membersonly", "roomconfig_persistentroom", "roomconfig_presencebroadcast",
	"roomconfig_roomsecret", "roominfo_meetingId", "roominfo_breakout_main_room" } do
	settings["muc#"..name] = true;
end

-- As in the form that gavel could ask for: other modules add fields to it.
local function configuration(room, actor)
	local layout = {};
	for _, field in ipairs(room:get_form_layout(actor)) do
		if settings[field.var or field.name] then
			local known = { name = field.var or field.name, type = field.type, value = field.value };
			table.insert(layout, known);
		end
	end
	return dataforms.new(layout):form(nil, "result");
end

local function lists(room)
	local query, left = st.stanza("query", { xmlns = "http://jabber.org/protocol/muc#admin" }), LONGEST;
	for address, affiliation in room:each_affiliation() do
		if listed[affiliation] then
			left = left - #address;
			if left < 0 then return nil; end
			query:tag("item", { affiliation = affiliation, jid = address }):up();
		end
	end
	return query;
end

-- Adds them to the module's description of itself.
local function add(said, room, actor)
	local affiliations = lists(room);
	local form = affiliations and configuration(room, actor);
	if not form or #tostring(form) + #tostring(affiliations) > LONGEST then return; end
	said:add_child(form):add_child(affiliations);
end

return { add = add };

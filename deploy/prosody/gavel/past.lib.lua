-- Past wrappers: gavel's requests reach Prosody's own method of a room, although another module has put one over it
-- that refuses everybody else (token_moderation, matrix_power_sync). Such modules wrap each room object by itself.
local jid = require "util.jid";
local resourceprep = require "util.encodings".stringprep.resourceprep;
local daemon = module.part "daemon";
local room_mt = daemon.muc.room_mt;

local function set_affiliation(room, ...)
	return room_mt.set_affiliation(room, ...);
end

-- The affiliation of a bare JID, or the role of a nick.
local function set_item(room, actor, item)
	local attr = item.attr;
	if attr.affiliation and attr.jid then
		local bare = jid.prep(attr.jid);
		if not bare or jid.resource(bare) then return nil, "modify", "jid-malformed"; end
		return set_affiliation(room, actor, bare, attr.affiliation, item:get_child_text("reason"));
	end
	local nick = attr.role and attr.nick and resourceprep(attr.nick);
	if not nick then return nil, "cancel", "bad-request"; end
	return room:set_role(actor, room.jid.."/"..nick, attr.role, item:get_child_text("reason"));
end

-- The request in a muc#admin set; Prosody, too, takes the first item alone.
local function set(event, room)
	local item = event.stanza.tags[1]:get_child("item");
	if not item then return daemon.answer(event, "cancel", "bad-request"); end
	local done, type, condition = set_item(room, event.stanza.attr.from, item);
	room:save(true);
	if not done then return daemon.answer(event, type, condition); end
	return daemon.answer(event);
end

-- The name of the module that has wrapped a room's set_affiliation, if one has; of several the last.
local function wrapped_by(room)
	local wrapper = rawget(room, "set_affiliation");
	if not wrapper then return nil; end
	local file = debug.getinfo(wrapper, "S").source:match("([^/\\]*)$");
	return file:match("^mod_(.*)%.lua$") or file;
end

return { set = set, set_affiliation = set_affiliation, wrapped_by = wrapped_by };

-- This module's description of itself: the release of gavel that it belongs to, and the modules whose wrappers it
-- goes round. gavel asks each service as it connects, and is told in its own presence of each room. There it also
-- reads which permissions hold for people of the service. The answer to its question also says how people log in on
-- this server.
local st = require "util.stanza";
local daemon, hooks, past = module.part "daemon", module.part "hooks", module.part "past";
local logins, permissions = module.part "logins", module.part "permissions";

local RELEASE = "0.2.0";
local xmlns_module = "urn:gavel:module:0";

-- Of one room, or of all that are in use.
local function element(room)
	local wrappers, named = room and { past.wrapped_by(room) } or {}, {};
	if not room then
		for each in daemon.muc.live_rooms() do table.insert(wrappers, past.wrapped_by(each)); end
	end
	local said = st.stanza("module", { xmlns = xmlns_module, version = RELEASE, permitted = permissions.of_service() });
	for _, name in ipairs(wrappers) do
		if not named[name] then said:tag("goes-round", { module = name }):up(); end
		named[name] = true;
	end
	return said;
end

hooks.serve("iq-get/host/"..xmlns_module..":module", function (event)
	if not daemon.component() then return; end
	if not daemon.from_gavel(event) then return daemon.answer(event, "auth", "forbidden"); end
	event.origin.send(st.reply(event.stanza):add_child(element():add_child(logins.element())));
	return true;
end);

return { element = element };

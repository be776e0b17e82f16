-- Writes <identity/> into the presence of clients whose session has
-- jitsi_meet_context_user (see mod_test_session), replacing their own; like
-- Jitsi's module it leaves the presence of all others alone. Loaded on a host
-- of clients.
local function write(event)
	local user = event.origin.jitsi_meet_context_user;
	if not user then return; end
	local stanza = event.stanza;
	stanza:maptags(function (child) return child.name ~= "identity" and child or nil; end);
	stanza:tag("identity"):tag("user");
	for field, value in pairs(user) do stanza:tag(field):text(tostring(value)):up(); end
	stanza:up();
	if event.origin.jitsi_meet_context_group then
		stanza:tag("group"):text(event.origin.jitsi_meet_context_group):up();
	end
	stanza:up();
end
module:hook("pre-presence/bare", write);
module:hook("pre-presence/full", write);

-- Plays token authentication: a client states the content of its token. Loaded on a host of clients.
--
--   <iq type='set'><session xmlns='urn:gavel:test'>JSON</session></iq>
--
-- sets each member of the JSON object as a field of the client's session, such
-- as jitsi_meet_context_user. The element alone, sent before a resource is bound,
-- sets them when Jitsi does, and is answered by itself.
local st = require "util.stanza";
local json = require "util.json";

local function set_fields(session, text)
	for field, value in pairs(json.decode(text)) do session[field] = value; end
end

local function set(event)
	local text = event.stanza:get_child_text("session", "urn:gavel:test");
	if not text or event.stanza.attr.type ~= "set" then return; end
	set_fields(event.origin, text);
	event.origin.send(st.reply(event.stanza));
	return true;
end
module:hook("stanza/urn:gavel:test:session", function (event)
	set_fields(event.origin, event.stanza:get_text());
	event.origin.send(st.stanza("session", { xmlns = "urn:gavel:test" }));
	return true;
end);
module:hook("iq/self", set, 90000);
module:hook("iq/host", set, 90000);

-- Records each stanza that gavel's component sends to this MUC service, so that
-- tests can count requests. Loaded on a MUC component.
--
--   <iq type='get' to='SERVICE'><recorded xmlns='urn:gavel:test' since='N'/></iq>
--
-- answers the stanzas after the first N, each as text.
local st = require "util.stanza";

local component = module:get_option_string("test_component", "gavel." .. module.host:gsub("^[^.]+%.", ""));
local recorded = {};

local function record(event)
	local origin = event.origin;
	if origin.type == "component" and origin.host == component then
		recorded[#recorded + 1] = tostring(event.stanza);
	end
end

for _, kind in ipairs { "iq", "presence", "message" } do
	for _, target in ipairs { "host", "bare", "full" } do
		module:hook(kind .. "/" .. target, record, 100000);
	end
end

module:hook("iq/host", function (event)
	local query = event.stanza:get_child("recorded", "urn:gavel:test");
	if not query or event.stanza.attr.type ~= "get" then return; end
	local reply = st.reply(event.stanza):tag("recorded", { xmlns = "urn:gavel:test", total = tostring(#recorded) });
	for i = tonumber(query.attr.since or "0") + 1, #recorded do
		reply:tag("stanza"):text(recorded[i]):up();
	end
	event.origin.send(reply);
	return true;
end, 90000);

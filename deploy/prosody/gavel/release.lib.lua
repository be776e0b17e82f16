-- Which release of gavel this module belongs to. gavel asks each service as it connects, and compares with its own.
local st = require "util.stanza";
local who, hooks = module.part "who", module.part "hooks";

local RELEASE = "0.2.0";
local xmlns_module = "urn:gavel:module:0";

local function element()
	return st.stanza("module", { xmlns = xmlns_module, version = RELEASE });
end

hooks.serve("iq-get/host/"..xmlns_module..":module", function (event)
	if not who.component() then return; end
	if not who.from_gavel(event) then return who.answer(event, "auth", "forbidden"); end
	event.origin.send(st.reply(event.stanza):add_child(element()));
	return true;
end);

return { element = element };

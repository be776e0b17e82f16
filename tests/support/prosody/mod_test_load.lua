-- Loads another module on this host when it is told to:
--   <iq type='set' to='HOST'><load xmlns='urn:gavel:test' module='NAME'/></iq>
local st = require "util.stanza";
local modulemanager = require "core.modulemanager";

module:hook("iq/host", function (event)
	local order = event.stanza:get_child("load", "urn:gavel:test");
	if not order or event.stanza.attr.type ~= "set" then return; end
	assert(modulemanager.load(module.host, order.attr.module));
	event.origin.send(st.reply(event.stanza));
	return true;
end, 90000);

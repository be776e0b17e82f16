-- Answers gavel's question for its module as one of another release would.
local st = require "util.stanza";

module:hook("iq-get/host/urn:gavel:module:0:module", function (event)
	event.origin.send(st.reply(event.stanza):tag("module", { xmlns = "urn:gavel:module:0", version = "0.1.3" }));
	return true;
end, 1000);

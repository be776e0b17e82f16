-- Plays Jitsi's polls: everybody in the room hears of a new one. A component of its own.
local st, json = require "util.stanza", require "util.json";
local service = module:get_option_string("test_main_muc", "muc." .. module.host:gsub("^[^.]+%.", ""));

module:hook("message/host", function (event)
	local session, stanza = event.origin, event.stanza;
	local text = stanza:get_child_text("json-message", "http://jitsi.org/jitmeet");
	local data = text and json.decode(text);
	if not data or data.command ~= "new-poll" then return; end
	local room = prosody.hosts[service].modules.muc.get_room_from_jid(session.jitsi_web_query_room.."@"..service);
	for _, occupant in room:each_occupant() do
		module:send(st.message({ from = module.host, to = occupant.jid })
			:tag("json-message", { xmlns = "http://jitsi.org/jitmeet" }):text(text));
	end
	return true;
end);

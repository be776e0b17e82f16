-- Plays Jitsi's lobby: in a members-only room it refuses people without an affiliation, before Prosody does so
-- itself, and people who show no name. Loaded on a MUC component.
local st = require "util.stanza";

module:hook("muc-occupant-pre-join", function (event)
	local room, stanza = event.room, event.stanza;
	if not room:get_members_only() then return; end
	local name = stanza:get_child_text("nick", "http://jabber.org/protocol/nick");
	if not name then
		event.origin.send(st.error_reply(stanza, "modify", "not-acceptable"));
		return true;
	end
	if (room:get_affiliation(stanza.attr.from) or "none") ~= "none" then return; end
	event.origin.send(st.error_reply(stanza, "auth", "registration-required"):tag("lobbyroom"):text("lobby"));
	return true;
end, -4);

-- Reads somebody's permissions at the place where Jitsi's modules read them. Loaded on a host of clients.
--
--   <iq type='get' to='HOST'><may xmlns='urn:gavel:test' feature='recording' room='ROOM' without='moderator'/></iq>
--
-- is answered by a result or by `forbidden`. `without` tells who may if there are no features: a moderator (as for
-- recordings), an owner (as for calls and files), or nobody (as for messages and polls).
local st = require "util.stanza";

local function without(kind, session, room_jid)
	local room = prosody.hosts[room_jid:match("@(.*)$")].modules.muc.get_room_from_jid(room_jid);
	local occupant = room and room:get_occupant_by_real_jid(session.full_jid);
	if kind == "moderator" then return occupant and occupant.role == "moderator"; end
	if kind == "owner" then return room and room:get_affiliation(session.full_jid) == "owner"; end
	return false;
end

local function may(event)
	local session, stanza = event.origin, event.stanza;
	local question = stanza:get_child("may", "urn:gavel:test");
	if not question or stanza.attr.type ~= "get" then return; end
	local features, name = session.jitsi_meet_context_features, question.attr.feature;
	local allowed;
	if features == nil then
		allowed = without(question.attr.without, session, question.attr.room);
	else
		allowed = features[name] == true or features[name] == "true";
	end
	session.send(allowed and st.reply(stanza) or st.error_reply(stanza, "auth", "forbidden"));
	return true;
end
module:hook("iq/host", may, 90000);
module:hook("iq/self", may, 90000);

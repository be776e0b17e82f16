-- Things that other modules and Prosody itself may do to a component. Loaded on a MUC component.
--
-- Option test_refuse_lowering: muc#admin may not lower an owner, as with Jitsi's
-- muc_allowners; only server modules and the ad-hoc command may.
-- Option test_ignore_jid: a muc#admin set for this bare JID is answered with a
-- result and not done.
--
--   <iq type='set' to='SERVICE'>
--     <forget xmlns='urn:gavel:test' room='ROOM' nick='NICK'/></iq>
--
-- takes an occupant out of a room without telling anybody.
local st = require "util.stanza";
local muc = module:depends "muc";

if module:get_option_boolean("test_refuse_lowering", false) then
	module:hook("muc-pre-set-affiliation", function (event)
		if event.actor and event.previous_affiliation == "owner" then
			event.allowed, event.error = false, { type = "auth", condition = "forbidden" };
		end
	end);
end

local ignored = module:get_option_string("test_ignore_jid");
module:hook("iq-set/bare/http://jabber.org/protocol/muc#admin:query", function (event)
	local item = event.stanza.tags[1]:get_child("item");
	if ignored and item and item.attr.jid == ignored and event.origin.type == "component" then
		event.origin.send(st.reply(event.stanza));
		return true;
	end
end, 100);

module:hook("iq/host", function (event)
	local order = event.stanza:get_child("forget", "urn:gavel:test");
	if not order or event.stanza.attr.type ~= "set" then return; end
	local room = muc.get_room_from_jid(order.attr.room);
	local nick = room and room.jid .. "/" .. order.attr.nick;
	local occupant = nick and room._occupants[nick];
	if not occupant then
		event.origin.send(st.error_reply(event.stanza, "cancel", "item-not-found"));
		return true;
	end
	for real_jid in pairs(occupant.sessions) do room._jid_nick[real_jid] = nil; end
	room._occupants[nick] = nil;
	event.origin.send(st.reply(event.stanza));
	return true;
end, 90000);

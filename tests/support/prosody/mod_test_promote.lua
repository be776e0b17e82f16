-- Changes that server modules make: without an actor, unlike those of
-- occupants. Loaded on a MUC component.
--
--   <iq type='set' to='SERVICE'>
--     <promote xmlns='urn:gavel:test' room='ROOM' jid='BARE' affiliation='owner'/></iq>
--   <iq type='set' to='SERVICE'>
--     <role xmlns='urn:gavel:test' room='ROOM' nick='NICK' role='moderator'/></iq>
--
-- Option test_promote_everyone: makes everybody owner who joins.
local st = require "util.stanza";
local muc = module:depends "muc";

local function answer(event, ok, kind, condition)
	kind, condition = kind or "cancel", condition or "item-not-found";
	event.origin.send(ok and st.reply(event.stanza) or st.error_reply(event.stanza, kind, condition));
	return true;
end

module:hook("iq/host", function (event)
	local stanza = event.stanza;
	if stanza.attr.type ~= "set" then return; end
	local promote = stanza:get_child("promote", "urn:gavel:test");
	local role = stanza:get_child("role", "urn:gavel:test");
	local order = promote or role;
	if not order then return; end
	local room = muc.get_room_from_jid(order.attr.room);
	if not room then return answer(event, false); end
	if promote and #promote.tags > 0 then -- many, and nobody is told of them
		for item in promote:childtags("item") do room._affiliations[item.attr.jid] = promote.attr.affiliation; end
		return answer(event, true);
	end
	if promote then
		return answer(event, room:set_affiliation(true, promote.attr.jid, promote.attr.affiliation));
	end
	return answer(event, room:set_role(true, room.jid .. "/" .. role.attr.nick, role.attr.role));
end, 90000);

if module:get_option_boolean("test_promote_everyone", false) then
	module:hook("muc-occupant-joined", function (event)
		event.room:set_affiliation(true, event.occupant.bare_jid, "owner");
	end, -10);
end

-- Option test_promote_early: makes everybody owner and moderator before the
-- join, as Jitsi's token_affiliation does with those it takes for moderators.
if module:get_option_boolean("test_promote_early", false) then
	module:hook("muc-occupant-pre-join", function (event)
		event.room:set_affiliation(true, event.occupant.bare_jid, "owner");
		event.occupant.role = "moderator";
	end, -3.5);
end

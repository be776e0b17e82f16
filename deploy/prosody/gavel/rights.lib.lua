-- gavel's rights: all that an owner has, without being listed as one.
local daemon, hooks, past = module.part "daemon", module.part "hooks", module.part "past";
local FIRST = hooks.FIRST;

local function is_owner(address)
	return hooks.is_active() and daemon.is_gavel(address) and daemon.component();
end

hooks.wrap("get_affiliation", function (inner)
	return function (room, address, ...)
		if hooks.attempt("get_affiliation", is_owner, address) then return "owner"; end
		return inner(room, address, ...);
	end
end);

hooks.hook("muc-pre-set-affiliation", function (event)
	if not daemon.component() or not daemon.is_gavel(event.jid) and event.jid ~= daemon.host then return; end
	event.allowed = false;
	return true;
end, FIRST);

hooks.hook("muc-pre-set-role", function (event)
	if not daemon.component() or not daemon.is_gavel(event.actor) then return; end
	event.allowed = true;
	return true;
end, FIRST);

-- Straight to the room: the hooks of other modules hide it from all but occupants (muc_hide_all), refuse that somebody
-- is lowered (muc_allowners), or answer twice (muc_lobby_rooms).
for request, method in pairs {
	["iq-get/bare/http://jabber.org/protocol/disco#info:query"] = "handle_disco_info_get_query";
	["iq-get/bare/http://jabber.org/protocol/muc#admin:query"] = "handle_admin_query_get_command";
	["iq-get/bare/http://jabber.org/protocol/muc#owner:query"] = "handle_owner_query_get_to_room";
} do
	hooks.serve(request, function (event)
		local room = daemon.from_gavel(event) and daemon.find_room(event.stanza);
		if room then return room[method](room, event.origin, event.stanza); end
	end);
end

hooks.serve("iq-set/bare/http://jabber.org/protocol/muc#admin:query", function (event)
	local room = daemon.from_gavel(event) and daemon.find_room(event.stanza);
	if room then return past.set(event, room); end
end);

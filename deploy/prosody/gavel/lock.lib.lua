-- A room that gavel has made members-only lets people in who have claims for it: gavel has to see first whether they
-- are hosts.
local jid = require "util.jid";
local daemon, hooks, claims = module.part "daemon", module.part "hooks", module.part "claims";
local entering, arrivals, rooms = module.part "entering", module.part "arrivals", module.part "rooms";
local locked = module.part "state".per_room "locked"; -- gavel has made the room members-only

-- Straight to the room, as gavel's other requests.
hooks.serve("iq-set/bare/http://jabber.org/protocol/muc#owner:query", function (event)
	local room = daemon.from_gavel(event) and daemon.find_room(event.stanza);
	if not room then return; end
	local form = event.stanza.tags[1]:get_child("x", "jabber:x:data");
	local result = room:handle_owner_query_set_to_room(event.origin, event.stanza);
	-- An empty form only opens a room that nobody has configured yet.
	local sets = form and form.tags[1] and not room._data.destroyed;
	if sets then locked[room.jid] = room:get_members_only() or nil; end
	return result;
end, hooks.FIRST);

hooks.hook("muc-config-submitted/muc#roomconfig_membersonly", function (event) -- by anybody: then it is theirs
	locked[event.room.jid] = nil;
end, hooks.FIRST);

-- Says whether somebody's claims are for this room. Gavel's word, which knows its settings, counts first. For Matrix
-- logins the homeserver vouches for the room.
local function has_claims(event)
	local session, room = event.origin, event.room;
	if not session or session.full_jid ~= event.stanza.attr.from or claims.of_session(session) == "" then
		return false;
	end
	local arrival, of_token = arrivals.standing(event), claims.token_claims(session);
	return arrival and arrival.affiliation or not of_token or rooms.are_for(of_token, jid.node(room.jid));
end

-- Before the lobby and Prosody look, and bypass.lib.lua; after Jitsi's token_verification, if that is loaded, has
-- looked at the token.
local BEFORE_BYPASS = -3.4;

hooks.hook("muc-occupant-pre-join", function (event)
	local room, bare = event.room, jid.bare(event.stanza.attr.from);
	local closed = locked[room.jid] and room:get_members_only() and not room:get_affiliation(bare);
	if closed and has_claims(event) then entering.lend(event, "member"); end
end, BEFORE_BYPASS);

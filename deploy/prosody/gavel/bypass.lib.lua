-- Hosts get in: whoever gavel says is an owner enters although the room's lobby or password is on. Lobby and password
-- then see an owner who knows the password; every other check is made as ever. Nobody else gets in by this.
local async = require "util.async";
local affiliation_ranks = module:require("muc/util").valid_affiliations;
local who, hooks = module.part "who", module.part "hooks";
local arrivals, entering = module.part "arrivals", module.part "entering";

local xmlns_muc = "http://jabber.org/protocol/muc";
local BEFORE_LOBBY = -3.5; -- Jitsi's lobby looks at -4, Prosody's members-only rooms at -5, its passwords at -20
local WAITS = 1; -- seconds, at most, for which a join waits until gavel has said who that is

local function rank_in(room, bare)
	return affiliation_ranks[room:get_affiliation(bare) or "none"];
end

-- Whether the room would refuse somebody for want of an affiliation or of a password.
local function is_closed_to(room, bare)
	return room:get_password() or room:get_members_only() and rank_in(room, bare) < affiliation_ranks.member;
end

local function fill_in_password(room, stanza)
	local join, password = stanza:get_child("x", xmlns_muc), room:get_password();
	if not join or not password then return; end
	join:remove_children("password");
	join:text_tag("password", password, { xmlns = xmlns_muc });
end

hooks.hook("muc-occupant-pre-join", function (event)
	local room, bare = event.room, event.occupant.bare_jid;
	local arrival = is_closed_to(room, bare) and arrivals.standing(event);
	if not arrival or arrival.affiliation ~= "owner" or arrival.changed then return; end
	entering.give(event, arrival);
	if rank_in(room, bare) == affiliation_ranks.owner then fill_in_password(room, event.stanza); end
end, BEFORE_LOBBY);

---- Joins that wait for gavel's answer ----

-- A client may name no room while it connects, or enter a second time: then gavel has not been asked about it. It is
-- asked when the join arrives, which would be refused otherwise, and waits until the answer is there.

local waiting = {}; -- by session: the event of the join
local has_waited = setmetatable({}, { __mode = "k" }); -- by stanza

local function go_on(session)
	local event = waiting[session];
	if not event then return; end
	waiting[session], has_waited[event.stanza] = nil, true;
	if session.destroyed or session.type ~= "c2s" then return; end
	-- In a thread of its own, as any stanza of a client: modules may wait in it.
	async.runner(function () module:fire_event("presence/full", event); end):run(true);
end

local function is_first_join(room, stanza)
	return not stanza.attr.type and stanza:get_child("x", xmlns_muc) and not room:get_occupant_jid(stanza.attr.from);
end

hooks.hook("presence/full", function (event)
	local session, stanza = event.origin, event.stanza;
	if has_waited[stanza] then return; end
	go_on(session); -- what a client sends after its join is handled after it
	local room = session.type == "c2s" and session.full_jid == stanza.attr.from and who.find_room(stanza);
	if not room or not is_first_join(room, stanza) or not is_closed_to(room, session.username.."@"..session.host) then
		return;
	end
	if not arrivals.await(session, room.jid, function () go_on(session); end) then return; end
	waiting[session] = event;
	hooks.timer(WAITS, "bypass", function () if waiting[session] == event then go_on(session); end end);
	return true;
end, hooks.FIRST + 1);

return {
	finish = function ()
		for session in pairs(waiting) do hooks.attempt("bypass", go_on, session); end
	end;
};

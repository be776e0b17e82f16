-- Hosts get in: a person with the permission lobby-bypass enters although the room's lobby or password is on. If the
-- list does not name that permission, it belongs to people who are owners by gavel's word. Lobby and password then
-- see somebody with an affiliation who knows the password; every other check is made as ever. Nobody else gets in by
-- this.
local async, jid = require "util.async", require "util.jid";
local affiliation_ranks = module:require("muc/util").valid_affiliations;
local daemon, hooks = module.part "daemon", module.part "hooks";
local arrivals, entering = module.part "arrivals", module.part "entering";
local permissions, seats = module.part "permissions", module.part "seats";

local xmlns_muc = "http://jabber.org/protocol/muc";
local BEFORE_LOBBY = -3.5; -- Jitsi's lobby looks at -4, Prosody's members-only rooms at -5, its passwords at -20
local WAITS = 1; -- seconds, at most, for which a join waits until gavel has said who that is

local function rank_in(room, bare)
	return affiliation_ranks[room:get_affiliation(bare) or "none"];
end

-- Says whether the room would refuse somebody for want of an affiliation or of a password.
local function is_closed_to(room, bare)
	return room:get_password() or room:get_members_only() and rank_in(room, bare) < affiliation_ranks.member;
end

local function fill_in_password(room, stanza)
	local join, password = stanza:get_child("x", xmlns_muc), room:get_password();
	if not join or not password then return; end
	join:remove_children("password");
	join:text_tag("password", password, { xmlns = xmlns_muc });
end

-- The affiliation that somebody is about to have: gavel's answer, or their present one, whichever is more.
local function about_to_have(room, bare, arrival)
	local said, now = arrival and arrival.affiliation, room:get_affiliation(bare) or "none";
	return affiliation_ranks[said] and affiliation_ranks[said] > affiliation_ranks[now] and said or now;
end

local function may_pass(room, full, arrival, affiliation)
	local rank = affiliation_ranks[affiliation];
	if rank < affiliation_ranks.none then return false; end
	local role = rank >= affiliation_ranks.admin and "moderator" or "participant";
	local allowed = permissions.allows("lobby-bypass", full, seats.meeting(room), role, affiliation);
	if allowed == nil then return arrival ~= nil and arrival.affiliation == "owner"; end
	return allowed;
end

hooks.hook("muc-occupant-pre-join", function (event)
	local room, full = event.room, event.stanza.attr.from;
	local bare = jid.bare(full);
	if not event.is_first_session or not is_closed_to(room, bare) then return; end
	local arrival = arrivals.standing(event);
	if arrival and arrival.changed then arrival = nil; end
	local affiliation = about_to_have(room, bare, arrival);
	if not may_pass(room, full, arrival, affiliation) then return; end
	if affiliation_ranks[affiliation] >= affiliation_ranks.member then
		if arrival and arrival.affiliation == affiliation then entering.give(event, arrival); end
	elseif room:get_members_only() then
		entering.lend(event, "member"); -- as the lobby does with people it lets in
	end
	if rank_in(room, bare) >= affiliation_ranks[affiliation] then fill_in_password(room, event.stanza); end
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
	go_on(session); -- the stanzas that a client sends after its join are handled after it
	local room = session.type == "c2s" and session.full_jid == stanza.attr.from and daemon.find_room(stanza);
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

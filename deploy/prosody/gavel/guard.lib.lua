-- The guard refuses (refusals.lib.lua) that anybody who is not entitled becomes moderator, even for a moment. This
-- file decides where it is shut, and for whom it opens.
local st, jid = require "util.stanza", require "util.jid";
local t_insert = table.insert;
local seconds = require "util.time".monotonic; -- since some moment
local affiliation_ranks = module:require("muc/util").valid_affiliations;
local daemon, hooks = module.part "daemon", module.part "hooks";
local entering, shadow, past = module.part "entering", module.part "shadow", module.part "past";
local FIRST, answer, muc = hooks.FIRST, daemon.answer, daemon.muc;

-- By room JID, while gavel follows the room or is just being invited to it:
--   judged: gavel has named the entitled people;  since: when somebody came whom gavel has yet to see
--   named: by bare JID, { rank, promotes, host };  held: by bare JID, { affiliation, at } of a recent refusal
--   told: by bare JID of those who are there, whether gavel was told that something was refused them
local guards = module.part "state".while_followed "guard";
local function guard_of(room_jid)
	guards[room_jid] = guards[room_jid] or { named = {}, held = {} };
	return guards[room_jid];
end

-- gavel's lease on this component: { session, renewed, ends, grants, spares_guests, machines }. While it lasts,
-- nobody becomes owner, admin or role moderator in the rooms that gavel has judged, and in those it is just being
-- invited to, except people named by gavel and people promoted by somebody whom gavel has named as promoting. gavel
-- renews it all the time, so that the guard opens when gavel is away, or hangs.
local lease;
local OPENS = 9; -- after so many seconds without gavel, at most

-- The promotions by the focus and by server modules that were refused since gavel was last told of them: each stay in
-- a room once. The answer to the next renewal of the lease tells gavel, whose doctor tells the admin.
local refused, MOST_TOLD = {}, 50;

local function guarded(room) -- the record of the room, if the guard is shut there
	local guard = guards[room.jid];
	if not guard or not lease or lease.session ~= daemon.connection() then return nil; end
	local time = seconds();
	local shut = guard.judged or guard.since and time < guard.since + OPENS;
	return shut and time < lease.ends and guard or nil;
end

local function rank_in(room, bare)
	return affiliation_ranks[room:get_affiliation(bare) or "none"];
end

local function is_machine(address)
	return lease.machines[jid.bare(address)] or lease.machines[jid.host(address)];
end

---- Affiliations that were refused, and are given after all ----

-- An affiliation that a server module or the focus wanted to give, and will not try to give again: if gavel turns out
-- to be away, or leaves the matter to them, they shall have it.
local function hold(guard, room, bare, affiliation, actor)
	guard.told = guard.told or {};
	if not guard.told[bare] and #refused < MOST_TOLD then
		guard.told[bare] = true;
		t_insert(refused, { room = room.jid, jid = bare, by = actor and jid.bare(actor) });
	end
	for other, held in pairs(guard.held) do
		if held.at + OPENS < seconds() then guard.held[other] = nil; end
	end
	guard.held[bare] = { affiliation = affiliation, at = seconds() };
end

local function give_back(room, bare, affiliation)
	if rank_in(room, bare) < affiliation_ranks[affiliation] then past.set_affiliation(room, true, bare, affiliation); end
end

local function give_back_all(room, guard, refused_since)
	local all = {};
	for _, occupant in room:each_occupant() do
		local held = guard.held[occupant.bare_jid];
		if held and held.at >= refused_since then all[occupant.bare_jid] = held.affiliation; end
	end
	guard.held = {};
	for bare, affiliation in pairs(all) do give_back(room, bare, affiliation); end
end

hooks.after("muc-set-affiliation", function (event, room)
	if guards[room.jid] and not entering.is_entering(event.jid) then guards[room.jid].held[event.jid] = nil; end
end);

hooks.hook("muc-occupant-left", function (event)
	local guard, bare = guards[event.room.jid], event.occupant.bare_jid;
	if not guard then return; end
	guard.held[bare] = nil;
	if guard.told then guard.told[bare] = nil; end
end, FIRST);

---- Rooms that gavel has yet to judge ----

local function only_machines_in(room)
	for _, occupant in room:each_occupant() do
		if not is_machine(occupant.bare_jid) then return false; end
	end
	return true;
end

-- Nobody comes for a room, or nobody says who is entitled there.
local function open_unjudged(room_jid)
	local guard = guards[room_jid];
	if not guard or not guard.since or seconds() < guard.since + OPENS then return; end
	local room = muc.get_room_from_jid(room_jid);
	if room then
		give_back_all(room, guard, guard.since);
	else
		guards[room_jid] = nil; -- a room that was not to be
	end
end

local function watch_unjudged(room_jid)
	hooks.timer(OPENS, "open", open_unjudged, room_jid);
end

-- The first person in a room is there before gavel: Prosody makes the creator owner, and others whom a token names.
local function entered(event)
	local room = event.room;
	if not lease or lease.session ~= daemon.connection() or seconds() >= lease.ends then return; end
	local guard = guard_of(room.jid);
	local begun = guard.since and (room:has_occupant() or seconds() < guard.since + OPENS);
	if guard.judged or begun or not only_machines_in(room) then return; end
	guard.since = seconds();
	watch_unjudged(room.jid);
end
for _, name in ipairs { "muc-room-pre-create", "muc-occupant-pre-join" } do hooks.hook(name, entered, FIRST); end

-- The affiliations that were held back and that the gavel whose connection is over was not heard about, by room JID,
-- each with its time.
local function unanswered()
	local found = {};
	for room_jid, guard in pairs(guards) do
		local since = guard.since or lease and lease.renewed;
		if since and next(guard.held) then found[room_jid] = { held = guard.held, since = since }; end
	end
	return found;
end

-- The next gavel may not come for these rooms, either: then the affiliations that were held back there are given,
-- too.
local function hand_on(found)
	for room_jid, of in pairs(found) do
		local guard = guard_of(room_jid);
		guard.held = of.held;
		hooks.timer(OPENS, "open", function ()
			local room = guards[room_jid] == guard and not guard.judged and muc.get_room_from_jid(room_jid);
			if room then give_back_all(room, guard, of.since); end
		end);
	end
end

-- Somebody has taken gavel's nick, and gavel comes back under another: nothing passes until it has judged again.
hooks.after("muc-broadcast-presence", function (_, room)
	local guard = guards[room.jid];
	if not guard or not guard.judged or shadow.shadow_in(room.jid) then return; end
	guard.judged, guard.since = nil, seconds();
	watch_unjudged(room.jid);
end);

---- The lease ----

local function lapse()
	local over = lease;
	lease = nil;
	module:log("warn", "gavel has not been heard of: until it is, the guard is open for the rooms of %s", module.host);
	for room_jid, guard in pairs(guards) do -- the others have timers of their own
		local room = guard.judged and next(guard.held) and muc.get_room_from_jid(room_jid);
		if room then hooks.attempt("lapse", give_back_all, room, guard, over.renewed); end
	end
end

local watching = false;
local function watch_lease()
	watching = false;
	if not lease then return; end
	local left = lease.ends - seconds();
	if left <= 0 or lease.session ~= daemon.connection() then return lapse(); end
	watching = true;
	return left;
end

local function begin_lease(new)
	lease = new;
	if not watching then
		watching = true;
		hooks.timer(math.max(new.ends - seconds(), 0), "lease", watch_lease);
	end
end

hooks.serve("iq-set/host/urn:gavel:guard:0:lease", function (event)
	if not daemon.from_gavel(event) then return answer(event, "auth", "forbidden"); end
	local request, machines = event.stanza.tags[1], {};
	local length = math.min(tonumber(request.attr.seconds) or 0, OPENS);
	for child in request:childtags("infrastructure") do machines[child.attr.jid or ""] = true; end
	if length <= 0 then
		lease = nil;
	else
		begin_lease { session = daemon.connection(), renewed = seconds(), ends = seconds() + length, machines = machines,
			grants = request.attr.grants ~= "none", spares_guests = request.attr.guests == "ignore" };
	end
	local told = st.stanza("lease", { xmlns = "urn:gavel:guard:0" });
	for _, attr in ipairs(refused) do told:tag("refused", attr):up(); end
	refused = {};
	event.origin.send(st.reply(event.stanza):add_child(told));
	return true;
end);

---- The people whom gavel names ----

local function name_person(guard, room, child)
	local bare, rank = child.attr.jid, affiliation_ranks[child.attr.affiliation];
	if not bare then return; end
	if not rank or rank < affiliation_ranks.admin then
		guard.named[bare] = nil;
		return;
	end
	guard.named[bare] = { rank = rank, promotes = child.attr.promotes == "true", host = child.attr.host == "true" };
	local held = guard.held[bare];
	if held and affiliation_ranks[held.affiliation] <= rank then
		guard.held[bare] = nil;
		give_back(room, bare, held.affiliation);
	end
end

hooks.serve("iq-set/bare/urn:gavel:guard:0:guard", function (event)
	if not daemon.from_gavel(event) then return answer(event, "auth", "forbidden"); end
	local room = daemon.find_room(event.stanza);
	if not room or not shadow.shadow_in(room.jid) then return answer(event, "cancel", "item-not-found"); end
	local guard, request = guard_of(room.jid), event.stanza.tags[1];
	if request.attr.all == "true" then guard.named = {}; end
	for child in request:childtags("person") do name_person(guard, room, child); end
	if not guard.judged then guard.judged, guard.since, guard.held = true, nil, {}; end
	return answer(event);
end);

---- Reloads ----

-- Tables of an earlier version of this module, in which the guard had no entry of its own.
local function convert(rooms)
	for _, kept in pairs(rooms) do
		kept.guard = kept.guard or (kept.judged or kept.since)
			and { judged = kept.judged, since = kept.since, named = kept.named or {}, held = kept.held or {} } or nil;
	end
end

local function restore(saved_lease)
	for room_jid, guard in pairs(guards) do
		if guard.since then watch_unjudged(room_jid); end
	end
	if saved_lease then begin_lease(saved_lease); end
end

return {
	guarded = guarded, is_machine = is_machine, rank_in = rank_in, hold = hold;
	unanswered = unanswered, hand_on = hand_on;
	lease = function () return lease; end, convert = convert, restore = restore;
};

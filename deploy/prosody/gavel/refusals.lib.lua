-- What the guard refuses while it is shut.
local jid = require "util.jid";
local resourceprep = require "util.encodings".stringprep.resourceprep;
local affiliation_ranks = module:require("muc/util").valid_affiliations;
local who, hooks, claims = module.part "who", module.part "hooks", module.part "claims";
local arrivals, guards = module.part "arrivals", module.part "guard";
local FIRST, guarded, rank_in, is_machine = hooks.FIRST, guards.guarded, guards.rank_in, guards.is_machine;

---- Who may do what ----

local function may_rise(guard, bare, rank, actor)
	if who.is_gavel(actor) or arrivals.is_entering(bare) or is_machine(bare) then return true; end
	local named, by = guard.named[bare], actor and guard.named[jid.bare(actor)];
	if named and rank <= named.rank then return true; end
	return by and by.promotes and guards.lease().grants or guards.lease().spares_guests and not claims.has_some(bare);
end

-- Whether somebody may not throw somebody out; the server's own modules may (a device switch, an admin's tool).
local function may_not_remove(guard, bare, actor)
	if not actor or who.is_gavel(actor) or jid.bare(actor) == bare then return false; end
	if jid.node(bare) then return guard.named[bare] and guard.named[bare].host; end
	for host, named in pairs(guard.named) do -- a ban of a whole domain
		if named.host and jid.host(host) == bare then return true; end
	end
	return false;
end

---- What is refused ----

local function log_refusal(room, actor, what, whom)
	if actor and rank_in(room, actor) < affiliation_ranks.admin then return; end -- who may not anyway can try for ever
	module:log("info", "The guard keeps %s in %s from: %s %s", actor or "a server module", room.jid, what, whom);
end

local rising = {}; -- room and bare JID of a rise that was let through, until it is done

hooks.hook("muc-pre-set-affiliation", function (event)
	local room, bare, actor = event.room, event.jid, event.actor;
	local guard, refused = guarded(room), false;
	rising = {};
	if not guard then return; end
	local rank = affiliation_ranks[event.affiliation];
	if rank >= affiliation_ranks.admin and rank > rank_in(room, bare) then
		refused = not may_rise(guard, bare, rank, actor);
		if not refused then
			rising = { room = room, bare = bare };
		elseif not actor or is_machine(actor) then
			guards.hold(guard, bare, event.affiliation);
		end
	elseif not room:get_default_role(event.affiliation ~= "none" and event.affiliation or nil) then
		refused = may_not_remove(guard, bare, actor);
	end
	if not refused then return; end
	log_refusal(room, actor, "affiliation "..event.affiliation.." for", bare);
	event.allowed = false;
	return true;
end, FIRST - 1);
hooks.hook("muc-set-affiliation", function () rising = {}; end, -FIRST);

local function may_not_set_role(guard, room, occupant, role, actor)
	local bare, admin = occupant.bare_jid, affiliation_ranks.admin;
	if role == "moderator" then
		return occupant.role ~= role and rank_in(room, bare) < admin and not may_rise(guard, bare, admin, actor);
	end
	return (not role or role == "none") and may_not_remove(guard, bare, actor);
end

hooks.wrap("set_role", function (inner)
	return function (room, actor, nick, role, ...)
		local guard = hooks.is_active() and actor and guarded(room);
		local occupant = guard and room._occupants[nick];
		if not occupant then return inner(room, actor, nick, role, ...); end
		local person = actor ~= true and actor or nil;
		if may_not_set_role(guard, room, occupant, role, person) then
			log_refusal(room, person, "role "..(role or "none").." for", occupant.bare_jid);
			return nil, "cancel", "not-allowed";
		end
		rising = { room = room, bare = occupant.bare_jid };
		local done, kind, condition = inner(room, actor, nick, role, ...);
		rising = {};
		return done, kind, condition;
	end
end);

-- Modules write roles straight into an occupant, too (token_affiliation, muc_flip): what counts is what is saved.
local function keep_down(guard, room, occupant)
	local before, bare = room._occupants[occupant.nick], occupant.bare_jid;
	if before and before.role == "moderator" or rising.bare == bare and rising.room == room then return; end
	if rank_in(room, bare) >= affiliation_ranks.admin or may_rise(guard, bare, affiliation_ranks.admin) then return; end
	log_refusal(room, nil, "role moderator for", bare);
	occupant.role = before and before.role or room:get_default_role(room:get_affiliation(bare)) or "participant";
end

hooks.wrap("save_occupant", function (inner)
	return function (room, occupant, ...)
		local guard = occupant.role == "moderator" and hooks.is_active() and guarded(room);
		if guard then hooks.attempt("guard", keep_down, guard, room, occupant); end
		return inner(room, occupant, ...);
	end
end);

-- Reserving an occupant's nick for another JID throws the occupant out. Prosody 0.12 and 13 do that before they look
-- whether somebody may: with or without the guard it is for moderators alone.
hooks.hook("iq-set/bare/http://jabber.org/protocol/muc#admin:query", function (event)
	local room, actor = who.connection() and who.find_room(event.stanza), event.stanza.attr.from;
	if not room then return; end
	local guard, may = guarded(room), rank_in(room, actor) >= affiliation_ranks.admin;
	for item in event.stanza.tags[1]:childtags("item") do
		local nick = item.attr.jid and item.attr.nick and resourceprep(item.attr.nick);
		local occupant = nick and room._occupants[room.jid.."/"..nick];
		if occupant and jid.prep(item.attr.jid) ~= occupant.bare_jid
			and (not may or guard and may_not_remove(guard, occupant.bare_jid, actor)) then
			log_refusal(room, actor, "the nick of", occupant.bare_jid);
			return who.answer(event, "cancel", "not-allowed");
		end
	end
end, FIRST - 1);

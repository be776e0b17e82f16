-- The changes that the guard refuses while it is shut.
local st, jid = require "util.stanza", require "util.jid";
local resourceprep = require "util.encodings".stringprep.resourceprep;
local muc_util = module:require("muc/util");
local affiliation_ranks, role_ranks = muc_util.valid_affiliations, muc_util.valid_roles;
local daemon, hooks, claims = module.part "daemon", module.part "hooks", module.part "claims";
local moments, guards, past = module.part "entering", module.part "guard", module.part "past";
local FIRST, guarded, rank_in, is_machine = hooks.FIRST, guards.guarded, guards.rank_in, guards.is_machine;

local xmlns_user = "http://jabber.org/protocol/muc#user";

---- Powers ----

local function may_rise(guard, bare, rank, actor)
	if daemon.is_gavel(actor) or moments.is_entering(bare) or is_machine(bare) then return true; end
	local named, by = guard.named[bare], actor and guard.named[jid.bare(actor)];
	if named and rank <= named.rank then return true; end
	return by and by.promotes and guards.lease().grants or guards.lease().spares_guests and not claims.has_some(bare);
end

-- Says whether somebody may not lower a host, or throw one out; the server's own modules may (a device switch, an
-- admin's tool).
local function may_not_lower(guard, bare, actor)
	if not actor or daemon.is_gavel(actor) or jid.bare(actor) == bare then return false; end
	if jid.node(bare) then return guard.named[bare] and guard.named[bare].host; end
	for host, named in pairs(guard.named) do -- a ban of a whole domain
		if named.host and jid.host(host) == bare then return true; end
	end
	return false;
end

---- Somebody enters ----

-- muc_allowners keeps back the presence of the person it is about to promote, and counts on the promotion's own: if
-- that is refused nobody would see them, nor would they see that they are in. So their presence goes out once more.
local entering; -- room and bare JID of the person who is just entering; refused: a rise was refused them meanwhile

hooks.hook("muc-occupant-pre-join", function (event)
	entering = { room = event.room, bare = event.occupant.bare_jid };
end, -FIRST);

local function note_refusal(room, bare)
	if entering and entering.room == room and entering.bare == bare then entering.refused = true; end
end

hooks.after("muc-occupant-joined", function (event, room)
	local refused = entering and entering.room == room and entering.refused;
	entering = nil;
	local occupant = refused and room:get_occupant_by_nick(event.nick or event.occupant.nick);
	if not occupant then return; end
	room:publicise_occupant_status(occupant, st.stanza("x", { xmlns = xmlns_user }), nil, nil, nil, occupant.role);
end);

---- Refusals ----

local function log_refusal(room, actor, what, whom)
	if actor and rank_in(room, actor) < affiliation_ranks.admin then return; end -- who may not anyway can try for ever
	module:log("info", "The guard keeps %s in %s from: %s %s", actor or "a server module", room.jid, what, whom);
end

local rising = {}; -- room and bare JID of a rise that was let through, until it is done

-- Says whether the guard refuses this change. A rise that is let through is noted.
local function refuses(guard, event)
	local room, bare, actor = event.room, event.jid, event.actor;
	local rank, before = affiliation_ranks[event.affiliation], rank_in(room, bare);
	if rank >= affiliation_ranks.admin and rank > before then
		if may_rise(guard, bare, rank, actor) then
			rising = { room = room, bare = bare };
			return false;
		end
		if not actor or is_machine(actor) then guards.hold(guard, room, bare, event.affiliation, actor); end
		note_refusal(room, bare);
		return true;
	end
	local named = guard.named[bare];
	local lowers = rank < before and named and rank < named.rank;
	local throws_out = not room:get_default_role(event.affiliation ~= "none" and event.affiliation or nil);
	return (lowers or throws_out) and may_not_lower(guard, bare, actor);
end

hooks.hook("muc-pre-set-affiliation", function (event)
	rising = {};
	local guard = guarded(event.room);
	if not guard or not refuses(guard, event) then return; end
	log_refusal(event.room, event.actor, "affiliation "..event.affiliation.." for", event.jid);
	event.allowed = false;
	return true;
end, FIRST - 1);
hooks.hook("muc-set-affiliation", function () rising = {}; end, -FIRST);

local function may_not_set_role(guard, room, occupant, role, actor)
	local bare, admin = occupant.bare_jid, affiliation_ranks.admin;
	if role == "moderator" then
		return occupant.role ~= role and rank_in(room, bare) < admin and not may_rise(guard, bare, admin, actor);
	end
	return role_ranks[role or "none"] < role_ranks[occupant.role or "none"] and may_not_lower(guard, bare, actor);
end

-- Says whether a role may be set; if it may, that is noted.
local function lets_role(room, actor, nick, role)
	local guard = hooks.is_active() and actor and role_ranks[role or "none"] and guarded(room);
	local occupant = guard and room._occupants[nick];
	if not occupant then return true; end
	local person = actor ~= true and actor or nil;
	if may_not_set_role(guard, room, occupant, role, person) then
		log_refusal(room, person, "role "..(role or "none").." for", occupant.bare_jid);
		return false;
	end
	rising = { room = room, bare = occupant.bare_jid };
	return true;
end

hooks.wrap("set_role", function (inner)
	return function (room, actor, nick, role, ...)
		if hooks.attempt("set_role", lets_role, room, actor, nick, role) == false then
			return nil, "cancel", "not-allowed";
		end
		local done, kind, condition = inner(room, actor, nick, role, ...);
		rising = {};
		return done, kind, condition;
	end
end);

-- Modules write roles straight into an occupant, too (token_affiliation, muc_flip): the saved role counts.
local function keep_down(room, occupant)
	local guard = occupant.role == "moderator" and hooks.is_active() and guarded(room);
	if not guard then return; end
	local before, bare = room._occupants[occupant.nick], occupant.bare_jid;
	if before and before.role == "moderator" or rising.bare == bare and rising.room == room then return; end
	if rank_in(room, bare) >= affiliation_ranks.admin or may_rise(guard, bare, affiliation_ranks.admin) then return; end
	log_refusal(room, nil, "role moderator for", bare);
	occupant.role = before and before.role or room:get_default_role(room:get_affiliation(bare)) or "participant";
end

hooks.wrap("save_occupant", function (inner)
	return function (room, occupant, ...)
		hooks.attempt("save_occupant", keep_down, room, occupant);
		return inner(room, occupant, ...);
	end
end);

-- If another module has wrapped the room to refuse all promotions but its own, promotions by people whom gavel has
-- named as promoting go past it, as gavel's own do.
hooks.hook("iq-set/bare/http://jabber.org/protocol/muc#admin:query", function (event)
	local room, actor = daemon.connection() and daemon.find_room(event.stanza), event.stanza.attr.from;
	local guard = room and past.wrapped_by(room) and guarded(room);
	local named = guard and guard.named[jid.bare(actor)];
	local item = named and named.promotes and event.stanza.tags[1]:get_child("item");
	local rank = item and not item.attr.nick and item.attr.jid and affiliation_ranks[item.attr.affiliation];
	if rank and rank >= affiliation_ranks.admin then return past.set(event, room); end
end, FIRST - 2);

-- Reserving an occupant's nick for another JID throws the occupant out. Prosody 0.12 and 13 do that before they look
-- whether somebody may: with or without the guard it is for moderators alone. They take an element of any name.
hooks.hook("iq-set/bare/http://jabber.org/protocol/muc#admin:query", function (event)
	local room, actor = daemon.connection() and daemon.find_room(event.stanza), event.stanza.attr.from;
	if not room then return; end
	local guard, may = guarded(room), rank_in(room, actor) >= affiliation_ranks.admin;
	for _, item in ipairs(event.stanza.tags[1].tags) do
		local nick = item.attr.jid and item.attr.nick and resourceprep(item.attr.nick);
		local occupant = nick and room._occupants[room.jid.."/"..nick];
		if occupant and jid.prep(item.attr.jid) ~= occupant.bare_jid
			and (not may or guard and may_not_lower(guard, occupant.bare_jid, actor)) then
			log_refusal(room, actor, "the nick of", occupant.bare_jid);
			return daemon.answer(event, "cancel", "not-allowed");
		end
	end
end, FIRST - 1);

-- The moment of entering: people enter with the affiliation that gavel has said, under the name that is theirs.
local affiliation_ranks = module:require("muc/util").valid_affiliations;
local hooks, claims, names = module.part "hooks", module.part "claims", module.part "names";
local moment, past, arrivals = module.part "moment", module.part "past", module.part "arrivals";

local xmlns_user = "http://jabber.org/protocol/muc#user";

-- By occupant JID, the affiliation somebody entered with as gavel had said, until gavel is shown them.
local given, given_of = module.part "state".per_room "given";

local entering; -- the bare JID of the person who is being given the affiliation that gavel has said

-- Sets an affiliation without announcing it as that of somebody absent: it will be in their presence. It is stored if
-- the room is; of a room that is not, nothing is looked for on the disk.
local function set_quietly(room, bare, affiliation)
	local own, broadcast = rawget(room, "broadcast"), room.broadcast;
	local own_save, save = rawget(room, "save"), room.save;
	room.save = function (self, _, ...) return save(self, false, ...); end
	room.broadcast = function (self, stanza, ...)
		local x = stanza.name == "message" and stanza:get_child("x", xmlns_user);
		local item = x and x:get_child("item");
		if not item or item.attr.jid ~= bare then return broadcast(self, stanza, ...); end
	end;
	entering = bare;
	hooks.attempt("enter", past.set_affiliation, room, true, bare, affiliation);
	entering, room.broadcast, room.save = nil, own, own_save;
	return room:get_affiliation(bare) == affiliation; -- also if another module has failed when it heard of it
end

-- Gives somebody who is about to enter the affiliation that gavel has said. That takes nothing away.
local function give_ahead(room, occupant, affiliation)
	local bare, rank = occupant.bare_jid, affiliation_ranks[affiliation];
	local before = affiliation_ranks[room:get_affiliation(bare) or "none"];
	if not rank or rank <= before or before < affiliation_ranks.none then return nil; end
	if occupant.role == "visitor" and rank < affiliation_ranks.admin then return nil; end
	if not set_quietly(room, bare, affiliation) then return nil; end
	occupant.role = room:get_default_role(affiliation) or occupant.role;
	return affiliation;
end

local function is_elsewhere_in(room, bare) -- then others would see them change
	for _, session in claims.sessions(bare) do
		if room:get_occupant_jid(session.full_jid) then return true; end
	end
	return false;
end

local function give(event, arrival)
	local room, bare = event.room, event.occupant.bare_jid;
	if arrival.given or not event.is_first_session or is_elsewhere_in(room, bare) then return; end
	arrival.before = room:get_affiliation(bare) or "none";
	arrival.given = give_ahead(room, event.occupant, arrival.affiliation);
end

local lent = setmetatable({}, { __mode = "k" }); -- by session, what was given without gavel's word, while it enters

-- Gives an affiliation of which gavel has said nothing.
local function lend(event, affiliation)
	lent[event.origin] = { affiliation = affiliation };
	give(event, lent[event.origin]);
end

-- As the last before somebody enters.
local function enter_as_said(event)
	local room, session, occupant = event.room, event.origin, event.occupant;
	local arrival, known = arrivals.standing(event), arrivals.of(session);
	if known and known.room == room.jid then arrivals.over(session); end
	if not arrival or not event.is_first_session or is_elsewhere_in(room, occupant.bare_jid) then return; end
	if arrival.name then names.pin_ahead(room, occupant, event.stanza, arrival.name, arrival.own); end
	if not arrival.affiliation or arrival.changed then return; end
	give(event, arrival);
	given_of(room.jid)[occupant.nick] = arrival.given;
end
hooks.hook("muc-occupant-pre-join", enter_as_said, -hooks.FIRST);

-- A person who is refused in the end has got nothing.
hooks.after("muc-occupant-pre-join", function (event, room, refused)
	local arrival = refused and (lent[event.origin] or arrivals.of(event.origin));
	lent[event.origin] = nil;
	if not arrival or not arrival.given then return; end
	set_quietly(room, event.occupant.bare_jid, arrival.before);
	arrival.given, arrival.before = nil, nil;
end);

-- The affiliation that gavel had said, once: it is shown to gavel then.
local function take_given(room_jid, nick)
	local affiliation = given[room_jid] and given[room_jid][nick];
	if affiliation then given[room_jid][nick] = nil; end
	return affiliation;
end

hooks.hook("muc-occupant-left", function (event) take_given(event.room.jid, event.nick); end, hooks.FIRST);

hooks.after("muc-set-affiliation", function (event, room)
	if entering == event.jid then return; end -- gavel has said so
	if not event.actor and moment.is_open() then return; end -- a module's view of their claims: gavel's stands
	for _, session in claims.sessions(event.jid) do
		local arrival = arrivals.of(session);
		if arrival and arrival.room == room.jid then arrival.changed = true; end
	end
end);

return {
	take_given = take_given, give = give, lend = lend, is_entering = function (bare) return entering == bare; end;
};

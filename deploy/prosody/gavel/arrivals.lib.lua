-- Who is about to enter. Jitsi's clients name their room as they connect, well before they enter it. gavel is asked at
-- once what their claims are going to give them there; if it has answered by the time they enter, they enter as that,
-- under the name that is theirs. Nobody ever waits for the answer: without one gavel acts when it sees them, as for
-- everybody else.
local st = require "util.stanza";
local new_id = require "util.id".short;
local seconds = require "util.time".monotonic; -- since some moment
local hosts = prosody.hosts;
local affiliation_ranks = module:require("muc/util").valid_affiliations;
local who, hooks, claims = module.part "who", module.part "hooks", module.part "claims";
local names, jitsi, state = module.part "names", module.part "jitsi", module.part "state";
local moment, past, evidence = module.part "moment", module.part "past", module.part "evidence";

local xmlns_user, xmlns_arrival = "http://jabber.org/protocol/muc#user", "urn:gavel:arrival:0";
local STANDS = 60; -- for so many seconds what gavel has answered holds

-- By occupant JID, the affiliation somebody entered with as gavel had said, until gavel is shown them.
local given, given_of = state.per_room "given";

-- By session, and by the id of the question about them, until gavel has answered:
--   room, text (of the claims), stream, since: what was asked, and when;  affiliation, name: what gavel has answered
--   changed: somebody has set their affiliation since, of which gavel did not know
--   go_on: to be called once gavel has answered;  given, before: what they have been given, and what they had
local arrivals, asked = {}, {};

local function settle(arrival)
	local go_on = arrival.go_on;
	arrival.go_on = nil;
	if go_on then hooks.attempt("arrival", go_on); end
end

local function forget()
	local forgotten = asked;
	arrivals, asked = setmetatable({}, { __mode = "k" }), setmetatable({}, { __mode = "v" });
	for _, arrival in pairs(forgotten) do settle(arrival); end
end
forget();

local function ask(session, room_jid)
	local text = who.connection() and claims.of_session(session) or "";
	if text == "" or evidence.bound_claims(text) ~= text then return nil; end
	local id, full = new_id(), session.full_jid;
	local arrival = { room = room_jid, text = text, stream = who.connection(), since = seconds(), id = id };
	arrivals[session], asked[id] = arrival, arrival;
	module:send(st.iq({ type = "get", id = id, from = module.host, to = who.jid.."/gavel" })
		:tag("arrival", { xmlns = xmlns_arrival, room = room_jid, jid = full })
			:add_child(claims.signed(text, full, room_jid.."/", {})));
	return arrival;
end

local function ask_ahead(event)
	local room_jid = event.session.auth_token and jitsi.room_ahead(event.session);
	if room_jid then ask(event.session, room_jid); end
end

-- Hears of those who connect to a host.
local function listen(host)
	if hosts[host].type == "local" then
		hooks.listen(host, "resource-bind", ask_ahead);
	end
end

-- What was asked about a session for a room, as long as an answer to it holds.
local function holding(session, room_jid)
	local arrival = arrivals[session];
	if not arrival or arrival.room ~= room_jid or arrival.stream ~= who.connection() then return nil; end
	if seconds() >= arrival.since + STANDS or claims.of_session(session) ~= arrival.text then return nil; end
	return arrival;
end

-- Asks about somebody who is at the door, unless gavel has answered. True where there is something to wait for.
local function await(session, room_jid, go_on)
	local arrival = holding(session, room_jid) or ask(session, room_jid);
	if not arrival or not asked[arrival.id] then return false; end
	arrival.go_on = go_on;
	return true;
end

hooks.serve("iq/host", function (event)
	local stanza = event.stanza;
	local arrival = stanza.attr.type == "result" and asked[stanza.attr.id];
	if not arrival or not who.from_gavel(event) then return; end
	local said = stanza:get_child("arrival", xmlns_arrival);
	asked[stanza.attr.id] = nil;
	local name = said and said:get_text();
	if said then arrival.affiliation, arrival.name = said.attr.affiliation, name ~= "" and name or nil; end
	settle(arrival);
	return true;
end, hooks.FIRST);

hooks.serve("iq-set/host/"..xmlns_arrival..":forget", function (event) -- gavel judges otherwise from now on
	if not who.from_gavel(event) then return who.answer(event, "auth", "forbidden"); end
	forget();
	return who.answer(event);
end, hooks.FIRST);

---- The moment of entering ----

local entering; -- the bare JID of whoever is being given what gavel has said

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
	return room:get_affiliation(bare) == affiliation; -- also where another module has failed when it heard of it
end

-- Gives somebody who is about to enter the affiliation that gavel has said. Nothing is taken away by that.
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

-- What gavel has said of whoever sends this join.
local function standing(event)
	local session = event.origin;
	return session.full_jid == event.stanza.attr.from and holding(session, event.room.jid) or nil;
end

local function give(event, arrival)
	local room, bare = event.room, event.occupant.bare_jid;
	if arrival.given or not event.is_first_session or is_elsewhere_in(room, bare) then return; end
	arrival.before = room:get_affiliation(bare) or "none";
	arrival.given = give_ahead(room, event.occupant, arrival.affiliation);
end

-- As the last before somebody enters.
local function enter_as_said(event)
	local room, session, occupant = event.room, event.origin, event.occupant;
	local arrival, known = standing(event), arrivals[session];
	if known and known.room == room.jid then arrivals[session] = nil; end -- whoever comes again is seen to by gavel
	if not arrival or not event.is_first_session or is_elsewhere_in(room, occupant.bare_jid) then return; end
	if arrival.name then names.pin_ahead(room, occupant, event.stanza, arrival.name); end
	if not arrival.affiliation or arrival.changed then return; end
	give(event, arrival);
	given_of(room.jid)[occupant.nick] = arrival.given;
end
hooks.hook("muc-occupant-pre-join", enter_as_said, -hooks.FIRST);

-- Whoever is refused in the end has got nothing.
hooks.after("muc-occupant-pre-join", function (event, room, refused)
	local arrival = refused and arrivals[event.origin];
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
		local arrival = arrivals[session];
		if arrival and arrival.room == room.jid then arrival.changed = true; end
	end
end);

return {
	listen = listen, forget = forget, take_given = take_given, await = await, standing = standing, give = give;
	is_entering = function (bare) return entering == bare; end;
};

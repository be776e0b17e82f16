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
local attempt = hooks.attempt;

local xmlns_user, xmlns_arrival = "http://jabber.org/protocol/muc#user", "urn:gavel:arrival:0";
local STANDS = 60; -- for so many seconds what gavel has answered holds

-- By occupant JID, the affiliation somebody entered with as gavel had said, until gavel is shown them.
local given, given_of = state.per_room "given";

-- By session, and by the id of the question about them, until gavel has answered:
--   room, text (of the claims), stream, since: what was asked, and when;  affiliation, name: what gavel has answered
--   changed: somebody has set their affiliation since, of which gavel did not know
local arrivals, asked;
local function forget()
	arrivals, asked = setmetatable({}, { __mode = "k" }), setmetatable({}, { __mode = "v" });
end
forget();

local function ask(event)
	local session = event.session;
	local text = who.connection() and claims.of_session(session) or "";
	local room_jid = text ~= "" and jitsi.room_ahead(session);
	if not room_jid then return; end
	local id, full = new_id(), session.full_jid;
	local arrival = { room = room_jid, text = text, stream = who.connection(), since = seconds() };
	arrivals[session], asked[id] = arrival, arrival;
	module:send(st.iq({ type = "get", id = id, from = module.host, to = who.jid.."/gavel" })
		:tag("arrival", { xmlns = xmlns_arrival, room = room_jid, jid = full })
			:add_child(claims.signed(text, full, room_jid.."/", {})));
end

-- Hears of those who connect to a host.
local function listen(host)
	if hosts[host].type == "local" then
		module:context(host):hook("resource-bind", function (event) attempt("arrival", ask, event); end);
	end
end

hooks.serve("iq/host", function (event)
	local stanza = event.stanza;
	local arrival = stanza.attr.type == "result" and asked[stanza.attr.id];
	if not arrival or not who.from_gavel(event) then return; end
	local said = stanza:get_child("arrival", xmlns_arrival);
	asked[stanza.attr.id] = nil;
	if not said then return true; end
	local name = said:get_text();
	arrival.affiliation, arrival.name = said.attr.affiliation, name ~= "" and name or nil;
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
	attempt("enter", room.set_affiliation, room, true, bare, affiliation);
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

-- As the last before somebody enters.
local function enter_as_said(event)
	local room, session, occupant, stanza = event.room, event.origin, event.occupant, event.stanza;
	local arrival = arrivals[session];
	if not arrival or arrival.room ~= room.jid then return; end
	arrivals[session] = nil; -- whoever comes again is seen to by gavel
	if arrival.stream ~= who.connection() or seconds() >= arrival.since + STANDS then return; end
	if session.full_jid ~= stanza.attr.from or claims.of_session(session) ~= arrival.text then return; end
	if not event.is_first_session or is_elsewhere_in(room, occupant.bare_jid) then return; end
	if arrival.name then names.pin_ahead(room, occupant, stanza, arrival.name); end
	if arrival.affiliation and not arrival.changed then
		given_of(room.jid)[occupant.nick] = give_ahead(room, occupant, arrival.affiliation);
	end
end
hooks.hook("muc-occupant-pre-join", enter_as_said, -hooks.FIRST);

-- The affiliation that gavel had said, once: it is shown to gavel then.
local function take_given(room_jid, nick)
	local affiliation = given[room_jid] and given[room_jid][nick];
	if affiliation then given[room_jid][nick] = nil; end
	return affiliation;
end

hooks.hook("muc-occupant-left", function (event) take_given(event.room.jid, event.nick); end, hooks.FIRST);

hooks.after("muc-set-affiliation", function (event, room)
	if entering == event.jid then return; end -- gavel has said so
	for _, session in claims.sessions(event.jid) do
		local arrival = arrivals[session];
		if arrival and arrival.room == room.jid then arrival.changed = true; end
	end
end);

-- Does something to whoever is about to enter that leaves standing what gavel has said of them.
local function leave_standing(session, work)
	local arrival = arrivals[session];
	local changed = arrival and arrival.changed;
	work();
	if arrival then arrival.changed = changed; end
end

return {
	listen = listen, forget = forget, take_given = take_given, leave_standing = leave_standing;
	is_entering = function (bare) return entering == bare; end;
};

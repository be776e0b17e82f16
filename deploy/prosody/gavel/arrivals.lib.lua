-- People who are about to enter. Jitsi's clients name their room as they connect, well before they enter it. gavel is
-- asked at once for the affiliation that their claims give them there. An answer that has come by the time they enter
-- holds from their first presence (entering.lib.lua). Nobody ever waits for the answer: without one gavel acts when
-- it sees them, as for everybody else.
local st = require "util.stanza";
local new_id = require "util.id".short;
local seconds = require "util.time".monotonic; -- since some moment
local hosts, full_sessions = prosody.hosts, prosody.full_sessions;
local daemon, hooks, claims = module.part "daemon", module.part "hooks", module.part "claims";
local jitsi, evidence, permissions = module.part "jitsi", module.part "evidence", module.part "permissions";
local text_of = module.part "text";

local xmlns_arrival = "urn:gavel:arrival:0";
local STANDS = 60; -- gavel's answer holds for so many seconds

-- By session, and by the id of the question about them, until gavel has answered:
--   full, room, text (of the claims), stream, since: the person asked about, and the time
--   affiliation, name: gavel's answer
--   changed: somebody has set their affiliation since, of which gavel did not know
--   go_on: to be called once gavel has answered;  given, before: the affiliation they were given, and the one before
local arrivals, asked = {}, {};

-- Records the permissions that gavel gives somebody in a room that they have not entered.
local function say_permissions(arrival, list)
	local session = full_sessions[arrival.full];
	if session and arrivals[session] == arrival then permissions.say(arrival.full, arrival.room, list); end
end

local function settle(arrival)
	local go_on = arrival.go_on;
	arrival.go_on = nil;
	if go_on then hooks.attempt("arrival", go_on); end
end

local function forget()
	local forgotten = asked;
	for _, arrival in pairs(arrivals) do say_permissions(arrival, nil); end
	arrivals, asked = setmetatable({}, { __mode = "k" }), setmetatable({}, { __mode = "v" });
	for _, arrival in pairs(forgotten) do settle(arrival); end
end
forget();

local function ask(session, room_jid)
	local text = daemon.connection() and claims.of_session(session) or "";
	if text == "" or evidence.bound_claims(text) ~= text then return nil; end
	local id, full = new_id(), session.full_jid;
	local stream, since = daemon.connection(), seconds();
	local arrival = { full = full, room = room_jid, text = text, stream = stream, since = since, id = id };
	arrivals[session], asked[id] = arrival, arrival;
	module:send(st.iq({ type = "get", id = id, from = module.host, to = daemon.jid.."/gavel" })
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

-- The question about a session for a room, as long as an answer to it holds.
local function holding(session, room_jid)
	local arrival = arrivals[session];
	if not arrival or arrival.room ~= room_jid or arrival.stream ~= daemon.connection() then return nil; end
	if seconds() >= arrival.since + STANDS or claims.of_session(session) ~= arrival.text then return nil; end
	return arrival;
end

-- Asks about somebody who is at the door, unless gavel has answered. True if there is something to wait for.
local function await(session, room_jid, go_on)
	local arrival = holding(session, room_jid) or ask(session, room_jid);
	if not arrival or not asked[arrival.id] then return false; end
	arrival.go_on = go_on;
	return true;
end

hooks.serve("iq/host", function (event)
	local stanza = event.stanza;
	local arrival = stanza.attr.type == "result" and asked[stanza.attr.id];
	if not arrival or not daemon.from_gavel(event) then return; end
	local said = stanza:get_child("arrival", xmlns_arrival);
	asked[stanza.attr.id] = nil;
	if said then
		local name, list = text_of(said), said:get_child("permissions", permissions.xmlns);
		arrival.affiliation, arrival.name = said.attr.affiliation, name ~= "" and name or nil;
		arrival.own = said.attr.own == "true";
		say_permissions(arrival, list and permissions.read(list));
	end
	settle(arrival);
	return true;
end, hooks.FIRST);

hooks.serve("iq-set/host/"..xmlns_arrival..":forget", function (event) -- gavel judges otherwise from now on
	if not daemon.from_gavel(event) then return daemon.answer(event, "auth", "forbidden"); end
	forget();
	return daemon.answer(event);
end, hooks.FIRST);

-- gavel's answer about the sender of this join.
local function standing(event)
	local session = event.origin;
	return session.full_jid == event.stanza.attr.from and holding(session, event.room.jid) or nil;
end

return {
	listen = listen, forget = forget, await = await, standing = standing;
	-- The question about a session that is about to enter, whether or not it still holds.
	of = function (session) return arrivals[session]; end;
	-- gavel looks after a person who comes again.
	over = function (session) arrivals[session] = nil; end;
};

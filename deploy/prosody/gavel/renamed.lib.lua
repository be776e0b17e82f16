-- Messages of somebody who has just taken a name. Clients keep each message under the name that its sender had as it
-- came, and it takes gavel one round trip to change a name that is somebody else's. So where names are kept, the first
-- message under a new name waits until gavel has seen the name. gavel answers what it is asked in order: whoever is to
-- be shown otherwise is so before its answer.
local async, st = require "util.async", require "util.stanza";
local new_id = require "util.id".short;
local who, hooks, names = module.part "who", module.part "hooks", module.part "names";

local WAITS, MOST = 1, 50; -- seconds for which a gavel that does not answer is waited for, messages that wait

local is_new = setmetatable({}, { __mode = "k" }); -- sessions with a name that gavel may not have seen
local waiting = {}; -- by session: the events of messages
local asked = {}; -- by the id of the question: the session
local has_waited = setmetatable({}, { __mode = "k" }); -- by stanza

hooks.hook("presence/full", function (event)
	local session, stanza = event.origin, event.stanza;
	if session.type ~= "c2s" or stanza.attr.type then return; end
	local room = who.find_room(stanza);
	local occupant = room and room:get_occupant_by_real_jid(stanza.attr.from);
	local before = occupant and occupant:get_presence(stanza.attr.from);
	if names.shown(stanza) ~= (before and names.shown(before)) then is_new[session] = true; end
end, hooks.FIRST - 1);

---- Messages that wait ----

local function go_on(session)
	local events = waiting[session];
	waiting[session] = nil;
	if session.destroyed then return; end
	for _, event in ipairs(events) do
		has_waited[event.stanza] = true;
		local kind = event.stanza.attr.to:find("/", 1, true) and "message/full" or "message/bare";
		-- In a thread of its own, as any stanza of a client: modules may wait in it.
		async.runner(function () module:fire_event(kind, event); end):run(true);
	end
end

local function ask(session)
	if not who.connection() then return false; end
	local id = new_id();
	is_new[session], asked[id] = nil, session;
	module:send(st.iq({ type = "get", id = id, from = module.host, to = who.jid.."/gavel" })
		:tag("ping", { xmlns = "urn:xmpp:ping" }));
	hooks.timer(WAITS, "renamed", function ()
		if not asked[id] then return; end
		asked[id] = nil;
		go_on(session);
	end);
	return true;
end

hooks.hook("iq/host", function (event)
	local stanza = event.stanza;
	local session = asked[stanza.attr.id];
	if not session or stanza.attr.from ~= who.jid.."/gavel" then return; end
	if stanza.attr.type ~= "result" and stanza.attr.type ~= "error" then return; end
	asked[stanza.attr.id] = nil;
	-- Meanwhile they may have taken another.
	if not (is_new[session] and ask(session)) then go_on(session); end
	return true;
end, hooks.FIRST);

local function must_wait(session, stanza)
	if session.type ~= "c2s" or stanza.attr.type == "error" or has_waited[stanza] then return false; end
	if waiting[session] then return true; end
	local room = is_new[session] and who.find_room(stanza);
	local nick = room and room:get_occupant_jid(stanza.attr.from);
	if not nick or not names.are_kept_in(room.jid) or names.is_own(room.jid, nick) then return false; end
	return true;
end

local function wait(event)
	local session, stanza = event.origin, event.stanza;
	if not must_wait(session, stanza) then return; end
	if not waiting[session] then
		if not ask(session) then return; end
		waiting[session] = {};
	end
	if #waiting[session] >= MOST then return who.answer(event, "wait", "resource-constraint"); end
	table.insert(waiting[session], event);
	return true;
end

for _, to in ipairs { "full", "bare" } do hooks.hook("message/"..to, wait, hooks.FIRST + 1); end

return {
	finish = function ()
		for session in pairs(waiting) do hooks.attempt("renamed", go_on, session); end
	end;
};

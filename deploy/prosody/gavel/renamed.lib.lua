-- Messages and polls of somebody who has just taken a name. Clients keep each under the name that its sender had as
-- it came, as Jitsi's component for polls does, and it takes gavel one round trip to change a name that is somebody
-- else's. So if names are kept, the first of them under a new name waits until gavel has seen the name. gavel answers
-- questions in order: a person whose name gavel changes is shown under the new one before its answer.
local async, jid, st = require "util.async", require "util.jid", require "util.stanza";
local hosts = prosody.hosts;
local new_id = require "util.id".short;
local daemon, hooks, names = module.part "daemon", module.part "hooks", module.part "names";

local WAITS, MOST = 1, 50; -- seconds for which a gavel that does not answer is waited for, messages that wait

local is_new = setmetatable({}, { __mode = "k" }); -- by session with a name that gavel may not have seen: the room
local waiting = {}; -- by session: { event, its name, host }, in order
local asked = {}; -- by the id of the question: the session
local has_waited = setmetatable({}, { __mode = "k" }); -- by stanza

hooks.hook("presence/full", function (event)
	local session, stanza = event.origin, event.stanza;
	if session.type ~= "c2s" or stanza.attr.type or not names.are_kept_in(jid.bare(stanza.attr.to)) then return; end
	local room = daemon.find_room(stanza);
	local occupant = room and room:get_occupant_by_real_jid(stanza.attr.from);
	local before = occupant and occupant:get_presence(stanza.attr.from);
	if names.shown(stanza) ~= (before and names.shown(before)) then is_new[session] = jid.bare(stanza.attr.to); end
end, hooks.FIRST - 1);

---- Messages that wait ----

local function go_on(session)
	local messages = waiting[session];
	waiting[session] = nil;
	if session.destroyed then return; end
	for _, message in ipairs(messages) do
		has_waited[message.event.stanza] = true;
		-- In a thread of its own, as any stanza of a client: modules may wait in it.
		async.runner(function () module:context(message.host):fire_event(message.name, message.event); end):run(true);
	end
end

local function ask(session)
	if not daemon.connection() then return false; end
	local id = new_id();
	is_new[session], asked[id] = nil, session;
	module:send(st.iq({ type = "get", id = id, from = module.host, to = daemon.jid.."/gavel" })
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
	if not session or stanza.attr.from ~= daemon.jid.."/gavel" then return; end
	if stanza.attr.type ~= "result" and stanza.attr.type ~= "error" then return; end
	asked[stanza.attr.id] = nil;
	-- Meanwhile they may have taken another.
	if not (is_new[session] and ask(session)) then go_on(session); end
	return true;
end, hooks.FIRST);

local function must_wait(session, stanza)
	if session.type ~= "c2s" or stanza.attr.type == "error" or has_waited[stanza] then return false; end
	if waiting[session] then return true; end
	local room = is_new[session] and daemon.muc.get_room_from_jid(is_new[session]);
	local nick = room and room:get_occupant_jid(session.full_jid);
	return nick and names.are_kept_in(room.jid) and not names.is_own(room.jid, nick);
end

local function wait(event, name, host)
	local session, stanza = event.origin, event.stanza;
	if not must_wait(session, stanza) then return; end
	local is_first, message = not waiting[session], { event = event, name = name, host = host };
	if not is_first and #waiting[session] >= MOST then return daemon.answer(event, "wait", "resource-constraint"); end
	waiting[session] = waiting[session] or {};
	table.insert(waiting[session], message);
	if not is_first or ask(session) then return true; end
	waiting[session] = nil;
end

for _, name in ipairs { "message/full", "message/bare" } do
	hooks.hook(name, function (event) return wait(event, name, module.host); end, hooks.FIRST + 1);
end

-- Hears of stanzas to the component that keeps polls, which may start after this module.
local function listen(host)
	hooks.listen(host, "message/host", function (event)
		local keeps_polls = hosts[host].modules and hosts[host].modules.polls_component;
		if keeps_polls then return wait(event, "message/host", host); end
	end, hooks.FIRST + 1);
end

return {
	listen = listen;
	finish = function ()
		for session in pairs(waiting) do hooks.attempt("renamed", go_on, session); end
	end;
};

-- The elements that are taken out of people's stanzas before other modules look, and the part of them that gavel
-- alone is shown.
local jid = require "util.jid";
local t_insert = table.insert;
local daemon, hooks, names = module.part "daemon", module.part "hooks", module.part "names";
local tokens, tokens_of = module.part "state".per_room "tokens"; -- by real JID: token elements of its latest presence

local token_elements = {}; -- by name
for name in module:get_option_set("gavel_token_elements", { "jwt", "token", "jitsi_participant_jwt" }) do
	token_elements[name] = true;
end

local taken_out = setmetatable({}, { __mode = "k" }); -- token elements, by the stanza they were in
local accepted = {}; -- room, full JID and tokens of the presence being handled

local function is_ours(tag)
	local xmlns = tag.attr.xmlns;
	return xmlns and xmlns:find("urn:gavel:", 1, true) == 1;
end

local function is_private(tag) -- for gavel alone
	return token_elements[tag.name] or is_ours(tag);
end

local function has_private(stanza)
	for _, tag in ipairs(stanza.tags) do
		if is_private(tag) then return true; end
	end
	return false;
end

local function take_private(stanza)
	local found = {};
	if has_private(stanza) then
		stanza:maptags(function (tag)
			if not is_private(tag) then return tag; end
			if not is_ours(tag) then t_insert(found, tag); end
		end);
	end
	taken_out[stanza] = found[1] and found;
end

for _, kind in ipairs { "presence", "iq", "message" } do
	for _, to in ipairs { "full", "bare" } do
		hooks.hook(kind.."/"..to, function (event)
			local stanza = event.stanza;
			if not daemon.component() then return; end
			if daemon.is_gavel(stanza.attr.from) then
				if not daemon.from_gavel(event) then return daemon.answer(event, "auth", "forbidden"); end
			elseif kind == "presence" then
				take_private(stanza);
				names.apply(stanza, jid.bare(stanza.attr.to));
			end
		end, hooks.FIRST);
	end
end

-- Last, when all others have let it in. A join may have waited in a queue since it arrived (muc_meeting_id).
local function accept(event)
	accepted = { room = event.room, full = event.stanza.attr.from, tokens = taken_out[event.stanza] };
end
hooks.hook("muc-occupant-pre-join", accept, -hooks.FIRST);
hooks.hook("muc-occupant-pre-change", accept, -hooks.FIRST);

-- Once a presence has been published, its tokens are the newest that its sender has shown.
hooks.after("muc-broadcast-presence", function (event, room)
	local is_new = accepted.room == room;
	local known = is_new and accepted.tokens and tokens_of(room.jid) or tokens[room.jid];
	for full, presence in event.occupant:each_session() do
		if presence.attr.type then
			if known then known[full] = nil; end
		elseif is_new and accepted.full == full then
			if known then known[full] = accepted.tokens; end
			accepted = {};
		end
	end
end);

hooks.hook("muc-occupant-left", function (event)
	local known = tokens[event.room.jid];
	if not known then return; end
	for full in event.occupant:each_session() do known[full] = nil; end
end, hooks.FIRST);

-- No event tells of a session that is thrown out for an error and leaves others behind its nick.
hooks.follow("handle_kickable", function (room, _, stanza)
	local known = tokens[room.jid];
	if known and not room:get_occupant_jid(stanza.attr.from) then known[stanza.attr.from] = nil; end
end);

return {
	tokens = function (room_jid, full) return tokens[room_jid] and tokens[room_jid][full] or {}; end;
};

-- Messages and polls of people who are denied them. Jitsi's own modules look only while a room is restricted, and
-- know no list; here a person who is denied is always refused.
local st = require "util.stanza";
local hosts = prosody.hosts;
local hooks, permissions = module.part "hooks", module.part "permissions";

local function is_denied(event, name)
	local full = event.stanza.attr.from;
	return full and permissions.is_denied(name, full, module.host);
end

local function refuse(event, text)
	event.origin.send(st.error_reply(event.stanza, "cancel", "not-allowed", text));
	return true;
end

-- The elements that clients show as a message: text, formatted text, or text that only its recipients can read.
-- Jitsi's client takes a body of any namespace.
local shown = { body = true, html = true, openpgp = true, encrypted = true };

local function is_shown(stanza)
	for _, child in ipairs(stanza.tags) do
		if shown[child.name] then return true; end
	end
	return false;
end

-- An ASCII character that is written as a JSON escape.
local function unescape(digits)
	local code = tonumber(digits, 16);
	return code < 128 and string.char(code) or nil;
end

-- The commands by which clients show a poll: a new one, and those from before they came.
local polls = { "&quot;new-poll&quot;", "&quot;old-polls&quot;" };

-- Older Jitsi sends polls as messages to the room, newer Jitsi to a component; the text is the same. Clients and
-- components read its JSON each in their own way. So a command counts if it stands as a string, and as clients read
-- the element: without the tags in it.
local function is_poll(stanza)
	for _, child in ipairs(stanza.tags) do
		local text = child.name == "json-message" and tostring(child):gsub("<[^>]*>", ""):gsub("\\u(%x%x%x%x)", unescape);
		for _, command in ipairs(text and polls or {}) do
			if text:find(command, 1, true) then return true; end
		end
	end
	return false;
end

local function refuse_poll(event)
	if not is_denied(event, "create-polls") or not is_poll(event.stanza) then return; end
	return refuse(event, "You may not start polls in this meeting.");
end

hooks.hook("message/bare", function (event)
	local stanza = event.stanza;
	if stanza.attr.type == "error" then return; end
	if is_shown(stanza) then
		if is_denied(event, "send-groupchat") then return refuse(event, "You may not write to this meeting."); end
	else
		return refuse_poll(event);
	end
end, hooks.FIRST - 1);

-- Jitsi's client shows the text of an error as a message. Only the condition of an error goes on: Prosody throws
-- people out by it, and people who wrote to them hear that their message has not arrived.
local function take_text(stanza)
	stanza:maptags(function (child)
		if child.name ~= "error" then return nil; end
		return child:maptags(function (part) if part.name ~= "text" then return part; end end);
	end);
end

hooks.hook("message/full", function (event)
	local stanza = event.stanza;
	local is_error = stanza.attr.type == "error";
	if not is_error and not is_shown(stanza) then return refuse_poll(event); end
	if not is_denied(event, "send-private-message") then return; end
	if not is_error then return refuse(event, "You may not write to people of this meeting."); end
	take_text(stanza);
end, hooks.FIRST - 1);

-- Hears of stanzas to the component that keeps polls, which may start after this module.
local function listen(host)
	hooks.listen(host, "message/host", function (event)
		local keeps_polls = hosts[host].modules and hosts[host].modules.polls_component;
		if keeps_polls then return refuse_poll(event); end
	end, hooks.FIRST);
end

return { listen = listen };

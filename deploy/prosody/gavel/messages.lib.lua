-- Messages and polls of people who are denied them. Jitsi's own modules look only while a room is restricted, and know
-- no list; here whoever is denied is always refused.
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

-- What clients show as a message: text, formatted text, or text that only its recipients can read. Jitsi's client takes
-- a body of any namespace.
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

-- Older Jitsi sends polls as messages to the room, newer Jitsi to a component; the text is the same. Clients and
-- components read its JSON each in their own way. So it counts where the word stands as a string, and as clients read
-- the element: without the tags in it.
local function is_new_poll(stanza)
	for _, child in ipairs(stanza.tags) do
		local text = child.name == "json-message" and tostring(child):gsub("<[^>]*>", ""):gsub("\\u(%x%x%x%x)", unescape);
		if text and text:find("&quot;new-poll&quot;", 1, true) then return true; end
	end
	return false;
end

hooks.hook("message/bare", function (event)
	local stanza = event.stanza;
	if stanza.attr.type == "error" then return; end
	if is_shown(stanza) then
		if is_denied(event, "send-groupchat") then return refuse(event, "You may not write to this meeting."); end
	elseif is_denied(event, "create-polls") and is_new_poll(stanza) then
		return refuse(event, "You may not start polls in this meeting.");
	end
end, hooks.FIRST - 1);

hooks.hook("message/full", function (event)
	local stanza = event.stanza;
	if stanza.attr.type == "error" or not is_shown(stanza) then return; end
	if not is_denied(event, "send-private-message") then return; end
	return refuse(event, "You may not write to people of this meeting.");
end, hooks.FIRST - 1);

-- Hears of what is sent to the component that keeps polls, which may start after this module.
local function listen(host)
	hooks.listen(host, "message/host", function (event)
		local polls = hosts[host].modules and hosts[host].modules.polls_component;
		if not polls or not is_denied(event, "create-polls") or not is_new_poll(event.stanza) then return; end
		return refuse(event, "You may not start polls in this meeting.");
	end, hooks.FIRST);
end

return { listen = listen };

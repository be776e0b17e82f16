-- gavel itself: its address, its connection, and answers to it.
local st, jid = require "util.stanza", require "util.jid";
local hosts = prosody.hosts;

local option = module:get_option_string("gavel_jid", "gavel@gavel."..module.host:gsub("^[^.]+%.", ""));
local gavel = jid.prep(option);
local gavel_host = jid.host(gavel);
local muc = module:depends("muc");

-- Nil unless gavel's domain is an external component of this server; without it this module does nothing.
local function component()
	local host = hosts[gavel_host];
	return host and host.type == "component" and host.modules.component or nil;
end

-- The stream that gavel is connected by, if it is connected.
local function connection()
	local external = component();
	return external and external.session or nil;
end

-- The secret that gavel has connected with. Prosody may have read another from its configuration since.
local function secret()
	local session = connection();
	session.gavel_secret = session.gavel_secret or module:context(gavel_host):get_option_string("component_secret", "");
	return session.gavel_secret;
end

local function is_gavel(address)
	return address and (address == gavel or address:sub(1, #gavel + 1) == gavel.."/");
end

-- Only a stanza that comes through gavel's own stream is obeyed: other components may be free to write any sender.
local function from_gavel(event)
	return is_gavel(event.stanza.attr.from) and event.origin == connection();
end

local function find_room(stanza)
	local room = muc.get_room_from_jid(jid.bare(stanza.attr.to));
	return room and not room._data.destroyed and room or nil;
end

local function answer(event, type, condition) -- always true, so that nobody else handles the stanza
	local stanza = event.stanza;
	if not type then
		event.origin.send(st.reply(stanza));
	elseif stanza.attr.type ~= "error" and stanza.attr.type ~= "result" then
		event.origin.send(st.error_reply(stanza, type, condition));
	end
	return true;
end

return {
	option = option, jid = gavel, host = gavel_host, is_valid = jid.node(gavel) and not jid.resource(gavel);
	component = component, connection = connection, secret = secret;
	is_gavel = is_gavel, from_gavel = from_gavel;
	muc = muc, find_room = find_room, answer = answer;
};

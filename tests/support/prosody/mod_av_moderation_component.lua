-- People who may unmute, as Jitsi's component of this name has them: new owners are added to a room's lists, and
-- people who are told get the lists as a message, which a moderator who enters causes, too. A component of its own;
-- option muc_component names the MUC service.
local st = require "util.stanza";
local json = require "util.json";
local service = module:get_option_string("muc_component");

local function send(to, said)
	module:send(st.message({ from = module.host, to = to }):tag("json-message", { xmlns = "http://jitsi.org/jitmeet" })
		:text(json.encode(said)));
end

function notify_whitelist_change(jid, moderators, room, media, removed) -- luacheck: ignore 111
	local said = { type = "av_moderation", room = room.jid, mediaType = media, removed = removed or nil };
	for _, occupant in room:each_occupant() do
		if moderators and occupant.role == "moderator" then
			local with = { whitelists = room.av_moderation };
			for key, value in pairs(said) do with[key] = value; end
			send(occupant.jid, with);
		elseif occupant.jid == jid then
			send(occupant.jid, said);
		end
	end
end

local function added(event)
	local room = event.room;
	if not event.actor or event.affiliation ~= "owner" or not room.av_moderation then return; end
	for _, occupant in room:each_occupant() do
		if occupant.bare_jid == event.jid then
			for _, list in pairs(room.av_moderation) do table.insert(list, occupant.nick); end
		end
	end
end

local function entered(event)
	local room = event.room;
	for media in pairs(room:get_role(event.nick) == "moderator" and room.av_moderation or {}) do
		notify_whitelist_change(nil, true, room, media); -- luacheck: ignore 113
	end
end

local function attach(host)
	if host ~= service then return; end
	module:context(host):hook("muc-set-affiliation", added, -1);
	module:context(host):hook("muc-occupant-joined", entered, -2);
end
module:hook_global("host-activated", attach);
if prosody.hosts[service] then attach(service); end

-- The authors of messages. Jitsi's clients show a message under another name than its sender's if it says so itself.
-- A visitor node says so of its visitors, who are not in the room: in <display-name/>, and for older clients in
-- <nick/>. The room knows the names of the people in it. So if names are kept, this module takes the name out of
-- their messages, as it does for everybody who has a name by their token: nobody speaks in the name of another.
local full_sessions = prosody.full_sessions;
local daemon, hooks = module.part "daemon", module.part "hooks";
local claims, names = module.part "claims", module.part "names";

local shown = { ["display-name"] = true, nick = true }; -- some clients look at no namespace

local function names_author(stanza)
	for _, child in ipairs(stanza.tags) do
		if shown[child.name] then return true; end
	end
	return false;
end

local function has_name(full)
	local session = full_sessions[full];
	local held = session and claims.token_claims(session);
	local user = held and type(held.context) == "table" and held.context.user;
	return type(user) == "table" and type(user.name) == "string" and user.name:find("%S") ~= nil;
end

local function take_name(event)
	local stanza = event.stanza;
	if not names_author(stanza) or not daemon.component() then return; end
	local room, full = daemon.find_room(stanza), stanza.attr.from;
	if not room or not room:get_occupant_jid(full) then return; end
	if not names.are_kept_in(room.jid) and not has_name(full) then return; end
	stanza:maptags(function (child) if not shown[child.name] then return child; end end);
end

for _, to in ipairs { "full", "bare" } do hooks.hook("message/"..to, take_name, hooks.FIRST); end

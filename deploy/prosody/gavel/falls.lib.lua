-- What came with a promotion goes when somebody is lowered, whoever lowers them.
local hosts = prosody.hosts;
local affiliation_ranks = module:require("muc/util").valid_affiliations;
local who, hooks, features = module.part "who", module.part "hooks", module.part "features";

---- Who may unmute while a moderator has muted all: av_moderation adds every new owner, and removes nobody ----

-- The component that keeps the lists of this service's rooms, as other modules see it.
local function av_moderation()
	for host, known in pairs(hosts) do
		local component = known.modules and known.modules.av_moderation_component;
		if component and module:context(host):get_option_string("muc_component") == module.host then return component; end
	end
end

local function remove_from(list, resource)
	local removed = false;
	for i = #list, 1, -1 do
		if list[i]:match("/(.*)$") == resource then -- tenants' rooms have two addresses
			table.remove(list, i);
			removed = true;
		end
	end
	return removed;
end

-- The component's own function tells Jicofo, the moderators and the person.
local function mute_again(room, occupant)
	local component, resource = av_moderation(), occupant.nick:match("/(.*)$");
	local tell = component and rawget(component, "notify_whitelist_change");
	for media, list in pairs(room.av_moderation or {}) do
		if remove_from(list, resource) and tell then tell(occupant.jid, true, room, media, true); end
	end
end

---- Whoever lowers somebody ----

local function falls(event)
	local admin = affiliation_ranks.admin;
	return affiliation_ranks[event.previous_affiliation] >= admin and affiliation_ranks[event.affiliation] < admin;
end

local function mute_all_again(room, bare)
	for _, occupant in room:each_occupant() do
		if occupant.bare_jid == bare then mute_again(room, occupant); end
	end
end

hooks.hook("muc-pre-set-affiliation", function (event)
	if who.component() and falls(event) then features.note(event.jid); end
end, hooks.FIRST - 2);

hooks.hook("muc-pre-set-affiliation", function (event) -- the last to hear of it, if nobody has refused
	if who.component() and event.allowed ~= false and falls(event) then features.take_back(event.jid); end
end, -hooks.FIRST);

hooks.after("muc-set-affiliation", function (event, room)
	if not who.component() or not falls(event) then return; end
	features.taken_back(event.jid);
	mute_all_again(room, event.jid);
end);

local function may_fall(room, nick, role)
	local occupant = role ~= "moderator" and who.component() and room:get_occupant_by_nick(nick);
	return occupant and occupant.role == "moderator" and occupant or nil;
end

-- Taking the role alone.
hooks.wrap("set_role", function (inner)
	return function (room, actor, nick, role, ...)
		local falling = hooks.is_active() and hooks.attempt("features", may_fall, room, nick, role);
		local done, kind, condition = inner(room, actor, nick, role, ...);
		if falling and done then
			hooks.attempt("features", features.take_back, falling.bare_jid);
			hooks.attempt("features", features.taken_back, falling.bare_jid);
			hooks.attempt("features", mute_all_again, room, falling.bare_jid);
		end
		return done, kind, condition;
	end
end);

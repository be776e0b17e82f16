-- What Jitsi's modules keep in sessions and rooms.
local encodings, jid = require "util.encodings", require "util.jid";
local hosts = prosody.hosts;
local affiliation_ranks = module:require("muc/util").valid_affiliations;
local who, hooks, claims = module.part "who", module.part "hooks", module.part "claims";

-- Where Jitsi's domain mapper is configured it names the main MUC component: breakout rooms are not connected to.
local mapper_base = module:get_option_string("muc_mapper_domain_base");
local main_host = mapper_base and module:get_option_string("muc_mapper_domain_prefix", "conference").."."..mapper_base;

-- The room that a session has named while it connected, if that is one of this component.
local function room_ahead(session)
	local name, tenant = session.jitsi_web_query_room, session.jitsi_web_query_prefix or "";
	local here = (main_host or module.host) == module.host;
	if not here or type(name) ~= "string" or name == "" then return nil; end
	if not main_host and session.host ~= module.host:gsub("^[^.]+%.", "") then return nil; end
	local node = encodings.stringprep.nodeprep((tenant ~= "" and "["..tenant.."]" or "")..name);
	return node and node.."@"..module.host;
end

-- A room's JID as Prosody stores it, of the one that Jitsi's clients know: tenants' rooms have two.
local function as_stored(room_jid)
	local node, host = jid.split(room_jid);
	if not main_host or not node or host == main_host then return room_jid; end
	local prefix, tenant, base = host:match("^([^.]+)%.([^.]+)%.(.*)$");
	if base ~= mapper_base or prefix.."."..base ~= main_host then return room_jid; end
	return "["..tenant.."]"..node.."@"..main_host;
end

---- Features (recording, dial-out …): Jitsi gives them with a promotion ----

local function token_features(session)
	local held = claims.token_claims(session);
	local context = held and type(held.context) == "table" and held.context or {};
	return type(context.features) == "table" and context.features or nil;
end

-- Before somebody falls. Their client keeps its buttons until it is told otherwise, which jitsi_permissions does with
-- the presence that tells of the fall if it is forced to; where it finds no features then, it hands out its defaults.
-- So they have some until that is out: each that they had, allowed or not as their token says.
local before = setmetatable({}, { __mode = "k" }); -- features by session, as they were before other modules heard of it

local function note_features(bare)
	for _, session in claims.sessions(bare) do before[session] = session.jitsi_meet_context_features; end
end

local function withdraw_features(bare)
	for _, session in claims.sessions(bare) do
		local left = {};
		for name in pairs(before[session] or {}) do left[name] = false; end
		for name, allowed in pairs(token_features(session) or {}) do left[name] = allowed; end
		session.force_permissions_update = before[session] ~= nil or nil;
		session.jitsi_meet_context_features, before[session] = left, nil;
	end
end

-- Once somebody has fallen: what their token gave, and nothing where it gave nothing, so that a later promotion counts.
local function restore_features(bare)
	for _, session in claims.sessions(bare) do
		session.jitsi_meet_context_features = token_features(session);
		for _, field in ipairs { "pre_grant_jitsi_meet_context_features", "granted_jitsi_meet_context_features",
			"granted_jitsi_meet_context_user_id", "granted_jitsi_meet_context_group_id", "force_permissions_update" } do
			session[field] = nil;
		end
	end
end

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
	if who.component() and falls(event) then note_features(event.jid); end
end, hooks.FIRST - 2);

hooks.hook("muc-pre-set-affiliation", function (event) -- the last to hear of it, if nobody has refused
	if who.component() and event.allowed ~= false and falls(event) then withdraw_features(event.jid); end
end, -hooks.FIRST);

hooks.after("muc-set-affiliation", function (event, room)
	if not who.component() or not falls(event) then return; end
	restore_features(event.jid);
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
			hooks.attempt("features", restore_features, falling.bare_jid);
			hooks.attempt("features", mute_all_again, room, falling.bare_jid);
		end
		return done, kind, condition;
	end
end);

return { room_ahead = room_ahead, main_host = main_host, as_stored = as_stored };

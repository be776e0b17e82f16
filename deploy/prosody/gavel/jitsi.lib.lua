-- What Jitsi's modules keep in sessions.
local encodings = require "util.encodings";
local claims = module.part "claims";

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

-- Jitsi gives features (recording, dial-out …) with a promotion, and takes them back only where an occupant lowers.
local function restore_features(bare)
	for _, session in claims.sessions(bare) do
		local held = claims.token_claims(session);
		local context = held and type(held.context) == "table" and held.context or {};
		session.jitsi_meet_context_features = type(context.features) == "table" and context.features or nil;
		for _, field in ipairs { "pre_grant_jitsi_meet_context_features", "granted_jitsi_meet_context_features",
			"granted_jitsi_meet_context_user_id", "granted_jitsi_meet_context_group_id", "force_permissions_update" } do
			session[field] = nil;
		end
	end
end

return { room_ahead = room_ahead, restore_features = restore_features };

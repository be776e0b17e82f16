-- How Jitsi names rooms: in sessions that have yet to enter, and for tenants.
local encodings, jid = require "util.encodings", require "util.jid";

-- If Jitsi's domain mapper is configured it names the main MUC component: nobody connects to breakout rooms.
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

-- The other way round.
local function as_seen(room_jid)
	local node, host = jid.split(room_jid);
	local tenant, name = (node or ""):match("^%[([^%]]+)%](.+)$");
	if host ~= main_host or not tenant then return room_jid; end
	return name.."@"..main_host:gsub("%."..mapper_base:gsub("%p", "%%%0").."$", "").."."..tenant.."."..mapper_base;
end

return { room_ahead = room_ahead, main_host = main_host, as_stored = as_stored, as_seen = as_seen };

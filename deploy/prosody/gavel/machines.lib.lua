-- Occupants that are no people: the focus, recorders, phone gateways. gavel names them with the guard's lease and
-- with the defaults of permissions; as long as it has not, they are the server's admins and the domains that Jitsi
-- gives its machines.
local jid = require "util.jid";
local permissions, guard = module.part "permissions", module.part "guard";

local parent = module.host:gsub("^[^.]+%.", "");
local usual = {};
for _, domain in ipairs { "auth", "hidden", "recorder" } do usual[domain.."."..parent] = true; end
for admin in module:get_option_inherited_set("admins", {}) do usual[jid.prep(admin) or ""] = true; end

local function is_machine(address)
	local named, lease = permissions.machines(), guard.lease();
	if next(named) == nil then named = lease and lease.machines or usual; end
	return named[jid.bare(address)] or named[jid.host(address)] or false;
end

return { is_machine = is_machine };

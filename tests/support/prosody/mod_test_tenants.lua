-- Tenants' rooms as Jitsi addresses them: clients and components see
-- room@muc.TENANT.BASE, Prosody stores [TENANT]room@muc.BASE. Stanzas of
-- components are not rewritten on their way in. Loaded on the host BASE.
local jid = require "util.jid";
local filters = require "util.filters";

local service = module:get_option_string("test_tenants_service", "muc." .. module.host);
local prefix, base = service:match("^([^.]+)%.(.+)$");

local function stored(address)
	local node, host, resource = jid.split(address);
	if not node or not host or #host <= #service then return address; end
	local head, tail = prefix .. ".", "." .. base;
	if host:sub(1, #head) ~= head or host:sub(-#tail) ~= tail then return address; end
	local tenant = host:sub(#head + 1, -#tail - 1);
	if tenant:find(".", 1, true) then return address; end
	return jid.join("[" .. tenant .. "]" .. node, service, resource);
end

local function shown(address)
	local node, host, resource = jid.split(address);
	if host ~= service or not node then return address; end
	local tenant, name = node:match("^%[([^%]]+)%](.+)$");
	if not tenant then return address; end
	return jid.join(name, prefix .. "." .. tenant .. "." .. base, resource);
end

local function out(event) event.stanza.attr.to = event.stanza.attr.to and stored(event.stanza.attr.to); end
local function arriving(event) event.stanza.attr.from = event.stanza.attr.from and shown(event.stanza.attr.from); end

local function attach(host)
	local context = module:context(host);
	for _, kind in ipairs { "iq", "presence", "message" } do
		for _, target in ipairs { "host", "bare", "full" } do
			context:hook("pre-" .. kind .. "/" .. target, out);
			context:hook(kind .. "/" .. target, arriving);
		end
	end
end

-- The stanzas that a session is sent directly, without the stanza router.
local function direct(stanza)
	if stanza.attr and stanza.attr.from then stanza.attr.from = shown(stanza.attr.from); end
	return stanza;
end
local function on_session(session) filters.add_filter(session, "stanzas/out", direct); end

function module.load() filters.add_filter_hook(on_session); end
function module.unload() filters.remove_filter_hook(on_session); end

module:hook_global("host-activated", attach);
for host in pairs(prosody.hosts) do attach(host); end

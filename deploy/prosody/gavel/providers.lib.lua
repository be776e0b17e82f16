-- The authentication provider of a VirtualHost, and whether Prosody has loaded all of it. If the module of
-- `authentication` cannot be loaded, Prosody logs an error and goes on: then nobody can log in, and Prosody calls the
-- provider "null". If that module throws after it has offered its provider, people log in by half a module.
local configmanager = require "core.configmanager";
local modulemanager = require "core.modulemanager";
local usermanager = require "core.usermanager";

local NONE = "null";

-- The configured provider, as Prosody reads it.
local function configured(host)
	if configmanager.get(host, "anonymous_login") then return "anonymous"; end
	return tostring(configmanager.get(host, "authentication") or "internal_hashed");
end

-- The name of the provider; then whether the module is loaded that offers it, or that should.
local function of(host)
	local provider = host and prosody.hosts[host] and usermanager.get_provider(host);
	local name = provider and provider.name or NONE;
	-- Prosody's "null" answers a function for each field that it lacks.
	local source = name ~= NONE and rawget(provider, "_provided_by");
	if not source then source = "auth_"..(name ~= NONE and name or configured(host)); end
	return name, modulemanager.is_loaded(host, source) or false;
end

-- The name of a provider whose word counts; nil if there is none.
local function whole(host)
	local name, loaded = of(host);
	return loaded and name ~= NONE and name or nil;
end

return { configured = configured, of = of, whole = whole };

-- How people log in on each VirtualHost of this server, and which modules of Jitsi check their permissions there.
-- gavel counts a login on a domain of policy.trusted_logins only if nobody gets in without an account; gavel decides
-- that, this file gives the present configuration.
local st = require "util.stanza";
local modulemanager = require "core.modulemanager";
local usermanager = require "core.usermanager";
local providers = module.part "providers";

local MOST = 1000; -- hosts, so that the answer stays far below the size that gavel reads of a stanza

-- Says whether the host offers SASL's ANONYMOUS, as authentication providers for tokens do, too; nil if it cannot
-- say.
local function offers_anonymous(host)
	local ok, mechanisms = pcall(function ()
		local session = { type = "c2s_unauthed", host = host, log = function () end };
		return usermanager.get_sasl_handler(host, session):mechanisms();
	end);
	if ok and type(mechanisms) == "table" then return mechanisms.ANONYMOUS and "true" or "false"; end
end

-- Says whether anybody may make an account over XMPP (XEP-0077): mod_register loads register_ibr with
-- allow_registration. With mod_invites_register it takes an invitation, unless that is switched off.
local function registers_anybody(host)
	if not modulemanager.is_loaded(host, "register_ibr") then return false; end
	return not (modulemanager.is_loaded(host, "invites_register")
		and module:context(host):get_option_boolean("registration_invite_only", true));
end

-- Modules of Jitsi that check the permissions of people on a VirtualHost. No installation loads them by itself, and
-- gavel says so if they are needed.
local checkers = { "filter_iq_jibri", "filter_iq_rayo" };

local function loaded_checkers(host)
	local loaded = {};
	for _, name in ipairs(checkers) do
		if modulemanager.is_loaded(host, name) then table.insert(loaded, name); end
	end
	return table.concat(loaded, " ");
end

local function describe(host)
	local provider, loaded = providers.of(host);
	return {
		name = host, provider = provider, anonymous = offers_anonymous(host);
		configured = providers.configured(host), loaded = loaded and "true" or "false";
		["empty-token"] = module:context(host):get_option_boolean("allow_empty_token", false) and "true" or "false";
		registration = registers_anybody(host) and "true" or "false";
		checks = loaded_checkers(host);
	};
end

local function element()
	local said, count = st.stanza("logins"), 0;
	for host, data in pairs(prosody.hosts) do
		if data.type == "local" and count < MOST then
			said:tag("host", describe(host)):up();
			count = count + 1;
		end
	end
	return said;
end

return { element = element };

-- Gives features with a promotion and tells the client, as Jitsi's jitsi_permissions does. Loaded on a MUC component.
-- Option test_permissions_shared: gives the very table of the person who promotes, as that module did until mid-2026.
local filters = require "util.filters";
local bare_sessions, full_sessions = prosody.bare_sessions, prosody.full_sessions;

local shared = module:get_option_boolean("test_permissions_shared", false);
local DEFAULTS = { recording = true, livestreaming = true };

module:hook("muc-pre-set-affiliation", function (event)
	local actor, known = full_sessions[event.actor], bare_sessions[event.jid];
	if not actor or not actor.jitsi_meet_context_features or not known then return; end
	for _, session in pairs(known.sessions) do
		if event.affiliation == "owner" then
			session.pre_grant_jitsi_meet_context_features = session.jitsi_meet_context_features or false;
			local copy = {};
			for name, allowed in pairs(actor.jitsi_meet_context_features) do copy[name] = allowed; end
			session.jitsi_meet_context_features = shared and actor.jitsi_meet_context_features or copy;
			session.force_permissions_update = true;
		elseif not session.auth_token then
			session.jitsi_meet_context_features = session.pre_grant_jitsi_meet_context_features or nil;
			session.pre_grant_jitsi_meet_context_features = nil;
		end
	end
end);

local function tell(stanza, session)
	local x = stanza.name == "presence" and stanza:get_child("x", "http://jabber.org/protocol/muc#user");
	if not x or stanza.attr.type or not session.force_permissions_update then return stanza; end
	local own = false;
	for status in x:childtags("status") do own = own or status.attr.code == "110"; end
	if not own then return stanza; end
	session.force_permissions_update = false;
	session.jitsi_meet_context_features = session.jitsi_meet_context_features or DEFAULTS;
	stanza:tag("permissions", { xmlns = "http://jitsi.org/jitmeet" });
	for name, allowed in pairs(session.jitsi_meet_context_features) do
		stanza:tag("p", { name = name, val = tostring(allowed) }):up();
	end
	return stanza:up();
end
local function on_session(session) filters.add_filter(session, "stanzas/out", tell, -2); end
function module.load() filters.add_filter_hook(on_session); end
function module.unload() filters.remove_filter_hook(on_session); end

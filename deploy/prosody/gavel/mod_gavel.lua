-- mod_gavel: lets gavel follow the rooms of a MUC component without being in them.
--
-- For Prosody 0.12 and 13, with and without Jitsi's modules; load it on each MUC component that gavel looks after.
-- Options, on that component or globally:
--   gavel_jid             gavel's bare JID; default: gavel@gavel.<parent domain of the MUC component>
--   gavel_token_providers authentication providers whose verification of tokens is believed; default: { "token" }
--   gavel_token_elements  local names of presence children that hold tokens;
--                         default: { "jwt", "token", "jitsi_participant_jwt" }
--
-- Each file beside this one does one thing and names it at its top. In the order in which they use each other: daemon,
-- hooks, moment, past, state, providers, logins; text, matrix, claims, evidence, pictures, names, jitsi; seats,
-- permissions, release, standby; arrivals, entering, bypass; buttons, features, occasions; intake; copies; facts,
-- shadow; guard, machines, unmuting, falls; messages, authors; rights, rooms, lock; refusals; returns, away,
-- breakout; renamed.

local hosts = prosody.hosts;

-- Loads a file of this module, once however many others use it.
local parts = {};
function module.part(name)
	parts[name] = parts[name] or module:require("gavel/"..name) or true;
	return parts[name];
end

local daemon = module.part "daemon";
if not daemon.is_valid then
	module:log("error", "gavel_jid is %q, not a bare JID with a local part: mod_gavel does nothing here", daemon.option);
	return;
end
local hooks, state, arrivals = module.part "hooks", module.part "state", module.part "arrivals";
local shadow, guard, standby = module.part "shadow", module.part "guard", module.part "standby";
local bypass, seats, permissions = module.part "bypass", module.part "seats", module.part "permissions";
local buttons, features = module.part "buttons", module.part "features";
module.part "occasions";
module.part "falls";
module.part "rights";
module.part "lock";
module.part "refusals";
module.part "authors";
local renamed = module.part "renamed";
local messages, returns = module.part "messages", module.part "returns";
module.part "breakout";

-- A component that connects knows nothing of the stanzas that were sent to the one before. Its host may start after
-- this one.
local function watch(host)
	arrivals.listen(host);
	messages.listen(host);
	renamed.listen(host);
	buttons.listen(host);
	if host ~= daemon.host then return; end
	hooks.listen(host, "stanza/jabber:component:accept:handshake", standby.newcomer, 1);
	hooks.listen(host, "component-authenticated", function ()
		daemon.secret();
		arrivals.forget();
		local unanswered = guard.unanswered();
		state.unfollow_all();
		guard.hand_on(unanswered);
		shadow.invite_everywhere();
	end);
end
for host in pairs(hosts) do watch(host); end
hooks.hook_global("host-activated", watch);

hooks.timer(1, "component", function () -- all hosts have started by then
	if daemon.component() then return; end
	module:log("warn", "%s is not an external component of this server, so mod_gavel does nothing here: "
		.."add Component %q with a component_secret, or set gavel_jid", daemon.host, daemon.host);
end);

function module.load()
	seats.sit_all();
	if not module.reloading then shadow.invite_everywhere(); end
end

function module.save()
	local session, lease = daemon.connection(), guard.lease();
	return { rooms = state.save(), session = session, lease = lease;
		permissions = permissions.save(), returns = returns.save() };
end

function module.restore(saved)
	local rooms = saved.rooms or {};
	guard.convert(rooms);
	state.restore(rooms);
	shadow.restore(rooms, saved.session);
	guard.restore(saved.lease);
	permissions.restore(saved.permissions);
	returns.restore(saved.returns);
	shadow.invite_everywhere();
end

function module.unload()
	bypass.finish();
	renamed.finish();
	hooks.unwrap();
	buttons.finish();
	if module.reloading then return; end
	features.finish();
	shadow.finish_all();
end

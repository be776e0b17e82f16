-- Lets a gavel that waits take the place of one whose host has died without a word.
--
-- Prosody learns of such a death only when its system gives up sending, which takes a quarter of an hour. Until then
-- it refuses every other connection of the component (conflict). So when somebody who knows the component's secret is
-- about to be refused, the connection that is there is asked for a sign of life. If it gives none, it is ended, and
-- the one that waits is let in the next time that it tries. A gavel that lives answers the ping at once and stays.
local sha1 = require "util.hashes".sha1;
local now = require "util.time".monotonic; -- seconds since some moment
local st = require "util.stanza";
local daemon, text_of = module.part "daemon", module.part "text";

local QUIET = 5; -- seconds; a component that was heard within that long lives
local PATIENCE = 10; -- seconds; a component that has not been heard that long after the question does not live

-- When `session` was last heard, and asked since. Begins with the first question about it.
local function life(session)
	if session.gavel_life then return session.gavel_life; end
	local found, data = { heard = now() }, session.data;
	session.gavel_life = found;
	function session.data(...)
		found.heard, found.asked = now(), nil;
		return data(...);
	end
	return found;
end

local function knows_secret(session, handshake)
	local secret = module:context(daemon.host):get_option_string("component_secret");
	if not secret or not session.streamid then return false; end
	return text_of(handshake):lower() == sha1(session.streamid..secret, true);
end

-- As mod_component is about to decide about a newcomer.
local function newcomer(event)
	local session, old = event.origin, daemon.connection();
	if not old or old == session or session.type ~= "component_unauthed" then return; end
	if not knows_secret(session, event.stanza) then return; end
	local old_life, time = life(old), now();
	if time - old_life.heard < QUIET then return; end
	if not old_life.asked then
		old_life.asked = time;
		local ping = st.iq({ type = "get", id = "gavel-standby", from = module.host, to = daemon.jid });
		old.send(ping:tag("ping", { xmlns = "urn:xmpp:ping" }));
	elseif time - old_life.asked >= PATIENCE then
		module:log("warn", "gavel's connection has shown no life for %d s and another gavel waits: ending it",
			time - old_life.heard);
		old:close({ condition = "connection-timeout", text = "No sign of life, and another gavel waits" });
	end
end

return { newcomer = newcomer };

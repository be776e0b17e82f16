-- Runs Lua inside Prosody, for tests that look at a room's inside or play
-- another module. Loaded on a MUC component.
--
--   <iq type='set' to='SERVICE'><eval xmlns='urn:gavel:test'>return room("a@b"):get_affiliation("x@y")</eval></iq>
--
-- answers the result of the chunk, as text.
local st = require "util.stanza";
local muc = module:depends "muc";
local modulemanager = require "core.modulemanager";

local env = setmetatable({
	module = module;
	st = st;
	room = function (jid) return prosody.hosts[module.host].modules.muc.get_room_from_jid(jid); end;
	room_mt = function () return prosody.hosts[module.host].modules.muc.room_mt; end;
	session = function (full) return prosody.full_sessions[full]; end;
	manage = function (action, name, host)
		local done, why = modulemanager[action](host or module.host, name);
		return assert(done, why) and "done";
	end;
}, { __index = _G });

module:hook("iq/host", function (event)
	local stanza = event.stanza;
	local code = stanza.attr.type == "set" and stanza:get_child_text("eval", "urn:gavel:test");
	if not code then return; end
	local chunk, why = load(code, "=eval", "t", env);
	local ok, result = pcall(chunk or error, why);
	if ok then
		event.origin.send(st.reply(stanza):tag("eval", { xmlns = "urn:gavel:test" }):text(tostring(result)));
	else
		event.origin.send(st.error_reply(stanza, "cancel", "undefined-condition", tostring(result)));
		module:log("error", "eval: %s", result);
	end
	return true;
end, 90000);
return muc;

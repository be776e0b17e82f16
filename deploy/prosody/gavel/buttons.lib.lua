-- The buttons of Jitsi's client show its permissions, as it believes them. It reads them from its token, and from a
-- <permissions/> in its own presence, which replaces everything that was said before. Jitsi's jitsi_permissions
-- writes one at some of a client's promotions; if this module has something to say, its own replaces that one.
local st, filters, jid = require "util.stanza", require "util.filters", require "util.jid";
local hosts, full_sessions = prosody.hosts, prosody.full_sessions;
local hooks, seats, jitsi = module.part "hooks", module.part "seats", module.part "jitsi";

local xmlns_jitsi, xmlns_user = "http://jitsi.org/jitmeet", "http://jabber.org/protocol/muc#user";
local AFTER_JITSI = -3; -- jitsi_permissions writes at -2

-- The permissions that Jitsi gives a moderator about whom nothing else is known.
local function defaults()
	return module:get_option("jitsi_default_permissions", {
		recording = true, livestreaming = true, transcription = true, ["outbound-call"] = true, flip = true;
		["create-polls"] = true, ["send-groupchat"] = true, ["send-private-message"] = true;
		["live-translation"] = true, ["live-translation-subscribe"] = true;
	});
end

local function element(features)
	local names, said = {}, st.stanza("permissions", { xmlns = xmlns_jitsi });
	for name in pairs(features) do table.insert(names, tostring(name)); end
	table.sort(names);
	for _, name in ipairs(names) do said:tag("p", { name = name, val = tostring(features[name]) }):up(); end
	return said;
end

-- Says whether a presence is the one by which a room shows somebody themselves. Anybody can write one that looks so.
local function is_own(stanza, known)
	if stanza.attr.type or not known.seats[jitsi.as_stored(jid.bare(stanza.attr.from))] then return false; end
	local x = stanza:get_child("x", xmlns_user);
	for status in x and x:childtags("status") or function () end do
		if status.attr.code == "110" then return true; end
	end
	return false;
end

-- Writes the permissions into stanzas for a session. It notes those that jitsi_permissions gives meanwhile.
local function write(stanza, session)
	local known = session.gavel;
	if not is_own(stanza, known) then return stanza; end
	local theirs = stanza:get_child("permissions", xmlns_jitsi);
	if known.untold then
		if theirs then stanza:remove_children("permissions", xmlns_jitsi); end
		stanza:add_child(element(known.untold));
		known.told, known.untold = known.untold, nil;
	elseif theirs then
		known.told = {};
		for child in theirs:childtags("p") do known.told[child.attr.name or ""] = child.attr.val == "true"; end
	end
	return stanza;
end

-- Everybody's presence to everybody passes here: most of it says nothing of this.
local function safely(stanza, session)
	local known = session.gavel;
	if stanza.name ~= "presence" or not known then return stanza; end
	if not known.untold and not stanza:get_child("permissions", xmlns_jitsi) then return stanza; end
	return hooks.attempt("buttons", write, stanza, session) or stanza;
end

-- The permissions that clients take as given if they were told of other features and not of this one. To take one
-- back means to say so: a promotion may have brought it.
local allowed_unsaid = { ["screen-sharing"] = true, ["live-translation-subscribe"] = true };

local function differs(one, other)
	for name, value in pairs(one) do
		if tostring(other[name]) ~= tostring(value) then return true; end
	end
	return false;
end

-- Hears of all stanzas to a session, once.
local function watch(session)
	filters.add_filter(session, "stanzas/out", safely, AFTER_JITSI);
end

-- A connection that takes up a session (XEP-0198) brings filters of its own.
local function listen(host)
	if hosts[host].type ~= "local" then return; end
	hooks.listen(host, "smacks-hibernation-end", function (event)
		local known = event.resumed.gavel;
		if known and (known.told or known.untold) then watch(event.resumed); end
	end);
end

-- From now on these are the features that the client should show; it hears of them with its next own presence. For
-- other features that it believes to have (`had`, and those it was told before) it hears the value for people who
-- were told nothing: mostly that the feature is denied.
local function show(session, features, had)
	local known, wanted = seats.book(session.full_jid), {};
	for _, before in ipairs { had or {}, known.told or {}, known.untold or {} } do
		for name in pairs(before) do wanted[name] = allowed_unsaid[name] or false; end
	end
	for name, value in pairs(features) do wanted[name] = value; end
	if not had and not differs(wanted, known.told or {}) then
		known.untold = nil;
		return;
	end
	known.untold = wanted;
	watch(session);
end

-- If there is news: sends the client its own presence once more.
local function send(session)
	if not session.gavel or not session.gavel.untold then return; end
	for _, seat in ipairs(seats.of(session.full_jid)) do
		local room, occupant = seat.room, seat.occupant;
		local presence, x = occupant:get_presence(session.full_jid), st.stanza("x", { xmlns = xmlns_user });
		if presence and not presence.attr.type then
			local own = st.clone(presence);
			module:context(room.jid:match("@(.*)$")):fire_event("muc-build-occupant-presence",
				{ room = room, occupant = occupant, stanza = own });
			own.attr.to = session.full_jid;
			room:build_item_list(occupant, x, false);
			room:route_stanza(own:add_child(x:tag("status", { code = "110" }):up()));
		end
	end
end

return {
	listen = listen, defaults = defaults, show = show, send = send;
	finish = function ()
		for _, session in pairs(full_sessions) do filters.remove_filter(session, "stanzas/out", safely); end
	end;
};

-- Sends people back who try to enter a breakout room and may not. Jitsi's client has left the main room by then. If
-- its join were refused it would end outside of the meeting. So it gets its own presence, by which it believes to be
-- in, and is told to move to the main room, as by a moderator. Nobody else sees anything of it: the person is no
-- occupant. Other clients stay where they are, and are told that they may not enter.
local st = require "util.stanza";
local hooks, jitsi = module.part "hooks", module.part "jitsi";

local xmlns_user, xmlns_muc = "http://jabber.org/protocol/muc#user", "http://jabber.org/protocol/muc";
local AGAIN, MOST = 3, 5; -- seconds after which a client that has not moved is told again, and how often it is told

local turned = setmetatable({}, { __mode = "k" }); -- by session: { nick, main, told } until it has moved

-- Jitsi's clients name the media they send in each presence.
local function is_jitsi(stanza)
	for _, child in ipairs(stanza.tags) do
		if child.name == "SourceInfo" or child.name:find("^jitsi_participant_") or child.name == "stats-id" then
			return true;
		end
	end
	return false;
end

local function own_presence(full, nick, type, role, affiliation)
	return st.presence({ from = nick, to = full, type = type }):tag("x", { xmlns = xmlns_user })
		:tag("item", { affiliation = affiliation, role = role, jid = full }):up():tag("status", { code = "110" }):up():up();
end

local function send_back(session, entry)
	entry.told = entry.told + 1;
	local order = '{"type":"breakout_rooms","event":"features/breakout-rooms/move-to-room","roomJid":"%s"}';
	session.send(st.message({ from = module.host, to = session.full_jid })
		:tag("json-message", { xmlns = "http://jitsi.org/jitmeet" })
			:text(order:format(jitsi.as_seen(entry.main):gsub('[%c"\\]', "")))); -- no room's name has these
end

-- As long as the client has not left, it may not have heard.
local function again(session, entry)
	if turned[session] ~= entry or session.destroyed then return; end
	if entry.told >= MOST then
		turned[session] = nil;
		return;
	end
	send_back(session, entry);
	return AGAIN;
end

local function turn_away(event, main)
	local session, stanza, room = event.origin, event.stanza, event.room;
	if not is_jitsi(stanza) or session.full_jid ~= stanza.attr.from then
		session.send(st.error_reply(stanza, "cancel", "not-allowed", "A moderator sends people to breakout rooms."));
		return true;
	end
	local entry = { nick = stanza.attr.to, main = main, told = 0 };
	turned[session] = entry;
	local affiliation = room:get_affiliation(stanza.attr.from) or "none";
	session.send(own_presence(session.full_jid, entry.nick, nil, "participant", affiliation));
	send_back(session, entry);
	hooks.timer(AGAIN, "away", again, session, entry);
	return true;
end

-- The stanzas that the client sends to the room until it has moved. If it tries to enter a room again, it is judged
-- again.
hooks.hook("presence/full", function (event)
	local session, stanza = event.origin, event.stanza;
	local entry = turned[session];
	if not entry then return; end
	if not stanza.attr.type and stanza:get_child("x", xmlns_muc) then
		turned[session] = nil;
		return;
	end
	if stanza.attr.to ~= entry.nick then return; end
	if stanza.attr.type == "unavailable" then
		turned[session] = nil;
		session.send(own_presence(session.full_jid, entry.nick, "unavailable", "none", "none"));
	end
	return true;
end, hooks.FIRST + 2);

return { turn_away = turn_away };

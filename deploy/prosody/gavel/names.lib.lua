-- Pinned names: what gavel has pinned is the only name in that occupant's presence.
local st, jid = require "util.stanza", require "util.jid";
local who, hooks = module.part "who", module.part "hooks";
local pins, pins_of = module.part "state".per_room "pins"; -- by occupant JID: { bare, name }

local xmlns_nick, xmlns_user = "http://jabber.org/protocol/nick", "http://jabber.org/protocol/muc#user";

local function is_pinned(stanza, name)
	local count = 0;
	for _, tag in ipairs(stanza.tags) do count = count + (tag.name == "nick" and 1 or 0); end
	return count == 1 and stanza:get_child_text("nick", xmlns_nick) == name;
end

-- Makes this name the only one in a presence.
local function write(stanza, name)
	if is_pinned(stanza, name) then return; end
	stanza:maptags(function (tag) if tag.name ~= "nick" then return tag; end end);
	stanza:text_tag("nick", name, { xmlns = xmlns_nick });
end

-- The name pinned for an occupant JID, if any.
local function pinned(room_jid, nick)
	local pin = pins[room_jid] and pins[room_jid][nick];
	return pin and pin.name;
end

local function pinned_for(room, nick, bare)
	local pin = pins[room.jid] and pins[room.jid][nick];
	return pin and pin.bare == bare and pin.name;
end

local function republish(room, occupant, name)
	local changed = false;
	for full, presence in occupant:each_session() do
		if presence.attr.type == nil and not is_pinned(presence, name) then
			local rewritten = st.clone(presence);
			write(rewritten, name);
			occupant:set_session(full, rewritten);
			changed = true;
		end
	end
	if not changed then return; end
	room:save_occupant(occupant);
	room:publicise_occupant_status(occupant, st.stanza("x", { xmlns = xmlns_user }), nil, nil, nil, occupant.role);
end

-- Pins the name of somebody who is about to enter.
local function pin_ahead(room, occupant, stanza, name)
	pins_of(room.jid)[occupant.nick] = { bare = occupant.bare_jid, name = name };
	write(stanza, name);
end

-- Writes the pinned name into what an occupant sends.
local function apply(stanza, room_jid)
	if not pins[room_jid] or next(pins[room_jid]) == nil or stanza.attr.type == "error" then return; end
	local room, full = who.find_room(stanza), stanza.attr.from;
	local nick = room and room:get_occupant_jid(full);
	local name = nick and pinned_for(room, nick, jid.bare(full));
	if name then write(stanza, name); end
end

---- What gavel asks ----

local function pin(request, room)
	local occupant = room:get_occupant_by_nick(room.jid.."/"..(request.attr.nick or ""));
	local presence = occupant and request.attr.jid and occupant:get_presence(request.attr.jid);
	if not presence or presence.attr.type then return false; end
	local name = request:get_text();
	pins_of(room.jid)[occupant.nick] = name ~= "" and { bare = occupant.bare_jid, name = name } or nil;
	if name ~= "" then republish(room, occupant, name); end
	return true;
end

local function unpin_all(_, room)
	pins[room.jid] = nil;
	return true;
end

for name, work in pairs { ["pin"] = pin, ["unpin-all"] = unpin_all } do
	hooks.serve("iq-set/bare/urn:gavel:names:0:"..name, function (event)
		if not who.from_gavel(event) then return who.answer(event, "auth", "forbidden"); end
		local room = who.find_room(event.stanza);
		if not room or not work(event.stanza.tags[1], room) then return who.answer(event, "cancel", "item-not-found"); end
		return who.answer(event);
	end, hooks.FIRST);
end

hooks.hook("muc-occupant-pre-change", function (event)
	local before = event.orig_occupant;
	if before.nick ~= event.dest_occupant.nick and pinned_for(event.room, before.nick, before.bare_jid) then
		return who.answer(event, "cancel", "not-acceptable");
	end
end, hooks.FIRST);

hooks.hook("muc-occupant-left", function (event)
	if pins[event.room.jid] then pins[event.room.jid][event.nick] = nil; end
end, hooks.FIRST);

return { pinned = pinned, pin_ahead = pin_ahead, apply = apply };

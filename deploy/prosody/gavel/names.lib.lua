-- Pinned names: the name that gavel has pinned is the only one in that occupant's presence.
local st, jid = require "util.stanza", require "util.jid";
local daemon, hooks, pictures = module.part "daemon", module.part "hooks", module.part "pictures";
local text_of = module.part "text";
local pins, pins_of = module.part "state".per_room "pins"; -- by occupant JID: { bare, name, sent, pictures, own }
-- With sent, the name is shown in place of that one only: somebody looks like another, until they choose another name.

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

-- Notes a pin, or that there is none any more.
local function keep(room_jid, nick, pin)
	local of_room = pins_of(room_jid);
	pictures.changed(room_jid, of_room[nick], pin);
	of_room[nick] = pin;
end

-- The name that clients show: the last child of that name.
local function shown(stanza)
	local name;
	for _, tag in ipairs(stanza.tags) do name = tag.name == "nick" and tag or name; end
	return name and text_of(name);
end

local function plain(text) -- as an attribute carries it
	return (text:gsub("[\t\r\n]", " "));
end

-- Says whether a pin has something to say about a presence.
local function concerns(pin, presence)
	if not pin.sent then return true; end
	local name = shown(presence);
	return name and plain(name) == plain(pin.sent);
end

-- The name pinned for an occupant JID, if any, and the one that it is shown in place of.
local SHORT = 1024;
local function pinned(room_jid, nick)
	local pin = pins[room_jid] and pins[room_jid][nick];
	if not pin then return nil; end
	return pin.name, pin.sent and #pin.sent <= SHORT and pin.sent or nil;
end

local function pin_for(room, nick, bare)
	local pin = pins[room.jid] and pins[room.jid][nick];
	return pin and pin.bare == bare and pin or nil;
end

-- Writes a name into an occupant's presence, with the pictures that belong to it, if it concerns that, and shows it.
local function republish(room, occupant, name, concerned, shown_with)
	local changed = false;
	for full, presence in occupant:each_session() do
		local as_it_is = is_pinned(presence, name) and pictures.fits(presence, shown_with);
		if presence.attr.type == nil and not as_it_is and concerned(presence) then
			local rewritten = st.clone(presence);
			write(rewritten, name);
			pictures.write(rewritten, shown_with);
			occupant:set_session(full, rewritten);
			changed = true;
		end
	end
	if not changed then return; end
	room:save_occupant(occupant);
	room:publicise_occupant_status(occupant, st.stanza("x", { xmlns = xmlns_user }), nil, nil, nil, occupant.role);
end

-- Shows their own name again of somebody who was shown as another.
local function give_back(room, occupant, pin)
	republish(room, occupant, pin.sent, function (presence) return is_pinned(presence, pin.name); end);
end

-- Pins the name of somebody who is about to enter.
local function pin_ahead(room, occupant, stanza, name, own)
	local pin = { bare = occupant.bare_jid, name = name, own = own, pictures = pictures.of_session(stanza.attr.from) };
	keep(room.jid, occupant.nick, pin);
	write(stanza, name);
	pictures.write(stanza, pin.pictures);
end

-- Writes the pinned name into an occupant's presence, or that of another session which is about to share their nick.
local function apply(stanza, room_jid)
	if not pins[room_jid] or next(pins[room_jid]) == nil or stanza.attr.type == "error" then return; end
	local room, full = daemon.find_room(stanza), stanza.attr.from;
	local nick = room and (room:get_occupant_jid(full) or stanza.attr.to);
	local pin = nick and pin_for(room, nick, jid.bare(full));
	pictures.take_borrowed(stanza, room_jid, pins[room_jid], jid.bare(full));
	if not pin or not concerns(pin, stanza) then return; end
	write(stanza, pin.name);
	pictures.write(stanza, pin.pictures);
end

---- Requests of gavel ----

local function set_pin(request, room)
	local occupant = room:get_occupant_by_nick(room.jid.."/"..(request.attr.nick or ""));
	local presence = occupant and request.attr.jid and occupant:get_presence(request.attr.jid);
	if not presence or presence.attr.type then return false; end
	local name, before = request:get_text(), pin_for(room, occupant.nick, occupant.bare_jid);
	local sent, own = request.attr.shown, request.attr.own == "true";
	local new = name ~= "" and { bare = occupant.bare_jid, name = name, sent = sent, own = own } or nil;
	if new and not sent then new.pictures = pictures.of_session(request.attr.jid); end
	keep(room.jid, occupant.nick, new);
	if new then
		republish(room, occupant, name, function (theirs)
			return concerns(new, theirs) or before and before.sent and is_pinned(theirs, before.name);
		end, new.pictures);
	elseif before and before.sent then
		give_back(room, occupant, before);
	end
	return true;
end

local function unpin_all(_, room)
	local over = pins[room.jid] or {};
	pins[room.jid] = nil;
	for nick, pin in pairs(over) do
		pictures.changed(room.jid, pin, nil);
		local occupant = pin.sent and room:get_occupant_by_nick(nick);
		if occupant then give_back(room, occupant, pin); end
	end
	return true;
end

for name, work in pairs { ["pin"] = set_pin, ["unpin-all"] = unpin_all } do
	hooks.serve("iq-set/bare/urn:gavel:names:0:"..name, function (event)
		if not daemon.from_gavel(event) then return daemon.answer(event, "auth", "forbidden"); end
		local room = daemon.find_room(event.stanza);
		if not room or not work(event.stanza.tags[1], room) then return daemon.answer(event, "cancel", "item-not-found"); end
		return daemon.answer(event);
	end, hooks.FIRST);
end

hooks.hook("muc-occupant-pre-change", function (event)
	local before = event.orig_occupant;
	local pin = before.nick ~= event.dest_occupant.nick and pin_for(event.room, before.nick, before.bare_jid);
	if pin and not pin.sent then return daemon.answer(event, "cancel", "not-acceptable"); end
end, hooks.FIRST);

-- A person who is only like another may take another nick, with the pin. Prosody goes on to refuse a nick of somebody
-- else.
hooks.hook("muc-occupant-pre-change", function (event)
	local before, after = event.orig_occupant, event.dest_occupant;
	local pin = event.is_first_session and pin_for(event.room, before.nick, before.bare_jid);
	if pin then keep(event.room.jid, after.nick, pin); end
end, -hooks.FIRST);

hooks.hook("muc-occupant-left", function (event)
	if pins[event.room.jid] then keep(event.room.jid, event.nick, nil); end
end, hooks.FIRST);

return {
	pinned = pinned, pin_ahead = pin_ahead, apply = apply, shown = shown;
	-- Says whether the name of an occupant is their own, and kept.
	is_own = function (room_jid, nick)
		local pin = pins[room_jid] and pins[room_jid][nick];
		return pin ~= nil and not pin.sent;
	end;
	-- Says whether the name of anybody in a room is kept.
	are_kept_in = function (room_jid) return pins[room_jid] ~= nil and next(pins[room_jid]) ~= nil; end;
};

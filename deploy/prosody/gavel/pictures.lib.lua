-- Things that show a person beside the name: picture and email, from which clients make a picture, too. For people
-- whose name is pinned, those in the verified token are kept with the name.
local json = require "util.json";
local full_sessions = prosody.full_sessions;
local claims, text_of = module.part "claims", module.part "text";

-- By element of presence, if the token has it; the first that is there counts.
local FIELDS = { ["avatar-url"] = { "avatarUrl", "avatarURL", "avatar" }, email = { "email" } };
local LONGEST = 2048;

local function trim(text)
	return text:match("^%s*(.-)%s*$");
end

-- Text for each element that a session's token has something for; nil if it has nothing.
local function of_session(full)
	local text = claims.of_session(full_sessions[full]);
	local ok, payload = pcall(json.decode, text ~= "" and text or "null");
	local context = ok and type(payload) == "table" and payload.context;
	local user = type(context) == "table" and type(context.user) == "table" and context.user or {};
	local found;
	for element, names in pairs(FIELDS) do
		for _, name in ipairs(names) do
			local value = type(user[name]) == "string" and trim(user[name]) or "";
			if value ~= "" and #value <= LONGEST then
				found = found or {};
				found[element] = value;
				break;
			end
		end
	end
	return found;
end

-- Says whether a presence shows only these. A missing one is no other.
local function fits(stanza, pictures)
	local seen = {};
	for _, tag in ipairs(stanza.tags) do
		local value = pictures and pictures[tag.name];
		if value and (seen[tag.name] or tag:get_text() ~= value) then return false; end
		seen[tag.name] = true;
	end
	return true;
end

-- Makes these the only ones in a presence.
local function write(stanza, pictures)
	if fits(stanza, pictures) then return; end
	local replaced = {};
	stanza:maptags(function (tag)
		if not pictures[tag.name] then return tag; end
		replaced[tag.name] = true;
	end);
	for element in pairs(replaced) do stanza:text_tag(element, pictures[element]); end
end

---- Nobody else may show them ----

-- By room JID, element and value: how many occupants of which bare JID the picture is pinned for. Made when first asked
-- for, and followed from then on.
local owners = {};

-- Jitsi's client replaces these once more in the text that its XML reader has read (Strophe.xmlunescape).
local escapes = { ["&lt;"] = "<", ["&gt;"] = ">", ["&apos;"] = "'", ["&quot;"] = '"' };

-- Clients make the same picture of an email in upper and lower case.
local function key_of(element, text)
	text = text:gsub("&%l+;", escapes);
	return element.." "..(element == "email" and text:lower() or text);
end

local function count(by_room, pin, by)
	for element, value in pairs(pin.own and pin.pictures or {}) do
		local key = key_of(element, value);
		local of = by_room[key] or {};
		local n = (of[pin.bare] or 0) + by;
		of[pin.bare] = n > 0 and n or nil;
		by_room[key] = next(of) and of or nil;
	end
end

local function owners_in(room_jid, pins)
	local by_room = owners[room_jid];
	if by_room then return by_room; end
	by_room = {};
	for _, pin in pairs(pins) do count(by_room, pin, 1); end
	owners[room_jid] = by_room;
	return by_room;
end

-- A pin has taken the place of another; either may be nil.
local function changed(room_jid, before, after)
	local by_room = owners[room_jid];
	if not by_room then return; end
	if before then count(by_room, before, -1); end
	if after then count(by_room, after, 1); end
	if not next(by_room) then owners[room_jid] = nil; end
end

-- Takes the values out of a presence that are somebody else's by the pins of the room.
local function take_borrowed(stanza, room_jid, pins, bare)
	local borrowed;
	for _, tag in ipairs(stanza.tags) do
		local text = FIELDS[tag.name] and trim(text_of(tag));
		local of = text and owners_in(room_jid, pins)[key_of(tag.name, text)];
		if of and not of[bare] then
			borrowed = borrowed or {};
			borrowed[tag] = true;
		end
	end
	if not borrowed then return; end
	stanza:maptags(function (tag) if not borrowed[tag] then return tag; end end);
end

return { of_session = of_session, fits = fits, write = write, changed = changed, take_borrowed = take_borrowed };

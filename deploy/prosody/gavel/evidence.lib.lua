-- The parts of a presence that concern gavel: display names, and everything that could yield claims. gavel gets them
-- in elements of this module's own making, whatever shape and size others have given them: a part beyond a bound is
-- left out, and gavel is told its kind, so that there are no claims. All bounds are in bytes as written, with & and
-- the like escaped, and leave room in the 256 KiB that gavel reads of a stanza.
local st = require "util.stanza";
local t_insert = table.insert;
local text_of = module.part "text";

local NAME, CLAIMS, TOKENS, IDENTITY = 40 * 1024, 64 * 1024, 32 * 1024, 16 * 1024;
local MOST = 16; -- tokens, or fields of an identity's user: nobody has more

local function written(text) -- how long, at most
	return #text + 5 * select(2, text:gsub("[&<>'\"]", ""));
end

local function fits(text, bound)
	return #text * 6 <= bound or written(text) <= bound;
end

local xmlns_nick = "http://jabber.org/protocol/nick";

-- The name that clients show is that of the last; only a single one of this namespace is a regular name.
local function names(stanza)
	local last, count = nil, 0;
	for _, child in ipairs(stanza.tags) do
		if child.name == "nick" then last, count = child, count + 1; end
	end
	if not last then return {}; end
	local text = text_of(last);
	while not fits(text, NAME) do text = text:sub(1, math.floor(#text / 2)):gsub("[\192-\255]?[\128-\191]*$", ""); end
	local name = st.stanza("nick", { xmlns = last.attr.xmlns == xmlns_nick and xmlns_nick or nil }):text(text);
	if #last.tags > 0 then name:tag("irregular"):up(); end
	return count == 1 and { name } or { st.stanza("nick"), name };
end

-- An element of text alone, of no more than `room` bytes; then the bytes that are left.
local function plain(element, room)
	local text, xmlns = element:get_text() or "", element.attr.xmlns;
	local length = written(text) + #element.name + #(xmlns or "");
	if length > room then return nil; end
	return st.stanza(element.name, { xmlns = xmlns }):text(text), room - length;
end

local function tokens(elements)
	local copies, room, copy = {}, TOKENS;
	if #elements > MOST then return {}, false; end
	for _, element in ipairs(elements) do
		copy, room = plain(element, room);
		if not copy then return {}, false; end
		t_insert(copies, copy);
	end
	return copies, true;
end

local function user(element, room)
	local copy = st.stanza("user", { xmlns = element.attr.xmlns });
	room = room - #(element.attr.xmlns or "");
	if room < 0 or #element.tags > MOST then return nil; end
	for _, child in ipairs(element.tags) do
		local field, left = plain(child, room);
		if not field then return nil; end
		copy:add_direct_child(field);
		room = left;
	end
	return copy, room;
end

-- <identity/> of presence_identity. A part that is there twice stays there twice: then gavel takes none of it.
local function identity(element)
	local copy, room = st.stanza("identity", { xmlns = element.attr.xmlns }), IDENTITY - #(element.attr.xmlns or "");
	local part;
	if room < 0 then return nil; end
	for _, child in ipairs(element.tags) do
		if child.name == "user" or child.name == "group" then
			if #copy.tags >= MOST then return nil; end
			part, room = (child.name == "user" and user or plain)(child, room);
			if not part then return nil; end
			copy:add_direct_child(part);
		end
	end
	return copy;
end

local function identities(stanza)
	local copies = {};
	for _, child in ipairs(stanza.tags) do
		if child.name == "identity" and #copies < 2 then
			local copy = identity(child);
			if not copy then return {}, false; end
			t_insert(copies, copy);
		end
	end
	return copies, true;
end

-- By these features Jicofo knows recorders, phone gateways and transcribers; gavel elects none of them.
local machines = {
	["http://jitsi.org/protocol/jibri"] = true,
	["http://jitsi.org/protocol/jigasi"] = true,
	["http://jitsi.org/protocol/transcriber"] = true,
};

-- The first of them that a presence declares, or nil.
local function machine(stanza)
	local features = stanza:get_child("features");
	for _, feature in ipairs(features and features.tags or {}) do
		if feature.name == "feature" and machines[feature.attr.var] then
			return st.stanza("features"):tag("feature", { var = feature.attr.var }):up();
		end
	end
end

-- All of it, and the kind of the part that was left out.
local function collect(stanza, token_elements)
	local elements, left_out = names(stanza), nil;
	local identity_copies, identity_whole = identities(stanza);
	local token_copies, tokens_whole = tokens(token_elements);
	for _, copy in ipairs(identity_copies) do t_insert(elements, copy); end
	for _, copy in ipairs(token_copies) do t_insert(elements, copy); end
	elements[#elements + 1] = machine(stanza);
	if not identity_whole then left_out = "identity"; end
	if not tokens_whole then left_out = "token"; end
	return elements, left_out;
end

-- Claims that are too long are none.
local function bound_claims(text)
	if fits(text, CLAIMS) then return text; end
	return "", "claims";
end

return { collect = collect, bound_claims = bound_claims };

-- Jitsi's features (recording, dial-out, polls …). Jitsi's modules read somebody's permissions in one place: in the
-- session's jitsi_meet_context_features. A feature that is missing there is denied; if there is no table, role and
-- affiliation decide. For somebody whose list (permissions.lib.lua) names some of them this module puts a table of
-- its own there: Jitsi's own view of that person, with the list's names on top. It makes the table again with each
-- change of role, affiliation, list, or of the table that other modules put there. If the list names none, nothing is
-- touched.
local json = require "util.json";
local claims, seats = module.part "claims", module.part "seats";
local permissions, buttons = module.part "permissions", module.part "buttons";
local full_sessions = prosody.full_sessions;

local function copy_of(features)
	local copy = {};
	for name, value in pairs(features or {}) do copy[name] = value; end
	return copy;
end

local function has_same(one, other)
	for name, value in pairs(one) do
		if other[name] ~= value then return false; end
	end
	for name in pairs(other) do
		if one[name] == nil then return false; end
	end
	return true;
end

---- Tables of this module's making ----

-- Each knows its base, also if another module has handed it to somebody else.
local function make(features, base)
	return setmetatable(features, { gavel_base = base or false });
end

-- Jitsi's own view of a session, false if it has none; then whether the session has a table of ours.
local function base_of(session)
	local features = session.jitsi_meet_context_features;
	local meta = type(features) == "table" and getmetatable(features) or {};
	if meta.gavel_base ~= nil then return meta.gavel_base, true; end
	return type(features) == "table" and features or false, false;
end

local function token_features(session)
	local held = claims.token_claims(session);
	local context = held and type(held.context) == "table" and held.context or {};
	local features = context.features;
	return type(features) == "table" and features ~= json.null and features or nil;
end

local function put(session, features)
	session.jitsi_meet_context_features = features or nil;
end

---- The table that a list makes ----

-- Jitsi's answers if there is no table: to moderators yes, for files and calls to owners, to others no.
local function answers_for_none(places)
	local answers, all_owners = {}, true;
	for _, place in ipairs(places) do
		if place.role ~= "moderator" then return {}; end
		all_owners = all_owners and place.affiliation == "owner";
	end
	for name, allowed in pairs(buttons.defaults()) do answers[name] = allowed; end
	answers["file-upload"] = all_owners or nil;
	return answers;
end

-- The decision for somebody in several rooms: a denial in one room counts, and a permission counts if all rooms give
-- it.
local function decided(places)
	local result, allowed = {}, {};
	for _, place in ipairs(places) do
		for name, whom in pairs(place.list.is_jitsi and place.list.names or {}) do
			if not permissions.own[name] then
				local may = permissions.holds(whom, place.role, place.affiliation);
				allowed[name] = (allowed[name] or 0) + (may and 1 or 0);
				if not may then result[name] = false; elseif allowed[name] == #places then result[name] = true; end
			end
		end
	end
	return next(result) ~= nil and result or nil;
end

-- The rooms that a session is in, with the person's role and affiliation there; `more` is one that they are about to
-- enter.
local function places_of(full, more)
	local places = { more };
	for _, seat in ipairs(seats.of(full)) do
		local list, affiliation = permissions.list_of(full, seat.meeting), seat.room:get_affiliation(seat.occupant.bare_jid);
		table.insert(places, { list = list, role = seat.occupant.role, affiliation = affiliation or "none" });
	end
	return places;
end

-- Sees to it that the session's features are as they should be. People hear of changes once they are in.
local function refresh(session, entering)
	local places = places_of(session.full_jid, entering);
	if #places == 0 then return; end
	local base, is_ours = base_of(session);
	local on_top = decided(places);
	if not on_top and not is_ours then return; end
	local features = on_top and (base and copy_of(base) or answers_for_none(places));
	for name, allowed in pairs(on_top or {}) do features[name] = allowed; end
	if not (features and is_ours and has_same(features, session.jitsi_meet_context_features)) then
		put(session, features and make(features, base) or base);
	end
	if entering then return; end
	local book = seats.book(session.full_jid);
	book.told = book.told or token_features(session) or {}; -- which the client has read itself
	buttons.show(session, features or base or answers_for_none(places));
end

---- People who lose a role ----

local granted = { "pre_grant_jitsi_meet_context_features", "granted_jitsi_meet_context_features",
	"granted_jitsi_meet_context_user_id", "granted_jitsi_meet_context_group_id", "force_permissions_update" };

local before = setmetatable({}, { __mode = "k" }); -- features by session, before other modules hear of the fall

local function note(bare)
	for _, session in claims.sessions(bare) do before[session] = session.jitsi_meet_context_features; end
end

-- Jitsi's view becomes the token's features, or nothing if it has none, so that a later promotion counts.
local function take_back(bare)
	for _, session in claims.sessions(bare) do
		local had = before[session] or session.jitsi_meet_context_features;
		before[session] = nil;
		put(session, token_features(session));
		for _, field in ipairs(granted) do session[field] = nil; end
		if had then buttons.show(session, token_features(session) or {}, had); end
	end
end

-- Once it is done: people who have not heard of it with the presence that told of the fall hear of it now.
local function taken_back(bare)
	for _, session in claims.sessions(bare) do
		if not permissions.is_idle() then refresh(session); end
		buttons.send(session);
	end
end

return {
	put = put, refresh = refresh, note = note, take_back = take_back, taken_back = taken_back;
	-- Without this module sessions are as Jitsi left them.
	finish = function ()
		for _, session in pairs(full_sessions) do
			local base, is_ours = base_of(session);
			if is_ours then put(session, base); end
		end
	end;
};

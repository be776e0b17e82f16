-- Permissions that gavel has given people. A list has names, each with the people it holds for: everyone, nobody,
-- moderators or owners. So a list stays right when a role is lost, without a word from gavel.
--
-- gavel gives one list for the people of a service in general (its defaults), and a list of its own to each person
-- who differs: in its answer about their arrival, or by request. A list holds while gavel is away, and over reloads.
local hashes = require "util.hashes";
local daemon, hooks, seats = module.part "daemon", module.part "hooks", module.part "seats";

local xmlns_permissions = "urn:gavel:permissions:0";
local MOST, LONGEST = 64, 64; -- names in a list, bytes of a name

-- Names that this module enforces; all others are Jitsi's.
local own = { ["breakout-enter"] = true, ["breakout-manage"] = true, ["lobby-bypass"] = true };

local holds_for = {
	everyone = function () return true; end;
	nobody = function () return false; end;
	moderators = function (role) return role == "moderator"; end;
	owners = function (_, affiliation) return affiliation == "owner"; end;
};

-- Says whether something holds for somebody with that role and affiliation.
local function holds(whom, role, affiliation)
	return holds_for[whom](role, affiliation);
end

---- Lists ----

local function new_list(names)
	local lines, is_jitsi = {}, false;
	for name, whom in pairs(names) do
		table.insert(lines, name.."="..whom.."\n");
		is_jitsi = is_jitsi or not own[name];
	end
	table.sort(lines);
	return { names = names, is_jitsi = is_jitsi, digest = hashes.sha256(table.concat(lines), true):sub(1, 16) };
end

-- The list that an element holds; nil if it is not as agreed.
local function read(element)
	local names, count = {}, 0;
	for child in element:childtags("p") do
		local name, whom = child.attr.name, child.attr["for"];
		if not name or #name > LONGEST or not name:find("^[a-z0-9-]+$") or not holds_for[whom] then return nil; end
		names[name], count = whom, count + 1;
	end
	return count <= MOST and new_list(names) or nil;
end

local defaults = new_list {}; -- of this service

-- A list, or else the defaults, with all that another list denies.
local function with_denials(list, other)
	local names, is_same = {}, true;
	for name, whom in pairs((list or defaults).names) do names[name] = whom; end
	for name, whom in pairs(other and other.names or {}) do
		if whom == "nobody" and names[name] ~= whom then names[name], is_same = whom, false; end
	end
	if is_same then return list; end
	return new_list(names);
end

local machines = {}; -- bare JIDs and domains of the infrastructure, as gavel has said them with the defaults

-- Of all services: whether any list has ever decided a name of Jitsi's.
local common = module:shared("/*/gavel/permissions");

local function note(list)
	common.is_jitsi = common.is_jitsi or list.is_jitsi;
	return list;
end

-- The list that was given to a full JID in a meeting, if any.
local function said(full, meeting)
	local known = seats.find(full);
	return known and known.lists[meeting] or nil;
end

local function list_of(full, meeting)
	return said(full, meeting) or defaults;
end

-- Says whether somebody may do something in a room, with their role and affiliation there: true, false, or nil if
-- that is left to Jitsi.
local function allows(name, full, meeting, role, affiliation)
	local whom = list_of(full, meeting).names[name];
	if not whom then return nil; end
	return holds(whom, role, affiliation);
end

-- The same for somebody who is in a room.
local function allows_at(seat, name, full)
	return allows(name, full, seat.meeting, seat.occupant.role, seat.room:get_affiliation(seat.occupant.bare_jid));
end

-- Says whether somebody is denied something in any room that they are in; of a service, if one is given.
local function is_denied(name, full, service)
	if not seats.find(full) then return false; end
	for _, seat in ipairs(seats.of(full)) do
		local here = not service or seat.room.jid:sub(-#service - 1) == "@"..service;
		if here and allows_at(seat, name, full) == false then return true; end
	end
	return false;
end

---- News from gavel ----

local works = {}; -- called when a list was given to a full JID, or, with nil, to all

local function changed(full)
	for _, work in ipairs(works) do hooks.attempt("permissions", work, full); end
end

-- Keeps a list, or none, for a full JID.
local function say(full, meeting, list)
	local known = list and seats.book(full) or seats.find(full);
	if not known then return; end
	known.lists[meeting] = list and note(list) or nil;
	changed(full);
end

hooks.serve("iq-set/host/"..xmlns_permissions..":permissions", function (event)
	if not daemon.from_gavel(event) then return daemon.answer(event, "auth", "forbidden"); end
	local element = event.stanza.tags[1];
	local list = read(element);
	if not list then return daemon.answer(event, "modify", "bad-request"); end
	machines = {};
	for child in element:childtags("infrastructure") do machines[child.attr.jid or ""] = true; end
	local is_new = list.digest ~= defaults.digest;
	defaults = note(list);
	if is_new then changed(nil); end
	return daemon.answer(event);
end);

hooks.serve("iq-set/bare/"..xmlns_permissions..":permissions", function (event)
	if not daemon.from_gavel(event) then return daemon.answer(event, "auth", "forbidden"); end
	local element, room = event.stanza.tags[1], daemon.find_room(event.stanza);
	local full, list = element.attr.jid, read(element);
	if not list then return daemon.answer(event, "modify", "bad-request"); end
	local occupant = room and full and room:get_occupant_by_real_jid(full);
	if not occupant then return daemon.answer(event, "cancel", "item-not-found"); end
	local meeting = seats.meeting(room);
	local before = said(full, meeting);
	if element.attr.default == "true" then list = nil; end
	if element.attr.denied == "kept" then list = with_denials(list, before); end
	for session in occupant:each_session() do
		-- Several sessions behind one nick are one occupant, unless gavel has said something else of one.
		if session == full or said(session, meeting) == before then say(session, meeting, list); end
	end
	return daemon.answer(event);
end);

-- Another session behind a nick has the permissions of the first.
hooks.hook("muc-occupant-session-new", function (event)
	local meeting = seats.meeting(event.room);
	if said(event.jid, meeting) then return; end
	for session in event.occupant:each_session() do
		local list = said(session, meeting);
		if list then return say(event.jid, meeting, list); end
	end
end);

---- Reloads ----

local function save()
	return { defaults = defaults.names, machines = machines, is_jitsi = common.is_jitsi };
end

local function restore(saved)
	if not saved then return; end
	defaults, machines = new_list(saved.defaults), saved.machines;
	common.is_jitsi = saved.is_jitsi or common.is_jitsi;
end

return {
	xmlns = xmlns_permissions, own = own, holds = holds, read = read, say = say, list_of = list_of;
	allows = allows, allows_at = allows_at, is_denied = is_denied;
	-- The digest in gavel's copies of somebody's presence, so that gavel knows the list that this module holds.
	digest = function (full, room)
		local known = seats.find(full);
		local list = known and next(known.lists) and known.lists[seats.meeting(room)];
		return list and list.digest or nil;
	end;
	of_service = function () return next(defaults.names) and defaults.digest or nil; end;
	is_idle = function () return not common.is_jitsi; end; -- no list decides anything of Jitsi's
	machines = function () return machines; end;
	when_changed = function (work) table.insert(works, work); end;
	save = save, restore = restore;
};

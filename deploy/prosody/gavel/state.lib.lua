-- The records of rooms, by their JIDs, since room objects come and go with Prosody's cache. Each file owns its
-- tables; the entries of a room end with the room, and survive a reload of this module.
local per_room, while_followed = {}, {}; -- by name: table by room JID

-- The table by room JID, and a function that gives a room's entry, making it if there is none.
local function add(tables, name)
	local by_room = {};
	tables[name] = by_room;
	return by_room, function (room_jid)
		by_room[room_jid] = by_room[room_jid] or {};
		return by_room[room_jid];
	end;
end

local function each(tables, work)
	for name, by_room in pairs(tables) do work(by_room, name); end
end

local function empty(by_room)
	for room_jid in pairs(by_room) do by_room[room_jid] = nil; end
end

local function drop(tables, room_jid)
	each(tables, function (by_room) by_room[room_jid] = nil; end);
end

local function save()
	local rooms = {};
	local function collect(by_room, name)
		for room_jid, entry in pairs(by_room) do
			rooms[room_jid] = rooms[room_jid] or {};
			rooms[room_jid][name] = entry;
		end
	end
	each(per_room, collect);
	each(while_followed, collect);
	return rooms;
end

local function restore(rooms)
	local function hand_out(by_room, name)
		for room_jid, entries in pairs(rooms) do by_room[room_jid] = entries[name]; end
	end
	each(per_room, hand_out);
	each(while_followed, hand_out);
end

return {
	per_room = function (name) return add(per_room, name); end;
	while_followed = function (name) return add(while_followed, name); end; -- ends when gavel leaves the room, too
	unfollow = function (room_jid) drop(while_followed, room_jid); end;
	unfollow_all = function () each(while_followed, empty); end;
	forget = function (room_jid) drop(while_followed, room_jid); drop(per_room, room_jid); end;
	save = save, restore = restore;
};

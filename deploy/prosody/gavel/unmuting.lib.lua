-- People who may unmute while a moderator has muted all. Jitsi's av_moderation keeps a list for each kind of media:
-- of the moderators there were as it began, and of each new owner who is there already. It misses moderators who
-- enter as such, and admins; Jicofo lets these unmute, and has the bridge mute them all the same. And it takes nobody
-- out who does not moderate any more.
local hosts = prosody.hosts;
local affiliation_ranks = module:require("muc/util").valid_affiliations;
local daemon, hooks, jitsi = module.part "daemon", module.part "hooks", module.part "jitsi";
local machines = module.part "machines";

-- The component that keeps the lists of this service's rooms, as other modules see it.
local function av_moderation()
	for host, known in pairs(hosts) do
		local component = known.modules and known.modules.av_moderation_component;
		if component and module:context(host):get_option_string("muc_component") == module.host then return component; end
	end
end

-- Tenants' rooms have two addresses: the resource tells who is listed.
local function resource_of(address)
	return address:match("/(.*)$");
end

local function remove_from(list, resource)
	local removed = false;
	for i = #list, 1, -1 do
		if resource_of(list[i]) == resource then
			table.remove(list, i);
			removed = true;
		end
	end
	return removed;
end

local function add_to(list, room, resource)
	for _, address in ipairs(list) do
		if resource_of(address) == resource then return false; end
	end
	table.insert(list, jitsi.as_seen(room.jid).."/"..resource);
	return true;
end

-- Changes the lists of a room. The component's own function tells Jicofo and the moderators; `told` are the people
-- who hear of it beside them.
local function change(room, work, told, removed)
	local component = av_moderation();
	local tell = component and rawget(component, "notify_whitelist_change");
	for media, list in pairs(room.av_moderation or {}) do
		if work(list) and tell then tell(told, true, room, media, removed); end
	end
end

local function mute_again(room, bare)
	for _, occupant in room:each_occupant() do
		if occupant.bare_jid == bare then
			change(room, function (list) return remove_from(list, resource_of(occupant.nick)); end, occupant.jid, true);
		end
	end
end

-- The component tells of its lists after this, in the same event.
hooks.hook("muc-occupant-joined", function (event)
	local room, nick = event.room, event.nick;
	if not daemon.component() or room:get_role(nick) ~= "moderator" then return; end
	if machines.is_machine(event.occupant.bare_jid) then return; end
	for _, list in pairs(room.av_moderation or {}) do add_to(list, room, resource_of(nick)); end
end, -1);

hooks.after("muc-set-affiliation", function (event, room)
	local admin = affiliation_ranks.admin;
	local rises = event.affiliation == "admin" and affiliation_ranks[event.previous_affiliation] < admin;
	if not daemon.component() or not rises or machines.is_machine(event.jid) then return; end
	for _, occupant in room:each_occupant() do
		if occupant.bare_jid == event.jid then
			change(room, function (list) return add_to(list, room, resource_of(occupant.nick)); end);
		end
	end
end);

return { mute_again = mute_again };

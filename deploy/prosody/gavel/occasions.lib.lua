-- When Jitsi's features of somebody are looked at (features.lib.lua): before they enter, whenever their grounds have
-- changed, and if a fault of Jitsi's would keep somebody out.
local jid = require "util.jid";
local affiliation_ranks = module:require("muc/util").valid_affiliations;
local daemon, hooks, seats = module.part "daemon", module.part "hooks", module.part "seats";
local permissions, arrivals = module.part "permissions", module.part "arrivals";
local features, buttons = module.part "features", module.part "buttons";
local full_sessions = prosody.full_sessions;

local function enter(event)
	local room, session, bare = event.room, event.origin, jid.bare(event.stanza.attr.from);
	if permissions.is_idle() or session.full_jid ~= event.stanza.attr.from then return; end
	local arrival, affiliation = arrivals.standing(event), room:get_affiliation(bare) or "none";
	local given = arrival and not arrival.changed and arrival.affiliation or "none";
	local role = event.occupant.role;
	if (affiliation_ranks[given] or 0) > affiliation_ranks[affiliation] then
		affiliation, role = given, room:get_default_role(given);
	end
	local list = permissions.list_of(session.full_jid, seats.meeting(room));
	features.refresh(session, { list = list, role = role, affiliation = affiliation });
end
hooks.hook("muc-occupant-pre-join", enter, hooks.FIRST - 3);

-- The values from which features were last made, by session: most presence changes nothing.
local known = setmetatable({}, { __mode = "k" });

local function look_at(room, session, occupant)
	seats.sit(room, session.full_jid);
	local affiliation, held = room:get_affiliation(occupant.bare_jid), session.jitsi_meet_context_features;
	local list, last = permissions.list_of(session.full_jid, seats.meeting(room)), known[session];
	if last and last.room == room and last.role == occupant.role and last.affiliation == affiliation
		and last.list == list and last.held == held then return; end
	features.refresh(session);
	known[session] = { room = room, role = occupant.role, affiliation = affiliation, list = list,
		held = session.jitsi_meet_context_features };
end

local function look_at_all(room, occupant)
	if permissions.is_idle() or not occupant.role then return; end
	for full, presence in occupant:each_session() do
		local session = presence.attr.type == nil and full_sessions[full];
		if session then look_at(room, session, occupant); end
	end
end

-- Code that changes a role saves the occupant; an affiliation may change without that.
hooks.follow("save_occupant", look_at_all);
hooks.hook("muc-broadcast-presence", function (event) look_at_all(event.room, event.occupant); end, hooks.FIRST);

-- Jitsi's view has changed, or a list: people who are in hear of it now.
local function look_again(full)
	local session = full_sessions[full];
	if not session then return; end
	features.refresh(session);
	buttons.send(session);
end

permissions.when_changed(function (full)
	if full then return look_again(full); end
	for room in daemon.muc.live_rooms() do
		for _, occupant in room:each_occupant() do
			for each in occupant:each_session() do
				seats.sit(room, each);
				look_again(each);
			end
		end
	end
end);

-- A person who is in another room, too, is no longer bound by the list of this one.
hooks.hook("muc-occupant-left", function (event)
	if permissions.is_idle() then return; end
	for full in event.occupant:each_session() do look_again(full); end
end, -hooks.FIRST - 1);

-- If a connection is taken up again, Prosody 13 and token authentication put the new token's features there.
hooks.hook_global("c2s-session-updated", function (event)
	local session = event.session;
	if permissions.is_idle() or not session.full_jid then return; end
	features.refresh(session);
	buttons.send(session);
end, -1);

---- A fault of Jitsi's ----

-- A device switch by somebody without a table of features ends in an error of muc_flip, and the join gets no answer.
local lent = setmetatable({}, { __mode = "k" }); -- by session: the table it has for as long as it enters

hooks.hook("muc-occupant-pre-join", function (event)
	local session = event.origin;
	if session.jitsi_meet_context_features or not event.stanza:get_child("flip_device") then return; end
	lent[session] = {};
	features.put(session, lent[session]);
end, hooks.FIRST - 4);

hooks.after("muc-occupant-pre-join", function (event)
	local session = event.origin;
	if lent[session] and session.jitsi_meet_context_features == lent[session] then features.put(session, nil); end
	lent[session] = nil;
end);

---- People who are refused ----

-- Their permissions are those of the rooms that they are in.
hooks.after("muc-occupant-pre-join", function (event, _, refused)
	local session = event.origin;
	if not refused or permissions.is_idle() or session.full_jid ~= event.stanza.attr.from then return; end
	features.refresh(session);
end);

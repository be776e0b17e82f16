-- The gifts of a promotion go when somebody is lowered, whoever lowers them.
local affiliation_ranks = module:require("muc/util").valid_affiliations;
local daemon, hooks, features = module.part "daemon", module.part "hooks", module.part "features";
local unmuting = module.part "unmuting";

local function falls(event)
	local admin = affiliation_ranks.admin;
	return affiliation_ranks[event.previous_affiliation] >= admin and affiliation_ranks[event.affiliation] < admin;
end

hooks.hook("muc-pre-set-affiliation", function (event)
	if daemon.component() and falls(event) then features.note(event.jid); end
end, hooks.FIRST - 2);

hooks.hook("muc-pre-set-affiliation", function (event) -- the last to hear of it, if nobody has refused
	if daemon.component() and event.allowed ~= false and falls(event) then features.take_back(event.jid); end
end, -hooks.FIRST);

hooks.after("muc-set-affiliation", function (event, room)
	if not daemon.component() or not falls(event) then return; end
	features.taken_back(event.jid);
	unmuting.mute_again(room, event.jid);
end);

local function may_fall(room, nick, role)
	local occupant = role ~= "moderator" and daemon.component() and room:get_occupant_by_nick(nick);
	return occupant and occupant.role == "moderator" and occupant or nil;
end

-- Taking the role alone.
hooks.wrap("set_role", function (inner)
	return function (room, actor, nick, role, ...)
		local falling = hooks.is_active() and hooks.attempt("features", may_fall, room, nick, role);
		local done, kind, condition = inner(room, actor, nick, role, ...);
		if falling and done then
			hooks.attempt("features", features.take_back, falling.bare_jid);
			hooks.attempt("features", features.taken_back, falling.bare_jid);
			hooks.attempt("features", unmuting.mute_again, room, falling.bare_jid);
		end
		return done, kind, condition;
	end
end);

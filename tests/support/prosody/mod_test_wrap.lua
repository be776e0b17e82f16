-- Wraps the set_affiliation of each new room, as modules do that want to decide alone who is owner: everybody else
-- who gives it is refused.
module:hook("muc-room-created", function (event)
	local room = event.room;
	local set = room.set_affiliation;
	room.set_affiliation = function (self, actor, jid, affiliation, ...)
		if affiliation == "owner" and actor ~= "test_wrap" then
			return nil, "modify", "not-acceptable";
		end
		return set(self, actor, jid, affiliation, ...);
	end
end);

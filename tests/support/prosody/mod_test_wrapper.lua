-- Lets nobody but itself make owners, as token_moderation and matrix_power_sync do. Loaded on a MUC component.
module:hook("muc-room-created", function (event)
	local room = event.room;
	local inner = room.set_affiliation;
	room.set_affiliation = function (self, actor, jid, affiliation, reason)
		if affiliation == "owner" then return nil, "modify", "not-acceptable"; end
		return inner(self, actor, jid, affiliation, reason);
	end
end);

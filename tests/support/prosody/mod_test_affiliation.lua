-- The least that a module inside Prosody does to set the affiliations that gavel sets: benches/module measures gavel
-- by it. Loaded on a MUC component.
module:hook("muc-occupant-joined", function (event)
	local user = event.origin.jitsi_meet_context_user;
	if not user then return; end
	local moderates = user.moderator == true or user.moderator == "true";
	event.room:set_affiliation(true, event.occupant.bare_jid, moderates and "owner" or "member");
end);

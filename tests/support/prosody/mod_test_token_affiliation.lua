-- Sets affiliations before the join, as Jitsi's token_affiliation does: owner if jitsi_meet_context_user says that
-- they moderate, else member. Loaded on a MUC component.
module:hook("muc-occupant-pre-join", function (event)
	local user = event.origin.jitsi_meet_context_user;
	if not user then return; end
	local moderates = user.moderator == true or user.moderator == "true";
	event.room:set_affiliation(true, event.occupant.bare_jid, moderates and "owner" or "member");
	if moderates then event.occupant.role = "moderator"; end
end, -3.5);

-- Plays the device switch of Jitsi: takes a session's features for a table, as that does. Loaded on a MUC component.
module:hook("muc-occupant-pre-join", function (event)
	local session, tag = event.origin, event.stanza:get_child("flip_device");
	local user = session.jitsi_meet_context_user;
	if not tag or not user or not user.id then return; end
	if session.jitsi_meet_context_features.flip then return; end
	event.stanza:maptags(function (child) return child.name ~= "flip_device" and child or nil; end);
end);

-- Prosody's side of gavel: settings to copy, with the reason of each. Replace meet.jitsi by your domain.
-- As a file of its own in conf.d it is complete; a MUC component that is defined elsewhere needs only the lines that
-- its section below adds, put there.

---- Server-wide ----

-- The port for gavel. Jitsi's Docker image sets component_ports = {}, so that no component can connect.
component_ports = { 5347 }

-- Loopback, as the stream is not encrypted; the container network's address if gavel runs in another container.
component_interfaces = { "127.0.0.1" }

-- Nagle's algorithm holds the second small packet to a browser for 40 ms: it is most of the time that passes until
-- somebody is moderator.
network_settings = { nagle = false }

---- gavel ----

Component "gavel.meet.jitsi"
	-- The same as component.secret of gavel's configuration. The claims handed to gavel are signed with it, too.
	component_secret = "replace-me"

	-- Left at its default "kick_new": a second gavel then waits as a standby instead of ending the first one's stream.
	-- component_conflict_resolve = "kick_new"

	-- Left at its default true: with mod_gavel, gavel never needs to send in somebody else's name.
	-- validate_from_addresses = true

---- Each MUC service that gavel looks after: in Jitsi muc.… and breakout.…, not the lobby ----

Component "muc.meet.jitsi" "muc"
	-- Add "gavel" to the list that is there. gavel need not be in `admins`: the module makes it owner of every room.
	modules_enabled = { "gavel" }

	-- Prosody keeps 100 rooms in memory and reads any other one from the disk for each request, gavel's included. Set
	-- this above the number of rooms that may exist at once, on every server that may have more than 100.
	-- muc_room_cache_size = 10000

	-- Only if gavel's domain is not gavel.<parent domain of this component>.
	-- gavel_jid = "gavel@gavel.meet.jitsi"

	-- Only if people log in by another authentication provider than "token" that verifies each token it lets in.
	-- For Matrix logins gavel takes the homeserver's power level, with any value here.
	-- gavel_token_providers = { "token", "hybrid_matrix_token" }

	-- Only if clients put tokens into presence by other names; gavel is shown them, nobody else is.
	-- gavel_token_elements = { "jwt", "token", "jitsi_participant_jwt" }

---- Without mod_gavel (not in Jitsi, whose modules break on an ordinary component in a room) ----

-- In the MUC component, instead of modules_enabled:
--   admins = { "gavel@gavel.meet.jitsi" }       -- so that gavel can make itself owner of a room, and list rooms
--   component_admins_as_room_owners = true      -- spares it that (Prosody 13; 0.12 does so anyway)
--   muc_room_default_public_jids = true         -- otherwise it learns real JIDs only where it is moderator
-- In gavel's component:
--   validate_from_addresses = false             -- so that it can turn back names (names.freeze = "revert")

-- What Prosody needs for gavel: copy into its configuration, with your domains.
-- Prosody 0.12 and 13; mod_gavel.lua must lie in one of `plugin_paths`.

-- Else Prosody holds small packets back for 40 ms, and a person waits that long to
-- become moderator.
network_settings = { nagle = false }

-- On every MUC component that gavel looks after, breakout rooms included: gavel
-- follows the rooms without being in them, and is handed verified claims.
Component "muc.meet.example" "muc"
    modules_enabled = { "gavel" }
    -- Only where gavel's domain is not gavel.<what follows the first dot above>:
    -- gavel_jid = "gavel@gavel.meet.example"

-- gavel itself. The secret is `secret` or `secret_file` in gavel.toml.
Component "gavel.meet.example"
    component_secret = "change-me"

-- Without the module (never in Jitsi), three settings more:
--   admins = { "gavel@gavel.meet.example" }  on the MUC component: gavel lists its
--                                            rooms and makes itself owner of them
--   component_admins_as_room_owners = true   there, on Prosody 13: one round trip less
--   validate_from_addresses = false          on gavel's component: changed names are
--                                            reverted in the occupant's name

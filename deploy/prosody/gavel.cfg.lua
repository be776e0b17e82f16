-- What Prosody needs for gavel: copy into its configuration, with your domains.
-- Prosody 0.12 and 13; mod_gavel.lua must lie in one of `plugin_paths`.

-- Where gavel connects; Jitsi's Docker image switches components off with {}.
component_ports = { 5347 }
-- The stream is not encrypted: loopback, or the network that gavel's container shares.
component_interfaces = { "127.0.0.1" }
-- Else Prosody holds small packets back for 40 ms, and a person waits that long to
-- become moderator.
network_settings = { nagle = false }

-- On every MUC component that gavel looks after, breakout rooms included (a lobby
-- not): gavel follows the rooms without being in them, is their owner without being
-- in `admins` or any list, and is handed verified claims. Where the component is
-- defined already, add "gavel" to its list.
Component "muc.meet.example" "muc"
    modules_enabled = { "gavel" }
    -- Only where gavel's domain is not gavel.<what follows the first dot above>:
    -- gavel_jid = "gavel@gavel.meet.example"
    -- Only where clients send tokens in presence by other names; nobody but gavel
    -- is shown them:
    -- gavel_token_elements = { "jwt", "token", "jitsi_participant_jwt" }

-- gavel itself. The secret is `secret` or `secret_file` in gavel.toml; the claims
-- handed to gavel are signed with it, too.
Component "gavel.meet.example"
    component_secret = "change-me"
    -- The default, under which a second gavel waits as standby:
    -- component_conflict_resolve = "kick_new"

-- Without the module (never in Jitsi), three settings more:
--   admins = { "gavel@gavel.meet.example" }  on the MUC component: gavel lists its
--                                            rooms and makes itself owner of them
--   component_admins_as_room_owners = true   there, on Prosody 13: one round trip less
--   validate_from_addresses = false          on gavel's component: changed names are
--                                            reverted in the occupant's name

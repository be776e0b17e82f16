-- The Prosody of compose.yml. For trying out only: anybody may log in as anybody,
-- with any password and without encryption.
log = { info = "*console" }
pidfile = "/tmp/prosody.pid"
data_path = "/tmp"
storage = "memory"
modules_enabled = { "saslauth", "roster", "disco", "ping", "version" }
modules_disabled = { "s2s", "tls" }

authentication = "insecure"
insecure_open_authentication = "Yes please, I know what I'm doing!"
c2s_require_encryption = false
allow_unencrypted_plain_auth = true

-- The port for gavel, which is in another container.
component_ports = { 5347 }
component_interfaces = { "*" }
-- Without this Prosody keeps small packets back for up to 40 ms, and a person
-- waits that long to become moderator.
network_settings = { nagle = false }

VirtualHost "meet.example"

Component "muc.meet.example" "muc"
	modules_enabled = { "gavel" }
	muc_room_locking = false
	muc_room_default_public_jids = true

Component "gavel.meet.example"
	component_secret = ENV_GAVEL_COMPONENT_SECRET

-- gavel in Jitsi's Prosody image: jitsi.yml mounts this file into its conf.d, which
-- Prosody reads after its own settings, with the same variables.

-- The image opens no port for components. This one is reached by the containers of
-- the network meet.jitsi only, for compose publishes none.
component_ports = { 5347 }
component_interfaces = { "*" }

-- tcp_backlog is the image's own, which this replaces. Without nagle = false Prosody
-- keeps small packets back for up to 40 ms, and a person waits that long to become
-- moderator.
network_settings = {
	tcp_backlog = 511;
	nagle = false;
}

-- For mod_gavel on both MUC components; Jitsi's image has a variable for settings of
-- the main one only.
gavel_jid = "gavel@gavel."..(ENV_XMPP_DOMAIN or "meet.jitsi")

Component("gavel."..(ENV_XMPP_DOMAIN or "meet.jitsi"))
	component_secret = ENV_GAVEL_COMPONENT_SECRET

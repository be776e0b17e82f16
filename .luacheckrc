-- Prosody's modules run in an environment of their own, over Prosody's globals.
std = "lua54"
max_line_length = 120
codes = true
read_globals = {
	prosody = { fields = { "hosts", "full_sessions", "bare_sessions" } };
}
globals = { module = { other_fields = true } }

-- Configuration files call what Prosody defines for them, and set options as globals.
files["deploy/**/*.cfg.lua"] = {
	allow_defined_top = true, global = false;
}

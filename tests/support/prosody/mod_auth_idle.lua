-- An authentication provider that offers nothing without a setting, as Jitsi's for tokens without app_id.
if not module:get_option_string("app_id") then
	module:log("error", "'app_id' must not be empty");
	return;
end
module:require "test_login";

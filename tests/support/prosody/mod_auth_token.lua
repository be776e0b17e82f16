-- Plays the provider that verifies tokens: mod_test_session states their content.
module:require "test_login";

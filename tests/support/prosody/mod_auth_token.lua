-- Plays the provider that verifies tokens: what they held is stated by mod_test_session.
module:require "test_login";

-- Plays the provider that lets people in by a verified token, or by membership of a Matrix room.
module:require "test_login";

-- Plays the provider that lets people in by membership of a Matrix room.
module:require "test_login";

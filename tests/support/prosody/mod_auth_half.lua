-- An authentication provider whose module throws when it has offered it: everybody gets in.
module:require "test_login";
error("the rest of it fails");

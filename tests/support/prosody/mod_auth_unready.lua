-- An authentication provider that needs a library which is not there.
require "no_such_library";
module:require "test_login";

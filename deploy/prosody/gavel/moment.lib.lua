-- The moment in which somebody enters: from their presence's arrival until Prosody has done with it. Other modules
-- give affiliations in it (token_affiliation), a moment before the people who get them are in the room: the room's
-- words about people who are not there can wait until it is known whether they have entered. Nothing else waits for
-- that.
local t_insert = table.insert;
local hooks = module.part "hooks";

local xmlns_muc = "http://jabber.org/protocol/muc";

-- By coroutine, the work that waits for the end of the presence that it handles: a handler that has to wait (for a
-- key of a token, say) is left meanwhile, and others handle other stanzas.
local waiting = setmetatable({}, { __mode = "k" });

local function current()
	return coroutine.running() or "main"; -- Lua 5.1 has no coroutine for the main one
end

local function run(handle)
	if waiting[current()] then return handle(); end -- one within another
	local works = {};
	waiting[current()] = works;
	local ok, result = xpcall(handle, debug.traceback);
	waiting[current()] = nil;
	for _, work in ipairs(works) do hooks.attempt("moment", work); end
	if not ok then error(result, 0); end -- another module's, as without us
	return result;
end

hooks.surround("presence/full", function (handle, event)
	local stanza = event.stanza;
	if stanza.attr.type or not stanza:get_child("x", xmlns_muc) then return handle(); end
	return run(handle);
end);

-- A join that has waited in a queue may be taken up at any time.
hooks.wrap("handle_first_presence", function (inner)
	return function (room, origin, stanza)
		if not hooks.is_active() then return inner(room, origin, stanza); end
		return run(function () return inner(room, origin, stanza); end);
	end
end);

return {
	is_open = function () return waiting[current()] ~= nil; end;
	-- Does something when the moment is over; at once if there is none.
	finally = function (work)
		if waiting[current()] then t_insert(waiting[current()], work); else work(); end
	end;
};

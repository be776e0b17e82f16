-- The hooks of this module on others: a fault of ours must keep nobody out of a room, and nobody in it. No other file
-- calls module:hook and the like, and every function that they hand in here is tried.
local t_insert = table.insert;
local daemon = module.part "daemon";
local room_mt = daemon.muc.room_mt;

local FIRST = 10000; -- priority of a handler that must run before any other module looks

-- Returns the results of `work`; nothing if it fails.
local function attempt(what, work, ...)
	local ok, result = pcall(work, ...);
	if ok then return result; end
	module:log("error", "%s: %s", what, result);
end

local function hook(name, work, priority)
	module:hook(name, function (event) return attempt(name, work, event); end, priority);
end

-- Hears of another host's events.
local function listen(host, name, work, priority)
	module:context(host):hook(name, function (event) return attempt(name, work, event); end, priority);
end

local function hook_global(name, work, priority)
	module:hook_global(name, function (event) return attempt(name, work, event); end, priority);
end

-- `work` returns the number of seconds after which it is wanted again.
local function timer(delay, what, work, ...)
	module:add_timer(delay, function (_, ...) return attempt(what, work, ...); end, ...);
end

-- Requests of gavel. It gets an error if we fail: nobody else is to handle a request that was meant for us.
local function serve(name, work)
	module:hook(name, function (event)
		local ok, result = pcall(work, event);
		if ok then return result; end
		module:log("error", "%s: %s", name, result);
		if daemon.from_gavel(event) then return daemon.answer(event, "cancel", "internal-server-error"); end
	end, FIRST);
end

-- Runs `work` after all handlers of an event, in the order in which it was asked for; it gets their results.
local works = {}; -- by event
local function after(name, work)
	if works[name] then t_insert(works[name], work); return; end
	works[name] = { work };
	module:wrap_event(name, function (handlers, event_name, event)
		local result = handlers(event_name, event);
		for _, each in ipairs(works[name]) do attempt(name, each, event, event.room, result); end
		return result;
	end);
end

-- Lets `work` call the handlers of an event itself; it has to attempt all its other work.
local function surround(name, work)
	module:wrap_event(name, function (handlers, event_name, event)
		return work(function () return handlers(event_name, event); end, event);
	end);
end

-- Methods of rooms that are wrapped here. Another module may wrap ours since, and go on calling it when this one has
-- been unloaded: then `is_active` is false. A wrapper has to attempt all its work beside calling the inner method.
local active, undo = true, {};

local function wrap(method, around)
	local inner = room_mt[method];
	local outer = around(inner);
	room_mt[method] = outer;
	t_insert(undo, function () if room_mt[method] == outer then room_mt[method] = inner; end end);
end

local function is_active() return active; end

-- Runs `work` with a room and the arguments of its method, after that method.
local function follow(method, work)
	wrap(method, function (inner)
		return function (room, ...)
			local result = inner(room, ...);
			if active then attempt(method, work, room, ...); end
			return result;
		end
	end);
end

local function unwrap()
	active = false;
	for _, each in ipairs(undo) do each(); end
end

return {
	FIRST = FIRST, attempt = attempt, hook = hook, listen = listen, hook_global = hook_global, timer = timer;
	serve = serve, after = after, surround = surround;
	wrap = wrap, follow = follow, is_active = is_active, unwrap = unwrap;
};

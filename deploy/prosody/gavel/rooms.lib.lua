-- The rooms that a token is for, read as gavel and Jitsi read it.

-- The tenant, which most rooms have none of, and the name of [tenant]name.
local function parts_of(node)
	local tenant, name = node:match("^%[([^%]]*)%](.+)$");
	return tenant, name or node;
end

-- Without the claim the token is for every room. As in Jitsi a pattern is lower-cased as a whole.
local function names_room(claims, node, name)
	local claim = claims.room;
	if claim == nil or claim == "*" then return true; end
	if type(claim) ~= "string" then return false; end
	claim = claim:lower();
	local context = type(claims.context) == "table" and claims.context or {};
	local regex = type(context.room) == "table" and context.room.regex;
	if regex ~= true and regex ~= "true" then return claim == name or claim == node; end
	local ok, match = pcall(string.match, name, claim);
	return ok and match == name;
end

local function names_tenant(claims, tenant)
	local sub = claims.sub;
	return not tenant or sub == "*" or type(sub) == "string" and sub:lower() == tenant;
end

-- Says whether these claims are for the room with this local part.
local function are_for(claims, node)
	node = node:lower();
	local tenant, name = parts_of(node);
	return names_room(claims, node, name) and names_tenant(claims, tenant);
end

return { are_for = are_for };

-- The text of an element as clients read it: without the text of other elements in it. Prosody itself gives none if
-- there are such elements.
local function text_of(element)
	local parts = {};
	for _, part in ipairs(element) do
		if type(part) == "string" then table.insert(parts, part); end
	end
	return table.concat(parts);
end

return text_of;

-- The verified claims of people's sessions, and how gavel can tell that they are this module's.
local st, json = require "util.stanza", require "util.json";
local encodings = require "util.encodings";
local hmac_sha256 = require "util.hashes".hmac_sha256;
local t_concat = table.concat;
local full_sessions, bare_sessions = prosody.full_sessions, prosody.bare_sessions;
local who = module.part "who";

local gavel_component = module:context(who.host);

local function payload_of(token)
	local payload = token:match("^[^.]*%.([^.]*)%."):gsub("[-_]", { ["-"] = "+", ["_"] = "/" });
	return encodings.base64.decode(payload..("="):rep(-#payload % 4));
end

local function decode_payload(token)
	return json.decode(payload_of(token));
end

-- The payload of a token that Prosody has verified. auth_token alone proves nothing, it is filled from the URL before
-- any check; jitsi_meet_domain is set by verification only.
local function token_claims(session)
	if not session.auth_token or not session.jitsi_meet_domain then return nil; end
	local ok, claims = pcall(decode_payload, session.auth_token);
	return ok and type(claims) == "table" and claims or {};
end

-- U+FFFE and U+FFFF are no XML characters: one of them would end gavel's stream.
local json_escapes = { ["\239\191\190"] = "\\ufffe", ["\239\191\191"] = "\\uffff" };
local cache = setmetatable({}, { __mode = "k" }); -- by session: { token, text }, as most presence brings nothing new

local function encode_claims(claims)
	local ok, text = pcall(json.encode_ordered, claims);
	return ok and encodings.utf8.valid(text) and text:gsub("\239\191[\190\191]", json_escapes) or "";
end

-- The payload as it stands in a token, where that is an object with something in it, in text that XML carries unchanged
-- and without escaped surrogates, which may be no pairs. gavel will read it: doing so here, too, costs the most.
local function plain_payload(token)
	local ok, text = pcall(payload_of, token);
	local odd = not ok or not text or not text:find('^{ *"') or text:find("%c") or text:find("\239\191[\190\191]")
		or text:find("\\u[dD]");
	return not odd and encodings.utf8.valid(text) and text or nil;
end

-- The claims as JSON; "" where there are none.
local function of_session(session)
	if not session then return ""; end
	local verified, cached = session.jitsi_meet_domain and session.auth_token, cache[session];
	if cached and cached.token == verified then return cached.text; end
	local text = verified and plain_payload(verified);
	if not text then
		local claims = token_claims(session) or session.jitsi_meet_context_user
			and { context = { user = session.jitsi_meet_context_user, group = session.jitsi_meet_context_group } };
		if not claims or next(claims) == nil then return ""; end
		text = encode_claims(claims);
	end
	cache[session] = verified and { token = verified, text = text } or nil;
	return text;
end

-- Claims of an occupant and the real JID they belong to; of several sessions, those of the first that has some.
local function of_occupant(occupant)
	local text = of_session(full_sessions[occupant.jid]);
	if text ~= "" then return text, occupant.jid; end
	for full, presence in occupant:each_session() do
		text = presence.attr.type == nil and of_session(full_sessions[full]) or "";
		if text ~= "" then return text, full; end
	end
	return "", occupant.jid;
end

-- The sessions of a bare JID.
local function sessions(bare)
	return pairs(bare_sessions[bare] and bare_sessions[bare].sessions or {});
end

local function has_some(bare)
	for _, session in sessions(bare) do
		if of_session(session) ~= "" then return true; end
	end
	return false;
end

-- An element that only this module can have written, for this stream, holder and place.
local function signed(text, full, place, attr)
	local secret = gavel_component:get_option_string("component_secret", "");
	attr.xmlns = "urn:gavel:claims:0";
	attr.mac = hmac_sha256(secret, t_concat({ who.connection().streamid, full, place, text }, "\n"), true);
	return st.stanza("claims", attr):text(text);
end

return {
	of_session = of_session, of_occupant = of_occupant, has_some = has_some, signed = signed;
	token_claims = token_claims, sessions = sessions;
};

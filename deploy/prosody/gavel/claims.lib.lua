-- The verified claims of people's sessions, and how gavel can tell that they are this module's.
local st, json = require "util.stanza", require "util.json";
local encodings = require "util.encodings";
local hmac_sha256 = require "util.hashes".hmac_sha256;
local t_concat = table.concat;
local full_sessions, bare_sessions = prosody.full_sessions, prosody.bare_sessions;
local daemon, matrix, providers = module.part "daemon", module.part "matrix", module.part "providers";

local function payload_of(token)
	local payload = token:match("^[^.]*%.([^.]*)%."):gsub("[-_]", { ["-"] = "+", ["_"] = "/" });
	return encodings.base64.decode(payload..("="):rep(-#payload % 4));
end

local function decode_payload(token)
	return json.decode(payload_of(token));
end

-- The authentication provider that a session has logged in with.
local function provider_of(session)
	return providers.whole(session.host);
end

local believed = module:get_option_set("gavel_token_providers", { "token" });
local told = {}; -- by host: its provider, once the log says that its tokens are not believed

local function say_unbelieved(host)
	local provider, loaded = providers.of(host);
	if told[host] == provider then return; end
	told[host] = provider;
	if not loaded then
		module:log("warn", "People of %s bring tokens, and Prosody has not loaded all of the module for their "
			.."authentication (%q): their tokens are not believed. See the errors in this log since Prosody's start.",
			host, providers.configured(host));
		return;
	end
	module:log("warn", "People of %s bring tokens, and log in by the authentication provider %q, which is not in "
		.."gavel_token_providers: their tokens are not believed. Add it there if it verifies each token that it "
		.."lets in.", host, provider);
end

-- The token that Prosody has verified. auth_token alone proves nothing, since it is filled from the URL before any
-- check; nor do the fields that are filled from it, since some modules fill them without a check. A provider that is
-- named in the option refuses a token that does not hold, and sets jitsi_meet_domain when it has verified one: without
-- that, the session may have logged in past the provider.
local function verified_token(session)
	local token = session.auth_token;
	if not token then return nil; end
	local provider = provider_of(session);
	if matrix.is_login(session, provider) then return nil; end
	if not believed:contains(provider) then
		say_unbelieved(session.host);
		return nil;
	end
	return session.jitsi_meet_domain and token;
end

-- The payload of the verified token as a table; nil if there is none.
local function token_claims(session)
	local token = verified_token(session);
	if not token then return nil; end
	local ok, claims = pcall(decode_payload, token);
	return ok and type(claims) == "table" and claims or {};
end

-- U+FFFE and U+FFFF are no XML characters: one of them would end gavel's stream.
local json_escapes = { ["\239\191\190"] = "\\ufffe", ["\239\191\191"] = "\\uffff" };
local cache = setmetatable({}, { __mode = "k" }); -- by session: { token, text, fault }, as most presence is nothing new

local function encode_claims(claims)
	local ok, text = pcall(json.encode_ordered, claims);
	return ok and encodings.utf8.valid(text) and text:gsub("\239\191[\190\191]", json_escapes) or nil;
end

-- The payload as it stands in a token, if that is an object with something in it, in text that XML carries unchanged
-- and without escaped surrogates, which may be no pairs. gavel will read it: doing so here, too, costs the most.
local function plain_payload(token)
	local ok, text = pcall(payload_of, token);
	local odd = not ok or not text or not text:find('^{ *"') or text:find("%c") or text:find("\239\191[\190\191]")
		or text:find("\\u[dD]");
	return not odd and encodings.utf8.valid(text) and text or nil;
end

-- The payload of a token as text for gavel; nil if it has none that gavel could read.
local function payload_text(token)
	local text = plain_payload(token);
	if text then return text; end
	local read, payload = pcall(payload_of, token);
	local decoded, claims = pcall(decode_payload, token);
	local is_object = read and payload and payload:find("^%s*{");
	if not is_object or not decoded or type(claims) ~= "table" then return nil; end
	return next(claims) == nil and "" or encode_claims(claims);
end

-- The claims as JSON, "" if there are none; then their fault, if there should be some and cannot.
local function of_session(session)
	if not session then return ""; end
	local token, cached = verified_token(session), cache[session];
	if not token then return matrix.claims(session, provider_of(session)) or ""; end
	if not cached or cached.token ~= token then
		local text = payload_text(token);
		cached = { token = token, text = text or "", fault = not text and "malformed" or nil };
		cache[session] = cached;
	end
	return cached.text, cached.fault;
end

-- Claims of an occupant, the real JID they belong to, and their fault; of several sessions, those of the first that
-- has some.
local function of_occupant(occupant)
	local text, fault = of_session(full_sessions[occupant.jid]);
	if text ~= "" then return text, occupant.jid; end
	for full, presence in occupant:each_session() do
		text = presence.attr.type == nil and of_session(full_sessions[full]) or "";
		if text ~= "" then return text, full; end
	end
	return "", occupant.jid, fault;
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
	attr.xmlns = "urn:gavel:claims:0";
	attr.mac = hmac_sha256(daemon.secret(), t_concat({ daemon.connection().streamid, full, place, text }, "\n"), true);
	return st.stanza("claims", attr):text(text);
end

return {
	of_session = of_session, of_occupant = of_occupant, has_some = has_some, signed = signed;
	token_claims = token_claims, sessions = sessions;
};

-- Logins by membership of a Matrix room. Somebody who logs in so has signed their token with a key that all know:
-- nothing in it is believed. The homeserver vouches for their power level in the room, as an affiliation.

-- By authentication provider: the affiliation that the homeserver vouches for in a session, nil if it is none.
local vouched = {
	hybrid_matrix_token = function (session)
		return session.matrix_affiliation;
	end;
	matrix_user_verification = function (session)
		local is_owner = session.auth_matrix_user_verification_is_owner;
		return is_owner ~= nil and (is_owner and "owner" or "member") or nil;
	end;
};

-- Says whether a session came by Matrix, if its provider lets people in by ordinary tokens, too.
local function is_login(session, provider)
	return provider == "matrix_user_verification" or session.jitsi_meet_context_matrix ~= nil
		or session.matrix_affiliation ~= nil;
end

-- The claims as JSON that stand for the homeserver's word; nil if it vouches for nothing.
local function claims(session, provider)
	local affiliation = vouched[provider] and vouched[provider](session);
	if affiliation ~= "owner" and affiliation ~= "member" then return nil; end
	return ('{"context":{"user":{"affiliation":"%s"}}}'):format(affiliation);
end

return { is_login = is_login, claims = claims };

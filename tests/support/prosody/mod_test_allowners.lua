-- Makes everybody owner who joins, as Jitsi's muc_allowners does: nobody is shown the presence that a join brings, for
-- the promotion's own comes a moment later. Loaded on a MUC component.
--
-- Option test_allowners_shared: the person who is about to be promoted stands in a table that other modules see.
local jid = require "util.jid";
local filters = require "util.filters";

local shared = module:get_option_boolean("test_allowners_shared", false);
local joining = shared and module:shared("moderators/joining_moderator_participants") or {};

module:hook("muc-occupant-pre-join", function (event) joining[event.occupant.bare_jid] = true; end, 2);
module:hook("muc-occupant-joined", function (event)
	local bare = event.occupant.bare_jid;
	if not joining[bare] then return; end
	joining[bare] = nil;
	event.room:set_affiliation(true, bare, "owner");
end, 2);

local function keep_back(stanza)
	local x = stanza.name == "presence" and stanza:get_child("x", "http://jabber.org/protocol/muc#user");
	if not x or stanza.attr.type then return stanza; end
	for item in x:childtags("item") do
		if item.attr.jid and joining[jid.bare(item.attr.jid)] then return nil; end
	end
	return stanza;
end
local function on_session(session) filters.add_filter(session, "stanzas/out", keep_back, -1); end
function module.load() filters.add_filter_hook(on_session); end
function module.unload() filters.remove_filter_hook(on_session); end

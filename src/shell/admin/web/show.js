// How the status page shows what it is told. Everything that somebody else chose
// (nicks, names, reasons) goes in as text, never as HTML.
"use strict";

const byId = (id) => document.getElementById(id);

// What steers the direction of writing or is no visible character is shown as
// its code, as the commands do.
const STEERS = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069]/gu;
const shown = (text) =>
  String(text).replace(STEERS, (c) => "\\u{" + c.codePointAt(0).toString(16) + "}");

// Long addresses may break behind what separates their parts, and what is longer
// than any word anywhere; words never do.
const SEPARATED = /[^@./:_=·\-]*[@./:_=·\-]+|[^@./:_=·\-]+/gu;
const LONGEST_WORD = 24;
function breakable(text) {
  return shown(text).split(/(\s+)/).flatMap((word) =>
    [...word].length > LONGEST_WORD ? pieces(word) : [word]);
}

function pieces(word) {
  const parts = [];
  for (const part of word.match(SEPARATED) || []) {
    const letters = [...part];
    const step = letters.length > LONGEST_WORD ? LONGEST_WORD / 2 : letters.length;
    for (let at = 0; at < letters.length; at += step) {
      parts.push(letters.slice(at, at + step).join(""), document.createElement("wbr"));
    }
  }
  return parts;
}

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined && text !== null) made.append(...breakable(text));
  if (className) made.className = className;
  return made;
}

function cell(label, ...parts) {
  const made = element("td");
  made.dataset.label = label;
  const inside = element("span");
  inside.append(...parts);
  made.append(inside);
  return made;
}

// Times are the browser's; the zone stands once, in the head of the page.
function clock(text) {
  const at = new Date(text);
  const today = at.toDateString() === new Date().toDateString();
  const day = { day: "numeric", month: "short" };
  const words = (today ? "" : at.toLocaleDateString(undefined, day) + " ") + at.toLocaleTimeString();
  const made = element("time", words);
  made.dateTime = text;
  made.title = text;
  return made;
}

function dateAndZone() {
  return new Date().toLocaleString(undefined, {
    weekday: "short", day: "numeric", month: "short", year: "numeric",
    hour: "2-digit", minute: "2-digit", timeZoneName: "short",
  });
}

const number = (value) => element("span", Number(value).toLocaleString());

// A room as people write it: its name is percent-encoded on the wire.
function readable(room) {
  const at = room.indexOf("@");
  const [local, domain] = at < 0 ? [room, ""] : [room.slice(0, at), room.slice(at)];
  let name = local;
  try { name = decodeURIComponent(local); } catch { /* It was no encoding. */ }
  const hidden = /[@/%?#[\]"\\]|\p{Cc}/u.test(name) || name.trim() !== name;
  return (hidden && name !== local ? local : name) + domain;
}

function roomLink(room) {
  const link = element("a", readable(room));
  link.href = "#" + encodeURIComponent(room);
  return link;
}

// What gavel calls what keeps somebody from being settled.
const HINDRANCES = {
  paused: "somebody keeps overwriting this, so gavel pauses between its corrections",
  refused: "Prosody refused the last change; gavel tries again",
  ineffective: "Prosody takes changes and nothing follows, so gavel has given up",
  server_admin: "an admin of the server; nobody can demote them: see admins in Prosody's configuration",
};

function named(who) {
  return element("bdi", who.display_name || who.token_name || who.nick || who.jid);
}

// The cells of somebody; with a room where the table has one.
function person(who) {
  const moderates = who.role === "moderator";
  const name = named(who);
  if (moderates) name.className = "moderator";
  const address = element("small", [who.nick, who.jid].filter(Boolean).join(" · "));
  const is = element("span", who.affiliation + ", " + who.role, moderates ? "moderator" : "");
  const should = who.desired === null ? element("span", "not managed", "quiet")
    : element("span", who.desired, who.settled ? "good" : "busy");
  const why = [element("span", who.reason)];
  if (!who.settled) {
    const waits = HINDRANCES[who.hindrance] || who.hindrance || "gavel has asked Prosody to change it";
    why.push(element("small", "Not settled: " + waits, "busy"));
  }
  why.push(...(who.unread_claims || []).map((claim) => element("small", claim)));
  why.push(...permissions(who));
  why.push(element("small", details(who)));
  const row = element("tr");
  row.append(cell("Who", name, address), ...(who.room ? [cell("Room", roomLink(who.room))] : []),
    cell("Is", is), cell("Should be", should), cell("Why", ...why));
  return row;
}

// What they may do and may not, without what holds for everybody by default.
function permissions(who) {
  const told = (who.permissions || []).filter((item) => !item.because.startsWith("default: "));
  const line = (words, allowed) => {
    const items = told.filter((item) => item.allowed === allowed);
    return items.map((item) => `${item.name} (${item.because})`).join(", ").replace(/^(?=.)/, words + ": ");
  };
  const lines = [line("may", true), line("may not", false), line("left to Jitsi", null)];
  return lines.filter(Boolean).map((text) => element("small", text));
}

function details(who) {
  const parts = [];
  if (who.desired !== null) parts.push("rule " + who.rule);
  if (who.source) parts.push("claims from " + who.source);
  if (who.granted_by) parts.push("granted by " + (who.granted_by.nick || who.granted_by.jid || "somebody"));
  if (who.override) {
    const until = who.override.until ? " until " + new Date(who.override.until).toLocaleTimeString() : "";
    parts.push("set to " + who.override.affiliation + until);
  }
  if (who.frozen) parts.push("name kept: " + who.token_name);
  return parts.join(" · ");
}

function decision(event, withRoom) {
  const row = element("li");
  const who = named(event);
  const nick = event.nick && who.textContent !== shown(event.nick) ? event.nick : "";
  const token = event.token_name && event.token_name !== event.display_name && event.display_name
    ? "token: " + event.token_name : "";
  const more = [token, nick].filter(Boolean).join(", ");
  const outcome = event.outcome === "applied" ? "" : ` (${event.outcome})`;
  const kind = event.kind === "affiliation" ? "" : event.kind + " ";
  const arrow = event.kind !== "override" || (event.from && event.to)
    ? `${kind}${event.from ?? ""} → ${event.to ?? ""}`
    : event.to === null ? "override ended" : `override set: ${event.to}`;
  const change = element("span", arrow + outcome, event.outcome === "applied" ? "" : "busy");
  // Where somebody's act decided, no rule did.
  const by = ["override", "grant", "step_down", "leave"].includes(event.cause) || event.rule === "override"
    ? "" : ` (${event.rule})`;
  const why = element("span", `${event.cause}: ${event.reason}${by}`, "why");
  row.append(clock(event.at), " ", who, ...(more ? [" ", element("small", `(${more})`, "quiet")] : []),
    " ", change, ...(withRoom ? [" · ", roomLink(event.room)] : []), why);
  return row;
}

// The status page: reads the admin API and changes nothing. Everything that
// somebody else chose (nicks, names, reasons) goes in as text, never as HTML.
"use strict";

const MAX_EVENTS = 200;
const MAX_ROOMS = 500;
// A look follows the last one after half a second, and never makes gavel busy
// for more than a twentieth of the time.
const PAUSE_MS = 500;
const PAUSE_RATIO = 20;

const byId = (id) => document.getElementById(id);

// What steers the direction of writing or is no visible character is shown as
// its code, as the commands do.
const STEERS = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069]/gu;
const shown = (text) =>
  String(text).replace(STEERS, (c) => "\\u{" + c.codePointAt(0).toString(16) + "}");

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined && text !== null) made.textContent = shown(text);
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

function clock(text) {
  const at = new Date(text);
  const today = at.toDateString() === new Date().toDateString();
  const made = element("time", today ? at.toLocaleTimeString() : at.toLocaleString());
  made.dateTime = text;
  return made;
}

const number = (value) => element("span", Number(value).toLocaleString());

function say(node, text, className) {
  node.textContent = shown(text);
  if (className !== undefined) node.className = "state " + className;
}

async function ask(path) {
  const answer = await fetch(path, { headers: { Accept: "application/json" }, cache: "no-store" });
  if (answer.status === 404) return null;
  if (!answer.ok) throw new Error(answer.status + " " + answer.statusText);
  return answer.json();
}

// ---- What is now ----

const chosen = () => decodeURIComponent(location.hash.slice(1));

function showStatus(status) {
  const state = status.connected ? ["connected", "good"]
    : status.standby ? ["standby: another gavel is connected", "busy"]
    : ["not connected to Prosody", "bad"];
  say(byId("state"), ...state);
  const counts = [["rooms", status.rooms], ["people", status.occupants],
    ["pending", status.pending]];
  byId("counts").replaceChildren(...counts.map(([name, value]) => {
    const pair = element("div");
    const count = element("dd");
    count.append(number(value));
    pair.append(element("dt", name), count);
    return pair;
  }), ...(status.version ? [versionOf(status)] : []));
}

function versionOf(status) {
  const pair = element("div");
  pair.append(element("dt", "version"), element("dd", status.version));
  return pair;
}

function showRooms(rooms) {
  const wanted = byId("find").value.trim().toLowerCase();
  const found = rooms.filter((room) => room.room.toLowerCase().includes(wanted));
  found.sort((a, b) => b.pending - a.pending || b.occupants - a.occupants || (a.room < b.room ? -1 : 1));
  const none = byId("no-rooms");
  none.hidden = found.length > 0;
  none.textContent = rooms.length ? "No room has that in its name." : "No room is open.";
  byId("rooms").hidden = found.length === 0;
  byId("more-rooms").hidden = found.length <= MAX_ROOMS;
  byId("more-rooms").textContent = `${found.length - MAX_ROOMS} more: write a part of the name above.`;
  byId("rooms").tBodies[0].replaceChildren(...found.slice(0, MAX_ROOMS).map((room) => {
    const row = element("tr");
    const link = element("a", room.room);
    link.href = "#" + encodeURIComponent(room.room);
    const pending = element("span", room.pending, room.pending ? "busy" : "");
    row.append(cell("Room", link), cell("People", number(room.occupants)),
      cell("Moderators", number(room.moderators)), cell("Pending", pending),
      cell("Since", clock(room.joined_at)));
    return row;
  }));
}

function showPeople(room) {
  byId("room-gone").hidden = room !== null;
  byId("room-gone").textContent = "gavel is not in this room (any more).";
  byId("people").hidden = room === null;
  if (room === null) return;
  // Those gavel looks after first, of them the moderators first.
  const rank = (who) => (who.desired === null ? 2 : 0) + (who.role === "moderator" ? 0 : 1);
  const people = [...room.occupants].sort((a, b) =>
    rank(a) - rank(b) || (a.joined_at < b.joined_at ? -1 : 1));
  byId("people").tBodies[0].replaceChildren(...people.map(person));
}

function person(who) {
  const moderates = who.role === "moderator";
  const name = element("bdi", who.display_name || who.nick, moderates ? "moderator" : "");
  const address = element("small", [who.nick, who.jid].filter(Boolean).join(" · "));
  const is = element("span", who.affiliation + ", " + who.role, moderates ? "moderator" : "");
  const should = who.desired === null ? element("span", "not managed", "quiet")
    : element("span", who.desired, who.settled ? "good" : "busy");
  const why = element("span", who.reason);
  const row = element("tr");
  row.append(cell("Who", name, address), cell("Is", is),
    cell("Should be", should), cell("Why", why, element("small", details(who))));
  return row;
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

// Only the newest look counts, and only it is followed by another.
let turn = 0;
let rooms = [];
async function look() {
  const mine = ++turn;
  const start = performance.now();
  const room = chosen();
  try {
    const path = room ? "v1/rooms/" + encodeURIComponent(room) : "v1/rooms";
    const [status, answer] = await Promise.all([ask("v1/status"), ask(path)]);
    if (mine !== turn) return;
    showStatus(status);
    byId("list").hidden = Boolean(room);
    byId("room").hidden = !room;
    byId("room-title").textContent = shown(room);
    if (room) showPeople(answer); else showRooms(rooms = answer || []);
  } catch (error) {
    if (mine !== turn) return;
    say(byId("state"), "gavel does not answer (" + error.message + ")", "bad");
  }
  const took = performance.now() - start;
  setTimeout(() => { if (mine === turn) look(); }, Math.max(PAUSE_MS, took * PAUSE_RATIO));
}

// ---- What was decided ----

function showEvent(event) {
  const row = element("li");
  const who = element("bdi", event.nick || event.jid);
  const outcome = event.outcome === "applied" ? "" : ` (${event.outcome})`;
  const arrow = event.kind === "override" && event.to === null ? "override ended"
    : `${event.kind === "affiliation" ? "" : event.kind + " "}${event.from ?? "–"} → ${event.to ?? "–"}`;
  const change = element("span", arrow + outcome, event.outcome === "applied" ? "" : "busy");
  const why = element("span", `${event.cause}: ${event.reason} (${event.rule})`, "why");
  const room = element("a", event.room);
  room.href = "#" + encodeURIComponent(event.room);
  row.append(clock(event.at), " ", who, " ", change, " · ", room, why);
  const list = byId("events");
  list.prepend(row);
  while (list.children.length > MAX_EVENTS) list.lastChild.remove();
}

// The last hour's first; then what is new. Ids grow over restarts of gavel, too.
let last = 0;
function follow() {
  const since = last || new Date(Date.now() - 3600e3).toISOString();
  const source = new EventSource("v1/events?since=" + encodeURIComponent(since));
  const live = byId("live");
  source.onopen = () => { live.textContent = "live, newest first"; };
  source.onmessage = (message) => {
    const event = JSON.parse(message.data);
    if (!event.id || event.id <= last) return;
    last = event.id;
    showEvent(event);
  };
  source.onerror = () => {
    live.textContent = "interrupted; trying again";
    source.close();
    setTimeout(follow, 2000);
  };
}

addEventListener("hashchange", look);
byId("find").addEventListener("input", () => showRooms(rooms));
document.addEventListener("visibilitychange", () => {
  if (document.hidden) turn += 1; else look();
});
look();
follow();

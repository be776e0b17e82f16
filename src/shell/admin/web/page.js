// The status page: reads the admin API and changes nothing.
"use strict";

const MAX_EVENTS = 200;
// So many are kept for rooms that are looked at later.
const KEPT_EVENTS = 2000;
const MAX_ROOMS = 500;
// A look follows the last one after half a second, and later where looks take long.
// What is dear to gavel it makes seldom, however often it is asked.
const PAUSE_MS = 500;
const PAUSE_RATIO = 5;
// Rooms that have ended are no news.
const ENDED_MS = 5e3;
// The doctor asks Prosody, so it is asked seldom.
const DOCTOR_MS = 300e3;

async function ask(path) {
  const answer = await fetch(path, { headers: { Accept: "application/json" }, cache: "no-store" });
  if (answer.status === 404) return null;
  if (!answer.ok) throw new Error(answer.status + " " + answer.statusText);
  return answer.json();
}

// ---- What is now ----

const chosen = () => decodeURIComponent(location.hash.slice(1));

function say(node, text, className) {
  node.replaceChildren(...breakable(text));
  if (className !== undefined) node.className = "state " + className;
}

function showStatus(status) {
  const state = status.connected ? ["connected", "good"]
    : status.standby ? ["standby: another gavel is connected", "busy"]
    : ["not connected to Prosody" + (status.problem ? ": " + status.problem : ""), "bad"];
  say(byId("state"), ...state);
  const counts = [["rooms", number(status.rooms)], ["people", number(status.occupants)],
    ["pending", number(status.pending)]];
  if (status.version) counts.push(["version", element("span", status.version)]);
  byId("counts").replaceChildren(...counts.map(([name, value]) => {
    const pair = element("div");
    const count = element("dd");
    count.append(value);
    pair.append(element("dt", name), count);
    return pair;
  }));
  say(byId("now"), dateAndZone());
}

function showRooms(rooms) {
  const wanted = byId("find").value.trim().toLowerCase();
  const has = (room) => [room, readable(room)].some((name) => name.toLowerCase().includes(wanted));
  const found = rooms.filter((room) => has(room.room));
  found.sort((a, b) => b.pending - a.pending || b.occupants - a.occupants || (a.room < b.room ? -1 : 1));
  const none = byId("no-rooms");
  none.hidden = found.length > 0;
  none.textContent = rooms.length ? "No room has that in its name." : "No room is open.";
  byId("rooms").hidden = found.length === 0;
  byId("more-rooms").hidden = found.length <= MAX_ROOMS;
  byId("more-rooms").textContent = `${found.length - MAX_ROOMS} more: write a part of the name above.`;
  byId("rooms").tBodies[0].replaceChildren(...found.slice(0, MAX_ROOMS).map((room) => {
    const row = element("tr");
    const pending = element("span", room.pending, room.pending ? "busy" : "");
    row.append(cell("Room", roomLink(room.room)), cell("People", number(room.occupants)),
      cell("Moderators", number(room.moderators)), cell("Pending", pending),
      cell("Since", clock(room.joined_at)));
    return row;
  }));
}

// People of all rooms, in the table `id` of the part `part` of the page.
function showSome(part, id, people) {
  byId(part).hidden = people.length === 0;
  byId(id).tBodies[0].replaceChildren(...people.map(person));
}

function showEnded(rooms) {
  byId("ended").hidden = rooms.length === 0;
  byId("ended-count").textContent = rooms.length.toLocaleString();
  byId("ended-rooms").tBodies[0].replaceChildren(...rooms.slice(0, MAX_ROOMS).map((room) => {
    const row = element("tr");
    row.append(cell("Room", roomLink(room.room)), cell("Ended", clock(room.ended_at)),
      cell("Why gavel left", element("span", room.why, "quiet")));
    return row;
  }));
}

function showPeople(room) {
  byId("room-gone").hidden = room !== null;
  byId("room-gone").textContent = "gavel is not in this room (any more). What it decided there stands below.";
  byId("people").hidden = room === null;
  if (room === null) return;
  // Those who are not settled first, then those gavel looks after, the moderators
  // first.
  const rank = (who) => (who.settled ? 4 : 0) + (who.desired === null ? 2 : 0) + (who.role === "moderator" ? 0 : 1);
  const people = [...room.occupants].sort((a, b) =>
    rank(a) - rank(b) || (a.joined_at < b.joined_at ? -1 : 1));
  byId("people").tBodies[0].replaceChildren(...people.map(person));
}

// What a look shows. A browser has few connections to one server, and one of them
// follows the decisions: so only what is shown is asked for.
async function seen(room) {
  const find = room ? "" : byId("find").value.trim();
  const [status, answer, found] = await Promise.all([ask("v1/status"),
    ask(room ? "v1/rooms/" + encodeURIComponent(room) : "v1/rooms"),
    find ? ask("v1/people?find=" + encodeURIComponent(find)) : []]);
  const unsettled = status.pending > 0 && !room ? await ask("v1/people?unsettled=true") : [];
  if (!room && performance.now() > endedAt + ENDED_MS) {
    ended = await ask("v1/ended");
    endedAt = performance.now();
  }
  return [status, answer, unsettled, found];
}

// Only the newest look counts, and only it is followed by another.
let turn = 0;
let rooms = [];
let ended = [];
let endedAt = -Infinity;
async function look() {
  const mine = ++turn;
  const start = performance.now();
  const room = chosen();
  try {
    const [status, answer, unsettled, found] = await seen(room);
    if (mine !== turn) return;
    showStatus(status);
    byId("list").hidden = Boolean(room);
    byId("findings").hidden = Boolean(room) || byId("finding-list").children.length === 0;
    byId("room").hidden = !room;
    byId("room-title").replaceChildren(...breakable(readable(room)));
    showSome("unsettled", "unsettled-people", unsettled || []);
    if (room) {
      showPeople(answer);
    } else {
      showRooms(rooms = answer || []);
      showSome("found", "found-people", found || []);
      showEnded(ended || []);
    }
  } catch (error) {
    if (mine !== turn) return;
    say(byId("state"), "gavel does not answer (" + error.message + ")", "bad");
  }
  const took = performance.now() - start;
  setTimeout(() => { if (mine === turn) look(); }, Math.max(PAUSE_MS, took * PAUSE_RATIO));
}

// ---- What the doctor says ----

async function examine() {
  try {
    const diagnosis = document.hidden ? null : await ask("v1/doctor");
    const findings = (diagnosis?.findings || []).filter((finding) => finding.severity !== "ok");
    if (diagnosis) byId("findings").hidden = Boolean(chosen()) || findings.length === 0;
    if (diagnosis) byId("finding-list").replaceChildren(...findings.map((finding) => {
      const row = element("li");
      const word = element("strong", finding.severity, finding.severity === "fail" ? "bad" : "busy");
      const text = element("span", finding.message);
      row.append(word, " ", element("span", finding.check, "quiet"), " ", text);
      if (finding.remedy) row.append(element("span", "→ " + finding.remedy, "why"));
      return row;
    }));
  } catch { /* That gavel does not answer is said above. */ }
  setTimeout(examine, DOCTOR_MS);
}

// ---- What was decided ----

let events = [];
function showEvents() {
  const room = chosen();
  const wanted = events.filter((event) => !room || event.room === room).slice(-MAX_EVENTS);
  byId("events-title").textContent = room ? "Decisions in this room" : "Decisions";
  byId("events").replaceChildren(...wanted.reverse().map((event) => decision(event, !room)));
}

function showEvent(event) {
  events.push(event);
  if (events.length > KEPT_EVENTS) events = events.slice(-KEPT_EVENTS / 2);
  const room = chosen();
  if (room && event.room !== room) return;
  const list = byId("events");
  list.prepend(decision(event, !room));
  while (list.children.length > MAX_EVENTS) list.lastChild.remove();
}

// The last day's first; then what is new. Ids grow over restarts of gavel, too.
let last = 0;
function follow() {
  const since = last || new Date(Date.now() - 24 * 3600e3).toISOString();
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

addEventListener("hashchange", () => { showEvents(); look(); });
byId("find").addEventListener("input", () => { showRooms(rooms); look(); });
document.addEventListener("visibilitychange", () => {
  if (document.hidden) turn += 1; else look();
});
look();
follow();
examine();

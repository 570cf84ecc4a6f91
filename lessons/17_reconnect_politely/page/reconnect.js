// A page that comes again politely: full jitter, doubled, with an end, and only where it is worth it.

import { onPress } from "/static/js/line.js";

const KEPT = 100; // entries of the log
const AGAIN = [1001, 1005, 1006, 1011, 1012, 1013, 1014];
const PATIENT = [1012, 1013];

const byId = (id) => document.getElementById(id);
const { speed, first, most, good, patience } = JSON.parse(byId("desk").dataset.numbers);
const kinds = JSON.parse(byId("desk").dataset.kinds);
const began = performance.now();

bare();
polite(0);
onPress(byId("ends"), tryAll);

function open(path) {
  const url = new URL(path, location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  return new WebSocket(url);
}

/** No plan: when it is lost, it is lost. */
function bare() {
  const socket = open("/ws/again/bare");
  socket.onopen = () => (byId("bare").textContent = "open");
  socket.onclose = ({ code }) => {
    byId("bare").textContent = `closed with ${code}, and that is all`;
    log("bare", `closed with ${code}`);
  };
}

/** The delay before an attempt, in seconds of life; undefined for never. */
function nextDelay(attempt, code) {
  if (!AGAIN.includes(code)) return undefined;
  const least = PATIENT.includes(code) ? patience : 0;
  return least + Math.random() * longest(attempt);
}

function longest(attempt) {
  return Math.min(most, first * 2 ** Math.min(attempt, 10));
}

function polite(attempt) {
  let opened = 0;
  const socket = open("/ws/again/polite");
  socket.onopen = () => {
    opened = performance.now();
    byId("polite").textContent = "open";
    log("polite", attempt ? `open, at try ${attempt}` : "open");
  };
  socket.onclose = ({ code }) => {
    const lasted = opened ? ((performance.now() - opened) / 1000) * speed : 0;
    const next = lasted >= good ? 0 : attempt;
    const delay = nextDelay(next, code);
    if (delay === undefined) {
      byId("polite").textContent = `closed with ${code}, for good`;
      return;
    }
    byId("polite").textContent = `closed with ${code}, coming again`;
    log("polite", `closed with ${code}: ${delay.toFixed(1)} s of at most ${longest(next)} s`);
    setTimeout(() => polite(next + 1), (delay / speed) * 1000);
  };
}

function tryAll() {
  byId("told").replaceChildren();
  const token = Math.random().toString(36).slice(2);
  for (const kind of kinds) tryEnd(kind, token, 0, row(kind));
}

function tryEnd(kind, token, attempt, cells) {
  const socket = open(`/ws/ends/${kind}?try=${token}`);
  socket.onclose = ({ code }) => {
    cells[0].textContent = code;
    if (attempt) return;
    const delay = nextDelay(attempt, code);
    cells[1].textContent = delay === undefined ? "no more" : `again, after ${delay.toFixed(1)} s`;
    if (delay !== undefined) {
      setTimeout(() => tryEnd(kind, token, attempt + 1, cells), (delay / speed) * 1000);
    }
  };
}

function row(kind) {
  const line = document.createElement("tr");
  const cells = [kind, "...", "..."].map((words, at) => {
    const cell = document.createElement(at ? "td" : "th");
    cell.textContent = words;
    line.append(cell);
    return cell;
  });
  byId("told").append(line);
  return cells.slice(1);
}

function log(who, words) {
  const entry = document.createElement("li");
  const after = ((performance.now() - began) / 1000).toFixed(2);
  entry.textContent = `${after}s ${who}: ${words}`;
  byId("log").prepend(entry);
  if (byId("log").children.length > KEPT) byId("log").lastElementChild.remove();
}

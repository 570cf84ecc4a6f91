// A page whose connections are handed on: one that is kept, and one for each trial.

import { Line, enable, onPress } from "/static/js/line.js";
import { visible } from "/static/js/words.js";

const SAME = "the same words, and once more the same words";
const LONG = 3000;
const TURNS = {
  // What this page says in a trial: at once, and when it hears `hears`.
  torn: { at: [] },
  unread: { at: ["one", "two", "three"], hears: "I pass it on", then: ["four"], last: "four" },
  middle: { at: ["x".repeat(LONG)] },
  window: { at: [SAME], hears: SAME, then: [SAME], last: "it told me" },
  close: { at: [], last: "I have it alone" },
  shutdown: { at: [] },
};

const byId = (id) => document.getElementById(id);
const line = new Line({ opened: awake, closed: awake });

for (const button of document.querySelectorAll("[data-say]")) {
  onPress(button, () => line.send(button.dataset.say));
}
for (const button of document.querySelectorAll("[data-case]")) {
  onPress(button, () => attempt(button.dataset.case, button.textContent));
}
awake();

/** Buttons that speak on the kept connection work while it is open. */
function awake() {
  for (const button of document.querySelectorAll("[data-say]")) enable(button, line?.isOpen ?? false);
}

function attempt(name, title) {
  const turn = { ...TURNS[name] };
  const url = new URL(`/ws/heir/${name}`, location.href);
  url.protocol = line.url.protocol;
  byId("told").replaceChildren();
  byId("now").textContent = `${title}: connecting`;
  const socket = new WebSocket(url);
  socket.onopen = () => {
    byId("now").textContent = `${title}: open`;
    for (const words of turn.at) socket.send(words);
  };
  socket.onmessage = ({ data }) => {
    tell(String(data));
    const note = parsed(data);
    const words = [note.says, note.heard];
    if (turn.last && words.includes(turn.last)) socket.close(1000);
    if (turn.then && words.includes(turn.hears)) {
      for (const each of turn.then) socket.send(each);
      turn.then = null;
    }
  };
  socket.onclose = ({ code, wasClean }) => {
    byId("now").textContent = `${title}: closed with ${code}, ${wasClean ? "clean" : "not clean"}`;
  };
}

function parsed(data) {
  try {
    return JSON.parse(data) ?? {};
  } catch {
    return {};
  }
}

function tell(data) {
  const entry = document.createElement("li");
  const note = parsed(data);
  const said = note.says ?? (note.heard === undefined ? data : `heard: ${note.heard}`);
  entry.textContent = visible(note.pid ? `${note.who}, process ${note.pid}: ${said}` : said);
  byId("told").append(entry);
}

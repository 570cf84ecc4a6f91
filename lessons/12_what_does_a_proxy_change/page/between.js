// The page of lesson 12: three buttons, and a second WebSocket for the third.

import { Line, enable, onPress } from "/static/js/line.js";

const IN_PIECES = "in pieces";
const SQUEEZED = "/ws/squeezed";

const byId = (id) => document.getElementById(id);

const line = new Line({ message: heard, opened: awake, closed: awake });

onPress(byId("hello"), () => line.send("hello"));
onPress(byId("pieces"), () => {
  if (line.send(IN_PIECES)) tell("Asked for pieces.");
});
onPress(byId("lawful"), lawful);
awake();

function tell(words) {
  byId("told").textContent = words;
}

/** Two of the buttons work while the line is open. */
function awake() {
  for (const id of ["hello", "pieces"]) enable(byId(id), line?.isOpen ?? false);
}

function heard(data) {
  if (!data.startsWith("heard: ")) tell(data);
}

function lawful() {
  const url = new URL(SQUEEZED, location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(url);
  tell("The lawful one: asked for.");
  socket.onmessage = ({ data }) => {
    tell(`The lawful one arrived: ${data.length} characters of text.`);
    socket.close(1000);
  };
  socket.onclose = ({ code, wasClean }) => {
    if (code !== 1000) tell(`The lawful one did not arrive: closed with ${code}, wasClean ${wasClean}.`);
  };
}

// A page of another origin opens a WebSocket to the chat, and writes down what it is told.

const button = document.getElementById("try");
const there = button.dataset.there;
let busy = false;

button.addEventListener("click", attempt);
if (new URLSearchParams(location.search).has("act")) attempt();

function attempt() {
  if (busy) return;
  busy = true;
  document.getElementById("told").replaceChildren();
  say("Asking …");
  const events = [];
  const socket = new WebSocket(`ws://${there}/ws/chat`);
  const name = (event) => events.push(event.type);
  socket.addEventListener("open", (event) => {
    name(event);
    row(event, "");
    socket.close();
  });
  socket.addEventListener("error", (event) => {
    name(event);
    row(event, "no message, no status");
  });
  socket.addEventListener("close", (event) => {
    name(event);
    const { code, reason, wasClean } = event;
    row(event, `code ${code}, reason "${reason}", wasClean ${wasClean}`);
    say("That was all.");
    busy = false;
    writeDown({ events: events.join(" "), code, reason, wasClean });
  });
}

function row(event, words) {
  const line = document.createElement("tr");
  const head = document.createElement("th");
  head.scope = "row";
  head.textContent = event.type;
  const cell = document.createElement("td");
  cell.textContent = words;
  line.append(head, cell);
  document.getElementById("told").append(line);
}

function say(words) {
  document.getElementById("state").textContent = words;
}

// An ordinary GET to another origin: it goes out, though this page may not read its answer.
function writeDown(told) {
  const url = `http://${there}/refused/told?${new URLSearchParams(told)}`;
  fetch(url, { mode: "no-cors", credentials: "omit" }).catch(() => {});
}
